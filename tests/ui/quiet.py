"""When an app has nothing left to do: judged by its event loop and its poller, not by how busy the processor is."""

from __future__ import annotations

import asyncio
from typing import Any

from textual.app import App

from opencode_tui.ui.app import OpencodeTui
from tests.support.textual_internals import draw_deferred, draw_pending, has_ready_callbacks, is_awaited, running_app

HELD_S = 0.25
"""A poll that takes longer is held by the test: the made-up feeds answer at once."""


async def wait_for_idle(min_sleep: float = 0, max_sleep: float = 1) -> None:
    """In the place of Textual's, which sleeps 20 ms or more and takes an app for idle that is kept from running."""
    await quiet(running_app())


async def wait_undrawn(min_sleep: float = 0, max_sleep: float = 1) -> None:
    """The same where more is to come before a test looks: at the start, and after each key but the last."""
    await quiet(running_app(), draw=False)


async def quiet(app: App[Any], *, draw: bool = True) -> None:
    """Until all messages are handled, what was asked is answered, and everything is drawn unless it can wait."""
    loop = asyncio.get_running_loop()
    held = loop.time() + HELD_S
    while True:
        await nothing_ready(loop)
        if not rests(app) and loop.time() < held:
            await asyncio.sleep(0.001)
        elif has_ready_callbacks(loop):
            continue
        elif not draw_pending(app) and not (draw and draw_deferred(app)):
            return


async def nothing_ready(loop: asyncio.AbstractEventLoop) -> None:
    """Until whatever is left in the loop waits for a timer or for a thread."""
    await asyncio.sleep(0)
    while has_ready_callbacks(loop):
        await asyncio.sleep(0)


def rests(app: App[Any]) -> bool:
    """The poller waits for its next turn; all that it had to say is in the loop."""
    return not isinstance(app, OpencodeTui) or not app.poller.is_alive() or is_awaited(app.poller._wake)
