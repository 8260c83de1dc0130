"""The Sessions screen, driven by keys over a scripted feed."""

from __future__ import annotations

import re
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot
from textual.widgets import Input

from opencode_tui.analysis.periods import PERIODS
from opencode_tui.records.answers import Answer
from opencode_tui.records.requests import Request, SessionRequest, SessionsRequest
from opencode_tui.records.sessions import SessionList, SessionRow
from opencode_tui.report.session_words import title_text
from opencode_tui.ui.app import OpencodeTui
from opencode_tui.ui.screens.session import SessionScreen
from opencode_tui.ui.screens.sessions import SessionsScreen
from opencode_tui.ui.screens.today import TodayScreen
from opencode_tui.ui.tables.columns import sorts
from opencode_tui.ui.tables.row_table import RowTable
from opencode_tui.ui.tables.today import DaySessionTable
from opencode_tui.ui.widgets.period_tabs import fitting_tabs, tab_name
from opencode_tui.ui.widgets.seven_days import SevenDays
from opencode_tui.ui.widgets.slices import SlicesPanel
from tests.ui.builders import DAY, NOW, ROWS, FakeFeed, part, row, session_list, snapshot
from tests.ui.showing import answered, app_over, screen_text, showing, until

IDS = tuple(each.id for each in ROWS)


class Ledger:
    """Answers every request for sessions with its rows, and knows no session."""

    def __init__(self, *rows: SessionRow) -> None:
        self.rows = rows

    def __call__(self, request: Request) -> Answer:
        if isinstance(request, SessionsRequest):
            return SessionList(request, 0, self.rows)
        raise LookupError("There is no such session.")


@asynccontextmanager
async def sessions(
    *rows: SessionRow, size: tuple[int, int] = (158, 50)
) -> AsyncIterator[tuple[OpencodeTui, FakeFeed, Pilot[Any]]]:
    app, feed = app_over(snapshot())
    feed.on_look = Ledger(*rows)
    async with showing(app, size) as pilot:
        await pilot.press("2")
        await until(pilot, lambda: isinstance(app.screen, SessionsScreen) and answered(app))
        yield app, feed, pilot


def table(app: OpencodeTui) -> RowTable[Any, Any, Any]:
    return app.screen.query_one(RowTable)


def shown(app: OpencodeTui) -> tuple[str, ...]:
    """The ids of the rows, in their order."""
    return tuple(table(app).keys)


def header(app: OpencodeTui) -> str:
    return screen_text(app).splitlines()[0]


async def test_two_shows_the_sessions_of_the_week_newest_first() -> None:
    async with sessions(*ROWS) as (app, feed, _):
        assert feed.looks == [SessionsRequest("week")]
        assert shown(app) == IDS
        text = screen_text(app)
        assert "Fix header spacing" in text and "claude-sonnet-4-6" in text and "▁▂▄▇▃▁" in text
        assert "Last active▼" in text
        assert "6 sessions · $0.81 · sorted by last active ▼ · week" in text


async def test_a_screen_that_is_not_seen_asks_for_nothing() -> None:
    async with sessions(*ROWS) as (app, feed, pilot):
        await pilot.press("1")
        await until(pilot, lambda: isinstance(app.screen, TodayScreen))
        feed.looks.clear()
        feed.answers.append(snapshot("$0.71"))
        await pilot.press("r")
        await until(pilot, lambda: "$0.71" in screen_text(app))
        assert feed.looks == []
        await pilot.press("2")
        await until(pilot, lambda: feed.looks == [SessionsRequest("week")])


async def test_rows_follow_the_store_and_the_cursor_stays_on_its_session() -> None:
    async with sessions(*ROWS) as (app, feed, pilot):
        await pilot.press("down")
        feed.on_look = Ledger(row("new", "Just begun", "$1.00"), *ROWS)
        feed.answers.append(snapshot("$0.71"))
        await pilot.press("r")
        await until(pilot, lambda: "Just begun" in screen_text(app))
        assert table(app).cursor_key == "ses_2"
        assert "7 sessions · $1.81" in screen_text(app)


async def test_s_goes_through_the_columns_and_o_turns_the_order() -> None:
    async with sessions(*ROWS) as (app, _, pilot):
        await pilot.press("s")
        assert "sorted by state ▲" in await drawn(app, pilot)
        await pilot.press("s", "s", "S")
        assert "Session▲" in await drawn(app, pilot)
        assert shown(app)[0] == "ses_2"
        await pilot.press("o")
        assert "Session▼" in await drawn(app, pilot)
        assert shown(app)[-1] == "ses_2"


