"""The History screen, driven by keys over a scripted feed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from textual.pilot import Pilot

from opencode_tui.clock import calendar_for
from opencode_tui.records.history import HistoryView
from opencode_tui.records.requests import BreakdownRequest, Filter, HistoryRequest, HoursRequest
from opencode_tui.report.history_words import before_lines, running_lines
from opencode_tui.ui.app import OpencodeTui
from opencode_tui.ui.screens.breakdown import BreakdownScreen
from opencode_tui.ui.screens.history import HistoryScreen
from opencode_tui.ui.screens.today import TodayScreen
from opencode_tui.ui.widgets.history_bars import HistoryBars
from opencode_tui.ui.widgets.year_chart import YearChart
from tests.support.records import replace
from tests.ui.builders import DAY, STORE, FakeFeed, nano, quiet, snapshot
from tests.ui.history_builders import MONTH, WEEK, answer, history, use
from tests.ui.showing import NARROW, NORMAL, SnapCompare, app_over, screen_text, settled, showing, until

HIGH = (120, 40)


def feed_of(view: HistoryView | None, **changes: Any) -> tuple[OpencodeTui, FakeFeed]:
    """An app whose feed has this history; None is the one of the builders."""
    app, feed = app_over(snapshot("$0.62", **changes))
    feed.on_look = lambda request: view if view and isinstance(request, HistoryRequest) else answer(request)
    feed.on_day = lambda day: snapshot("$1.12", day=day or DAY)
    return app, feed


@asynccontextmanager
async def on_history(
    view: HistoryView | None = None, size: tuple[int, int] = NORMAL, **changes: Any
) -> AsyncIterator[tuple[OpencodeTui, FakeFeed, Pilot[None]]]:
    """The History screen, once it has its days."""
    app, feed = feed_of(view, **changes)
    async with showing(app, size) as pilot:
        await shown(pilot)
        yield app, feed, pilot


def lines(app: OpencodeTui) -> list[str]:
    return [line.strip() for line in screen_text(app).splitlines()]


async def test_days_weeks_and_months_are_bars_with_a_cursor_that_tells_what_it_is_on() -> None:
    async with on_history() as (app, feed, pilot):
        text = screen_text(app)
        assert (
            "[d days]" in text
            and "Days · 8 Apr – 13 May 2026 · ··· ▲ warning from $1.50  ╌╌╌ ■ cutoff from $2.00" in text
        )
        assert any(line.startswith("$2.00 ╌") for line in lines(app))
        assert any(line.startswith("$1.50 ·") for line in lines(app))
        assert "Wed 13 May 2026  $0.40 · 10k tokens · 12 calls" in text
        assert "the ledger begins on Sun 15 Mar 2026 · calls on 52 of 60 days · $59.88 in all" in text
        await pilot.press("h")
        assert "Tue 12 May 2026  $1.71 ▲ past the warning" in screen_text(app)
        await pilot.press("left", "left", "k", "left")
        assert "Fri 8 May 2026  $2.36 ■ past the cutoff" in screen_text(app)
        await pilot.press("[")
        assert "Thu 2 Apr 2026  no calls" in screen_text(app), "as many days before as are shown"
        await pilot.press("t", "w", "h")
        assert "! over the target $7.00" in screen_text(app)
        assert "2026-W19 · 4 May – 10 May  $7.04 ! over the target $7.00" in screen_text(app)
        await pilot.press("m")
        assert "[m months]" in screen_text(app) and "May 2026  $14.08" in screen_text(app)
        await pilot.press("h", "enter")
        assert "[d days]" in screen_text(app) and "– 30 Apr 2026" in screen_text(app), "the days of that month"
        await pilot.press("escape")
        assert "[m months]" in screen_text(app) and "Apr 2026  $28.56" in screen_text(app)
        await pilot.press("G", "enter", "h", "enter")
        await until(pilot, lambda: isinstance(app.screen, TodayScreen) and "Tue 12 May 2026" in screen_text(app))
        assert feed.days == [date(2026, 5, 12)]
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HistoryScreen))
        assert feed.days[-1] is None, "Today is today again"
        assert "Tue 12 May 2026  $1.71" in screen_text(app), "the cursor stays"


async def test_years_are_calendars_and_the_hours_of_the_week_are_read_by_the_year() -> None:
    async with on_history(history(back=500)) as (app, feed, pilot):
        await pilot.press("y")
        assert "2026 by spend · $133.76" in screen_text(app)
        months = next(line for line in lines(app) if line.startswith("2026 Jan"))
        assert months.split() == [
            "2026",
            *["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
        ]
        assert next(line for line in lines(app) if line.startswith("Thu")) == "Thu  " + "·" * 19, "until today"
        assert next(line for line in lines(app) if line.startswith("Wed")).endswith("◆")
        assert "· no calls  ░ less  ▒ from $0.83  ▓ ▲ from $1.50  █ ■ from $2.00" in screen_text(app)
        await pilot.press("h", "k")
        assert "Tue 5 May 2026  $1.71 ▲ past the warning" in screen_text(app), "a week and a day before"
        await pilot.press("[", "s")
        assert "Mon 5 May 2025  $0.62" in screen_text(app) and "2025 by tokens · $366.48 · 154M tokens" in screen_text(
            app
        )
        assert "▒ from 250k" in screen_text(app), "without the lines of the spend"
        screen = app.screen
        assert isinstance(screen, HistoryScreen) and HoursRequest(2025) not in screen.requests
        await pilot.press("s", "t", "H")
        await until(pilot, lambda: "Wednesday 14–15 h  $0.60 · 1.7% of the year" in screen_text(app))
        assert screen.requests == (HistoryRequest(), HoursRequest(2026))
        sunday = next(line for line in lines(app) if line.startswith("Sun"))
        assert sunday.split() == ["Sun", *"·" * 24]
        await pilot.press("j", "l", "enter")
        assert "Thursday 15–16 h" in screen_text(app), "there is nothing to open"
        await pilot.press("[")
        await until(pilot, lambda: "Hours of the week · 2025" in screen_text(app) and HoursRequest(2025) in feed.looks)


@pytest.mark.parametrize("size", [(32, 15), (200, 60)])
async def test_every_view_is_laid_out_for_every_pane(size: tuple[int, int]) -> None:
    names = {"d": "13 May", "w": "W20", "m": "May 2026", "y": "13 May", "H": "Wed"}
    async with on_history(history(back=500), size) as (app, _, pilot):
        for key, name in names.items():
            await pilot.press(key)
            found = screen_text(app).splitlines()
            assert name in found[-3] if size[1] < 20 else any(name in line for line in found[-10:])
            assert "30 Dec 2024" in found[-2]
            assert not any("…" in line for line in found[2:])
        await pilot.press("d" if size[0] < 60 else "y", "h", "h", "h", "h", "h")
        if size[0] < 60:
            assert "Fri  8 ███████████████ $2.36 ■" in lines(app), "bars that lie"
            assert next(line for line in lines(app) if line.startswith("Mon 11")).endswith("···╎   $0.62")
            await pilot.press("y", "l", "l")
            assert any(line.startswith("4 May  ░░ ▓▓ ░░ ·  ██ ▒▒ [▒]") for line in lines(app)), "a week is a row"
        else:
            years = [line.split()[0] for line in lines(app) if " Jan " in line]
            assert years == ["2024", "2025", "2026"]


@pytest.mark.parametrize(
    ("keys", "period", "where"),
    [
        (("d", "h"), "2026-05-12", ()),
        (("w", "h"), "2026-W19", ()),
        (("m", "h"), "2026-04", ()),
        (("y", "k"), "2026-05-12", ()),
        (("H",), "year", (Filter("weekday", ("Wed",)), Filter("hour", ("14",)))),
    ],
)
async def test_v_breaks_down_what_the_cursor_is_on(
    keys: tuple[str, ...], period: str, where: tuple[Filter, ...]
) -> None:
    async with on_history() as (app, feed, pilot):
        await shown(pilot, *keys, "v")
        await until(pilot, lambda: isinstance(app.screen, BreakdownScreen))
        asked = next(each for each in feed.looks if isinstance(each, BreakdownRequest))
        assert (asked.by, asked.period, asked.where) == (("model",), period, where)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HistoryScreen))


async def test_a_tall_pane_has_the_year_below_the_bars_and_a_click_goes_to_a_day() -> None:
    async with on_history(size=HIGH) as (app, feed, pilot):
        bars, year = app.screen.query_one(HistoryBars), app.screen.query_one(YearChart)
        assert year.display and bars.has_focus
        await pilot.press("h", "h")
        assert "[]" in screen_text(app), "with the same cursor"
        await pilot.click(year, offset=(6 + 2 * 18, 3))
        assert "Mon 4 May 2026" in screen_text(app) or "Tue 5 May 2026" in screen_text(app)
        left, column = bars.size.width - bars._room, bars._room // len(bars.numbers)
        for _ in range(2):
            await pilot.click(bars, offset=(1 + left + column * (len(bars.numbers) - 2), 5))
        await until(pilot, lambda: feed.days == [date(2026, 5, 12)])


async def test_an_empty_ledger_says_what_is_the_case() -> None:
    app, feed = app_over(quiet(has_calls=False))
    feed.on_look = lambda request: (
        history(today=DAY, days=()) if isinstance(request, HistoryRequest) else answer(request)
    )
    async with showing(app, (60, 20)) as pilot:
        await pilot.press("4", "y", "H", "enter")
        assert "No model calls yet" in screen_text(app)


async def test_one_day_while_the_rest_is_imported_and_a_day_that_is_still_to_come() -> None:
    importing = replace(STORE, state="importing", imported=10, total=100)
    unread = use(DAY - timedelta(days=1), "$0", calls=0, tokens=0, lower_bound=True)
    days = (unread, use(DAY, lower_bound=True), use(DAY + timedelta(days=2), "$0.50", calls=3))
    async with on_history(history(*days, lower_bound=True), (100, 24), stores=(importing,)) as (app, feed, pilot):
        assert "Importing" in screen_text(app) and "Wed 13 May 2026  ≥$0.62" in screen_text(app)
        begins = "the ledger begins today, older days are being read · 3 calls dated after today · ≥$1.12"
        assert begins in screen_text(app)
        await pilot.press("h")
        assert "Tue 12 May 2026  ≥$0.00 · nothing known" in screen_text(app)
        await pilot.press("G", "enter")
        await until(pilot, lambda: "Fri 15 May is still to come" in screen_text(app))
        assert isinstance(app.screen, HistoryScreen) and feed.days == []


def test_a_running_week_says_its_pace_where_it_leads_and_how_the_one_before_stood() -> None:
    assert running_lines(WEEK)[0] == (
        "$3.18 of $7.00 ▰▰▰▱▱▱▱▱ · $1.22 a day · $8.56 by 17 May at that pace: ▲ past the target"
    )
    assert running_lines(WEEK)[-2] == "$3.18 → $8.56 ▲"
    assert running_lines(replace(WEEK, spend_nano=nano("$7.01")))[1].endswith("■")
    early = running_lines(replace(WEEK, pace_nano=None, projected_nano=None))
    assert early[1] == "$3.18 of $7.00 · no projection in the first 24 hours"
    assert running_lines(MONTH)[0] == "$12.40 · $1.22 a day · $29.60 by 31 May at that pace"


def test_the_one_before_says_how_much_of_it_there_is() -> None:
    utc = calendar_for("UTC")
    assert before_lines(WEEK, utc)[0] == ("W19 had $2.91 at the same point, Wed 6 May 14:23 (now +9%) · $6.80 in all")
    assert before_lines(MONTH, utc)[0] == "nothing of the month before in the ledger"
    assert WEEK.before is not None
    part = before_lines(replace(WEEK, before=replace(WEEK.before, kept_from=date(2026, 5, 8))), utc)[0]
    assert part == "W19 had $6.80 from 8 May on, when the ledger begins", "there is nothing to compare with"
    small = before_lines(replace(WEEK, before=replace(WEEK.before, spend_nano=nano("$0.01"))), utc)[0]
    assert "(now 318×)" in small


async def shown(pilot: Pilot[Any], *keys: str) -> None:
    await settled(pilot)
    await pilot.press("4")
    app = pilot.app
    await until(pilot, lambda: isinstance(app.screen, HistoryScreen) and app.screen._history is not None)
    await pilot.press(*keys)
    await until(pilot, lambda: True)


@pytest.mark.parametrize(
    ("keys", "size"),
    [
        pytest.param(("h",), NARROW, id="days-narrow"),
        pytest.param(("y", "h"), NORMAL, id="year-normal"),
        pytest.param(("m", "h"), (110, 30), id="months-wide"),
    ],
)
def test_history_looks(keys: tuple[str, ...], size: tuple[int, int], snap_compare: SnapCompare) -> None:
    app, _ = feed_of(history(back=200))

    async def show(pilot: Pilot[Any]) -> None:
        await shown(pilot, *keys)

    assert snap_compare(app, terminal_size=size, run_before=show)


@pytest.mark.parametrize(
    ("size", "legend"),
    [
        ((32, 20), "▲ warning $1.50 ■ cutoff $2.00"),
        ((60, 20), "Days · 18 Apr – 13 May 2026 · ▲ warn $1.50 ■ cut $2.00"),
        ((200, 50), "2026 · ··· ▲ warning from $1.50  ╌╌╌ ■ cutoff from $2.00"),
    ],
)
async def test_the_bars_say_in_words_what_their_lines_are_and_when_they_are_of_tokens(
    size: tuple[int, int], legend: str
) -> None:
    async with on_history(size=size) as (app, _, pilot):
        title = app.screen.query_one(HistoryBars)
        assert legend in str(title.border_title)
        await pilot.press("h")
        assert "▲" in screen_text(app).split("Running")[0].split(str(title.border_title))[-1], "the day's own mark"
        for key, chart in {"d": "history-bars", "w": "history-bars", "y": "year-chart", "H": "hours-chart"}.items():
            await pilot.press(key, *("s" if key == "d" else ""))
            assert "tokens" in str(app.screen.query_one(f"#{chart}").border_title), key
        await pilot.press("d", "h")
        assert any(line.startswith(("Mon 11 May", "Mon 11")) and "tokens" in line for line in lines(app))
