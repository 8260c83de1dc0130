"""When an app has nothing left to do: told by its event loop and its poller, not by how busy the processor is."""

from __future__ import annotations

import asyncio
from typing import Any

from textual._context import active_app
from textual.app import App, ScreenError

from opencode_tui.ui.app import OpencodeTui

HELD_S = 0.25
"""A poll that takes longer is held by the test: the made-up feeds answer at once."""


async def wait_for_idle(min_sleep: float = 0, max_sleep: float = 1) -> None:
    """In the place of Textual's, which sleeps 20 ms or more and takes an app for idle that is kept from running."""
    await quiet(active_app.get())


async def quiet(app: App[Any]) -> None:
    """Until all messages are handled, what was asked is answered, and everything is drawn."""
    loop = asyncio.get_running_loop()
    held = loop.time() + HELD_S
    while True:
        await nothing_ready(loop)
        if not rests(app) and loop.time() < held:
            await asyncio.sleep(0.001)
        elif not nothing_left(loop):
            continue
        elif not draws(app):
            return


async def nothing_ready(loop: Any) -> None:
    """Until whatever is left in the loop waits for a timer or for a thread."""
    await asyncio.sleep(0)
    while not nothing_left(loop):
        await asyncio.sleep(0)


def nothing_left(loop: Any) -> bool:
    return not loop._ready


def rests(app: App[Any]) -> bool:
    """The poller waits for its next turn; all that it had to say is in the loop."""
    if not isinstance(app, OpencodeTui) or not app.poller.is_alive():
        return True
    wake: Any = app.poller._wake
    return not wake.is_set() and bool(wake._cond._waiters)


def draws(app: App[Any]) -> bool:
    """Draw now what would be drawn with the next frame, if there is anything."""
    try:
        screen = app.screen
    except ScreenError:  # it has ended
        return False
    if not screen._update_timer._active.is_set():
        return False
    screen._on_timer_update()
    return True
