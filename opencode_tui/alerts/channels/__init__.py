"""The ways that an alert goes beyond the screen, one file each. A new one is a file here and an entry in `CHANNELS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from opencode_tui.alerts.channels import command, desktop, webhook
from opencode_tui.alerts.channels.channel import Channel
from opencode_tui.config.settings import Channels, Settings
from opencode_tui.records.alerts import Alert, Level, at_least


class ChannelType(Struct, frozen=True):
    """A channel that there is. The setting of its name is the level from which on it is used."""

    name: str
    make: Callable[[Settings, Mapping[str, str]], Channel]
    interrupts: bool = False
    """It speaks up where people are; what is late, and no cutoff, does not."""


CHANNELS = (
    ChannelType("desktop", desktop.make, interrupts=True),
    ChannelType("webhook", webhook.make),
    ChannelType("command", command.make),
)


class Route(Struct, frozen=True):
    """A channel that is on, and which alerts go to it."""

    name: str
    channel: Channel
    level: Level
    interrupts: bool = False

    def takes(self, alert: Alert) -> bool:
        return at_least(alert.crossing.level, self.level)

    def silenced(self, alert: Alert) -> str:
        """Why the channel stays silent about an alert that it takes; empty where it does not.

        What is snoozed goes nowhere. What was crossed more than an hour before anybody looked interrupts
        nobody, unless it is a cutoff; a webhook and a command, which are read later anyway, get it.
        """
        if alert.is_snoozed(alert.fired_ms):
            return "silent: snoozed"
        if alert.acknowledged_ms is not None:
            return "silent: acknowledged before it was delivered"
        if self.interrupts and alert.late and alert.crossing.level != "cutoff":
            return "silent: crossed more than an hour before anybody looked"
        return ""


def levels(channels: Channels) -> dict[str, Level]:
    """The level from which on each channel that is on is used, by its name."""
    found = {channel.name: getattr(channels, channel.name) for channel in CHANNELS}
    return {name: level for name, level in found.items() if level != "off"}


def all_off(channels: Channels) -> Channels:
    """The settings with nothing that goes beyond the screen."""
    off: dict[str, Any] = {channel.name: "off" for channel in CHANNELS}
    return replace(channels, **off)


def routes(settings: Settings, environ: Mapping[str, str]) -> tuple[Route, ...]:
    """The channels that the settings turn on."""
    on = levels(settings.channels)
    return tuple(
        Route(channel.name, channel.make(settings, environ), on[channel.name], channel.interrupts)
        for channel in CHANNELS
        if channel.name in on
    )
