"""Decides which alerts to announce: each once, however many snapshots hold it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from opencode_tui.config.settings import Channels
from opencode_tui.records.alerts import Alert, DeliveryResult, at_least, severity
from opencode_tui.report.alert_words import failed_deliveries

MOST_TOASTS = 3
"""The most toasts at once; a further one counts the rest."""


class Announcement(Struct, frozen=True):
    """The toasts and the bell for new alerts."""

    toasts: tuple[Alert, ...] = ()
    """The most severe first."""
    more: int = 0
    """The number of alerts without a toast of their own."""
    bell: bool = False
    failed: tuple[DeliveryResult, ...] = ()
    """Failed deliveries, each reason once."""


class Announcer:
    """Remembers what it has announced. Alerts of the first snapshot are on the banner and are not announced."""

    def __init__(self, channels: Channels) -> None:
        self.channels = channels
        self._began_at: int | None = None
        self._announced: set[int] = set()
        self._failed: set[tuple[str, str]] = set()

    def announce(self, alerts: Sequence[Alert]) -> Announcement:
        """Returns what to announce, given the snapshot's alerts."""
        if self._began_at is None:
            self._began_at = max((alert.id for alert in alerts), default=0)
        began_at, announced = self._began_at, self._announced
        new = [alert for alert in alerts if alert.id > began_at and alert.id not in announced]
        self._announced |= {alert.id for alert in new}
        by_text = {alert.text: alert for alert in reversed(new) if at_least(alert.crossing.level, self.channels.toast)}
        ordered = sorted(by_text.values(), key=lambda alert: (-severity(alert.crossing.level), -alert.id))
        rings = any(at_least(alert.crossing.level, self.channels.bell) and not alert.late for alert in new)
        more = max(len(ordered) - MOST_TOASTS, 0)
        return Announcement(tuple(ordered[:MOST_TOASTS]), more, rings, self._new_failures(alerts))

    def _new_failures(self, alerts: Sequence[Alert]) -> tuple[DeliveryResult, ...]:
        since = self._began_at or 0
        failed = {(t.channel, t.detail): t for alert in alerts if alert.id > since for t in failed_deliveries(alert)}
        new = {key: result for key, result in failed.items() if key not in self._failed}
        self._failed |= new.keys()
        return tuple(new.values())
