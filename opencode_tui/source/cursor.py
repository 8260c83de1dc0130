"""How far a table has been read, by rowid, so that nothing is read twice and nothing is missed.

SQLite gives a new row a rowid above all that exist, whatever the clock says, and a row keeps its place in
that order even through VACUUM. So, if a row that was there at the last look is still at its rowid (an
anchor), then everything above it is new or known, and everything below it is known. Where the newest rows
were deleted (an undo, a deleted session) their rowids are given out again; the anchors tell, and reading
goes on from the highest one that still holds. Reading a row again is harmless.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

_ANCHORS = 24


@dataclass(frozen=True, slots=True)
class TableCursor:
    high: int = 0
    """Every row above this is new."""
    gaps: tuple[tuple[int, int], ...] = ()
    """Ranges (above, up to) that are still to be read, the newest first."""
    anchors: tuple[tuple[int, str], ...] = ()
    """(rowid, id) of rows that have been seen, the newest first, ever farther apart."""

    @property
    def left(self) -> int:
        return sum(top - bottom for bottom, top in self.gaps)

    def to_json(self) -> list[Any]:
        return [self.high, self.gaps, self.anchors]

    @classmethod
    def from_json(cls, value: Any) -> TableCursor:
        """The cursor that `to_json` gave; a fresh one for anything else."""
        try:
            high, gaps, anchors = value
            return cls(
                int(high),
                tuple((int(bottom), int(top)) for bottom, top in gaps),
                tuple((int(rowid), str(id)) for rowid, id in anchors),
            )
        except (TypeError, ValueError):
            return cls()


def advance(connection: sqlite3.Connection, table: str, cursor: TableCursor) -> TableCursor:
    """The cursor with a gap for the rows that are new since it was made. Reads a few rows by rowid."""
    held = _first_that_holds(connection, table, cursor.anchors)
    if held is not None:
        anchors = cursor.anchors[held:]
        high = anchors[0][0] if held else cursor.high
    else:
        anchors, high = (), 0
    row = connection.execute(f"SELECT max(rowid) FROM {table}").fetchone()
    top = row[0] or 0
    gaps = tuple((bottom, min(end, high)) for bottom, end in cursor.gaps if bottom < high)
    if top > high:
        gaps = ((high, top), *gaps)
        anchors = _add(connection, table, top, anchors)
    return TableCursor(max(top, high) if anchors else top, gaps, anchors)


def shrink(cursor: TableCursor, lowest_read: int | None) -> TableCursor:
    """The cursor after the newest gap was read down to `lowest_read`, or to its end for None."""
    (bottom, _), rest = cursor.gaps[0], cursor.gaps[1:]
    if lowest_read is not None and lowest_read - 1 > bottom:
        rest = ((bottom, lowest_read - 1), *rest)
    return TableCursor(cursor.high, rest, cursor.anchors)


def _first_that_holds(connection: sqlite3.Connection, table: str, anchors: tuple[tuple[int, str], ...]) -> int | None:
    for index, (rowid, id) in enumerate(anchors):
        row = connection.execute(f"SELECT id FROM {table} WHERE rowid = ?", (rowid,)).fetchone()
        if row is not None and row[0] == id:
            return index
    return None


def _add(
    connection: sqlite3.Connection, table: str, top: int, anchors: tuple[tuple[int, str], ...]
) -> tuple[tuple[int, str], ...]:
    """The anchors with one at the top, thinned so that their distances from it about double.

    Where there is none yet they are laid over the whole table at once.
    """
    wanted = [top] if anchors else [top, *(top - 2**power for power in range(_ANCHORS) if top > 2**power)]
    new: list[tuple[int, str]] = []
    for rowid in wanted:
        row = connection.execute(
            f"SELECT rowid, id FROM {table} WHERE rowid <= ? ORDER BY rowid DESC LIMIT 1", (rowid,)
        ).fetchone()
        if row is not None and isinstance(row[1], str) and (not new or row[0] < new[-1][0]):
            new.append((int(row[0]), row[1]))
    kept: list[tuple[int, str]] = []
    for rowid, id in (*new, *anchors):
        if not kept or top - rowid >= 2 * (top - kept[-1][0]) or len(anchors) < _ANCHORS:
            kept.append((rowid, id))
    return tuple(kept)