@pytest.mark.parametrize("size", [(36, 40), (80, 24), (120, 40)])
async def test_s_goes_through_the_columns_that_are_shown_and_the_header_marks_each(size: tuple[int, int]) -> None:
    async with sessions(*ROWS, size=size) as (app, _, pilot):
        names = list(sorts(table(app).shown_columns))
        assert ("last active" in names) == (size[0] > 36)
        seen = []
        for _ in names:
            await pilot.press("s")
            lines = (await drawn(app, pilot)).splitlines()
            assert len(re.findall("[▼▲]", lines[2])) == 1, lines[2]
            assert re.search("[▼▲]", lines[-2])
            seen.append(sorted_by(app))
        assert sorted(seen) == sorted(names), "each once"
        await pilot.press("S")
        assert sorted_by(app) == seen[-2]


async def test_c_d_and_n_sort_by_cost_date_and_title() -> None:
    rows = (
        row("dear", "Zebra", "$9", last_ms=NOW - 60_000),
        row("old", "Ant", "$1", last_ms=NOW - 99_000),
        row("new", "Bee", "$2"),
    )
    async with sessions(*rows, size=(36, 40)) as (app, _, pilot):
        for key, first, last in (("c", "dear", "old"), ("d", "new", "old"), ("n", "old", "dear"), ("c", "dear", "old")):
            await pilot.press(key)
            assert (shown(app)[0], shown(app)[-1]) == (first, last), key
            await pilot.press(key)
            assert shown(app)[0] == first, "once more changes nothing"
            await pilot.press("o")
            assert shown(app)[0] == last, key


def sorted_by(app: OpencodeTui) -> str:
    assert isinstance(app.screen, SessionsScreen)
    return app.screen._sort.name


async def drawn(app: OpencodeTui, pilot: Pilot[Any]) -> str:
    for _ in range(3):
        await pilot.pause()
    return screen_text(app)


async def test_a_click_on_a_header_sorts_and_a_second_one_turns_the_order() -> None:
    async with sessions(*ROWS) as (app, _, pilot):
        place = screen_text(app).splitlines()[2].index("Total")
        await pilot.click(RowTable, offset=(place, 0))
        assert "Total▼" in await drawn(app, pilot)
        assert shown(app) == IDS
        await pilot.click(RowTable, offset=(place, 0))
        assert "Total▲" in await drawn(app, pilot)
        assert shown(app) == tuple(reversed(IDS))


async def test_a_filter_works_while_it_is_typed_enter_keeps_it_and_esc_takes_it_away() -> None:
    async with sessions(*ROWS) as (app, _, pilot):
        await pilot.press("slash", *"kimi")
        await until(pilot, lambda: len(shown(app)) == 5)
        assert '5 of 6 sessions · $0.61 · sorted by last active ▼ · week · filter "kimi"' in screen_text(app)
        await pilot.press(*" website", "enter")
        await until(pilot, lambda: shown(app) == ("ses_3",))
        assert table(app).has_focus
        await pilot.press("escape")
        await until(pilot, lambda: shown(app) == IDS)
        assert "filter" not in screen_text(app)
        assert table(app).has_focus


async def test_esc_in_the_filter_clears_and_closes_it() -> None:
    async with sessions(*ROWS) as (app, _, pilot):
        await pilot.press("slash", *"q1", "escape")
        await until(pilot, lambda: shown(app) == IDS)
        assert table(app).has_focus and isinstance(app.screen, SessionsScreen), "q and 1 went into the filter"


async def test_a_filter_that_nothing_matches_says_so() -> None:
    async with sessions(*ROWS, size=(80, 24)) as (app, _, pilot):
        await pilot.press("slash", *"[/zz]")
        await until(pilot, lambda: not shown(app))
        text = screen_text(app)
        assert 'None of 6 sessions matches "[/zz]"' in text and "esc clears the filter." in text
        await pilot.press("escape")
        await until(pilot, lambda: shown(app) == IDS)
        assert "None of" not in screen_text(app)


