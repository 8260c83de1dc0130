"""The app's handling of alerts: toasts, the bell, and the actions on them."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.widgets import Input

from opencode_tui import clock
from opencode_tui.clock import MINUTE_MS, Calendar
from opencode_tui.records.alerts import Alert, Level
from opencode_tui.records.day import Snapshot
from opencode_tui.records.outcomes import (
    AlertsAcknowledged,
    AlertsSeen,
    AlertsSnoozed,
    AlertsUnacknowledged,
    AlertsUnseen,
    InsightsMarked,
)
from opencode_tui.records.requests import (
    AcknowledgeAlerts,
    SeeAlerts,
    SnoozeAlerts,
    TakeBack,
    UnacknowledgeAlerts,
    UnmarkInsights,
    UnseeAlerts,
)
from opencode_tui.report.alert_words import alert_session, level_glyph
from opencode_tui.report.outcome_words import outcome_words, undo_notice
from opencode_tui.ui.announcer import Announcer
from opencode_tui.ui.guarding import GuardingApp
from opencode_tui.ui.poller import Poller
from opencode_tui.ui.screens.base import Act, OpenCause, OpenSession, SnapshotScreen
from opencode_tui.ui.toasts import Severity
from opencode_tui.ui.widgets.banner import Banner

SNOOZE_MIN = 60
TOAST_S = 8.0
SEVERITY: dict[Level, Severity] = {
    "notice": "information",
    "warning": "warning",
    "cutoff": "error",
}
ON_AN_ALERT = ("see_alert", "snooze_alert", "acknowledge_alert", "open_cause")
QUIET_S = 5.0
"""Seconds without a key or click after which a new alert may take the focus."""


class AlertingApp(GuardingApp):
    """The actions on alerts, whose keys work on every screen for the screen's current alert."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "see_alert", "Seen", tooltip="You have seen the alert", id="alert.seen", show=False),
        Binding("A", "see_alerts", "All seen", tooltip="You have seen all alerts", id="alert.all", show=False),
        Binding(
            "z", "snooze_alert", "Snooze", tooltip="Show the alert again in an hour", id="alert.snooze", show=False
        ),
        Binding(
            "x",
            "acknowledge_alert",
            "Acknowledge",
            tooltip="You have dealt with the alert: it does not come back",
            id="alert.acknowledge",
            show=False,
        ),
        Binding(
            "u",
            "take_back",
            "Undo",
            tooltip="Take back the last that you have seen, acknowledged or dismissed",
            id="alert.undo",
            show=False,
        ),
        Binding(
            "e",
            "open_cause",
            "Cause",
            tooltip="Open what caused the alert; so you have seen it",
            id="alert.cause",
            show=False,
        ),
    ]

    calendar: Calendar
    announcer: Announcer
    _touched_s: float | None = None
    _offered: int | None = None
    _undoing: tuple[TakeBack, ...] = ()
    """What takes back each thing that was done, the last one last."""

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key | events.MouseDown):
            self._touched_s = clock.monotonic_s()
            if not self.is_running or not self.screen_stack:
                return  # the app is exiting
        await super().on_event(event)

    @property
    def is_quiet(self) -> bool:
        """Whether nobody has typed or clicked for QUIET_S."""
        return self._touched_s is None or clock.monotonic_s() - self._touched_s >= QUIET_S

    def announce(self, snapshot: Snapshot) -> None:
        """Show toasts and ring the bell for new alerts."""
        news = self.announcer.announce(snapshot.alerts)
        for alert in news.toasts:
            level = alert.crossing.level
            title = f"{level_glyph(level)} {level.capitalize()}"
            self.notify(alert.text, title=title, severity=SEVERITY[level], timeout=TOAST_S, markup=False)
        if news.more:
            self.notify(f"+{news.more:,} more alerts; 5 shows all", timeout=TOAST_S, markup=False)
        for result in news.failed:
            self.notify(f"{result.channel} failed: {result.detail}", severity="error", timeout=TOAST_S, markup=False)
        if news.bell:
            self.bell()
        self._offer(snapshot)

    def _offer(self, snapshot: Snapshot) -> None:
        """Focus the banner when it shows a new alert, so that `enter` opens its cause, unless somebody is typing.

        A focused filter counts as typing, since its next letters must not act on the alert.
        """
        first = snapshot.alerts[0].id if snapshot.alerts else None
        if first not in (None, self._offered) and self.is_quiet and not isinstance(self.focused, Input):
            for banner in self.screen.query(Banner):
                self.call_after_refresh(banner.offer)
        self._offered = first

    @property
    def _at_hand(self) -> Alert | None:
        """The current alert of the topmost snapshot screen, even below the palette."""
        screens = (screen for screen in reversed(self.screen_stack) if isinstance(screen, SnapshotScreen))
        screen = next(screens, None)
        return screen.alert_at_hand if screen is not None else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disables the alerts' keys while there is no alert."""
        if action in ON_AN_ALERT:
            return self._at_hand is not None
        if action == "take_back":
            return self._undo is not None
        if action == "see_alerts":
            return self.snapshot is not None and bool(self.snapshot.alerts)
        return super().check_action(action, parameters)

    def action_see_alert(self) -> None:
        if self._at_hand is not None:
            self.poller.act(SeeAlerts((self._at_hand.id,)))

    def action_see_alerts(self) -> None:
        if self.snapshot is not None:
            self.poller.act(SeeAlerts(tuple(alert.id for alert in self.snapshot.alerts)))

    def action_snooze_alert(self) -> None:
        if self._at_hand is not None:
            self.poller.act(SnoozeAlerts((self._at_hand.id,), self.now_ms() + SNOOZE_MIN * MINUTE_MS))

    def action_acknowledge_alert(self) -> None:
        if self._at_hand is not None:
            self.poller.act(AcknowledgeAlerts((self._at_hand.id,)))

    @property
    def _undo(self) -> TakeBack | None:
        """What `u` does: take back what was done last, else what was done earlier to the alert at hand."""
        if self._undoing:
            return self._undoing[-1]
        alert = self._at_hand
        if alert is None:
            return None
        if alert.acknowledged_ms is not None:
            return UnacknowledgeAlerts((alert.id,))
        return UnseeAlerts((alert.id,)) if alert.seen_ms is not None else None

    def action_take_back(self) -> None:
        if self._undo is not None:
            self.poller.act(self._undo)
            self._undoing = self._undoing[:-1]

    async def action_open_cause(self) -> None:
        """Open the cause of the current alert."""
        if self._at_hand is not None:
            await self.open_cause(self._at_hand)

    async def open_cause(self, alert: Alert) -> None:
        """Open the session and turn that caused an alert, or the Why screen if there is no such session.

        So the alert is seen; others about that session stand until they are opened as well.
        """
        session_id = alert_session(alert)
        if session_id is None:
            await self.open_why(alert)
        else:
            self.post_message(OpenSession(session_id, alert.cause.turn_id if alert.cause.session_id else None))
        if alert.seen_ms is None:
            self.clear_notifications()
            self.poller.act(SeeAlerts((alert.id,)))

    async def open_why(self, alert: Alert) -> None:
        """Show the alert on the Why screen."""
        raise NotImplementedError

    @on(OpenCause)
    async def open_what_caused(self, message: OpenCause) -> None:
        await self.open_cause(message.alert)

    @on(Act)
    def carry_out(self, message: Act) -> None:
        self.poller.act(message.action)

    @on(Banner.Clicked)
    async def open_from_banner(self) -> None:
        await self.action_open_cause()

    @on(Poller.Acted)
    def say_what_was_done(self, message: Poller.Acted) -> None:
        outcome = message.outcome
        if isinstance(outcome, AlertsAcknowledged | AlertsUnacknowledged | AlertsUnseen | AlertsSnoozed):
            self.clear_notifications()  # what was said of these alerts before
        if isinstance(outcome, AlertsAcknowledged):
            if outcome.new:
                self._undoing += (UnacknowledgeAlerts(tuple(alert.id for alert in outcome.new)),)
            self.notify(undo_notice(outcome), markup=False)
        elif isinstance(outcome, AlertsSeen):
            if outcome.new:
                self._undoing += (UnseeAlerts(outcome.new),)
            if len(outcome.new) > 1:  # of one alert the banner disappears, which is enough
                self.notify(undo_notice(outcome), markup=False)
        elif isinstance(outcome, InsightsMarked):
            self._undoing += (UnmarkInsights(tuple((mark.rule, mark.key) for mark in outcome.marks)),)
            self.notify(f"{outcome_words(outcome, self.calendar, self.now_ms())}  u takes it back", markup=False)
        else:
            self.notify(outcome_words(outcome, self.calendar, self.now_ms()), markup=False)
        for screen in self.screen_stack[-1:]:
            screen.refresh_bindings()

    @on(Poller.ActionFailed)
    def say_what_failed(self, message: Poller.ActionFailed) -> None:
        if isinstance(message.action, TakeBack):
            self._undoing += (message.action,)  # to be tried again
        self.notify(f"Not done: {message.reason}.", severity="error", markup=False)
