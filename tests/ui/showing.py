"""Running the app over a fake feed, and reading its screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Static

from opencode_tui.config.settings import Settings, Ui
from opencode_tui.records.day import Snapshot
from opencode_tui.ui.app import OpencodeTui
from opencode_tui.ui.screens.breakdown import BreakdownScreen
from opencode_tui.ui.screens.history import HistoryScreen
from opencode_tui.ui.screens.session import SessionScreen
from opencode_tui.ui.screens.sessions import SessionsScreen
from opencode_tui.ui.screens.team import TeamScreen
from opencode_tui.ui.screens.why import WhyScreen
from tests.support.records import replace
from tests.support.textual_internals import draw_unseen, screen_lines
from tests.ui.builders import SETTINGS, FakeFeed, clock
from tests.ui.quiet import quiet

THEME = replace(SETTINGS, ui=Ui(theme="calm"))
PATIENCE_S = 20.0
NARROW, NORMAL, WIDE = (36, 40), (80, 24), (160, 50)

SnapCompare = Callable[..., bool]
"""The fixture `snap_compare`: whether an app looks as it did."""


def app_over(*answers: Snapshot | Exception, settings: Settings = THEME) -> tuple[OpencodeTui, FakeFeed]:
    feed = FakeFeed(*answers)
    return OpencodeTui(feed, settings, clock), feed


async def until(pilot: Pilot[Any], condition: Callable[[], bool]) -> None:
    """Let the app go on until the condition holds and it has drawn."""
    async with asyncio.timeout(PATIENCE_S):
        await _reached(pilot.app, condition)
        await quiet(pilot.app)


async def _reached(app: App[Any], condition: Callable[[], bool]) -> None:
    await quiet(app, draw=False)
    while not condition():
        await asyncio.sleep(0.005)
        await quiet(app, draw=False)


async def settled(pilot: Pilot[Any]) -> None:
    """Until the first poll has come back, one way or the other; what it shows is drawn when a test looks at it."""
    app = pilot.app
    assert isinstance(app, OpencodeTui)
    async with asyncio.timeout(PATIENCE_S):
        await _reached(app, lambda: app.polled_ms is not None or app.failure is not None)


@asynccontextmanager
async def showing(app: OpencodeTui, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Pilot[None]]:
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        yield pilot
        draw_unseen(app)  # what a test ends with is drawn, whatever it looks at


async def resize(pilot: Pilot[Any], size: tuple[int, int]) -> None:
    """Change the terminal's size, and wait until the screen is laid out for it and drawn."""
    screen = pilot.app.screen
    await pilot.resize_terminal(*size)
    await until(pilot, lambda: screen.outer_size == size)


def screen_text(app: OpencodeTui) -> str:
    """What stands on the screen, line by line."""
    return "\n".join(screen_lines(app))


def toast_texts(app: OpencodeTui) -> list[str]:
    """The texts of the toasts, the oldest first."""
    return [toast.text for toast in app.toasts]


def answered(app: OpencodeTui) -> bool:
    """Whether the screen that is seen shows the answer to what it asked, or why there is none."""
    screen = app.screen
    if isinstance(screen, SessionsScreen):
        return screen._list is not None and screen._list.request in screen.requests
    if isinstance(screen, BreakdownScreen):
        return screen._shown is not None and screen._shown.request == screen.requests[-1]
    if isinstance(screen, HistoryScreen):
        return screen._history is not None
    if isinstance(screen, WhyScreen):
        return screen.shown.has_answer
    if isinstance(screen, TeamScreen):
        return screen.report is not None and screen.report.period == screen.period.label
    if isinstance(screen, SessionScreen):
        return screen.session is not None or "Reading" not in str(screen.query_one("#nothing", Static).render())
    return False
