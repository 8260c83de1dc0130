"""Random keys at three sizes, faster than the screen follows: the dashboard goes on, whatever its ledger holds.

TESTS_STROKES sets how many keys are pressed at each size, such as 10000 for the long form.
"""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot

from opencode_tui.config.settings import Poll
from opencode_tui.feed import LedgerFeed
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.ui.app import OpencodeTui
from tests.stores import V1
from tests.support.hostile import fill
from tests.support.records import replace
from tests.support.textual_internals import has_messages, unhandled_exception
from tests.ui.builders import NOW, SETTINGS, clock, snapshot
from tests.ui.showing import app_over, settled

STROKES = int(os.environ.get("TESTS_STROKES", "60"))
KEYS = (
    *("ctrl+p", "escape", "ctrl+p", "escape", "enter", "tab", "shift+tab", "up", "down", "left", "right"),
    *("pageup", "pagedown", "home", "end", "space", "shift+space", "backspace", "question_mark", "slash"),
    *("left_square_bracket", "right_square_bracket", "asterisk", "comma", "ctrl+d", "ctrl+u"),
    *"1245rtaAzxuecdnosSpbywmYHhlCPjkgGi",
)
"""All but those that end the dashboard, suspend it, or write a file."""


@pytest.fixture(autouse=True)
def drawn_at_rest() -> None:
    """Not here: each state on the way is drawn, as in a terminal."""


async def press(pilot: Pilot[None], dice: random.Random, strokes: int) -> None:
    """Bursts of keys that do not wait for one another, with pauses in which the screen may come after."""
    app, left = pilot.app, strokes
    while left > 0:
        burst = min(dice.choice((1, 2, 2, 5, 12)), left)
        for _ in range(burst):
            # a palette's command could take a picture of the screen: enter is no key there
            key = dice.choice(KEYS)
            if key == "enter" and any(screen.has_class("--textual-command-palette") for screen in app.screen_stack):
                key = "escape"
            app.post_message(events.Key(key, key if len(key) == 1 else None))
            await asyncio.sleep(dice.choice((0, 0, 0, 0.001)))
        left -= burst
        while has_messages(app):
            await asyncio.sleep(0.001)
        assert unhandled_exception(app) is None
        assert app.is_running


def hostile_app(home: Path) -> OpencodeTui:
    store = V1(home)
    session = store.session("Fix header")
    for minute in range(5):
        store.call(session, cost="0.40", at=NOW - minute * 60_000)
    store.call(store.session("dig", parent=session), cost="0.05", at=NOW)
    path = home / "ledger.db"
    Ledger(path).close()
    fill(path, NOW, depth=120)
    settings = replace(SETTINGS, data_dirs=(store.data_dir,), ledger=path, poll=Poll(interval_s=1.0))
    return OpencodeTui(LedgerFeed(lambda: Ledger(path), settings, {"HOME": str(home)}, clock), settings, clock)


@pytest.mark.parametrize("size", [(36, 30), (80, 24), (140, 44)])
async def test_random_keys_over_a_hostile_ledger(size: tuple[int, int], tmp_path: Path) -> None:
    app = hostile_app(tmp_path)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        assert app.failure is None, app.failure
        await press(pilot, random.Random(os.environ.get("TESTS_SEED", f"{size}")), STROKES)
        assert app.failure is None, app.failure


async def test_the_palette_opens_and_closes_faster_than_it_can() -> None:
    app, _ = app_over(snapshot())
    async with app.run_test(size=(36, 30)) as pilot:
        await settled(pilot)
        dice = random.Random("palette")
        for _ in range(STROKES // 12):
            for key in ("ctrl+p", "x", "escape"):
                if key != "x" or dice.random() < 0.5:
                    app.post_message(events.Key(key, key if len(key) == 1 else None))
                await asyncio.sleep(dice.choice((0, 0, 0.001, 0.01)))
        while has_messages(app):
            await asyncio.sleep(0.001)
        assert unhandled_exception(app) is None
        assert app.is_running
