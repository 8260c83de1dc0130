"""The app's handling of the guard: installing it, lifting it, and raising the cutoff."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from typing import ClassVar

from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.reactive import var
from textual.screen import ModalScreen

from opencode_tui.clock import MINUTE_MS, Clock
from opencode_tui.guard.install import plugin_file
from opencode_tui.records.day import Guard, Snapshot
from opencode_tui.records.requests import InstallGuard, LiftGuard, RaiseCutoff
from opencode_tui.report.guard_words import install_sentences, is_installable
from opencode_tui.report.held_words import lifted_words
from opencode_tui.ui.poller import Poller
from opencode_tui.ui.toasts import ToastingApp

LIFT_MIN = 30


class GuardingApp(ToastingApp):
    """The key that installs the guard, and the palette's commands about it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "i",
            "install_guard",
            "Install the guard",
            tooltip="Let OpenCode refuse calls past the cutoff: says what it will do, and asks",
            id="guard.install",
            show=False,
        ),
    ]

    snapshot: var[Snapshot | None] = var(None)
    poller: Poller
    now_ms: Clock
    can_install = True
    """Whether the guard can be installed; not on a demo day."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disables the key that installs the guard where it is installed."""
        if action == "install_guard":
            return is_installable(self._guard)
        return super().check_action(action, parameters)

    def guard_commands(self) -> Iterator[SystemCommand]:
        """The palette's commands for an active or lifted guard."""
        guard = self._guard
        if guard is None:
            return
        if is_installable(guard):
            about = "There is no guard yet: install it first"
            for title in ("Lift the guard", "Raise today's cutoff"):
                yield SystemCommand(title, about, self.action_install_guard)
            return
        if guard.condition == "lifted":
            yield SystemCommand("End the lift", "Let the guard hold the cutoff again", lambda: self._lift(None))
        else:
            about = "Let OpenCode's calls pass although the cutoff is crossed"
            yield SystemCommand(f"Lift the guard for {LIFT_MIN} minutes", about, lambda: self._lift(LIFT_MIN))
        yield from self._lift_commands(guard)
        if guard.raised:
            yield SystemCommand(
                "End the raise", "Let the guard hold the settings' cutoff again", lambda: self._raise(None)
            )
        yield SystemCommand(
            "Raise today's cutoff", "Let the guard hold a higher amount today", self.action_ask_for_cutoff
        )

    def _lift_commands(self, guard: Guard) -> Iterator[SystemCommand]:
        """The palette's commands that lift one kind of limit, or end that."""
        for what in guard.limits:
            limits = lifted_words(what)
            lift, end = partial(self._lift, LIFT_MIN, what), partial(self._lift, None, what)
            if what in guard.lifts:
                yield SystemCommand(f"Hold {limits} again", f"End the lift of {limits}", end)
            else:
                about = f"Let OpenCode's calls pass although one of the {limits} is reached"
                yield SystemCommand(f"Lift {limits} for {LIFT_MIN} minutes", about, lift)

    @property
    def _guard(self) -> Guard | None:
        return self.snapshot.guard if self.snapshot is not None else None

    def action_install_guard(self) -> None:
        """Say what the guard does, and install it if that is confirmed."""
        from opencode_tui.ui.screens.confirm import ConfirmScreen

        def install(confirmed: bool | None) -> None:
            if confirmed:
                self.poller.act(InstallGuard())

        if not self.can_install:
            self.poller.act(InstallGuard())  # which says why not
        elif self.snapshot is not None and not isinstance(self.screen, ModalScreen):
            sentences = install_sentences(plugin_file(os.environ), self.snapshot.cutoff_nano)
            self.push_screen(ConfirmScreen("Install the guard", "installs", sentences), install)

    def _lift(self, minutes: int | None, what: str = "") -> None:
        self.poller.act(LiftGuard(None if minutes is None else self.now_ms() + minutes * MINUTE_MS, what))

    def _raise(self, nano: int | None) -> None:
        self.poller.act(RaiseCutoff(nano))

    def action_ask_for_cutoff(self) -> None:
        """Ask for an amount and raise the cutoff to it."""
        from opencode_tui.ui.screens.cutoff import CutoffScreen

        def raise_to(nano: int | None) -> None:
            if nano is not None:
                self._raise(nano)

        now = self.snapshot
        if now is not None:
            least = max(now.cutoff_nano, now.spent_nano if now.is_today else 0)
            self.push_screen(CutoffScreen(now.guard.cutoff_nano if now.guard else now.cutoff_nano, least), raise_to)
