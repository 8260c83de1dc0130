"""The ways that an alert goes beyond the screen, one file each. A new one is a file here and a line in `MAKERS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from opencode_tui.alerts.channels import command, desktop, webhook
from opencode_tui.alerts.channels.channel import Channel
from opencode_tui.config.settings import Settings
from opencode_tui.records.alerts import LEVELS, Alert, Level

MAKERS: Mapping[str, Callable[[Settings, Mapping[str, str]], Channel]] = {
    "desktop": desktop.make,
    "webhook": webhook.make,
    "command": command.make,
}
"""By the name that a channel has in the settings, whose value is the level from which on it tells."""

_LOUD = frozenset({"desktop"})


@dataclass(frozen=True, slots=True)
class Route:
    """A channel that is on, and which alerts go to it."""

    name: str
    channel: Channel
    level: Level

    def takes(self, alert: Alert) -> bool:
        return LEVELS.index(alert.crossing.level) >= LEVELS.index(self.level)

    def silenced(self, alert: Alert) -> str:
        """Why the channel stays silent about an alert that it takes; empty where it does not.

        What is snoozed goes nowhere. What was crossed more than an hour before anybody looked interrupts
        nobody, unless it is a cutoff; a webhook and a command, which are read later anyway, are told.
        """
        if alert.is_snoozed(alert.fired_ms):
            return "silent: snoozed"
        if alert.acknowledged_ms is not None:
            return "silent: acknowledged before it was delivered"
        if self.name in _LOUD and alert.late and alert.crossing.level != "cutoff":
            return "silent: crossed more than an hour before anybody looked"
        return ""


def routes(settings: Settings, environ: Mapping[str, str]) -> tuple[Route, ...]:
    """The channels that the settings turn on."""
    levels = {name: getattr(settings.channels, name) for name in MAKERS}
    return tuple(
        Route(name, MAKERS[name](settings, environ), level) for name, level in levels.items() if level != "off"
    )
