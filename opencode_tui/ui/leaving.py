"""Screens that are closed while messages for them are still on their way: what comes late finds no widgets any more."""

from __future__ import annotations

from typing import Any

from textual import work
from textual.command import CommandPalette
from textual.css.query import NoMatches
from textual.message import Message
from textual.screen import Screen


class LeavingScreen(Screen[Any]):
    """A timer, a key or a resize that comes after the screen was closed is let go.

    Textual removes a screen's widgets before it stops its messages, and ends the app for one that looks for a widget
    in between.
    """

    @property
    def is_there(self) -> bool:
        """Its widgets can be found: it is shown, lies below what is shown, or is a tab."""
        app = self.app
        if not self.is_mounted or not app.is_running:
            return False
        return self in app.screen_stack or app.is_screen_installed(self)

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except NoMatches:
            if self.is_there:
                raise


class Palette(LeavingScreen, CommandPalette):
    """Textual's, which may be closed before it is open, and while it looks for what was typed."""

    @work(exclusive=True, group=CommandPalette._GATHER_COMMANDS_GROUP)
    async def _gather_commands(self, search_value: str) -> None:
        gather: Any = CommandPalette._gather_commands
        try:
            await gather.__wrapped__(self, search_value)
        except NoMatches:
            if self.is_there:
                raise
