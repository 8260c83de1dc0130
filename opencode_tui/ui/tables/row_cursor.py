"""The cursor of a RowTable, which stays on its row's key when rows change."""

from __future__ import annotations

from collections.abc import Collection, Sequence


class RowCursor:
    """The rows' keys in order, some of them headings that the cursor skips, and the cursor's row."""

    def __init__(self) -> None:
        self.keys: Sequence[str] = ()
        self.row = 0
        self._headings: Collection[str] = frozenset()
        self._rows: dict[str, int] = {}

    @property
    def key(self) -> str | None:
        """The key that the cursor is on, None where there are no rows."""
        return self.keys[self.row] if self.row < len(self.keys) else None

    def row_of(self, key: str | None) -> int | None:
        return None if key is None else self._rows.get(key)

    def is_heading(self, key: str) -> bool:
        return key in self._headings

    def replace(self, keys: Sequence[str], headings: Collection[str]) -> None:
        """Replace the rows. The cursor stays on its key, or at its row index if the key is gone."""
        key, before = self.key, self.row
        self.keys, self._headings = keys, headings
        self._rows = {key: row for row, key in enumerate(keys)}
        row = self.row_of(key)
        self.go(before if row is None else row, 1)

    def go(self, row: int, direction: int) -> None:
        """Move to the nearest row that is not a heading, preferring one direction."""
        last = len(self.keys) - 1
        self.row = row = min(max(row, 0), max(last, 0))
        for step in (1, -1) if direction > 0 else (-1, 1):
            at = row
            while 0 <= at <= last and self.keys[at] in self._headings:
                at += step
            if 0 <= at <= last:
                self.row = at
                return

    def top(self) -> int:
        """The cursor's row, or the first of the headings directly above it."""
        row = self.row
        while row > 0 and self.keys[row - 1] in self._headings:
            row -= 1
        return row
