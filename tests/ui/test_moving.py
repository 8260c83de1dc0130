"""The same keys move in every table, tree, list and scrolling pane."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widget import Widget

from opencode_tui.ui.app import OpencodeTui
from opencode_tui.ui.moving import ScrollPane
from opencode_tui.ui.screens.help import HelpText
from opencode_tui.ui.screens.session import SessionScreen
from opencode_tui.ui.screens.today import TodayScreen
from opencode_tui.ui.screens.why import WhyScreen
from opencode_tui.ui.tables.row_table import RowTable
from opencode_tui.ui.tables.today import DaySessionTable
from opencode_tui.ui.widgets.alert_detail import AlertDetail
from opencode_tui.ui.widgets.banner import Banner
from opencode_tui.ui.widgets.seven_days import SevenDays
from opencode_tui.ui.widgets.slices import SlicesPanel
from opencode_tui.ui.widgets.subagent_tree import SubagentTree
from opencode_tui.ui.widgets.turn_detail import CallLines
from opencode_tui.ui.widgets.turns_panel import TurnsPanel
from tests.ui.alert_builders import FIRED, alert
from tests.ui.alert_showing import answer, over
from tests.ui.builders import part, row, session, session_list, snapshot
from tests.ui.quiet import quiet
from tests.ui.session_builders import SESSION, call, node, turn, turn_view, view
from tests.ui.showing import app_over, showing, until

MANY = 60
LINES = tuple(session(f"s{i}", f"Session {i}") for i in range(MANY))
MODELS = tuple(part(f"opencode/model-{i}", "$0.05") for i in range(6))
TREE = (node(SESSION, 0), *(node(f"ses_{i}", 1, parent_id=SESSION) for i in range(MANY)))


def place(widget: Widget) -> object:
    """Where the cursor or the scroll of a widget is."""
    if isinstance(widget, RowTable):
        return widget.cursor_key
    if isinstance(widget, SlicesPanel):
        return widget._cursor
    if isinstance(widget, SevenDays):
        return widget._marked
    if isinstance(widget, SubagentTree):
        return widget.cursor_line
    return widget.scroll_offset.y


async def at_once(app: OpencodeTui, pilot: Pilot[Any]) -> None:
    """The screen that is shown has the widget."""
    await quiet(app)


async def on_sessions(app: OpencodeTui, pilot: Pilot[Any]) -> None:
    await pilot.press("2")
    await until(pilot, lambda: app.screen.query_one(RowTable).row_count == MANY)


async def on_why(app: OpencodeTui, pilot: Pilot[Any]) -> None:
    await pilot.press("5")
    await until(pilot, lambda: app.screen.query_one(RowTable).row_count > 0)


async def in_a_session(app: OpencodeTui, pilot: Pilot[Any]) -> None:
    app.action_open_session(SESSION)
    await until(pilot, lambda: app.screen.query_one(TurnsPanel).table.row_count > 0)
    await pilot.press("enter")
    await until(pilot, lambda: app.screen.query_one(CallLines).max_scroll_y > 0)


async def in_the_help(app: OpencodeTui, pilot: Pilot[Any]) -> None:
    await pilot.press("question_mark")
    await until(pilot, lambda: bool(app.screen.query(HelpText)))


Way = Callable[[OpencodeTui, Pilot[Any]], Any]
Stop = tuple[Way, Any]
"""The way to a widget from the one before, and its selector."""


@pytest.mark.parametrize(
    ("size", "stops"),
    [
        pytest.param((80, 24), ((at_once, DaySessionTable), (on_sessions, RowTable), (on_why, RowTable)), id="tables"),
        pytest.param((80, 50), ((at_once, "#models"),), id="models"),
        pytest.param((80, 40), ((at_once, SevenDays),), id="days"),
        pytest.param((80, 14), ((at_once, "#body"),), id="low-today"),
        pytest.param((36, 16), ((on_why, AlertDetail),), id="alert"),
        pytest.param((120, 40), ((in_a_session, SubagentTree), (at_once, "#turn-table")), id="session"),
        pytest.param((60, 20), ((in_a_session, CallLines),), id="calls"),
        pytest.param((36, 24), ((in_the_help, HelpText),), id="help"),
    ],
)
async def test_j_k_g_and_capital_g_move(size: tuple[int, int], stops: tuple[Stop, ...]) -> None:
    app, feed = app_over(snapshot("$0.62", session_lines=LINES, models=MODELS))
    shown = view(tuple(turn(n) for n in range(1, MANY)), TREE)
    rows = session_list(*(row(f"s{i}", f"Session {i}") for i in range(MANY)))

    def look(request: Any) -> Any:
        if hasattr(request, "period"):
            return rows
        if hasattr(request, "turn_id"):
            return turn_view(request.turn_id, *(call() for _ in range(9)))
        return shown if hasattr(request, "session_id") else answer(request)

    feed.on_look = look
    async with showing(app, size) as pilot:
        for way, selector in stops:
            await way(app, pilot)
            await check_moves(app, pilot, app.screen.query_one(selector))


async def check_moves(app: OpencodeTui, pilot: Pilot[Any], widget: Widget) -> None:
    """Hold each of the keys to where it has to lead from the first, second and last place of a widget."""
    widget.focus()
    await quiet(app)
    assert widget.has_focus, widget

    async def at(*keys: str) -> Any:
        await pilot.press(*keys)
        await quiet(app)
        return place(widget)

    first, second, last = await at("g"), await at("j"), await at("G")
    assert second != first and last != first, widget
    assert await at("k") != last, widget
    assert await at("j") == last == await at("j"), widget
    assert await at("home") == first and await at("end") == last, widget
    assert await at("g") == first == await at("k"), widget
    assert await at("down") == second and await at("up") == first, widget
    half = await at("ctrl+d")
    assert half != first and await at("ctrl+u") == first, widget
    assert await at("pagedown") != first and await at("pageup") == first, widget
    assert widget.has_focus, widget


async def test_half_a_page_is_half_of_what_is_seen() -> None:
    app, _ = app_over(snapshot("$0.62", session_lines=LINES))
    async with showing(app, (80, 40)) as pilot:
        table = app.screen.query_one(DaySessionTable)
        await pilot.press("ctrl+d")
        assert table.cursor_key == f"s{(table.size.height - 1) // 2}"


async def test_from_the_banner_capital_g_goes_to_the_last_row() -> None:
    app, _ = over(alert(2))
    async with showing(app, (80, 40)) as pilot:
        banner, table = app.screen.query_one(Banner), app.screen.query_one(DaySessionTable)
        await until(pilot, lambda: banner.has_focus)
        await pilot.press("G")
        await until(pilot, lambda: table.has_focus)
        assert table.cursor_key == table.keys[-1]


async def test_a_pane_without_anything_to_scroll_is_no_tab_stop() -> None:
    app, _ = app_over(snapshot())
    async with showing(app, (160, 50)) as pilot:
        body = app.screen.query_one("#body", ScrollPane)
        assert body not in app.screen.focus_chain
        await pilot.resize_terminal(80, 14)
        await until(pilot, lambda: body in app.screen.focus_chain)


@pytest.mark.parametrize("theme", ["calm", "ansi-dark"])
async def test_each_tab_stop_looks_different_without_colours_when_it_has_the_focus(theme: str) -> None:
    app, feed = over(*FIRED[:1], spent="$0.93")
    feed.on_look = lambda request: view() if hasattr(request, "session_id") else answer(request)
    async with showing(app, (100, 24)) as pilot:
        app.theme = theme
        for key, screen in (("1", TodayScreen), ("5", WhyScreen), ("e", SessionScreen)):
            await pilot.press(key)
            await quiet(app)
            assert isinstance(app.screen, screen)
            stops = [stop for stop in app.screen.focus_chain if not isinstance(stop, Banner)]
            assert stops, screen
            looks = []
            for stop in stops:
                stop.focus()
                await quiet(app)
                looks.append(plain_look(app))
            assert len(set(looks)) == len(stops), screen


def plain_look(app: OpencodeTui) -> str:
    """The screen's text with what is bold or underlined, without any colour."""
    from tests.support.textual_internals import screen_segments

    return "".join(
        f"{segment.text}{bool(segment.style and segment.style.bold)}{bool(segment.style and segment.style.underline)}"
        for segment in screen_segments(app)
        if not segment.control
    )
