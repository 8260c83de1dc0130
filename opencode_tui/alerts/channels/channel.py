"""The interface of a channel, its error, and what its file declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from msgspec import Struct

from opencode_tui.config.alert_values import level
from opencode_tui.config.options import Option, ValueOption
from opencode_tui.config.settings import LevelOrOff, Settings
from opencode_tui.records.alerts import Alert


class ChannelError(Exception):
    """An alert could not be delivered. The message is one sentence without secrets."""


class Channel(Protocol):
    def send(self, alert: Alert) -> str:
        """Deliver an alert, blocking until it is done, and return details. Raises ChannelError."""


class ChannelType(Struct, frozen=True):
    """What a channel's file declares as `CHANNEL`: its name, how to make it, and its settings."""

    name: str
    make: Callable[[Settings, Mapping[str, str]], Channel]
    """Makes the channel from the settings and the environment. It must not block or fail."""
    interrupts: bool = False
    """It interrupts people, so that it skips late alerts below the cutoff."""
    options: tuple[Option[Any], ...] = ()
    """Its settings below [channels] beside its level."""
    lacks: Callable[[Settings, Mapping[str, str]], str] = lambda settings, environ: ""
    """What it needs and does not have, as a sentence that says what to do; empty if it can deliver."""
    rank: int = 80
    """Channels are listed by ascending rank."""

    @property
    def level(self) -> Option[LevelOrOff]:
        """The setting of its name: the least level that it delivers, or `off`."""
        return ValueOption[LevelOrOff](self.name, "off", level)
