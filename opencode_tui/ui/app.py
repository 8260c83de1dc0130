"""The app: it owns the poller's thread and passes its messages to the screens."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar

from msgspec import Struct
from msgspec.structs import replace
from textual import on
from textual.await_remove import AwaitRemove
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.reactive import var
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from opencode_tui.alerts.rules import in_force
from opencode_tui.clock import Clock, calendar_for, now_ms
from opencode_tui.config.settings import Settings, with_live
from opencode_tui.paths import config_file, tilde
from opencode_tui.records.alerts import Alert
from opencode_tui.records.collecting import collect_as_usual
from opencode_tui.records.requests import Request
from opencode_tui.report.states import Failure, looked_in
from opencode_tui.ui.announcer import Announcer
from opencode_tui.ui.commanding import CommandingApp
from opencode_tui.ui.help_sections import help_sections
from opencode_tui.ui.legibility import legible
from opencode_tui.ui.poller import Feed, Poller
from opencode_tui.ui.screens.base import (
    AskingScreen,
    OpenBreakdown,
    OpenInsights,
    OpenSession,
    OpenSessions,
    SnapshotScreen,
    size_classes,
)
from opencode_tui.ui.screens.breakdown import BreakdownScreen
from opencode_tui.ui.screens.help import HelpScreen
from opencode_tui.ui.screens.history import HistoryScreen
from opencode_tui.ui.screens.sessions import SessionsScreen
from opencode_tui.ui.screens.settings import SettingsStore
from opencode_tui.ui.screens.team import TEAM, TeamScreen
from opencode_tui.ui.screens.today import TodayScreen
from opencode_tui.ui.screens.why import WhyScreen
from opencode_tui.ui.theme import CALM, default_theme

ENDING = (signal.SIGTERM, signal.SIGHUP)
"""Signals of a closed pane and of a shutdown."""


THEME_SETTING = ("ui", "theme")


class Tab(Struct, frozen=True):
    """A screen with a number key."""

    key: str
    name: str
    tooltip: str
    make: Callable[[OpencodeTui], SnapshotScreen]


TABS = (
    Tab("1", "Today", "What this day costs, and why", lambda app: app.today_screen()),
    Tab("2", "Sessions", "All sessions of a period: sort, filter, group", lambda app: app.sessions_screen()),
    Tab("3", "Breakdown", "What a period cost, by any dimension and within each", lambda app: app.breakdown_screen()),
    Tab("4", "History", "Every day, week, month and year of the ledger", lambda app: app.history_screen()),
    Tab("5", "Why", "The alerts that fired, what caused them, and what would cost less", lambda app: app.why_screen()),
    Tab("6", TEAM, "What the team's seats cost, who ran over and on what", lambda app: app.team_screen()),
)


class OpencodeTui(CommandingApp):
    """The dashboard over a feed. Raises ValueError for an unknown time zone or theme."""

    TITLE = "opencode_tui"
    CSS_PATH = "app.tcss"
    BINDING_GROUP_TITLE = "Everywhere"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(tab.key, f"show_tab('{tab.name}')", tab.name, tooltip=tab.tooltip, id=f"tab.{tab.name.lower()}")
            for tab in TABS
        ),
        Binding(
            "ctrl+p", "command_palette", "Commands", tooltip="Find a command by its name", priority=True, id="palette"
        ),
        Binding(
            "comma", "settings", "Settings", key_display=",", tooltip="Budget, theme, poll, channels", id="settings"
        ),
        Binding("q", "quit", "Quit", tooltip="Leave; nothing is lost", id="quit"),
        Binding("r", "refresh", "Refresh", tooltip="Read OpenCode's store now", id="refresh"),
    ]

    polled_ms: var[int | None] = var(None)
    failure: var[Failure | None] = var(None)
    after_start: Callable[[], object] = staticmethod(lambda: None)
    """Called once, when what the first poll found has been drawn."""
    _asked: tuple[object, tuple[Request, ...]] = (None, ())

    def __init__(
        self, feed: Feed, settings: Settings, clock: Clock = now_ms, store: SettingsStore | None = None
    ) -> None:
        """`store` is the file that the settings' dialog writes; None refuses it."""
        super().__init__()
        self._store = store
        self.can_install = store is not None
        self.calendar = calendar_for(settings.timezone)
        self.now_ms = clock
        self._settings = settings
        self.announcer = Announcer(settings.channels)
        self.register_theme(CALM)
        theme = settings.ui.theme or default_theme(self.console.color_system)
        if theme not in self.available_themes:
            names = ", ".join(self.available_themes)
            raise ValueError(f"ui.theme: no theme is called {theme!r}; there are {names}")
        self.theme = theme
        self.poller = Poller(self, feed, settings.poll.interval_s, clock, store.reread if store else lambda: None)

    def get_css_variables(self) -> dict[str, str]:
        """The theme's variables, with text that is readable in each of its colours."""
        self.theme_variables = legible(super().get_css_variables())
        return self.theme_variables

    @property
    def _background_screens(self) -> list[Screen[Any]]:
        """The screens that show through the current one: none behind an opaque screen.

        Textual names the one below even then, and draws the whole current screen when anything in that one changes.
        """
        return [] if self.screen.styles.background.a == 1 else super()._background_screens

    def _prune(self, *nodes: Widget, parent: DOMNode | None = None) -> AwaitRemove:
        """Remove widgets.

        After a screen was closed, Textual would draw the one below a second time: it counts as a change of the app's.
        """
        return super()._prune(*nodes, parent=None if parent is self else parent)

    def today_screen(self) -> TodayScreen:
        return TodayScreen(self.calendar, self.now_ms, looked_in(self._settings, os.environ))

    def sessions_screen(self) -> SessionsScreen:
        return SessionsScreen(self.calendar, self.now_ms)

    def breakdown_screen(self) -> BreakdownScreen:
        return BreakdownScreen(self.calendar, self.now_ms)

    def history_screen(self) -> HistoryScreen:
        return HistoryScreen(self.calendar, self.now_ms, looked_in(self._settings, os.environ))

    def why_screen(self) -> WhyScreen:
        return WhyScreen(self.calendar, self.now_ms, in_force(self._settings), tilde(config_file(os.environ)))

    def team_screen(self) -> TeamScreen:
        return TeamScreen(self.calendar, self.now_ms)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offers the team's tab only where there is a team."""
        if action == "show_tab" and parameters[0] == TEAM:
            return bool(self._settings.team.seats)
        return super().check_action(action, parameters)

    def get_default_screen(self) -> Screen[Any]:
        for tab in TABS:
            self.install_screen(self._bound(tab.make(self), tab.name), tab.name)
        return self.get_screen(TABS[0].name)

    def _bound(self, screen: SnapshotScreen, tab: str = "") -> SnapshotScreen:
        """The screen with its reactives bound to the app's, and its classes those of the terminal's size.

        By default it belongs to the tab that one is on.
        """
        below = self.screen if self.screen_stack else None
        screen.tab = tab or (below.tab if isinstance(below, SnapshotScreen) else "")
        # Textual would set them after the screen is there, and so style all of it a second time.
        screen.add_class(*size_classes(self.size), update=False)
        screen.poll_ms = int(self._settings.poll.interval_s * 1000)
        screen.data_bind(OpencodeTui.snapshot, OpencodeTui.polled_ms, OpencodeTui.failure)
        return screen

    def on_mount(self) -> None:
        self.poller.start()
        # Exit as `q` does, so that running deliveries are recorded. A plain handler would not wake the loop.
        self._handle_signals(self.exit)

    def on_unmount(self) -> None:
        self._handle_signals(None)
        self.poller.stop()

    def _handle_signals(self, handler: Callable[[], None] | None) -> None:
        from asyncio import get_running_loop

        loop = get_running_loop()
        with suppress(ValueError, RuntimeError, NotImplementedError):  # not on the main thread, or unsupported
            for number in ENDING:
                if signal.getsignal(number) is signal.SIG_IGN:  # nohup
                    continue
                if handler is not None:
                    loop.add_signal_handler(number, handler)
                else:
                    loop.remove_signal_handler(number)

    @on(Poller.SnapshotTaken)
    def show_snapshot(self, message: Poller.SnapshotTaken) -> None:
        self.snapshot = message.snapshot
        self.announce(message.snapshot)
        for notice in message.snapshot.notices:
            self.notify(notice, severity="warning", timeout=30, markup=False)

    @on(Poller.PollSucceeded)
    def show_success(self, message: Poller.PollSucceeded) -> None:
        if self.polled_ms is None:
            self.call_after_refresh(self.after_start)
        self.polled_ms = message.at_ms
        self.failure = None

    @on(Poller.PollFailed)
    def show_failure(self, message: Poller.PollFailed) -> None:
        self.failure = Failure(message.reason, message.since_ms)

    @on(Poller.Answered)
    def hand_over_answer(self, message: Poller.Answered) -> None:
        for screen in self._asking:
            screen.take_answer(message.answer)

    @on(Poller.Unanswered)
    def hand_over_reason(self, message: Poller.Unanswered) -> None:
        for screen in self._asking:
            screen.take_reason(message.request, message.reason)

    @property
    def _asking(self) -> list[AskingScreen]:
        """The screens with requests; each handles the answers to its own."""
        return [screen for screen in self.screen_stack if isinstance(screen, AskingScreen)]

    @on(AskingScreen.Asking)
    def ask(self) -> None:
        screen = self.screen_stack[-1] if self.screen_stack else None  # no screen is left as the app exits
        asked = (screen, screen.requests if isinstance(screen, AskingScreen) else ())
        if asked != self._asked:  # a screen that is left and the one that is shown both say so
            self._asked = asked
            self.poller.ask(asked[1])

    @on(OpenSession)
    def open_session(self, message: OpenSession) -> None:
        self.action_open_session(message.session_id, message.turn_id)

    @on(OpenInsights)
    async def open_insights(self) -> None:
        await self.action_show_tab("Why")
        why = self.get_screen("Why")
        assert isinstance(why, WhyScreen)
        await why.action_show_tab("insights")

    @on(OpenSessions)
    def open_sessions(self, message: OpenSessions) -> None:
        crumb = (*self._crumb, message.name)
        screen = SessionsScreen(self.calendar, self.now_ms, message.period, message.filter, crumb)
        self.push_screen(self._bound(screen))

    @on(OpenBreakdown)
    def open_breakdown(self, message: OpenBreakdown) -> None:
        screen = BreakdownScreen(self.calendar, self.now_ms, message.by, message.period, message.where, message.crumb)
        self.push_screen(self._bound(screen))

    @on(TodayScreen.DaySelected)
    def select_day(self, message: TodayScreen.DaySelected) -> None:
        self.poller.select_day(message.day)

    @on(HistoryScreen.DayOpened)
    async def open_day(self, message: HistoryScreen.DayOpened) -> None:
        await self.action_show_tab("Today")
        today = self.get_screen("Today")
        assert isinstance(today, TodayScreen)
        today.go_to(message.day, "History")

    @on(TodayScreen.Left)
    async def leave_day(self, message: TodayScreen.Left) -> None:
        await self.action_show_tab(message.tab)

    async def action_settings(self) -> None:
        """Ask for settings, and use them at once."""
        from opencode_tui.ui.screens.settings import SettingsScreen

        if self._store is None:
            self.notify("The demo has settings of its own; start without --demo to change yours.", markup=False)
        elif not isinstance(self.screen, ModalScreen):
            themes, own = tuple(sorted(self.available_themes)), default_theme(self.console.color_system)
            screen = SettingsScreen(self._settings, self._store, themes, own)
            await self.push_screen(screen, self._use_saved)  # what is typed meanwhile waits for the dialog
            screen.focus_first()

    def _use_saved(self, settings: Settings | None) -> None:
        if settings is not None and self._store is not None:
            self._use(settings)
            self.poller.use(settings)
            self.notify(f"Saved in {self._store.name}", markup=False)

    @on(Poller.SettingsRead)
    def take_settings(self, message: Poller.SettingsRead) -> None:
        if message.settings is not None and self._store is not None:
            self._use(message.settings)
            rest = replace(message.settings, ui=self._settings.ui) != self._settings
            later = "; places, time zone and privacy at the next start" if rest else ""
            self.notify(f"{self._store.name} was changed; what it says now holds{later}", markup=False)
        elif message.settings is None:
            self.notify(f"{message.reason}; the settings from before hold", severity="warning", markup=False)

    def _use(self, settings: Settings) -> None:
        before, self._settings = self._settings, with_live(self._settings, settings)
        settings = self._settings
        if settings.ui.theme != before.ui.theme:
            self._show_theme(settings.ui.theme or default_theme(self.console.color_system))
        self.announcer.channels = settings.channels
        self.refresh_bindings()
        for screen in {*self.screen_stack, *(self.get_screen(tab.name) for tab in TABS)}:
            if isinstance(screen, SnapshotScreen):
                screen.poll_ms = int(settings.poll.interval_s * 1000)
            if isinstance(screen, WhyScreen):
                screen.alerts.rules = in_force(settings)

    def _show_theme(self, name: str) -> None:
        if name in self.available_themes:
            self.theme = name
        else:
            self.notify(f"ui.theme: no theme is called {name!r}", severity="warning", markup=False)

    def action_refresh(self) -> None:
        self.poller.refresh()

    async def action_show_tab(self, name: str) -> None:
        """Close the screens on top and show a tab. The first tab is at the bottom of the stack."""
        tab = self.get_screen(name)
        while self.screen is not tab and len(self.screen_stack) > 1:
            self.pop_screen()
        if self.screen is not tab:
            await self.push_screen(tab)  # what is typed meanwhile waits for its widgets

    def action_open_session(self, session_id: str, turn_id: str | None = None) -> None:
        """Open a session on top of the current screen, with the cursor on a turn."""
        from opencode_tui.ui.screens.session import SessionScreen

        screen = self.screen
        if isinstance(screen, SessionScreen) and screen.session_id == session_id:
            screen.go_to_turn(turn_id)
        else:
            has_git = self._settings.insights.git
            opened = SessionScreen(session_id, self.calendar, self.now_ms, self._crumb, turn_id, has_git=has_git)
            self.push_screen(self._bound(opened))

    def open_reconcile(self) -> None:
        """Show OpenCode's figures beside the ledger's, in a dialog over the current screen."""
        from opencode_tui.ui.screens.reconcile import ReconcileScreen

        self.push_screen(self._bound(ReconcileScreen()))

    async def open_why(self, alert: Alert) -> None:
        await self.action_show_tab("Why")
        why = self.get_screen("Why")
        assert isinstance(why, WhyScreen)
        await why.go_to(alert.id)

    @property
    def _crumb(self) -> tuple[str, ...]:
        return self.screen.crumb if isinstance(self.screen, SnapshotScreen) else ()

    def action_help(self) -> None:
        """Show the keys, those of this screen first, and what is on the screens."""
        self.push_screen(HelpScreen(help_sections(self, self.screen)))

    def choose_theme(self, name: str) -> None:
        """Use a theme from now on: it is written into the settings, unless they are not this app's to write."""
        self.theme = name
        if self._store is None or name == self._settings.ui.theme:
            return
        if variable := self._store.overridden_by(THEME_SETTING):
            self.notify(f"{name} until you leave: {variable} sets the theme", markup=False)
            return
        try:
            self._use_saved(self._store.save({THEME_SETTING: name}))
        except ValueError as error:
            self.notify(f"{name} until you leave: {error}", severity="warning", markup=False)


def run_app(feed: Feed, settings: Settings, store: SettingsStore | None = None) -> None:
    """Run the dashboard until it is quit. Raises ValueError like OpencodeTui."""
    app = OpencodeTui(feed, settings, store=store)
    # The modules and the first screen stay: looking for garbage in them would stop a key for 50 ms now and then.
    app.after_start = collect_as_usual
    app.run(mouse=settings.ui.mouse)
