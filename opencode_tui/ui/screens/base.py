"""The bases of all screens, with the snapshot, the state of polling, and requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from msgspec import Struct
from textual.binding import Binding, BindingType
from textual.events import ScreenResume
from textual.geometry import Size
from textual.message import Message
from textual.reactive import var

from opencode_tui.records.alerts import Alert
from opencode_tui.records.answers import Answer
from opencode_tui.records.day import Snapshot
from opencode_tui.records.requests import Action, Filter, Request
from opencode_tui.report.states import POLL_MS, Failure
from opencode_tui.ui.leaving import LeavingScreen
from opencode_tui.ui.widgets.day_header import LOWEST_ROWS

WIDTHS = [(0, "-narrow"), (64, "-slim"), (80, "-middle"), (110, "-wide")]
HEIGHTS = [(0, "-short"), (34, "-tall"), (46, "-taller"), (56, "-tallest")]
"""(least height in cells, class for app.tcss)"""
BROAD = 160
"""The least width in cells with panels beside the others; the screen then has the class -broad besides -wide."""


def size_classes(size: Size) -> Iterator[str]:
    """The classes of a screen of this size: those that Textual gives it, and ours."""
    for steps, length in ((WIDTHS, size.width), (HEIGHTS, size.height)):
        yield next(name for least, name in reversed(steps) if length >= least)
    if size.width >= BROAD:
        yield "-broad"
    if size.height <= LOWEST_ROWS:
        yield "-lowest"


class Ask(Struct, frozen=True):
    """A request with the handlers of its answer and of the sentence that says why there is none."""

    request: Request
    take: Callable[[Any], None]
    take_reason: Callable[[str], None] = lambda reason: None


class OpenSession(Message):
    """Open a session on top of this screen, with the cursor on a turn, by default the last."""

    def __init__(self, session_id: str, turn_id: str | None = None) -> None:
        super().__init__()
        self.session_id, self.turn_id = session_id, turn_id


class Act(Message):
    """Carry out an action."""

    def __init__(self, action: Action) -> None:
        super().__init__()
        self.action = action


class OpenCause(Message):
    """Open the cause of an alert."""

    def __init__(self, alert: Alert) -> None:
        super().__init__()
        self.alert = alert


class OpenInsights(Message):
    """Show the insights on the Why screen."""


class OpenSessions(Message):
    """Open the filtered sessions of a period on top of this screen."""

    def __init__(self, period: str, filter: str, name: str) -> None:
        """`period` is as in SessionsRequest, `filter` as typed; `name` is its text in the breadcrumb."""
        super().__init__()
        self.period, self.filter, self.name = period, filter, name


class OpenBreakdown(Message):
    """Open the breakdown of a period, of the calls for which these filters hold, on top of this screen."""

    def __init__(self, by: str, period: str, where: tuple[Filter, ...], crumb: tuple[str, ...]) -> None:
        """`by` is one of dimensions.DIMENSIONS; `crumb` has the texts of the filters."""
        super().__init__()
        self.by, self.period, self.where, self.crumb = by, period, where, crumb


class SnapshotScreen(LeavingScreen):
    """A screen whose reactives are bound to the app's; its panels bind theirs to the screen's."""

    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "app.help", "Help", tooltip="What the keys, glyphs and words mean", id="help"),
    ]

    snapshot: var[Snapshot | None] = var(None)
    polled_ms: var[int | None] = var(None)
    failure: var[Failure | None] = var(None)
    poll_ms: int = POLL_MS
    """The time between two polls in milliseconds; set by the app."""
    tab: str = ""
    """The name of the tab that it is, or was opened on; set by the app."""

    @property
    def is_broad(self) -> bool:
        """Whether the terminal is wide enough for panels beside the others."""
        return self.size.width >= BROAD

    def on_resize(self) -> None:
        self.set_class(self.is_broad, "-broad")
        self.set_class(self.size.height <= LOWEST_ROWS, "-lowest")

    @property
    def crumb(self) -> tuple[str, ...]:
        """The breadcrumb from the tab to this screen."""
        return (self.name or "",)

    @property
    def alert_at_hand(self) -> Alert | None:
        """The alert that the keys act on: the one on the banner, which is the most severe unseen one."""
        return self.snapshot.alerts[0] if self.snapshot is not None and self.snapshot.alerts else None


class AskingScreen(SnapshotScreen):
    """A screen with requests beyond the snapshot, which are answered while it is the current screen."""

    _asks: tuple[Ask, ...] = ()

    class Asking(Message):
        """The screen became current or changed its requests."""

    @property
    def requests(self) -> tuple[Request, ...]:
        """Its requests, which the app passes to the poller while the screen is current."""
        return tuple(each.request for each in self._asks)

    def ask(self, *asks: Ask) -> None:
        """Replace its requests."""
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

    def on_screen_resume(self, event: ScreenResume) -> None:
        self.post_message(self.Asking())

    def on_screen_suspend(self) -> None:
        self.post_message(self.Asking())
