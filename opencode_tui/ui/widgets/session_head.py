"""The top of the Session screen: the session's state and command, and the facts about it."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import var

from opencode_tui.clock import Calendar
from opencode_tui.records.privacy.harmless import shown_id
from opencode_tui.records.session import SessionView
from opencode_tui.records.shipped import Shipped
from opencode_tui.report import session_facts as words
from opencode_tui.report.shipped_words import shipped_facts, shipped_in_one
from opencode_tui.report.words import fitting
from opencode_tui.ui.theme import STYLES
from opencode_tui.ui.widgets.blocks import remedy_lines, width_of, wrapped
from opencode_tui.ui.widgets.day_header import LOW_ROWS
from opencode_tui.ui.widgets.panel import SessionPanel

ROOM_FOR_ALL = 30
"""Below this height of the terminal in rows, what became of the spend has one line."""
ONE_FACT_A_LINE = 64
"""Below this width in cells, each fact has its own line."""


class SessionHead(SessionPanel):
    """The session's state, project and model, and the command that resumes it; in a low pane its title and amount."""

    DEFAULT_CSS = """
    SessionHead { height: auto; border: none; &:ansi { border: none; } }
    """

    def __init__(self, session_id: str) -> None:
        super().__init__(id="head")
        self._session_id = session_id

    def facts(self, view: SessionView) -> object:
        return words.head(view), words.head_lines(view), words.spent(view), words.shown_title(view)

    def show(self, view: SessionView) -> None:
        self.refresh(layout=True)

    def render(self) -> Content:
        view, width = self.session, self.size.width or self.app.size.width - 2
        if view is None:
            return Content(fitting((words.resume_command(self._session_id), shown_id(self._session_id)), width))
        if self.app.size.height <= LOW_ROWS:
            return Content(words.low_line(view, width))
        one = words.head(view)
        lines = (one,) if width_of(one[-1]) <= width else words.head_lines(view)
        style = STYLES["calm"] if view.state == "active" else ""
        first, *below = (fitting(line, width) for line in lines)
        state, dot, rest = first.partition(" · ")
        return Content("\n").join([Content.assemble((state, style), dot, rest), *map(Content, below)])


class SessionFactsPanel(SessionPanel):
    """What the session cost and why, in as many lines as needed."""

    DEFAULT_CSS = """
    SessionFactsPanel { height: auto; border: none; &:ansi { border: none; } }
    """

    def __init__(self, calendar: Calendar) -> None:
        super().__init__(id="facts")
        self._calendar = calendar

    shipped: var[Shipped | None] = var(None)

    def facts(self, view: SessionView) -> object:
        return words.facts(view, self._calendar), words.causes(view), view.shipped

    def watch_shipped(self) -> None:
        self.refresh(layout=True)

    def show(self, view: SessionView) -> None:
        self.refresh(layout=True)

    def render(self) -> Content:
        width = self.size.width or self.app.size.width - 2
        if self.session is None:
            return Content("")
        shipped = self.shipped or self.session.shipped
        facts = words.facts(self.session, self._calendar) + self._became(shipped)
        lines = [fitting(fact, width) for fact in facts] if width < ONE_FACT_A_LINE else words.packed(facts, width)
        marked: list[Content] = []
        for cause, remedy in words.causes(self.session):
            marked += [Content.styled(line, STYLES["warning"]) for line in wrapped(cause, width)]
            marked += map(Content, remedy_lines(remedy, width))
        return Content("\n").join([*marked, *map(Content, lines)])

    def _became(self, shipped: Shipped | None) -> list[words.Fact]:
        if shipped is None:
            return []
        if self.app.size.height >= ROOM_FOR_ALL:
            return shipped_facts(shipped)
        return [fact] if (fact := shipped_in_one(shipped)) else []