async def test_p_asks_for_the_next_period_and_says_so_until_it_is_there() -> None:
    async with sessions(*ROWS, size=(80, 24)) as (app, feed, pilot):
        for period in ("month", "year", "all", "today", "yesterday", "week"):
            await pilot.press("p")
            await until(pilot, lambda: f"▼ · {period} " in screen_text(app))  # noqa: B023
            await until(pilot, lambda: feed.looks[-1] == SessionsRequest(period))  # noqa: B023


async def test_each_period_has_a_key_and_is_the_tab_in_brackets() -> None:
    async with sessions(*ROWS, size=(80, 24)) as (app, feed, pilot):
        assert "[w week]" in screen_text(app).splitlines()[1]
        for key, period in (("t", "today"), ("y", "yesterday"), ("m", "month"), ("Y", "year"), ("*", "all")):
            await pilot.press(key)
            await until(pilot, lambda: feed.looks[-1] == SessionsRequest(period))  # noqa: B023
            assert screen_text(app).splitlines()[1].count("[") == 1
            assert f"[{key} {period}]" in screen_text(app).splitlines()[1]


async def test_a_click_on_a_tab_shows_its_period() -> None:
    async with sessions(*ROWS, size=(80, 24)) as (app, feed, pilot):
        place = screen_text(app).splitlines()[1].index("month")
        await pilot.click(offset=(place, 1))
        await until(pilot, lambda: feed.looks[-1] == SessionsRequest("month"))
        await pilot.resize_terminal(36, 24)
        await until(pilot, lambda: "month ▾" in screen_text(app))
        await pilot.click(offset=(3, 1))
        await until(pilot, lambda: feed.looks[-1] == SessionsRequest("year") and "year ▾" in screen_text(app))


@given(width=st.integers(0, 90), current=st.sampled_from(PERIODS), day=st.booleans())
def test_no_tab_is_cut(width: int, current: str, day: bool) -> None:
    periods = ("2026-05-13", *PERIODS) if day else PERIODS
    tabs = fitting_tabs(periods, current, {"week": "w", "today": "t"}, width)
    assert [tab.text.strip("[] ▾").split()[-1] for tab in tabs if tab.is_current] == [current]
    assert len(tabs) == 1 or sum(len(tab.text) for tab in tabs) <= width
    assert len(tabs) == (1 if width < 42 + len("[Wed 13 May]" if day else "") else len(periods))


def test_a_tab_has_the_name_of_its_period_and_of_a_day_that_of_its_weekday() -> None:
    periods = ("week", "2026-05-13", "2026-W19", "2026-05", "2025-01-01..2025-12-31")
    assert [tab_name(each) for each in periods] == ["week", "Wed 13 May", "2026-W19", "2026-05", periods[-1]]


async def test_in_a_pane_of_three_rows_there_are_no_tabs() -> None:
    async with sessions(*ROWS, size=(36, 3)) as (app, _, _pilot):
        assert "▾" not in screen_text(app)


async def test_in_a_pane_of_three_rows_a_session_has_the_last_one() -> None:
    async with sessions(*ROWS, size=(36, 3)) as (app, _, pilot):
        before = screen_text(app).splitlines()[2]
        assert "$" in before
        await pilot.press("down")
        await until(pilot, lambda: screen_text(app).splitlines()[2] != before)


async def test_a_period_asked_for_again_shows_its_last_list_until_the_new_one_is_there() -> None:
    async with sessions(*ROWS, size=(80, 24)) as (app, feed, pilot):
        for period in ("month", "year", "all", "today", "yesterday", "week"):
            await pilot.press("p")
            await until(pilot, lambda: f"▼ · {period} " in screen_text(app) and answered(app))  # noqa: B023
        ledger, is_free = Ledger(row("new", "Just begun"), *ROWS), threading.Event()

        def slow(request: Request) -> Answer:
            assert is_free.wait(20)
            return ledger(request)

        feed.on_look = slow
        await pilot.press("p")
        await until(pilot, lambda: "▼ · month " in screen_text(app))
        assert shown(app) == IDS
        is_free.set()
        await until(pilot, lambda: "new" in shown(app))


