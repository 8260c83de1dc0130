"""The Why screen: the alerts that fired, the insights by money, and what to do about them, as tabs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container

from opencode_tui.clock import Calendar, Clock
from opencode_tui.records.alerts import Alert
from opencode_tui.ui.screens.base import AskingScreen
from opencode_tui.ui.why.accounts import AccountsTab
from opencode_tui.ui.why.alerts import AlertsTab
from opencode_tui.ui.why.insights import InsightsTab
from opencode_tui.ui.why.levers import LeversTab
from opencode_tui.ui.why.quotas import QuotasTab
from opencode_tui.ui.why.tab import Make, WhyTab
from opencode_tui.ui.widgets.banner import Banner
from opencode_tui.ui.widgets.crumb_header import CrumbHeader
from opencode_tui.ui.widgets.day_header import LOW_ROWS
from opencode_tui.ui.widgets.key_footer import KeyFooter
from opencode_tui.ui.widgets.period_tabs import PeriodTabs

TAB_KEYS = {"alerts": "L", "insights": "I", "levers": "V", "quotas": "Q", "accounts": "C"}
"""The key of each tab, in their order."""


class WhyTabs(PeriodTabs):
    """The tabs in one line."""

    class Selected(PeriodTabs.Selected):
        """A tab was clicked."""


class WhyScreen(AskingScreen):
    AUTO_FOCUS = ""
    BINDING_GROUP_TITLE = "Why"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("]", "go_tab(1)", "Next tab", tooltip="The next tab, from alerts to accounts", id="why.next"),
        Binding("[", "go_tab(-1)", "Tab before", tooltip="The tab before", id="why.before", show=False),
        *(
            Binding(key, f"show_tab('{name}')", name.capitalize(), tooltip=name, id=f"why.{name}", show=False)
            for name, key in TAB_KEYS.items()
        ),
    ]

    def __init__(self, calendar: Calendar, clock: Clock, rules: tuple[str, ...], config: str) -> None:
        """`rules` are the texts of the enabled alert rules; `config` is the file that sets them."""
        super().__init__()
        self._calendar, self._clock = calendar, clock
        self.alerts = AlertsTab(calendar, clock, rules, config)
        self._makers: Mapping[str, Make] = {
            AlertsTab.NAME: lambda: self.alerts,
            InsightsTab.NAME: lambda: InsightsTab(calendar, clock),
            LeversTab.NAME: lambda: LeversTab(calendar, clock),
            QuotasTab.NAME: lambda: QuotasTab(calendar),
            AccountsTab.NAME: lambda: AccountsTab(calendar),
        }
        self._tabs: dict[str, WhyTab] = {AlertsTab.NAME: self.alerts}
        """Those that were shown already, by name."""
        self.shown: WhyTab = self.alerts
        self._line = WhyTabs(tuple(TAB_KEYS), self.shown.NAME, TAB_KEYS)
        self.ask(*self.shown.asks())

    @property
    def crumb(self) -> tuple[str, ...]:
        return ("Why",)

    @property
    def alert_at_hand(self) -> Alert | None:
        return self.shown.alert_at_hand

    def compose(self) -> ComposeResult:
        yield CrumbHeader(self.crumb, self._calendar, self._clock, self.poll_ms).data_bind(
            WhyScreen.snapshot, WhyScreen.polled_ms, WhyScreen.failure
        )
        yield Banner(self._calendar, alerts=False).data_bind(WhyScreen.snapshot, WhyScreen.failure)
        yield self._line
        with Container(id="tab"):
            yield from self._tabs.values()
        yield KeyFooter()

    def on_mount(self) -> None:
        self._line.show_period(self.shown.NAME)  # Today may have chosen another tab before
        self.shown.take_focus()

    def on_resize(self) -> None:
        self._line.display = self.size.height > LOW_ROWS

    async def go_to(self, alert_id: int) -> None:
        """Move the cursor to an alert as soon as it is loaded."""
        await self.action_show_tab(AlertsTab.NAME)
        self.alerts.go_to(alert_id)

    async def action_go_tab(self, tabs: int) -> None:
        names = list(TAB_KEYS)
        await self.action_show_tab(names[(names.index(self.shown.NAME) + tabs) % len(names)])

    async def action_show_tab(self, name: str) -> None:
        """Show a tab, with the focus on it when this returns: a key that follows is for the tab."""
        if name == self.shown.NAME:
            return
        before, is_first = self.shown, name not in self._tabs
        self.shown = self._tabs.setdefault(name, self._makers[name]()) if is_first else self._tabs[name]
        if self.is_mounted:
            self.set_focus(None)  # else the keys would act on what is no longer seen
        before.display = False
        self.shown.display = True
        if not self.is_mounted:
            return
        self._line.show_period(name)
        if is_first:
            await self.query_one("#tab").mount(self.shown)
        self.shown.take_focus()
        self.ask(*self.shown.asks())
        self.refresh_bindings()

    @on(WhyTabs.Selected)
    async def select_tab(self, message: WhyTabs.Selected) -> None:
        await self.action_show_tab(message.period)

    @on(WhyTab.Asking)
    def ask_for_tab(self) -> None:
        self.ask(*self.shown.asks())
