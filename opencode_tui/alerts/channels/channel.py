"""The interface of a channel, and its error."""

from __future__ import annotations

from typing import Protocol

from opencode_tui.records.alerts import Alert


class ChannelError(Exception):
    """An alert could not be delivered. The message is one sentence without secrets."""


class Channel(Protocol):
    def send(self, alert: Alert) -> str:
        """Deliver an alert, blocking until it is done, and return details. Raises ChannelError."""
