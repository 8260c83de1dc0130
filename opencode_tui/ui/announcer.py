"""Which alerts are new to this screen: each is announced once, however often it is in a snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opencode_tui.alert_records import Alert
from opencode_tui.report.alert_words import at_least
from opencode_tui.settings import LEVELS, Channels

MOST_TOASTS = 3
"""At once; what is more than that is counted in one more."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """What to tell about alerts that are new."""

    toasts: tuple[Alert, ...] = ()
    """What matters most first."""
    more: int = 0
    """How many have no toast of their own."""
    bell: bool = False


class Announcer:
    """It remembers what it has announced. What stood when the screen began is on the banner, and not announced."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._began_at: int | None = None
        self._announced: set[int] = set()

    def announce(self, alerts: Sequence[Alert]) -> Announcement:
        """What is to be told now that these alerts stand."""
        if self._began_at is None:
            self._began_at = max((alert.id for alert in alerts), default=0)
        began_at, announced = self._began_at, self._announced
        new = [alert for alert in alerts if alert.id > began_at and alert.id not in announced]
        self._announced |= {alert.id for alert in new}
        told = {alert.text: alert for alert in reversed(new) if at_least(alert.crossing.level, self._channels.toast)}
        ordered = sorted(told.values(), key=lambda alert: (-LEVELS.index(alert.crossing.level), -alert.id))
        rings = any(at_least(alert.crossing.level, self._channels.bell) and not alert.late for alert in new)
        return Announcement(tuple(ordered[:MOST_TOASTS]), max(len(ordered) - MOST_TOASTS, 0), rings)
