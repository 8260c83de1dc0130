"""The Breakdown screen, driven by keys over a scripted feed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from opencode_tui.money import format_usd
from opencode_tui.records.answers import Answer, Comparison
from opencode_tui.records.breakdown import Breakdown, BreakdownRow, Measures, Percentiles
from opencode_tui.records.calls import Tokens
from opencode_tui.records.repricing import RepricedWork
from opencode_tui.records.requests import BreakdownRequest, ComparisonRequest, Filter, Request
from opencode_tui.report.breakdown_words import saved_text
from opencode_tui.ui.app import OpencodeTui
from opencode_tui.ui.screens.breakdown import DIMENSION_KEYS, BreakdownScreen
from opencode_tui.ui.screens.compare import CompareScreen, compared_lines
from opencode_tui.ui.screens.session import SessionScreen
from opencode_tui.ui.tables.row_table import RowTable
from tests.support.records import replace
from tests.ui.builders import DAY, NOW, FakeFeed, nano, snapshot
from tests.ui.showing import NARROW, NORMAL, SnapCompare, answered, app_over, screen_text, settled, showing, until

WIDEST = (200, 30)
KEYS = {
    "model": ("opencode/kimi-k2.6", "opencode/glm-5", "anthropic/claude-sonnet-4-5"),
    "tool": ("bash", "read", "edit"),
    "session": ("ses_a", "ses_b", "ses_c"),
    "hour": ("09", "10", "14"),
}
AMOUNTS = ("$2.30", "$1.10", "$0.05")


def measures(spend: str, calls: int, *, tool: bool = False) -> Measures:
    tokens = Tokens(654_000, 110_000, 21_000, 7_400_000, 0)
    of_tool = (calls * 2, 3, 61_000) if tool else (None, None, None)
    return Measures(
        *(
            nano(spend),
            0,
            calls,
            17,
            3,
            19,
            tokens,
            nano("$0.60"),
            nano("$1.20"),
            nano("$0.50"),
            nano("$5.81"),
            1,
            4,
            2,
        ),
        *(54, Percentiles(8.2, 31.0), Percentiles(66.0, 104.0), *of_tool),
    )


def breakdown(request: BreakdownRequest, amounts: tuple[str, ...] = AMOUNTS) -> Breakdown:
    by = request.by[0]
    keys = KEYS.get(by, tuple(f"{by} {number}" for number in range(3)))
    rows = tuple(
        BreakdownRow((key,), measures(spend, 190 - 60 * at, tool=by == "tool"), lower_bound=at == 2)
        for at, (key, spend) in enumerate(zip(keys, amounts, strict=False))
    )
    if not request.details:
        rows = tuple(replace(row, measures=replace(row.measures, turns=None, seconds=None, speed=None)) for row in rows)
    titles = {"ses_a": "Fix header", "ses_b": "Write [b]tests[/b]"}
    total = measures("$3.45", 390)
    return Breakdown(request, NOW, DAY, DAY, request.period, total, rows, titles, since=DAY.replace(day=2))


def answer(request: Request) -> Answer:
    if isinstance(request, BreakdownRequest):
        return breakdown(request)
    if isinstance(request, ComparisonRequest):
        work = RepricedWork(190, Tokens(654_000), nano("$2.30"), 0, nano("$7.77"))
        return Comparison(request, NOW, (work, None))
    raise LookupError("There is no such session.")


@asynccontextmanager
async def opened(
    size: tuple[int, int] = WIDEST, look: Any = answer
) -> AsyncIterator[tuple[OpencodeTui, FakeFeed, Pilot[Any]]]:
    app, feed = app_over(snapshot())
    feed.on_look = look
    async with showing(app, size) as pilot:
        await pilot.press("3")
        await until(pilot, lambda: isinstance(app.screen, BreakdownScreen) and answered(app))
        yield app, feed, pilot


def keys_of(app: OpencodeTui) -> tuple[str, ...]:
    return tuple(app.screen.query_one(RowTable).keys)


def asked(feed: FakeFeed) -> BreakdownRequest:
    """The last request of the screen."""
    return next(each for each in reversed(feed.looks) if isinstance(each, BreakdownRequest))


async def press(app: OpencodeTui, pilot: Pilot[Any], *keys: str) -> None:
    await pilot.press(*keys)
    await until(pilot, lambda: answered(app))


async def test_it_shows_a_week_by_model_with_every_measure() -> None:
    async with opened() as (app, feed, _):
        assert asked(feed) == BreakdownRequest(("model",), "week")
        assert keys_of(app) == KEYS["model"]
        text = screen_text(app)
        for figure in ("$2.30", "67%", "190", "654k", "7.4M", "92%", "$5.81", "8.2s · 31s", "66 · 104", "≥$0.05"):
            assert figure in text, figure
        assert "3 rows · $3.45 · 390 calls · sorted by spend ▼ · week" in text


async def test_the_figures_come_before_the_turns_and_speeds_and_stay() -> None:
    async with opened() as (app, feed, pilot):
        first, second = (each for each in feed.looks[-2:] if isinstance(each, BreakdownRequest))
        assert (first.details, second.details) == (False, True)
        screen = app.screen
        assert isinstance(screen, BreakdownScreen)
        screen.show_breakdown(breakdown(first))
        await pilot.pause()
        assert "66 · 104" in screen_text(app)


async def test_each_dimension_has_a_key() -> None:
    async with opened() as (app, feed, pilot):
        for dimension, key in reversed(DIMENSION_KEYS.items()):  # the first is shown already
            await press(app, pilot, key)
            assert asked(feed).by == (dimension,), dimension
            assert f"[{key} {dimension}]" in screen_text(app), dimension


async def test_d_and_p_go_on_and_a_period_has_a_key() -> None:
    async with opened() as (app, feed, pilot):
        await press(app, pilot, "d", "p")
        assert (asked(feed).by, asked(feed).period) == (("provider",), "month")
        await press(app, pilot, "asterisk")
        assert asked(feed).period == "all"
        assert "since 2026-05-02" in screen_text(app)


async def test_a_tools_row_has_its_uses_failures_and_time() -> None:
    async with opened() as (app, _, pilot):
        await press(app, pilot, "T")
        text = screen_text(app)
        assert all(word in text for word in ("Uses", "Failed", "Time", "380", "1m 01s"))
        assert "a call counts for each of its tools" in text


async def test_enter_goes_into_a_row_and_filters_stack() -> None:
    async with opened() as (app, feed, pilot):
        await press(app, pilot, "down", "enter")
        assert asked(feed) == BreakdownRequest(("project",), "week", where=(Filter("model", ("opencode/glm-5",)),))
        assert "Breakdown › opencode/glm-5 " in screen_text(app)
        await press(app, pilot, "T", "enter")
        wanted = (Filter("model", ("opencode/glm-5",)), Filter("tool", ("bash",)))
        assert asked(feed).where == wanted
        assert "Breakdown › opencode/glm-5 › bash " in screen_text(app)
        await press(app, pilot, "M")
        assert asked(feed).where == wanted and asked(feed).by == ("project",)
        await press(app, pilot, "escape", "escape")
        assert asked(feed) == BreakdownRequest(("model",), "week")


async def test_v_goes_to_a_rows_sessions_and_enter_opens_one() -> None:
    async with opened() as (app, feed, pilot):
        await press(app, pilot, "v")
        assert asked(feed).by == ("session",) and asked(feed).where == (Filter("model", ("opencode/kimi-k2.6",)),)
        assert "Write [b]tests[/b]" in screen_text(app)
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, SessionScreen))


async def test_x_marks_two_rows_and_shows_them_side_by_side() -> None:
    async with opened() as (app, _, pilot):
        await press(app, pilot, "x")
        assert "◆ opencode/kimi-k2.6" in screen_text(app)
        await pilot.press("x", "x", "down", "x")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        await until(pilot, lambda: "$7.77" in screen_text(app))
        text = screen_text(app)
        assert "opencode/kimi-k2.6" in text and "opencode/glm-5" in text
        assert any(line.split()[-2:] == ["$7.77", "—"] for line in text.replace("│", " ").splitlines())
        assert any(line.split()[-3:] == ["spend", "$2.30", "$1.10"] for line in text.replace("│", " ").splitlines())
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, BreakdownScreen))


@pytest.mark.parametrize("size", [NARROW, NORMAL])
async def test_two_rows_side_by_side_fit_their_dialog_before_its_first_layout(size: tuple[int, int]) -> None:
    async with opened(size) as (app, _, _):
        names, measures = ("anthropic/claude-sonnet-4-5",) * 2, [("not billed, at list price", "$0.00", "$1.10")]
        screen = CompareScreen(names, measures)
        await app.push_screen(screen)
        shown = str(screen.query_one("#measures", Static).content)
        assert "$1.10" in shown and max(map(len, shown.splitlines())) <= size[0] - 5


async def test_s_sorts_by_the_next_column_and_o_turns_it_around() -> None:
    async with opened() as (app, _, pilot):
        await pilot.press("S", "o")
        assert "sorted by name ▼" in screen_text(app)
        assert keys_of(app) == tuple(sorted(KEYS["model"], reverse=True))
        await pilot.press("o")
        assert keys_of(app) == tuple(sorted(KEYS["model"]))


async def test_times_stand_in_their_order() -> None:
    async with opened() as (app, _, pilot):
        await press(app, pilot, "H")
        assert keys_of(app) == KEYS["hour"]
        assert "09:00" in screen_text(app) and "sorted by name ▲" in screen_text(app)
        await pilot.press("s", "o")
        assert keys_of(app) == KEYS["hour"][::-1] and "sorted by spend ▲" in screen_text(app)
        await press(app, pilot, "M")
        assert "sorted by spend ▼" in screen_text(app)


async def test_c_puts_another_kind_of_measure_first_where_not_all_have_room() -> None:
    async with opened((120, 24)) as (app, _, pilot):
        assert "$/turn" in screen_text(app) and "Reason" not in screen_text(app)
        await pilot.press("c")
        assert "$/turn" not in screen_text(app) and "Reason" in screen_text(app)
        await pilot.press("c")
        assert "s/call" in screen_text(app) and "Retries" in screen_text(app)
        await pilot.press("c")
        assert "$/turn" in screen_text(app)


@pytest.mark.parametrize(
    ("by", "figures"),
    [("M", ["Share", "Tokens", "s/call", "1-shot"]), ("T", ["Share", "Uses", "Time", "Failed"])],
)
async def test_c_goes_through_the_kinds_of_measure_in_the_narrowest_pane(by: str, figures: list[str]) -> None:
    async with opened((32, 20)) as (app, _, pilot):
        await press(app, pilot, by)
        for figure in (*figures, figures[0]):
            header = next(line for line in screen_text(app).splitlines() if "Spend" in line)
            assert header.split()[-1] == figure
            await pilot.press("c")


async def test_a_tools_row_has_its_failures_and_time_in_80_columns() -> None:
    async with opened(NORMAL) as (app, _, pilot):
        await press(app, pilot, "T")
        header = next(line for line in screen_text(app).splitlines() if "Spend" in line)
        assert header.split()[-4:] == ["Calls", "Uses", "Failed", "Time"]


async def test_models_have_their_provider_all_or_none() -> None:
    async with opened(NARROW) as (app, _, _):
        assert "glm-5" in screen_text(app) and "opencode/" not in screen_text(app)


@pytest.mark.parametrize("amount", ["$0.00001", "$0.0042"])
async def test_no_amount_below_a_cent_is_cut(amount: str) -> None:
    made = breakdown(BreakdownRequest(("model",)), ("$2.30", "$1.10", amount))
    async with opened((32, 20), lambda request: replace(made, request=request)) as (app, _, _):
        assert f" ≥{format_usd(nano(amount))} " in screen_text(app)


def test_what_the_cache_saved_is_not_known_where_no_rate_is() -> None:
    known = measures("$2.30", 190)
    unknown = replace(known, input_nano=0, output_nano=0, cache_nano=0, saved_nano=0)
    assert (saved_text(known), saved_text(unknown), saved_text(replace(known, saved_nano=0))) == ("$5.81", "—", "$0.00")


async def test_an_empty_period_says_what_to_do() -> None:
    async with opened(NORMAL, lambda request: breakdown(request, ())) as (app, _, _):
        assert "No call in this period (week)." in screen_text(app)


@pytest.mark.parametrize("width", [20, 32, 78])
def test_two_rows_are_compared_in_any_width(width: int) -> None:
    lines = compared_lines(("opencode/kimi-k2.6", "anthropic/claude"), [("spend", "$2.30", "$1,234.10")], width)
    assert max(map(len, lines)) <= width
    assert "$2.30" in "".join(lines) and "$1,234.10" in "".join(lines)


@pytest.mark.parametrize(
    ("keys", "size"),
    [
        pytest.param((), NARROW, id="narrow"),
        pytest.param(("T",), NORMAL, id="tools-normal"),
        pytest.param(("x",), WIDEST, id="marked-wide"),
    ],
)
def test_looks_breakdown(keys: tuple[str, ...], size: tuple[int, int], snap_compare: SnapCompare) -> None:
    app, feed = app_over(snapshot("$0.62"))
    feed.on_look = answer

    async def show(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        await pilot.press("3")
        await until(pilot, lambda: answered(app))
        await pilot.press(*keys)
        await until(pilot, lambda: answered(app))
        await settled(pilot)

    assert snap_compare(app, terminal_size=size, run_before=show)
