"""The app's commands without a key of their own: the palette lists them beside all that has one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

from textual.app import SystemCommand
from textual.css.query import NoMatches
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen

from opencode_tui.paths import downloads
from opencode_tui.ui.alerting import AlertingApp
from opencode_tui.ui.palette import Palette
from opencode_tui.ui.screens.sessions import PERIOD_KEYS, SORT_KEYS, SessionsScreen


class CommandingApp(AlertingApp):
    """The palette, and what is done from it alone."""

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette's commands: everything with a key, the sessions of each period, the guard, and the theme."""
        offered = {None, "palette"}
        for node, binding, enabled, tooltip in screen.active_bindings.values():
            if binding.id not in offered and enabled:
                offered.add(binding.id)
                help = f"{tooltip or binding.description} · {self.get_key_display(binding)}"
                yield SystemCommand(binding.description, help, self._runner(binding.action, node))
        if not isinstance(screen, SessionsScreen):
            for binding in PERIOD_KEYS + SORT_KEYS:
                help = f"{binding.tooltip} · 2 {self.get_key_display(binding)}"
                yield SystemCommand(binding.description, help, partial(self._in_sessions, binding.action))
        yield from self.guard_commands()
        yield SystemCommand(
            "Reconcile…",
            "OpenCode's own figures beside the ledger's: each difference by its cause",
            self.open_reconcile,
        )
        yield SystemCommand("Theme", "Change the colours", self.action_change_theme)
        yield SystemCommand("Screenshot", "Save the screen as an SVG file", self._screenshot_soon)

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, ModalScreen):  # a dialog would lose what was typed; CommandPalette is one
            # without an id, since the previous one may not be removed yet
            self.push_screen(Palette(self.get_system_commands(self.screen)))

    def search_themes(self) -> None:
        themes = [SystemCommand(name, "", partial(self.choose_theme, name)) for name in self.available_themes]
        self.push_screen(Palette(themes, "Search for themes…"))

    def open_reconcile(self) -> None:
        """Show OpenCode's figures beside the ledger's."""
        raise NotImplementedError

    async def action_show_tab(self, name: str) -> None:
        """Show the tab of this name."""
        raise NotImplementedError

    def choose_theme(self, name: str) -> None:
        """Use a theme from now on."""
        raise NotImplementedError

    async def _in_sessions(self, action: str) -> None:
        """Do on the Sessions screen what one of its keys does."""
        await self.action_show_tab("Sessions")
        await self.run_action(action, self.get_screen("Sessions"))

    def _screenshot_soon(self) -> None:
        self.set_timer(0.1, self._save_screenshot)  # after the palette has closed

    def _save_screenshot(self) -> None:
        self.deliver_screenshot(path=str(downloads()))

    def _runner(self, action: str, node: DOMNode) -> Callable[[], Any]:
        async def run() -> None:
            with suppress(NoMatches):  # its screen may have closed meanwhile
                await self.run_action(action, node)

        return run
