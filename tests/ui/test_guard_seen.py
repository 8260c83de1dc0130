"""The guard on the screen: how it is, lifted and raised from the palette."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from textual.widgets import Input

from opencode_tui.records.day import Guard
from opencode_tui.records.requests import InstallGuard, LiftGuard, RaiseCutoff
from opencode_tui.ui.app import OpencodeTui
from opencode_tui.ui.screens.confirm import ConfirmScreen
from opencode_tui.ui.screens.cutoff import CutoffScreen, amount_above
from tests.ui.alert_showing import over, poll
from tests.ui.builders import DAY, at, nano, snapshot
from tests.ui.showing import NORMAL, app_over, screen_text, showing, until

GUARDED = Guard("guarded", nano("$1.50"))
LIFTED = Guard("lifted", nano("$1.50"), lifted_until_ms=at("15:02"))


async def test_today_says_how_the_guard_is_and_what_troubles_it() -> None:
    app, feed = over()
    async with showing(app) as pilot:
        assert "guard" not in screen_text(app)
        await poll(pilot, feed, snapshot(guard=LIFTED))
        assert "Today · guard lifted until 15:02" in screen_text(app)
        await poll(pilot, feed, snapshot(guard=Guard("trouble", 0, trouble="the state file cannot be read")))
        text = screen_text(app)
        assert "Today · not guarded" in text and "▲ the state file cannot be read" in text


async def test_a_past_day_does_not_say_how_the_guard_is() -> None:
    app, feed = over()
    async with showing(app) as pilot:
        await poll(pilot, feed, snapshot(day=DAY.replace(day=12), guard=GUARDED))
        assert "guarded" not in screen_text(app)


async def test_the_first_picture_names_the_key_that_installs_the_guard() -> None:
    app, _ = app_over(snapshot(guard=Guard("absent", nano("$1.50"))))
    async with showing(app, NORMAL) as pilot:
        assert "Today · not guarded, i installs" in screen_text(app)
        await pilot.resize_terminal(36, 40)
        await until(pilot, lambda: "Today · not guarded" in screen_text(app) and "installs" not in screen_text(app))


async def test_a_key_says_what_the_guard_does_and_installs_it() -> None:
    app, feed = over()
    app.can_install = True
    async with showing(app) as pilot:
        await poll(pilot, feed, snapshot(guard=GUARDED))
        await pilot.press("i")
        assert "installs the guard" not in screen_text(app)
        await poll(pilot, feed, snapshot(guard=Guard("absent", nano("$1.50"))))
        assert "Today · not guarded, i installs" in screen_text(app)
        for key, done in (("escape", []), ("enter", [InstallGuard()])):
            await pilot.press("i")
            await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
            text = " ".join(screen_text(app).replace("│", "").split())
            assert "past $1.50 a day it refuses" in text and "opencode-tui-guard.js" in text
            await pilot.press(key)
            await until(pilot, lambda: not isinstance(app.screen, ConfirmScreen))
            await until(pilot, lambda done=done: feed.actions == done)  # type: ignore[misc]


def commands(app: OpencodeTui) -> dict[str, Any]:
    return {command.title: command.callback for command in app.get_system_commands(app.screen)}


async def test_the_palette_lifts_the_guard_and_ends_the_lift() -> None:
    app, feed = over()
    async with showing(app) as pilot:
        for guard in (None, Guard("absent", 0), Guard("trouble", 0)):
            await poll(pilot, feed, snapshot(guard=guard))
            titles = [title for title in commands(app) if "guard" in title or "cutoff" in title]
            none = ["Install the guard", "Lift the guard", "Raise today's cutoff"]
            assert sorted(titles) == (none if guard else [])
        await poll(pilot, feed, snapshot(guard=GUARDED))
        commands(app)["Lift the guard for 30 minutes"]()
        await until(pilot, lambda: len(feed.actions) == 1)
        await poll(pilot, feed, snapshot(guard=LIFTED))
        assert "Lift the guard for 30 minutes" not in commands(app)
        commands(app)["End the lift"]()
        await until(pilot, lambda: len(feed.actions) == 2)
    assert feed.actions == [LiftGuard(at("14:53")), LiftGuard(None)]


async def test_the_palette_lifts_each_limit_that_is_set_and_holds_it_again() -> None:
    app, feed = over()
    async with showing(app) as pilot:
        await poll(pilot, feed, snapshot(guard=GUARDED))
        assert not [title for title in commands(app) if "loops" in title or "rates" in title]
        await poll(pilot, feed, snapshot(guard=replace(GUARDED, limits=("rate", "loop"), lifts=("rate",))))
        commands(app)["Lift loops for 30 minutes"]()
        commands(app)["Hold rates again"]()
        await until(pilot, lambda: len(feed.actions) == 2)
        assert "Lift rates for 30 minutes" not in commands(app)
    assert feed.actions == [LiftGuard(at("14:53"), "loop"), LiftGuard(None, "rate")]


async def test_the_cutoff_is_raised_to_the_amount_that_is_typed() -> None:
    app, feed = over()
    async with showing(app) as pilot:
        await poll(pilot, feed, snapshot(guard=GUARDED))
        commands(app)["Raise today's cutoff"]()
        await until(pilot, lambda: isinstance(app.screen, CutoffScreen))
        await pilot.press(*"abc", "enter")
        await until(pilot, lambda: "is not an amount" in screen_text(app))
        app.screen.query_one(Input).value = "$2.50"
        await pilot.press("enter")
        await until(pilot, lambda: len(feed.actions) == 1)
        assert not isinstance(app.screen, CutoffScreen)
    assert feed.actions == [RaiseCutoff(nano("$2.50"))]


async def test_a_raised_cutoff_is_said_and_can_be_ended() -> None:
    app, feed = over(spent="$1.62")
    raised = snapshot("$1.62", guard=Guard("guarded", nano("$20"), raised=True))
    async with showing(app) as pilot:
        await poll(pilot, feed, raised)
        assert "Today · guarded, cutoff $20.00" in screen_text(app)
        app.action_ask_for_cutoff()
        await until(pilot, lambda: "It is $20.00." in screen_text(app))
        await pilot.press(*"1.60", "enter")
        await until(pilot, lambda: "That is not above $1.62" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, CutoffScreen))
        commands(app)["End the raise"]()
        await until(pilot, lambda: feed.actions == [RaiseCutoff(None)])


async def test_escape_leaves_the_cutoff_as_it_is() -> None:
    app, feed = over()
    async with showing(app) as pilot:
        app.action_ask_for_cutoff()
        await until(pilot, lambda: isinstance(app.screen, CutoffScreen))
        await pilot.press("2", "escape")
        await until(pilot, lambda: not isinstance(app.screen, CutoffScreen))
    assert feed.actions == []


@pytest.mark.parametrize("text", ["", "abc", "nan", "inf", "1.50", "-3", "1,2,x"])
def test_what_is_no_higher_amount_is_said_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"^[^.]*( |\d\.\d)[^\n]*\.$"):
        amount_above(text, nano("$1.50"))
