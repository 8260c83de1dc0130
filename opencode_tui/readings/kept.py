"""What was read with one ledger and is kept, so that the next reading takes only what changed since."""

from __future__ import annotations

from typing import TypeVar

from msgspec import Struct, field

from opencode_tui.clock import Span
from opencode_tui.records.breakdown import BreakdownRow
from opencode_tui.records.sessions import SessionRow

Key = TypeVar("Key")
Value = TypeVar("Value")
_MOST = 8
"""So many lists of a kind are kept."""
Place = tuple[str, str, str]
"""A provider, a model, and the directory of a call of it."""


class KeptTrees(Struct):
    """The rows of a span's trees of sessions; see readings/kept_trees.py."""

    number: int
    """The last change in the ledger that they have; see ledger/session_changes.py."""
    taken_ms: int
    timezone: str
    """That of the titles that have a time."""
    rows: dict[str, SessionRow] = field(default_factory=dict)
    """By the id of the root."""
    roots: dict[str, str] = field(default_factory=dict)
    """The root of each session that has calls, by id."""
    limits: dict[Place, int | None] = field(default_factory=dict)
    """The context limits in the rows."""


class KeptSessions(Struct):
    """The measures of a span's sessions; see readings/kept_breakdown.py."""

    number: int
    """As above."""
    rows: dict[str, BreakdownRow] = field(default_factory=dict)
    """By the id of the session."""


class Latest(dict[Key, Value]):
    """Those that were kept last, in that order."""

    def keep(self, key: Key, value: Value) -> None:
        """Keeps it as the last; the first of too many is no longer kept."""
        self.pop(key, None)
        self[key] = value
        if len(self) > _MOST:
            del self[next(iter(self))]


class Kept(Struct):
    """All that is kept of one ledger. Whoever opens another ledger makes another one."""

    rows: dict[str, SessionRow] = field(default_factory=dict)
    """The last row of each session that was read and is not in a list that is kept."""
    trees: Latest[tuple[Span, tuple[bool, bool, bool]], KeptTrees] = field(default_factory=Latest)
    """By their span, and whether they have sparks, contexts and turns."""
    sessions: Latest[tuple[Span, bool], KeptSessions] = field(default_factory=Latest)
    """By their span, and whether they have details."""

    def shared(self, row: SessionRow) -> SessionRow:
        """The row from before if it is the same, so that the lists of several periods and polls hold it once."""
        for before in (*(trees.rows for trees in self.trees.values()), self.rows):
            if before.get(row.id) == row:
                return before[row.id]
        self.rows[row.id] = row
        return row
