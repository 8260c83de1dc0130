"""Handles keys one after the other, however fast they are typed."""

from __future__ import annotations

from collections import deque
from functools import partial

from textual import events, on
from textual.message import Message

from opencode_tui.ui.harmless_screen import HarmlessApp

PATIENCE_S = 0.25
"""How long keys wait for one that a widget neither consumes nor passes on, as its screen was closed."""


class KeysInOrder(HarmlessApp):
    """Holds a key back until the one before it has been handled.

    Textual passes each key to the widget with the focus at once, and runs the binding only when the event has bubbled
    up to the app. What is typed right after a key that opens a screen or moves the focus would reach the old widget.
    """

    class Handled(Message):
        """Bubbles up behind a key, so that it arrives after it, or alone where a widget has consumed the key."""

        def __init__(self, key: events.Key) -> None:
            super().__init__()
            self.key = key

    _underway: events.Key | None = None

    def __init__(self) -> None:
        super().__init__()
        self._waiting: deque[events.Key] = deque()

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.Key):
            await super().on_event(event)
        elif event.is_forwarded:
            await super().on_event(event)
            await self._finish(event)
        else:
            self._waiting.append(event)
            if self._underway is None:
                await self._handle_waiting()
            else:
                self.set_timer(PATIENCE_S, partial(self._finish, self._underway))

    async def _handle_waiting(self) -> None:
        while self._waiting and self._underway is None and self.screen_stack:
            self._underway = key = self._waiting.popleft()
            await super().on_event(key)
            if not key.is_forwarded:
                self._underway = None  # a binding with priority took it
            elif self._underway is key and self.screen_stack:
                (self.focused or self.screen).post_message(self.Handled(key))

    async def _finish(self, key: events.Key) -> None:
        if key is self._underway:
            self._underway = None
            await self._handle_waiting()

    @on(Handled)
    async def finish_consumed(self, message: Handled) -> None:
        await self._finish(message.key)
