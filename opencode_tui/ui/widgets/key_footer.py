"""The footer with the keys of the screen, which is rebuilt only when the keys change."""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.widgets import Footer, Label


class KeyFooter(Footer):
    """Textual's footer in its compact form, without the palette's key.

    Textual rebuilds all keys whenever the bindings are read again, which each change of the focus and each refresh
    of the data causes. Most of the time of a key press went there.
    """

    def __init__(self) -> None:
        super().__init__(compact=True, show_command_palette=False)
        self._built: tuple[Any, ...] = ()

    def compose(self) -> ComposeResult:
        self._built = self._keys()
        for widget in super().compose():
            if not isinstance(widget, Label):  # a key, which would set it itself and then be styled a second time
                widget.set_class(True, "-compact", update=False)
            yield widget

    async def recompose(self) -> None:
        if self.is_attached and self._keys() != self._built:
            await super().recompose()

    def _keys(self) -> tuple[Any, ...]:
        """Everything of the active bindings that is shown."""
        if not self._bindings_ready:
            return ()
        active = self.screen.active_bindings.values()
        return tuple((binding, enabled, tooltip) for _, binding, enabled, tooltip in active if binding.show)