async def test_a_long_list_is_shown_before_its_sparklines_contexts_and_turns_are_read() -> None:
    async with sessions(*ROWS, size=(120, 24)) as (app, feed, pilot):
        ledger, is_free = Ledger(*ROWS), threading.Event()
        asked: list[Request] = []

        def slow(request: Request) -> Answer:
            asked.append(request)
            if isinstance(request, SessionsRequest) and request.contexts:
                assert is_free.wait(20)
            return ledger(request)

        feed.on_look = slow
        await pilot.press("Y")
        await until(pilot, lambda: "▼ · year" in screen_text(app))
        assert shown(app) == IDS and SessionsRequest("year") in asked
        is_free.set()
        await until(pilot, lambda: answered(app))
        assert app.screen.requests == (SessionsRequest("year"),)  # type: ignore[attr-defined]
        await pilot.press("w", "Y")
        await until(pilot, lambda: asked[-1] == SessionsRequest("year"))
        assert asked.count(SessionsRequest.first("year")) == 1


async def test_an_answer_to_an_older_question_is_not_shown() -> None:
    async with sessions(*ROWS) as (app, _, pilot):
        app.screen.take_answer(session_list(row("other"), period="year"))  # type: ignore[attr-defined]
        assert "other" not in shown(app)
        await pilot.pause()


async def test_a_period_without_sessions_says_how_to_see_another() -> None:
    async with sessions(size=(36, 40)) as (app, _, _pilot):
        text = screen_text(app)
        assert "No sessions this week" in text and "p shows another period." in text


async def test_b_groups_by_project_the_costliest_first_and_headings_do_not_open() -> None:
    async with sessions(*ROWS) as (app, feed, pilot):
        await pilot.press("b")
        text = await drawn(app, pilot)
        assert [key for key in shown(app) if not key.startswith("ses_")] == [
            "project /home/ada/shop",
            "project /home/ada/website",
            "project /home/ada/ledger",
        ]
        (heading,) = (line for line in text.splitlines() if "shop · 4 sessions" in line)
        assert "$0.72" in heading and "4.2M" in heading
        await pilot.press("home")
        assert table(app).cursor_key == "ses_1"
        await pilot.press("b")
        assert shown(app) == IDS
        assert not any(isinstance(request, SessionRequest) for request in feed.looks)


async def test_enter_opens_a_session_and_esc_comes_back_to_the_same_place() -> None:
    rows = tuple(row(f"s{i}", f"Session {i}") for i in range(200))
    async with sessions(*rows, size=(80, 24)) as (app, feed, pilot):
        await pilot.press("end", "up", "up")
        before = await drawn(app, pilot)
        await pilot.press("enter")
        await until(pilot, lambda: SessionRequest("s197") in feed.looks)
        assert isinstance(app.screen, SessionScreen) and app.screen.session_id == "s197"
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, SessionsScreen))
        assert await drawn(app, pilot) == before
        assert table(app).cursor_key == "s197"


async def test_a_tabs_key_leaves_what_was_opened_on_top() -> None:
    async with sessions(*ROWS) as (app, _, pilot):
        tab = app.screen
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SessionScreen))
        await pilot.press("2")
        await until(pilot, lambda: app.screen is tab)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SessionScreen))
        await pilot.press("1")
        await until(pilot, lambda: isinstance(app.screen, TodayScreen))
        assert len(app.screen_stack) == 1


async def test_enter_on_todays_row_opens_its_session() -> None:
    app, feed = app_over(snapshot())
    async with showing(app, (80, 24)) as pilot:
        await pilot.press("down", "enter")
        await until(pilot, lambda: feed.looks == [SessionRequest("ses_2")])
        assert "Today › " in header(app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, TodayScreen))
        assert app.screen.query_one(DaySessionTable).cursor_key == "ses_2"


async def test_a_models_bar_leads_to_its_sessions_of_the_day_and_esc_back_to_the_bar() -> None:
    app, feed = app_over(snapshot(models=(part("opencode/kimi-k2.6", "$0.31"), part("opencode/glm-5.1", "$0.2"))))
    feed.on_look = Ledger(*ROWS)
    async with showing(app, (100, 30)) as pilot:
        models = app.screen.query_one("#models", SlicesPanel)
        models.focus()
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, SessionsScreen) and shown(app) == ("ses_2",))
        assert feed.looks == [SessionsRequest(DAY.isoformat())]
        assert "Today › opencode/glm-5.1 › Sessions" in header(app)
        assert "1 of 6 sessions · $0.20" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, TodayScreen))
        assert app.focused is models
        await pilot.press("enter")
        await until(pilot, lambda: "opencode/glm-5.1 › Sessions" in header(app))


