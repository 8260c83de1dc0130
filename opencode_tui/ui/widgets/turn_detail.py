"""An opened turn: its calls, each with the arithmetic of its cost."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.color import Color
from textual.geometry import Size
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.strip import Strip

from opencode_tui.clock import Calendar
from opencode_tui.records.session import CallRow, SessionView, Turn, TurnView
from opencode_tui.report.call_words import call_lines, together
from opencode_tui.report.turn_words import turn_title
from opencode_tui.report.words import fitting
from opencode_tui.ui.moving import MOVE_KEYS, ScrollMoves
from opencode_tui.ui.widgets.blocks import wrapped
from opencode_tui.ui.widgets.panel import SessionPanel

TurnLine = tuple[str, str]
"""(kind, text)"""
TURN_INDENT = 2


def call_pane(call: CallRow, calendar: Calendar, width: int) -> list[TurnLine]:
    """A call's lines for a pane of `width` cells, indented below the first, with an empty line after them."""
    lines = []
    for kind, text in call_lines(call, calendar):
        room, indent = (width, "") if kind == "head" else (width - TURN_INDENT, " " * TURN_INDENT)
        lines += [(kind, indent + piece) for piece in wrapped(text, max(room, 8))]
    return [*lines, ("", "")]


class CallLines(ScrollMoves, ScrollView, can_focus=True):
    """The calls' lines, made when a call is new or changed and drawn when visible."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    CallLines {
        height: 1fr;
        background: transparent;
        overflow-x: hidden;
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = MOVE_KEYS

    def __init__(self, calendar: Calendar) -> None:
        super().__init__()
        self._calendar = calendar
        self._view: TurnView | None = None
        self._why = ""
        self._made: dict[CallRow, list[TurnLine]] = {}
        self._made_for = 0
        self.lines: list[TurnLine] = []

    def show_calls(self, view: TurnView | None, why: str = "reading the calls…") -> None:
        """Show a turn's calls, or why there are none. A different turn is shown from its top."""
        other = view is None or self._view is None or view.request != self._view.request
        self._view, self._why = view, why
        self._lay_out()
        if other:
            self.scroll_to(y=0, animate=False, force=True)

    def show_reason(self, reason: str) -> None:
        """Show why there are no calls."""
        self.show_calls(None, reason)

    def on_resize(self) -> None:
        self._lay_out()

    def render_line(self, y: int) -> Strip:
        width, at = self.scrollable_content_region.width, y + self.scroll_offset.y
        if at >= len(self.lines):
            return Strip.blank(width, self.rich_style)
        kind, text = self.lines[at]
        return Strip([Segment(text, self._style(kind))]).adjust_cell_length(width, self.rich_style)

    def _style(self, kind: str) -> Style:
        base = self.rich_style
        if kind == "error":
            return base + Style(color=Color.parse(self.app.theme_variables["error"]).rich_color)
        return base + Style(bold=kind in ("head", "total"), dim=kind == "note")

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        if not width:
            return
        if self._view is None:
            self.lines = [("note", self._why)]
        else:
            before = self._made if width == self._made_for else {}
            calls = self._view.calls
            self._made = {call: before.get(call) or call_pane(call, self._calendar, width) for call in calls}
            self._made_for = width
            self.lines = [line for call in calls for line in self._made[call]]
            self.lines.append(("total", together(calls)) if calls else ("note", "no calls"))
        self.virtual_size = Size(width, len(self.lines))
        self.refresh()


class TurnDetail(SessionPanel):
    """The panel of an opened turn; hidden while none is open."""

    DEFAULT_CSS = """
    TurnDetail { display: none; padding: 0 0 0 1; &.-open { display: block; } }
    """

    turn: var[TurnView | None] = var(None)

    def __init__(self, calendar: Calendar) -> None:
        super().__init__(id="detail")
        self.calls = CallLines(calendar)
        self._calendar = calendar
        self._turn_id: str | None = None

    def compose(self) -> ComposeResult:
        yield self.calls

    def open_turn(self, turn_id: str | None) -> None:
        """Show a turn as soon as its calls are loaded; None closes the panel."""
        self._turn_id = turn_id
        self.set_class(turn_id is not None, "-open")
        self._entitle()
        self.calls.show_calls(self.turn if self.turn and self.turn.request.turn_id == turn_id else None)

    def watch_turn(self, view: TurnView | None) -> None:
        if view is not None and view.request.turn_id == self._turn_id:
            self.calls.show_calls(view)

    def facts(self, view: SessionView) -> object:
        return self._opened(view)

    def show(self, view: SessionView) -> None:
        self._entitle()

    def on_resize(self) -> None:
        self._entitle()

    def _opened(self, view: SessionView) -> Turn | None:
        return next((turn for turn in view.turns if turn.id == self._turn_id), None)

    def _entitle(self) -> None:
        if self.session is not None and (turn := self._opened(self.session)):
            self.border_title = fitting(turn_title(turn, self.session, self._calendar), max(self.size.width - 2, 1))
