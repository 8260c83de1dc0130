"""Keys that are typed faster than a screen opens act on that screen, in the order in which they were typed."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from textual import events
from textual.widgets import Input

import opencode_tui.ui
from opencode_tui.records.requests import MarkInsights
from opencode_tui.ui.app import OpencodeTui
from opencode_tui.ui.screens.sessions import SessionsScreen
from opencode_tui.ui.screens.why import WhyScreen
from opencode_tui.ui.tables.row_table import RowTable
from tests.ui.builders import ROWS, snapshot
from tests.ui.showing import answered, app_over, showing, until
from tests.ui.test_sessions import Ledger
from tests.ui.test_why_tabs import LOOP, NIGHTS, READS, over_insights, tab

NAMES = {"/": "slash", "[": "left_square_bracket", "]": "right_square_bracket"}


def type_at_once(app: OpencodeTui, text: str) -> None:
    """Put all keys into the app's queue, as the terminal does, before it handles the first."""
    for character in text:
        app.post_message(events.Key(NAMES.get(character, character), character))


async def test_what_is_typed_right_after_the_slash_goes_into_the_filter() -> None:
    app, feed = app_over(snapshot())
    feed.on_look = Ledger(*ROWS)
    async with showing(app, (158, 50)) as pilot:
        type_at_once(app, "2/fork")
        await until(pilot, lambda: isinstance(app.screen, SessionsScreen) and answered(app))
        assert app.screen.query_one(Input).value == "fork"
        assert app.screen.focused is app.screen.query_one(Input)


@pytest.mark.parametrize("steps", [1, 3])
async def test_the_cursor_moves_by_each_key_typed_right_after_the_tab(steps: int) -> None:
    app, feed = app_over(snapshot())
    feed.on_look = Ledger(*ROWS)
    async with showing(app, (158, 50)) as pilot:
        await pilot.press("2")
        await until(pilot, lambda: answered(app))
        type_at_once(app, "12" + "j" * steps)
        await until(pilot, lambda: isinstance(app.screen, SessionsScreen))
        table = app.screen.query_one(RowTable)
        assert table.cursor_key == tuple(table.keys)[steps]


@pytest.mark.parametrize("keys", ["5IVQCL]]", "5[[[", "5V1CQ5]]IV", "5LVLVIVCV"])
async def test_each_tab_of_why_takes_the_keys_after_its_own(keys: str) -> None:
    app, _ = over_insights(LOOP, READS, NIGHTS)
    async with showing(app, (158, 50)) as pilot:
        type_at_once(app, keys)
        await until(pilot, lambda: isinstance(app.screen, WhyScreen) and answered(app))
        assert isinstance(app.screen, WhyScreen)
        assert app.screen.shown.NAME == "levers"
        assert app.screen.focused is not None and app.screen.shown in app.screen.focused.ancestors


@pytest.mark.parametrize("back", ["5L", "15C", "12345Q"])
async def test_keys_typed_right_after_a_tab_of_why_act_on_its_rows(back: str) -> None:
    app, feed = over_insights(LOOP, READS, NIGHTS)
    async with showing(app, (158, 50)) as pilot:
        await tab(pilot, "I")
        type_at_once(app, f"{back}Ijjx")
        await until(pilot, lambda: bool(feed.actions))
        (marked,) = feed.actions
        assert isinstance(marked, MarkInsights)
        assert [mark.rule for mark in marked.marks] == [NIGHTS.rule]


def test_no_focus_is_set_later_than_the_key_that_asked_for_it() -> None:
    """Textual's `Widget.focus` only queues it, so that the keys typed meanwhile would reach the widget of before."""
    folder = Path(opencode_tui.ui.__file__).parent
    late = [
        f"{file.relative_to(folder)}:{node.lineno}"
        for file in sorted(folder.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "focus"
    ]
    assert late == []
