"""The delivery channels, one file each. A new one is a file here with `CHANNEL`, and lines in the example file.

Every command with a config.toml imports them for their options, so what only `send` needs is imported there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from opencode_tui.alerts.channels.channel import Channel, ChannelType
from opencode_tui.config.options import Option
from opencode_tui.config.settings import Channels, Settings
from opencode_tui.paths import modules_in
from opencode_tui.records.alerts import Alert, Level, at_least

CHANNELS: tuple[ChannelType, ...] = tuple(
    sorted(
        (module.CHANNEL for module in modules_in(__name__, __path__) if hasattr(module, "CHANNEL")),
        key=lambda channel: channel.rank,
    )
)
"""All channels in the order in which they are listed."""
OPTIONS: tuple[Option[Any], ...] = tuple(option for channel in CHANNELS for option in (channel.level, *channel.options))
"""The settings that they declare."""


class Route(Struct, frozen=True):
    """An enabled channel and the least level that it delivers."""

    name: str
    channel: Channel
    level: Level
    interrupts: bool = False

    def takes(self, alert: Alert) -> bool:
        return at_least(alert.crossing.level, self.level)

    def silenced(self, alert: Alert) -> str:
        """Why the channel does not deliver an alert that it takes; empty if it delivers.

        Snoozed and acknowledged alerts are not delivered. Late alerts are not delivered by channels that interrupt
        people, unless they are cutoffs.
        """
        if alert.is_snoozed(alert.fired_ms):
            return "silent: snoozed"
        if alert.acknowledged_ms is not None:
            return "silent: acknowledged before it was delivered"
        if self.interrupts and alert.late and alert.crossing.level != "cutoff":
            return "silent: crossed more than an hour before anybody looked"
        return ""


def levels(channels: Channels) -> dict[str, Level]:
    """The least level of each enabled channel, by name."""
    found = {channel.name: channel.level.of(channels) for channel in CHANNELS}
    return {name: level for name, level in found.items() if level != "off"}


def all_off(channels: Channels) -> Channels:
    """The settings with all delivery channels off."""
    names = {channel.name for channel in CHANNELS}
    return replace(channels, options={name: value for name, value in channels.options.items() if name not in names})


def lacking(settings: Settings, environ: Mapping[str, str], names: Collection[str]) -> str:
    """What the first of these channels that is on and cannot deliver needs, as a sentence; empty if all can."""
    on = levels(settings.channels).keys() & set(names)
    reasons = ((each.name, each.lacks(settings, environ)) for each in CHANNELS if each.name in on)
    return next((f"the channel {name} cannot be turned on: {reason}" for name, reason in reasons if reason), "")


def routes(settings: Settings, environ: Mapping[str, str]) -> tuple[Route, ...]:
    """The enabled channels."""
    on = levels(settings.channels)
    return tuple(
        Route(channel.name, channel.make(settings, environ), on[channel.name], channel.interrupts)
        for channel in CHANNELS
        if channel.name in on
    )
