"""What a channel is, and how it says that it failed."""

from __future__ import annotations

from typing import Protocol

from opencode_tui.records.alerts import Alert


class ChannelError(Exception):
    """An alert could not be delivered. The message is one sentence, which holds no secret."""


class Channel(Protocol):
    def send(self, alert: Alert) -> str:
        """Deliver an alert, however long that takes, and say how it went. Raises ChannelError."""
