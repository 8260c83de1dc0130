"""Groups alerts by the session that they lead to, the gravest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from opencode_tui.records.alerts import Alert, AlertedSession, severity


class AlertGroup(Struct, frozen=True):
    """The alerts of one session, the gravest first; an alert without a session is alone."""

    key: str
    session: AlertedSession | None
    alerts: tuple[Alert, ...]

    @property
    def gravest(self) -> Alert:
        return self.alerts[0]


def is_open(alert: Alert, now_ms: int) -> bool:
    """Whether it is neither seen, snoozed nor acknowledged."""
    return alert.seen_ms is None and alert.acknowledged_ms is None and not alert.is_snoozed(now_ms)


def by_gravity(alert: Alert, now_ms: int) -> tuple[bool, int, int, int]:
    """The sort key: open ones first, then by level, then the newest."""
    return not is_open(alert, now_ms), -severity(alert.crossing.level), -alert.fired_ms, -alert.id


def grouped_alerts(
    alerts: Iterable[Alert], sessions: Mapping[str, AlertedSession], now_ms: int
) -> tuple[AlertGroup, ...]:
    """The groups in the order of their gravest alerts; `sessions` by id."""
    of: dict[str, list[Alert]] = {}
    for alert in sorted(alerts, key=lambda alert: by_gravity(alert, now_ms)):
        key = f"session {alert.leads_to}" if alert.leads_to else f"alert {alert.id}"
        of.setdefault(key, []).append(alert)
    return tuple(
        AlertGroup(key, sessions.get(members[0].leads_to or ""), tuple(members)) for key, members in of.items()
    )
