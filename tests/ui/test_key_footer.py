"""The footer of a screen over its active bindings."""

from __future__ import annotations

from textual.widget import Widget

from opencode_tui.ui.app import OpencodeTui
from opencode_tui.ui.screens.today import TodayScreen
from opencode_tui.ui.widgets.key_footer import KeyFooter
from tests.ui.builders import snapshot
from tests.ui.showing import app_over, screen_text, showing, until


def keys(app: OpencodeTui) -> list[Widget]:
    return list(app.screen.query_one(KeyFooter).query("FooterKey"))


async def test_its_keys_stay_while_the_bindings_do() -> None:
    app, feed = app_over(snapshot("$0.50"))
    async with showing(app) as pilot:
        before = keys(app)
        feed.answers.append(snapshot("$0.71"))
        await pilot.press("r")
        await until(pilot, lambda: "$0.71" in screen_text(app))
        app.screen.refresh_bindings()
        await pilot.pause()
        assert before and keys(app) == before


async def test_a_key_that_becomes_enabled_is_shown_so() -> None:
    app, _ = app_over(snapshot())
    async with showing(app, (160, 24)) as pilot:
        disabled = [each.has_class("-disabled") for each in keys(app)]
        assert isinstance(app.screen, TodayScreen) and any(disabled)
        await pilot.press("[")
        assert len(keys(app)) == len(disabled)
        assert not any(each.has_class("-disabled") for each in keys(app))


async def test_every_key_is_compact() -> None:
    app, _ = app_over(snapshot())
    async with showing(app):
        assert all(each.has_class("-compact") for each in keys(app))
