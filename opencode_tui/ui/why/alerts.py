"""The alerts that fired by session, the gravest first, and the details of the one at the cursor."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import ClassVar, Never

from textual import on
from textual.binding import Binding, BindingType

from opencode_tui.analysis.alert_groups import AlertGroup, grouped_alerts
from opencode_tui.clock import Calendar, Clock
from opencode_tui.records.alerts import Alert
from opencode_tui.records.answers import AlertList
from opencode_tui.records.requests import AlertsRequest
from opencode_tui.report.alert_words import alert_session
from opencode_tui.ui.screens.base import Ask, OpenCause
from opencode_tui.ui.tables.alerts import ALERT_COLUMNS, AlertContext, AlertRow, is_handled
from opencode_tui.ui.tables.row_table import RowTable
from opencode_tui.ui.why.tab import ListTab
from opencode_tui.ui.widgets.alert_detail import AlertDetail, nothing_fired

ALERT_KEYS = Binding.Group("Alerts", compact=True)


def alert_key(alert: Alert) -> str:
    return str(alert.id)


def alert_rows_of(groups: Iterable[AlertGroup], opened: Collection[str]) -> dict[str, AlertRow]:
    """The rows by key: a heading for each group of several alerts, with these below it if it is opened."""
    rows: dict[str, AlertRow] = {}
    for group in groups:
        if len(group.alerts) == 1:
            rows[alert_key(group.gravest)] = AlertRow("one", group.gravest, group)
            continue
        rows[group.key] = AlertRow("opened" if group.key in opened else "closed", group.gravest, group)
        if group.key in opened:
            rows |= {alert_key(alert): AlertRow("member", alert, group) for alert in group.alerts}
    return rows


class AlertsTab(ListTab):
    NAME = "alerts"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "toggle_group", "Open or close", tooltip="Open or close a session's alerts", id="why.open"),
        Binding("a", "app.see_alert", "Seen", tooltip="You have seen this alert", id="why.seen", group=ALERT_KEYS),
        Binding("A", "app.see_alerts", "All seen", tooltip="You have seen all alerts", id="why.all", group=ALERT_KEYS),
        Binding(
            "z", "app.snooze_alert", "Snooze", tooltip="Show this alert again in an hour", id="why.z", group=ALERT_KEYS
        ),
        Binding(
            "x",
            "app.acknowledge_alert",
            "Acknowledge",
            tooltip="You have dealt with this alert: it does not come back",
            id="why.acknowledge",
            group=ALERT_KEYS,
        ),
        Binding(
            "u",
            "app.take_back",
            "Undo",
            tooltip="Take back the last that you have seen or acknowledged",
            id="why.undo",
            group=ALERT_KEYS,
        ),
    ]

    def __init__(self, calendar: Calendar, clock: Clock, rules: tuple[str, ...], config: str) -> None:
        """`rules` are the texts of the enabled rules; `config` is the file that sets them."""
        self._list: RowTable[AlertRow, AlertContext, Never] = RowTable(ALERT_COLUMNS, is_dim=is_handled, id="alerts")
        self._detail = AlertDetail(calendar, clock)
        super().__init__(self._list, self._detail)
        self._calendar, self._clock, self.rules, self._config = calendar, clock, rules, config
        self._alerts: AlertList | None = None
        self.rows: dict[str, AlertRow] = {}
        self._opened: set[str] = set()
        """The keys of the groups that are opened."""
        self._wanted: str | None = None

    def asks(self) -> tuple[Ask, ...]:
        return (Ask(AlertsRequest(), self.show_alerts),)

    @property
    def alert_at_hand(self) -> Alert | None:
        """The alert at the cursor; at a group's heading its gravest."""
        row = self._row
        return row.alert if row is not None else None

    @property
    def _row(self) -> AlertRow | None:
        return self.rows.get(self._list.cursor_key or "")

    def go_to(self, alert_id: int) -> None:
        """Move the cursor to an alert as soon as it is loaded."""
        self._wanted = str(alert_id)
        self._go()

    def show_alerts(self, fired: AlertList) -> None:
        self._alerts = fired
        self._show()

    def _show(self) -> None:
        fired = self._alerts
        if fired is None:
            return
        if fired.alerts:
            self.show_list()
        else:
            self.show_text(nothing_fired(self.rules, self._config))
        sessions = {session.id: session for session in fired.sessions}
        self.rows = alert_rows_of(grouped_alerts(fired.alerts, sessions, self._clock()), self._opened)
        context = AlertContext(self._clock, self._calendar)
        self._list.update_rows(tuple(self.rows), self.rows.__getitem__, context)
        self._go()
        self._show_detail()

    def title_of(self, alert: Alert) -> str:
        """The title of the session that the alert leads to."""
        sessions = self._alerts.sessions if self._alerts is not None else ()
        return next((each.title for each in sessions if each.id == alert.leads_to), "a session that is not known")

    def _go(self) -> None:
        if self._wanted is None:
            return
        if self._wanted not in self.rows:
            groups = (row.group for row in self.rows.values() if row.place == "closed")
            key = next((group.key for group in groups if self._wanted in map(alert_key, group.alerts)), None)
            if key is not None:
                self._opened.add(key)
                self._show()
            return
        self._list.move_to(self._wanted)
        self._wanted = None

    def action_toggle_group(self) -> None:
        """Open or close the group at the cursor."""
        row = self._row
        if row is None or row.place == "one":
            return
        self._opened ^= {row.group.key}
        self._show()
        self._list.move_to(row.group.key)

    def _show_detail(self) -> None:
        alert = self.alert_at_hand
        self._detail.show_alert(alert, self.title_of(alert) if alert else "")
        self.screen.refresh_bindings()

    @on(RowTable.Highlighted)
    def follow_cursor(self) -> None:
        self._show_detail()

    @on(RowTable.Opened)
    def open(self) -> None:
        row, alert = self._row, self.alert_at_hand
        if row is not None and row.is_heading:
            self.action_toggle_group()
        elif alert is None or alert_session(alert) is None:
            self.notify("No session stands out as the cause of this alert.", markup=False)
        else:
            self.post_message(OpenCause(alert))
