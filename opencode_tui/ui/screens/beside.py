"""The base of screens that show, in a wide terminal, the session at the cursor beside their table."""

from __future__ import annotations

from typing import Any

from textual import on
from textual.reactive import var
from textual.timer import Timer

from opencode_tui.records.requests import SessionRequest
from opencode_tui.records.session import SessionView
from opencode_tui.ui.screens.base import Ask, AskingScreen
from opencode_tui.ui.tables.row_table import RowTable

REST_S = 0.15
"""Seconds that the cursor rests on a session before it is requested."""


class BesideScreen(AskingScreen):
    session: var[SessionView | None] = var(None)
    """The session at the cursor, in a wide terminal."""

    _resting: Timer | None = None
    _cursor: str | None = None
    _beside: str | None = None
    _was_broad = False

    def asks(self) -> tuple[Ask, ...]:
        """What it requests besides the session at the cursor."""
        return ()

    def ask_again(self) -> None:
        """Request what it shows now."""
        beside = [Ask(SessionRequest(self._beside), self._show_session)] if self.is_broad and self._beside else []
        self.ask(*self.asks(), *beside)

    def on_mount(self) -> None:
        self._resting = self.set_interval(REST_S, self._rest, pause=True)

    def on_resize(self) -> None:
        if self.is_broad != self._was_broad:
            self._was_broad = self.is_broad
            self.ask_again()

    @on(RowTable.Highlighted)
    def follow_cursor(self, message: RowTable.Highlighted) -> None:
        self._cursor = message.key
        if self._resting is not None:
            self._resting.reset()
            self._resting.resume()

    def _rest(self) -> None:
        if self._resting is not None:
            self._resting.pause()
        if self._cursor != self._beside:
            self._beside = self._cursor
            if self._beside is None:
                self.session = None
            if self.is_broad:
                self.ask_again()

    def _show_session(self, session: Any) -> None:
        self.session = session
