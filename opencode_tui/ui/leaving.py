"""Screens that are closed while messages for them are still on their way: what comes late finds no widgets any more."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from textual import work
from textual.await_complete import AwaitComplete
from textual.command import CommandPalette
from textual.css.query import NoMatches
from textual.message import Message
from textual.screen import Screen

LATE = (NoMatches, KeyError)
"""What Textual raises in a screen whose widgets are gone, and in one that was closed before it got its styles."""

if TYPE_CHECKING:
    _Base = Screen[Any]
else:
    # No Screen: Textual takes a widget's styles from the first of its bases that is a widget, and from that alone.
    _Base = object


class Leaving(_Base):
    """A timer, a key or a resize that comes after the screen was closed is let go.

    Textual removes a screen's widgets before it stops its messages, and ends the app for one that looks for a widget
    in between.
    """

    @property
    def is_there(self) -> bool:
        """Its widgets can be found: it is shown, lies below what is shown, or is a tab."""
        app = self.app
        return app.is_running and (self in app.screen_stack or app.is_screen_installed(self))

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except LATE:
            if self.is_there:
                raise


class LeavingScreen(Leaving, Screen[Any]):
    """A screen of ours."""


class Palette(Leaving, CommandPalette):
    """Textual's, which may be closed before it is open, and while it looks for what was typed."""

    @work(exclusive=True, group=CommandPalette._GATHER_COMMANDS_GROUP)
    async def _gather_commands(self, search_value: str) -> None:
        gather: Any = CommandPalette._gather_commands
        try:
            await gather.__wrapped__(self, search_value)
        except LATE:
            if self.is_there:
                raise

    def dismiss(self, result: Any = None) -> AwaitComplete:
        # Two keys that close it can come in one breath, and the second would close what lies below.
        return super().dismiss(result) if self.app.screen is self else AwaitComplete()

    def _action_command_list(self, action: str) -> None:
        # A list that is still hidden has no lines, and Textual looks for the one to page to.
        with suppress(KeyError):
            super()._action_command_list(action)
