"""The session at the cursor of a table: what made it expensive, what it cost, and its last turns."""

from __future__ import annotations

from textual.content import Content

from opencode_tui.clock import Calendar
from opencode_tui.paths import last_part
from opencode_tui.records.session import SessionView
from opencode_tui.report import session_facts as words
from opencode_tui.report.turn_words import lines_of_turns, short_model
from opencode_tui.report.words import fitting
from opencode_tui.ui.theme import STYLES
from opencode_tui.ui.widgets.blocks import cut, remedy_lines, wrapped
from opencode_tui.ui.widgets.panel import SessionPanel

LEAST_TURNS = 3
"""The lines that the turns keep: their heading and two of them."""


def fact_lines(view: SessionView, calendar: Calendar, width: int) -> list[Content]:
    """The causes with what to do, then the state with project, agent and model, then what it cost."""
    causes: list[Content] = []
    for cause, remedy in words.causes(view):
        causes += [Content.styled(line, STYLES["warning"]) for line in wrapped(cause, width)]
        causes += map(Content, remedy_lines(remedy, width))
    project = last_part(view.project or view.directory)
    head = " · ".join(filter(None, (words.STATE_WORDS[view.state], project, view.agent, short_model(view.model))))
    facts = words.packed(words.facts(view, calendar), width)
    return [
        *causes,
        Content(cut(head, width).rstrip()),
        *map(Content, facts),
    ]


def turn_lines(view: SessionView, calendar: Calendar, width: int, height: int) -> list[Content]:
    """A heading and the last turns in `height` lines, newest last; those with a cause in the warning's colour."""
    turns = view.turns[-(height - 1) :] if height > 1 else ()
    if not turns:
        return []
    head, *rows = lines_of_turns(turns, view, calendar)
    marked = [STYLES["warning"] if turn.causes else "" for turn in turns]
    return [
        Content.styled(cut(head, width).rstrip(), STYLES["note"]),
        *(Content.styled(cut(row, width).rstrip(), style) for row, style in zip(rows, marked, strict=True)),
    ]


class SessionAside(SessionPanel):
    BORDER_TITLE = "Session"

    def __init__(self, calendar: Calendar) -> None:
        super().__init__(id="session-aside")
        self._calendar = calendar

    def facts(self, view: SessionView) -> object:
        return view.title, words.facts(view, self._calendar), words.causes(view), view.turns, view.state

    def show(self, view: SessionView) -> None:
        self._entitle()
        self.refresh()

    def on_resize(self) -> None:
        self._entitle()

    def _entitle(self) -> None:
        if self.session is not None:
            title = words.shown_title(self.session)
            self.border_title = fitting((f"{title} · ⏎ opens it", title), max(self.size.width, 1))

    def render(self) -> Content:
        view, width, height = self.session, self.size.width, self.size.height
        if view is None:
            return Content.styled("nothing to show yet", STYLES["note"])
        facts = fact_lines(view, self._calendar, width)[: max(height - LEAST_TURNS, 1)]
        turns = turn_lines(view, self._calendar, width, height - len(facts))
        gap = [Content("")] if len(facts) + len(turns) < height else []
        return Content("\n").join([*facts, *gap, *turns])
