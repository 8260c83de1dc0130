"""The day's sessions: the table, their number, and the meaning of its glyphs."""

from __future__ import annotations

from textual.app import ComposeResult

from opencode_tui.clock import Calendar
from opencode_tui.records.day import SessionLine, Snapshot
from opencode_tui.report.words import fitting
from opencode_tui.ui.tables.sessions import SessionContext
from opencode_tui.ui.tables.today import DaySessionTable
from opencode_tui.ui.widgets.panel import DayPanel

MAX_ROWS = 1000


class SessionsPanel(DayPanel):
    BORDER_TITLE = "Sessions"
    DEFAULT_CSS = """
    SessionsPanel { padding: 0; }
    """

    def __init__(self, calendar: Calendar) -> None:
        super().__init__(id="sessions")
        self._calendar = calendar
        self._table = DaySessionTable()

    def compose(self) -> ComposeResult:
        yield self._table

    def facts(self, snapshot: Snapshot) -> object:
        return snapshot.session_lines

    def show(self, snapshot: Snapshot) -> None:
        lines = snapshot.session_lines
        more = len(lines) - MAX_ROWS
        title = f"Sessions · +{more:,} more" if more > 0 else "Sessions" if lines else "Sessions · none"
        meaning = legend(lines)
        self.border_title = fitting((f"{title} · {meaning}" if meaning else title, title), self.size.width - 4)
        if self.is_mounted and self.size.width:
            rows = {line.id: line for line in lines[:MAX_ROWS]}
            context = SessionContext(snapshot.taken_ms, self._calendar)
            are_others = rows.keys().isdisjoint(self._table.keys)
            self._table.update_rows(tuple(rows), rows.__getitem__, context)
            if rows and are_others:  # another day
                self._table.move_to(next(iter(rows)))

    def on_resize(self) -> None:
        if self.snapshot is not None:
            self.show(self.snapshot)


def legend(lines: tuple[SessionLine, ...]) -> str:
    """The meaning of the glyphs that are shown."""
    there = {
        "● active": any(line.active and not line.deleted for line in lines),
        "○ idle": any(not line.active and not line.deleted for line in lines),
        "↱ fork": any(line.is_fork for line in lines),
        "✕ deleted": any(line.deleted for line in lines),
    }
    return "  ".join(text for text, shown in there.items() if shown)
