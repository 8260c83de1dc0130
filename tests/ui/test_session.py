"""The Session screen, over a feed that answers what it is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot

from opencode_tui.records.alerts import Cause
from opencode_tui.records.answers import Answer
from opencode_tui.records.calls import Tokens
from opencode_tui.records.requests import SessionRequest, TurnRequest
from opencode_tui.records.session import Turn
from opencode_tui.report import turn_words
from opencode_tui.ui.app import OpencodeTui
from opencode_tui.ui.screens.session import SessionScreen
from opencode_tui.ui.widgets.blocks import wrapped
from opencode_tui.ui.widgets.growth import Growth, growth_lines, summed
from opencode_tui.ui.widgets.subagent_tree import PAGE, SubagentTree
from opencode_tui.ui.widgets.turn_detail import CallLines
from opencode_tui.ui.widgets.turns_panel import TurnsPanel
from tests.ui.builders import clock, nano
from tests.ui.session_builders import (
    GLM,
    KIMI,
    ROOT,
    SESSION,
    TREE,
    ViewFeed,
    call,
    node,
    tool,
    turn,
    turn_view,
    view,
)
from tests.ui.showing import NARROW, THEME, WIDE, SnapCompare, answered, resize, screen_text, settled, until

CALLS = (
    call(),
    call(
        Tokens(1_200, 300, 50, 40_000),
        id="msg_call_2",
        completed_ms=None,
        tools=(tool("task", "explore", ok=None, duration_ms=None, child_session_id="ses_a"),),
    ),
)


def over(*views: Answer) -> tuple[OpencodeTui, ViewFeed]:
    feed = ViewFeed(*views)
    return OpencodeTui(feed, THEME, clock), feed


def screen_of(app: OpencodeTui) -> SessionScreen:
    assert isinstance(app.screen, SessionScreen)
    return app.screen


async def opened(pilot: Pilot[Any], session_id: str = SESSION) -> None:
    """Open the session, and wait until it is there or is said not to be."""
    app = pilot.app
    assert isinstance(app, OpencodeTui)
    await settled(pilot)
    app.action_open_session(session_id)

    await until(pilot, lambda: isinstance(app.screen, SessionScreen) and answered(app))


@asynccontextmanager
async def shown(app: OpencodeTui, size: tuple[int, int] = WIDE) -> AsyncIterator[Pilot[None]]:
    async with app.run_test(size=size) as pilot:
        await opened(pilot)
        yield pilot


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_what_made_it_dear_stands_above_and_marks_its_turns(size: tuple[int, int]) -> None:
    again = tuple(turn(number, "$0.20", causes=("same file",) * (number > 1)) for number in range(1, 5))
    cause = Cause('3× edits of [b]Button.tsx in "Fix header spacing", about $0.20 a round', SESSION, "msg_turn_4")
    app, _ = over(view(again, causes=(cause,)))
    async with shown(app, size):
        text = screen_text(app)
    assert "▲ 3× edits of [b]Button.tsx" in text and "a round" in text
    assert text.count("▲ same file") + text.count("▲ same…") == 3
    assert all(len(line) <= size[0] for line in text.splitlines())


async def poll(pilot: Pilot[Any], feed: ViewFeed, changed: Answer) -> None:
    """Let the feed change its answer, and the screen show it."""
    feed.change(changed)
    looked = len(feed.looked)
    await pilot.press("r")
    await until(pilot, lambda: len(feed.looked) > looked and not feed.answers)
    app = pilot.app
    assert isinstance(app, OpencodeTui)
    await until(pilot, lambda: screen_of(app).session == changed or screen_of(app).turn == changed)


async def test_it_says_what_the_session_cost_and_where_one_is() -> None:
    app, _ = over(view())
    async with shown(app):
        text = screen_text(app)
    assert "Today › Fix header spacing" in text
    assert f"opencode -s {SESSION}" in text
    assert "$0.41 · own $0.30 +3 subagents" in text
    assert "from “Plan the [i]header”, not billed again" in text, "markup stays text"
    assert "edit 4 · bash" in text and "→ glm-5.1" in text and "↶ undone" in text
    assert "“Make [b]a" in text


async def test_a_narrow_pane_shows_all_parts_one_under_the_other() -> None:
    app, _ = over(view())
    async with shown(app, NARROW):
        lines = screen_text(app).splitlines()
    text = "\n".join(lines)
    assert all(len(line) <= NARROW[0] for line in lines)
    assert text.index("$0.41 · own") < text.index("3 subagents, 1 running") < text.index("━7 turns")
    assert f"-s {SESSION}" in text


async def test_an_unknown_session_says_so() -> None:
    app, _ = over()
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        assert f"No session {SESSION} in the ledger" in screen_text(app)
        await pilot.press("C", "P", "enter", "right")
        await pilot.press("escape", "escape")
        await until(pilot, lambda: not isinstance(app.screen, SessionScreen))


async def test_a_session_without_calls_is_a_screen_too() -> None:
    empty = view((), (ROOT,), tokens=Tokens(), growth=(), calls=0, own_nano=0, total_nano=0, title="")
    app, _ = over(empty)
    async with shown(app):
        text = screen_text(app)
    assert "untitled" in text and "No turns" in text and "no tokens" in text


async def test_enter_opens_a_turn_to_the_arithmetic_of_its_calls_and_esc_closes_it() -> None:
    app, feed = over(view(), turn_view("msg_turn_7", *CALLS))
    async with shown(app) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: screen_of(app).turn is not None)
        assert TurnRequest(SESSION, "msg_turn_7") in feed.looked
        text = screen_text(app)
        assert "Turn 7 · 09:01 · $0.10" in text
        assert "input 5,436 × $0.95/M + output 669 × $4/M = $0.0078402 recorded" in text
        assert "✕ bash npm test failed 12s" in text
        assert "2 calls = $0.0167802" in text
        await pilot.press("escape")
        await until(pilot, lambda: "2 calls =" not in screen_text(app))
        assert screen_of(app).requests == (SessionRequest(SESSION),)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, SessionScreen))


async def test_an_opened_turn_follows_the_cursor() -> None:
    app, _ = over(view(), turn_view("msg_turn_7"), turn_view("msg_turn_6", *CALLS))
    async with shown(app) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: "Turn 7" in screen_text(app))
        await pilot.press("up")
        await until(pilot, lambda: "Turn 6" in screen_text(app) and "2 calls =" in screen_text(app))


async def test_a_running_turn_grows_while_it_is_open_and_keeps_its_scroll() -> None:
    many = tuple(call(id=f"msg_{n}") for n in range(40))
    app, feed = over(view(), turn_view("msg_turn_7", *many))
    async with shown(app) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: screen_of(app).turn is not None)
        calls = app.screen.query_one(CallLines)
        calls.scroll_to(y=50, animate=False)
        await until(pilot, lambda: calls.scroll_offset.y == 50)
        first = calls.lines[0]
        await poll(pilot, feed, turn_view("msg_turn_7", *many, call(id="msg_new")))
        assert calls.scroll_offset.y == 50
        assert any("msg_new" in text for _, text in calls.lines)
        assert calls.lines[0] is first, "what stood there already was not made again"


async def test_the_cursor_is_on_the_newest_turn_and_stays_on_it_when_more_come() -> None:
    turns = tuple(turn(n) for n in range(1, 101))
    app, feed = over(view(turns))
    async with shown(app) as pilot:
        table = app.screen.query_one(TurnsPanel).table
        await until(pilot, lambda: table.cursor_key == "msg_turn_100" and table.scroll_offset.y > 0)
        scroll = table.scroll_offset.y
        await poll(pilot, feed, view((*turns, turn(101))))
        assert (table.cursor_key, table.scroll_offset.y) == ("msg_turn_100", scroll)
        assert table.row_count == 101


async def test_of_ten_thousand_turns_only_those_that_are_seen_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    real = turn_words.turn_cost

    def counted(shown: Turn) -> str:
        made.append(shown.id)
        return real(shown)

    monkeypatch.setattr(turn_words, "turn_cost", counted)
    app, _ = over(view(tuple(turn(n) for n in range(1, 10_001))))
    async with shown(app) as pilot:
        table = app.screen.query_one(TurnsPanel).table
        await until(pilot, lambda: table.cursor_key == "msg_turn_10000" and "10000" in screen_text(app))
        await pilot.press("home")
        await until(pilot, lambda: table.scroll_offset.y == 0)
    assert len(set(made)) <= 2 * WIDE[1]
    assert table.row_count == 10_000


async def test_the_tree_of_subagents_opens_with_space_and_enter_opens_a_session() -> None:
    child = view((), (ROOT,), id="ses_b", title="Find [b]it", parent=None)
    app, _ = over(view(), child)
    async with shown(app) as pilot:
        tree = app.screen.query_one(SubagentTree)
        assert tree.made == [SESSION, "ses_a", "ses_c"]
        tree.focus()
        await pilot.press("down", "space")
        await until(pilot, lambda: "general" in screen_text(app))
        assert tree.made == [SESSION, "ses_a", "ses_b", "ses_c"]
        await pilot.press("down", "enter")
        await until(pilot, lambda: screen_of(app).session_id == "ses_b" and screen_of(app).session is not None)
        assert "Fix header spacing › Find [b]it" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: screen_of(app).session_id == SESSION)
        assert app.screen.query_one(SubagentTree).cursor_id == "ses_b", "back at the same place"


async def test_of_a_thousand_subagents_one_page_is_made_at_a_time() -> None:
    many = tuple(node(f"ses_{n:04}", 1, total="$0.01") for n in range(1_000))
    app, _ = over(view(tree=(ROOT, *many)))
    async with shown(app) as pilot:
        tree = app.screen.query_one(SubagentTree)
        assert len(tree.made) == 1 + PAGE
        tree.focus()
        await pilot.press("end")
        await until(pilot, lambda: "… 900 more" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: len(tree.made) == 1 + 2 * PAGE)
        assert tree.cursor_id == f"ses_{PAGE:04}", "the cursor is on the first of the next page"


async def test_what_is_below_a_closed_node_is_not_made() -> None:
    tree_nodes = [ROOT]
    for n in range(10):
        tree_nodes += [node(f"ses_{n}", 1), *(node(f"ses_{n}_{m}", 2) for m in range(99))]
    app, _ = over(view(tree=tuple(tree_nodes)))
    async with shown(app) as pilot:
        tree = app.screen.query_one(SubagentTree)
        assert len(tree.made) == 11
        tree.focus()
        await pilot.press("down", "space")
        await until(pilot, lambda: len(tree.made) == 11 + 99)


async def test_the_trees_cursor_stays_on_its_session_when_a_costlier_one_overtakes_it() -> None:
    app, feed = over(view())
    async with shown(app) as pilot:
        tree = app.screen.query_one(SubagentTree)
        tree.focus()
        await pilot.press("down", "space", "down")
        await until(pilot, lambda: tree.cursor_id == "ses_b")
        root, a, b, c = TREE
        costlier = node("ses_c", 1, "$0.20", agent="review")
        await poll(pilot, feed, view(tree=(root, costlier, a, b, node("ses_new", 1, "$0.01"))))
        await until(pilot, lambda: tree.made == [SESSION, "ses_c", "ses_a", "ses_b", "ses_new"])
        assert tree.cursor_id == "ses_b"
        assert tree.cursor_node is not None and tree.cursor_node.line == tree.cursor_line == 3
        await poll(pilot, feed, view(tree=(root, costlier)))
        assert tree.made == [SESSION, "ses_c"]
        await pilot.press("up", "down", "down", "enter", "space")
        assert tree.cursor_id == "ses_c" and c.id == "ses_c"


async def test_what_was_opened_stays_open_at_any_depth_when_the_lines_move() -> None:
    deep = (node("a", 1), node("b", 2), node("c", 3), node("d", 4))
    app, feed = over(view(tree=(ROOT, *deep, node("e", 1, "$0.01"))))
    async with shown(app) as pilot:
        tree = app.screen.query_one(SubagentTree)
        tree.focus()
        await pilot.press("down", "space", "down", "space", "down", "space", "down")
        await until(pilot, lambda: tree.cursor_id == "d")
        await poll(pilot, feed, view(tree=(ROOT, node("e", 1, "$0.09"), *deep)))
        await until(pilot, lambda: tree.made == [SESSION, "e", "a", "b", "c", "d"])
        assert (tree.cursor_id, tree.cursor_line) == ("d", 5)


async def test_only_changed_lines_of_the_tree_are_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    app, feed = over(view())
    async with shown(app) as pilot:
        tree = app.screen.query_one(SubagentTree)
        drawn: list[int] = []
        monkeypatch.setattr(tree, "_refresh_line", drawn.append)
        root, a, b, _ = TREE
        await poll(pilot, feed, view(tree=(root, a, b, node("ses_c", 1, "$0.04", agent="review", model=KIMI))))
        assert drawn == [2], "the line of ses_c"


async def test_an_orphan_and_a_cycle_are_said_and_not_followed() -> None:
    odd = (
        ROOT,
        node("ses_x", 1, parent_id="ses_y", odd="cycle: its parent is below it"),
        node("ses_y", 2, parent_id="ses_x", odd="its parent ses_gone is not known"),
        node("ses_x", 3, parent_id="ses_y"),
    )
    app, _ = over(view(tree=odd))
    async with shown(app) as pilot:
        tree = app.screen.query_one(SubagentTree)
        tree.focus()
        assert "cycle: its" in screen_text(app)
        await pilot.press("down", "space", "down", "space")
        await until(pilot, lambda: "its parent ses" in screen_text(app))
        assert tree.made == [SESSION, "ses_x", "ses_y"]


async def test_capital_c_and_p_copy_and_say_that_the_terminal_may_have_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    app, _ = over(view())
    async with shown(app, (80, 24)) as pilot:
        await pilot.press("C")
        await until(pilot, lambda: "Copied: " in screen_text(app))
        assert app.clipboard == f"opencode -s {SESSION}"
        assert f"Copied: opencode -s {SESSION}" in screen_text(app)
        assert "tmux: set -g set-clipboard on" in screen_text(app)
        await pilot.press("P")
        await until(pilot, lambda: "Copied: /home/ada/shop" in screen_text(app))
        assert app.clipboard == "/home/ada/shop"
        await pilot.press("escape")
        await until(pilot, lambda: "Copied: " not in screen_text(app))
        assert isinstance(app.screen, SessionScreen)


async def test_arrows_and_tab_go_from_pane_to_pane() -> None:
    app, _ = over(view(), turn_view("msg_turn_7"))
    async with shown(app) as pilot:
        tree, table = app.screen.query_one(SubagentTree), app.screen.query_one(TurnsPanel).table
        calls = app.screen.query_one(CallLines)

        def at() -> object:
            return app.focused

        assert at() is table
        await pilot.press("left")
        assert at() is tree
        await pilot.press("tab")
        assert at() is table
        await pilot.press("enter")
        await until(pilot, lambda: calls.size.height > 0)
        await pilot.press("right")
        assert at() is calls
        await pilot.press("right")
        assert at() is tree


async def test_the_answer_to_another_query_changes_nothing() -> None:
    app, _ = over(view())
    async with shown(app) as pilot:
        screen_of(app).take_answer(view(id="ses_other", request=SessionRequest("ses_other"), title="Another"))
        await pilot.pause()
        session = screen_of(app).session
        assert session is not None and session.id == SESSION


async def test_the_growth_is_plotted_again_only_when_it_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    app, feed = over(view())
    async with shown(app) as pilot:
        growth = app.screen.query_one(Growth)
        plotted: list[object] = []
        monkeypatch.setattr(growth, "_draw_lines", lambda lines, width: plotted.append(lines))
        await poll(pilot, feed, view(total_nano=nano("$0.55")))
        assert plotted == []
        await poll(pilot, feed, view(growth=((GLM, ((1, 1), (2, 9))),)))
        assert len(plotted) == 1


def test_many_models_are_summed_up_in_the_last_line() -> None:
    growth = tuple((f"p/m{n}", ((n, 10), (10 + n, 20))) for n in range(6))
    lines = growth_lines(growth)
    assert [name for name, _ in lines] == ["m0", "m1", "m2", "3 others"]
    assert lines[-1][1] == ((3, 10), (4, 20), (5, 30), (13, 40), (14, 50), (15, 60))
    assert summed([]) == ()


def test_a_line_is_broken_at_spaces_and_inside_of_words_that_are_too_long() -> None:
    assert wrapped("input 5 + output 6", 9) == ["input 5 +", "output 6"]
    assert wrapped("a /very/long/path", 6) == ["a", "/very/", "long/p", "ath"]
    assert wrapped("ヘッダー", 4) == ["ヘッ", "ダー"]


@pytest.mark.parametrize("size", [pytest.param(NARROW, id="narrow"), pytest.param(WIDE, id="wide")])
def test_looks(size: tuple[int, int], snap_compare: SnapCompare) -> None:
    app, _ = over(view(), turn_view("msg_turn_7", *CALLS))

    async def open_turn(pilot: Pilot[Any]) -> None:
        await opened(pilot)
        if size == WIDE:
            await pilot.press("enter")
            await until(pilot, lambda: screen_of(app).turn is not None)

    assert snap_compare(app, terminal_size=size, run_before=open_turn)


async def test_a_pane_of_few_rows_has_the_title_and_the_amount() -> None:
    app, _ = over(view(title="Fix header spacing of all the pages of the shop"))
    async with shown(app, (36, 3)) as pilot:
        for size in ((36, 3), (32, 3), (36, 6)):
            await resize(pilot, size)
            line = screen_text(app).splitlines()[1]
            assert line.startswith(" ● Fix header") and "$0.41" in line and len(line) == size[0], size
