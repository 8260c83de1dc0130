"""Which alerts are new to this screen: each is announced once, however often it is in a snapshot."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from opencode_tui.config.settings import Channels
from opencode_tui.records.alerts import Alert, DeliveryResult, at_least, severity
from opencode_tui.report.alert_words import failures

MOST_TOASTS = 3
"""At once; what is more than that is counted in one more."""


class Announcement(Struct, frozen=True):
    """What to announce of alerts that are new."""

    toasts: tuple[Alert, ...] = ()
    """What matters most first."""
    more: int = 0
    """How many have no toast of their own."""
    bell: bool = False
    failed: tuple[DeliveryResult, ...] = ()
    """Deliveries that failed; each reason once, not with every alert."""


class Announcer:
    """It remembers what it has announced. What stood when the screen began is on the banner, and not announced."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._began_at: int | None = None
        self._announced: set[int] = set()
        self._failed: set[tuple[str, str]] = set()

    def announce(self, alerts: Sequence[Alert]) -> Announcement:
        """Returns what is new now that these alerts stand."""
        if self._began_at is None:
            self._began_at = max((alert.id for alert in alerts), default=0)
        began_at, announced = self._began_at, self._announced
        new = [alert for alert in alerts if alert.id > began_at and alert.id not in announced]
        self._announced |= {alert.id for alert in new}
        by_text = {alert.text: alert for alert in reversed(new) if at_least(alert.crossing.level, self._channels.toast)}
        ordered = sorted(by_text.values(), key=lambda alert: (-severity(alert.crossing.level), -alert.id))
        rings = any(at_least(alert.crossing.level, self._channels.bell) and not alert.late for alert in new)
        more = max(len(ordered) - MOST_TOASTS, 0)
        return Announcement(tuple(ordered[:MOST_TOASTS]), more, rings, self._new_failures(alerts))

    def _new_failures(self, alerts: Sequence[Alert]) -> tuple[DeliveryResult, ...]:
        since = self._began_at or 0
        failed = {(t.channel, t.detail): t for alert in alerts if alert.id > since for t in failures(alert)}
        new = {key: result for key, result in failed.items() if key not in self._failed}
        self._failed |= new.keys()
        return tuple(new.values())
