"""What every screen is given: the snapshot, when a poll last went well, whether polls fail, and what it asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from msgspec import Struct
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import var

from opencode_tui.records.alerts import Alert
from opencode_tui.records.answers import Answer
from opencode_tui.records.day import Snapshot
from opencode_tui.records.requests import Request
from opencode_tui.report.states import STALE_AFTER_MS, Failure
from opencode_tui.ui.leaving import LeavingScreen

WIDTHS = [(0, "-narrow"), (64, "-slim"), (80, "-middle"), (110, "-wide")]
HEIGHTS = [(0, "-short"), (34, "-tall"), (46, "-taller"), (56, "-tallest")]
"""(from how many cells on, the class that app.tcss arranges by)."""


class Ask(Struct, frozen=True):
    """A request, and what is done with its answer, or with the sentence that says why there is none."""

    request: Request
    take: Callable[[Any], None]
    take_reason: Callable[[str], None] = lambda reason: None


class OpenSession(Message):
    """A session is to be shown on top of this screen, with the cursor on one of its turns or on the last."""

    def __init__(self, session_id: str, turn_id: str | None = None) -> None:
        super().__init__()
        self.session_id, self.turn_id = session_id, turn_id


class OpenCause(Message):
    """What caused an alert is to be shown."""

    def __init__(self, alert: Alert) -> None:
        super().__init__()
        self.alert = alert


class OpenSessions(Message):
    """The sessions of a period that a filter matches are to be shown on top of this screen."""

    def __init__(self, period: str, filter: str, name: str) -> None:
        """`period` as SessionsRequest has it, `filter` as it is typed; `name` stands for it in the breadcrumb."""
        super().__init__()
        self.period, self.filter, self.name = period, filter, name


class SnapshotScreen(LeavingScreen):
    """The app binds these to its own; a screen's panels bind theirs to the screen's."""

    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS
    BINDINGS: ClassVar[list[BindingType]] = [
        # not the app's, so that it stands at the front of a footer that is cut
        Binding("question_mark", "app.help", "Keys", tooltip="What keys and glyphs mean", id="help"),
    ]

    snapshot: var[Snapshot | None] = var(None)
    polled_ms: var[int | None] = var(None)
    failure: var[Failure | None] = var(None)
    stale_after_ms: int = STALE_AFTER_MS
    """Numbers that were not read for so long are stale; set by the app."""

    @property
    def crumb(self) -> tuple[str, ...]:
        """Where one is, from the tab to this screen."""
        return (self.name or "",)

    @property
    def alert_at_hand(self) -> Alert | None:
        """The alert that the keys are about: that on the banner: the gravest that nobody has seen."""
        return self.snapshot.alerts[0] if self.snapshot is not None and self.snapshot.alerts else None


class AskingScreen(SnapshotScreen):
    """A screen that asks for more than the snapshot while it is the current one."""

    _asks: tuple[Ask, ...] = ()

    class Asking(Message):
        """The screen became the current one, or asks for something else."""

    @property
    def requests(self) -> tuple[Request, ...]:
        """What it asks for; the app passes it on while the screen is current."""
        return tuple(each.request for each in self._asks)

    def ask(self, *asks: Ask) -> None:
        """Ask for these from now on, and for nothing else."""
        self._asks = asks
        if self.is_mounted:
            self.post_message(self.Asking())

    def take_answer(self, answer: Answer) -> None:
        for each in self._asks:
            if each.request == answer.request and self.is_there:
                each.take(answer)

    def take_reason(self, request: Request, reason: str) -> None:
        for each in self._asks:
            if each.request == request and self.is_there:
                each.take_reason(reason)

    def on_screen_resume(self) -> None:
        self.post_message(self.Asking())

    def on_screen_suspend(self) -> None:
        self.post_message(self.Asking())