async def test_a_providers_bar_finds_the_provider_and_not_its_name_elsewhere() -> None:
    app, feed = app_over(snapshot(providers=(part("anthropic", "$0.31"),)))
    feed.on_look = Ledger(*ROWS, row("x", "anthropic in the title"))
    async with showing(app, (100, 30)) as pilot:
        await pilot.click("#providers", offset=(2, 1))
        await until(pilot, lambda: isinstance(app.screen, SessionsScreen) and shown(app) == ("ses_5",))
        await pilot.press("p")
        await until(pilot, lambda: feed.looks[-1] == SessionsRequest("today"))


async def test_a_day_is_opened_by_keys() -> None:
    app, feed = app_over(snapshot())
    feed.on_day = lambda day: snapshot(day=day or DAY)
    async with showing(app, (100, 30)) as pilot:
        app.screen.query_one(SevenDays).focus()
        await pilot.press("right", "left", "left", "enter")
        await until(pilot, lambda: feed.days == [DAY.replace(day=11)])


async def test_after_a_day_was_opened_the_way_begins_with_it() -> None:
    app, feed = app_over(snapshot())
    feed.on_day = lambda day: snapshot(day=day or DAY)
    feed.on_look = Ledger(*ROWS)
    async with showing(app, (120, 30)) as pilot:
        await pilot.press("[")
        await until(pilot, lambda: "Tue 12 May 2026" in screen_text(app))
        app.screen.query_one("#models", SlicesPanel).focus()
        await pilot.press("enter")
        await until(pilot, lambda: "Tue 12 May › opencode/kimi-k2.6 › Sessions" in screen_text(app))
        assert feed.looks == [SessionsRequest("2026-05-12")]


async def test_of_ten_thousand_sessions_an_update_makes_only_the_seen_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def counted(row: SessionRow) -> str:
        made.append(row.id)
        return title_text(row)

    monkeypatch.setattr("opencode_tui.ui.tables.sessions.title_text", counted)
    rows = tuple(row(f"s{i}", f"Session {i}") for i in range(10_000))
    async with sessions(*rows, size=(80, 24)) as (app, feed, pilot):
        await drawn(app, pilot)
        made.clear()
        feed.on_look = Ledger(row("new", "Just begun"), *rows)
        feed.answers.append(snapshot("$0.71"))
        await pilot.press("r")
        await until(pilot, lambda: "10,001 sessions" in screen_text(app))
        assert set(made) == {"new", *(f"s{i}" for i in range(18))}
        made.clear()
        await pilot.press("down")
        await drawn(app, pilot)
        assert sorted(made) == ["s0", "s1"]


async def test_markup_is_shown_as_it_is() -> None:
    titles = ("[/x]", "[red]not red[/red]", "[@click=app.quit]x[/]", "\\[", "${x}")
    strange = (row(text, text, project=f"/p/{text}", model=f"p/{text}", agent=text) for text in titles)
    async with sessions(*strange, size=(200, 20)) as (app, _, pilot):
        text = screen_text(app)
        assert [title for title in titles if title not in text] == []
        await pilot.press("b", "slash")
        for title in titles:
            await pilot.press(*title)
            assert (await drawn(app, pilot)).count(title) >= 2, "in the filter and in the row that it leaves"
            app.screen.query_one(Input).value = ""


@pytest.mark.parametrize("size", [(1, 1), (20, 5), (32, 10), (36, 40), (80, 24), (300, 90)])
async def test_any_size_of_pane_is_drawn(size: tuple[int, int]) -> None:
    async with sessions(*ROWS, size=size) as (app, _, pilot):
        await pilot.press("slash", "k", "enter", "b")
        assert len((await drawn(app, pilot)).splitlines()) == size[1]


async def test_a_narrow_pane_has_the_state_the_title_and_the_amount() -> None:
    async with sessions(*ROWS, size=(36, 40)) as (app, _, _pilot):
        lines = screen_text(app).splitlines()
        assert lines[3].split() == ["●", "Fix", "header", "spacing", "$0.41"]
        assert "6 · $0.81 · last active ▼ · week" in lines[-2]
        assert "? Help" in lines[-1]


async def test_every_kind_of_theme_draws_the_rows() -> None:
    async with sessions(*ROWS) as (app, _, pilot):
        for theme in ("calm", "ansi-dark", "ansi-light", "textual-light", "nord"):
            app.theme = theme
            assert "Fix header spacing" in await drawn(app, pilot), theme
