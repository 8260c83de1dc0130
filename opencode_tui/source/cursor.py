"""Tracks by rowid how far a table has been read, so that no row is read twice or missed.

SQLite gives a new row a rowid above all existing ones, whatever the clock says, and VACUUM keeps that order. So if a
row from the last read (an anchor) still has its rowid, everything below it is known, and new rows are above it. If the
newest rows were deleted (an undo, a deleted session), SQLite reuses their rowids; the anchors show this, and reading
resumes from the highest anchor that still holds. Reading a row again is harmless.

Rowids can be negative and far apart, so a gap is read by its rows, never by its width. If the highest possible rowid
is in use, SQLite gives new rows any free one; then the whole table is read again whenever its set of rowids changes.

The number of rows below an anchor can only shrink. If it grew, the store was restored and may hold rows never read
before, so the whole table is read again. Large tables are not counted, because that takes too long.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

_ANCHORS = 24
BELOW_ALL, LAST = -(2**63) - 1, 2**63 - 1
_DENSE = 100_000_000
_COUNTED = 20_000
"""Rows are counted up to this rowid."""
Anchor = tuple[int, str, int]
"""(rowid, id, number of rows up to it when the anchor was made, 0 if not counted)."""


class TableCursor(Struct, frozen=True):
    high: int = BELOW_ALL
    """Every row above this is new."""
    gaps: tuple[tuple[int, int], ...] = ()
    """Ranges (above, up to) still to be read, newest first."""
    anchors: tuple[Anchor, ...] = ()
    """Rows that have been read, newest first, at growing distances."""
    rows: str = ""
    """A fingerprint of all rowids, if the highest possible one is in use."""

    @property
    def width(self) -> int | None:
        """The number of rowids left to read, about the number of rows; None if the rowids are far apart."""
        left = sum(max(0, top - max(bottom, 0)) for bottom, top in self.gaps)
        return left if left <= _DENSE and 0 < self.high <= _DENSE else None

    def to_json(self) -> list[Any]:
        return [self.high, self.gaps, self.anchors, *([self.rows] if self.rows else [])]

    @classmethod
    def from_json(cls, value: Any) -> TableCursor:
        """Parses the result of `to_json`; returns a new cursor for anything else."""
        try:
            high, gaps, anchors, *rows = value
            return cls(
                _bounded(high),
                tuple((_bounded(bottom), _bounded(top)) for bottom, top in gaps),
                tuple((_bounded(rowid), str(id), int(count[0]) if count else 0) for rowid, id, *count in anchors),
                str(rows[0]) if rows else "",
            )
        except (TypeError, ValueError, OverflowError):
            return cls()


def rowids(bottom: int, top: int) -> tuple[int, int]:
    """The values for `rowid >= ? AND rowid <= ?` of the gap (above, up to)."""
    return min(bottom + 1, LAST), top


def advance(connection: sqlite3.Connection, table: str, cursor: TableCursor) -> TableCursor:
    """Returns the cursor with a gap for the rows added since it was made. Reads a few rows by rowid.

    Raises DatabaseError if the rows have no rowid, as in a view.
    """
    (top,) = connection.execute(f"SELECT max(rowid) FROM {table}").fetchone()
    if top is None:
        if connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone():
            raise sqlite3.DatabaseError(f"the rows of {table} have no rowid")
        return TableCursor()
    rows = _fingerprint(connection, table) if top == LAST else ""
    if rows != cursor.rows:
        return TableCursor(top, ((BELOW_ALL, top),), _add(connection, table, top, ()), rows)
    if rows:
        return cursor
    held = _first_that_holds(connection, table, cursor.anchors)
    anchor = None if held is None else _counted(connection, table, top, cursor.anchors[held])
    if held is not None and anchor is not None:
        anchors = anchor, *cursor.anchors[held + 1 :]
        high = anchor[0] if held else cursor.high
    else:
        anchors, high = (), BELOW_ALL
    gaps = tuple((bottom, min(end, high)) for bottom, end in cursor.gaps if bottom < high)
    if top > high:
        gaps = ((high, top), *gaps)
        anchors = _add(connection, table, top, anchors)
    return TableCursor(max(top, high) if anchors else top, gaps, anchors)


def shrink(cursor: TableCursor, lowest_read: int | None) -> TableCursor:
    """Returns the cursor after the newest gap was read down to `lowest_read`, or completely if that is None."""
    (bottom, _), rest = cursor.gaps[0], cursor.gaps[1:]
    if lowest_read is not None and lowest_read - 1 > bottom:
        rest = ((bottom, lowest_read - 1), *rest)
    return replace(cursor, gaps=rest)


def extent(connection: sqlite3.Connection, table: str, cursor: TableCursor) -> tuple[int, int]:
    """(rows left to read, all rows), for a progress bar."""
    if cursor.width is not None:
        return cursor.width, cursor.high
    (total,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return total if cursor.gaps else 0, max(total, 1)


def _bounded(value: Any) -> int:
    if not BELOW_ALL <= int(value) <= LAST:
        raise ValueError("not a rowid")
    return int(value)


def _fingerprint(connection: sqlite3.Connection, table: str) -> str:
    query = f"SELECT count(*), sum(rowid % 2147483647), sum(rowid % 2147483629) FROM {table}"
    return ":".join(map(str, connection.execute(query).fetchone()))


def _rows_up_to(connection: sqlite3.Connection, table: str, rowid: int, top: int) -> int:
    """The number of rows up to a rowid; 0 in a large table."""
    if not 0 < top <= _COUNTED:
        return 0
    # Counting all rows uses an index; only the rows above are counted in the table.
    query = f"SELECT (SELECT count(*) FROM {table}) - (SELECT count(*) FROM {table} WHERE rowid > ?)"
    return int(connection.execute(query, (rowid,)).fetchone()[0])


def _counted(connection: sqlite3.Connection, table: str, top: int, anchor: Anchor) -> Anchor | None:
    """The anchor with its row count updated; None if the count grew."""
    rowid, id, before = anchor
    now = _rows_up_to(connection, table, rowid, top)
    return None if 0 < before < now else (rowid, id, now)


def _first_that_holds(connection: sqlite3.Connection, table: str, anchors: tuple[Anchor, ...]) -> int | None:
    for index, (rowid, id, _) in enumerate(anchors):
        row = connection.execute(f"SELECT id FROM {table} WHERE rowid = ?", (rowid,)).fetchone()
        if row is not None and mark(row[0]) == id:
            return index
    return None


def mark(id: object) -> str:
    """The text by which an anchor remembers an id, which need not be text itself."""
    return id if isinstance(id, str) else repr(id)


def _add(connection: sqlite3.Connection, table: str, top: int, anchors: tuple[Anchor, ...]) -> tuple[Anchor, ...]:
    """Adds an anchor at the top and thins the others, so that their distances from it roughly double.

    If there are none yet, anchors are spread over the whole table.
    """
    wanted = [top] if anchors else [top, *(top - 2**power for power in range(_ANCHORS) if top > 2**power)]
    new: list[Anchor] = []
    for rowid in wanted:
        row = connection.execute(
            f"SELECT rowid, id FROM {table} WHERE rowid <= ? ORDER BY rowid DESC LIMIT 1", (rowid,)
        ).fetchone()
        if row is not None and (not new or row[0] < new[-1][0]):
            new.append((int(row[0]), mark(row[1]), _rows_up_to(connection, table, int(row[0]), top)))
    kept: list[Anchor] = []
    for anchor in (*new, *anchors):
        if not kept or top - anchor[0] >= 2 * (top - kept[-1][0]) or len(anchors) < _ANCHORS:
            kept.append(anchor)
    return tuple(kept)
