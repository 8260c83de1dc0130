"""How far a SQLite store has been read, as it is kept in the ledger."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from typing import Any

from msgspec import Struct, field

from opencode_tui.source.cursor import TableCursor
from opencode_tui.source.sessions import SessionsCursor

Stamp = tuple[Any, Any]
"""Values that change when the row of a running message does: time of the last update, and length."""
_KEPT = 50


class Cursor(Struct, frozen=True):
    """How far a SQLite store has been read; stored as JSON in the ledger."""

    identity: str
    sessions: SessionsCursor = SessionsCursor()
    messages: TableCursor = TableCursor()
    events: TableCursor = TableCursor()
    billed_ms: int = 0
    """The watermark of the sums of sessions, in Unix milliseconds."""
    running: Mapping[str, Stamp] = field(default_factory=dict)
    """Stamps of the newest running messages, as last written to the ledger."""

    def to_json(self) -> str:
        parts = (self.sessions.to_json(), self.messages.to_json(), self.events.to_json(), self.billed_ms)
        newest = [(id, self.running[id]) for id in islice(self.running, _KEPT)]
        return json.dumps([self.identity, *parts, newest], separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | None, identity: str) -> Cursor:
        """Parses a saved cursor; returns a new one if it belongs to a different file."""
        try:
            saved = json.loads(text or "null")
        except ValueError:
            saved = None
        if not isinstance(saved, list) or len(saved) not in (4, 5, 6) or saved[0] != identity:
            return cls(identity)
        billed_ms = saved[4] if len(saved) > 4 and type(saved[4]) is int else 0
        return cls(
            identity,
            SessionsCursor.from_json(saved[1]),
            TableCursor.from_json(saved[2]),
            TableCursor.from_json(saved[3]),
            billed_ms,
            _running(saved[5]) if len(saved) > 5 else {},
        )


def _running(saved: Any) -> dict[str, Stamp]:
    try:
        return {str(id): (updated, size) for id, (updated, size) in saved}
    except (TypeError, ValueError):
        return {}
