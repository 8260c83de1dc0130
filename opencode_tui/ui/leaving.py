"""Screens that tolerate late messages: those that arrive after the screen's widgets were removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.css.query import NoMatches
from textual.events import ScreenResume
from textual.message import Message
from textual.screen import Screen

LATE = (NoMatches, KeyError)
"""What Textual raises in a screen whose widgets were removed, or that was closed before it was styled."""

if TYPE_CHECKING:
    _Base = Screen[Any]
else:
    # Not a Screen, since Textual takes a widget's styles only from the first of its bases that is a widget.
    _Base = object


class Leaving(_Base):
    """Ignores timers, keys and resizes that arrive after the screen was closed.

    Textual removes a screen's widgets before it stops its messages, and a handler that queries a widget in between
    would crash the app.
    """

    _theme_variables: dict[str, str] | None = None
    """Those of the last showing."""

    @property
    def is_there(self) -> bool:
        """Whether its widgets exist: it is on the stack or a tab."""
        app = self.app
        return app.is_running and (self in app.screen_stack or app.is_screen_installed(self))

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except LATE:
            if self.is_there:
                raise

    def on_screen_resume(self, event: ScreenResume) -> None:
        """Keep the styles at the first showing, and at a later one unless the theme has changed since.

        Textual would style all widgets again, though each is styled as it is mounted and as its classes change.
        """
        variables = self.app.theme_variables
        if self._theme_variables in (None, variables):
            event.refresh_styles = False
        self._theme_variables = variables


class LeavingScreen(Leaving, Screen[Any]):
    """The base of our screens."""
