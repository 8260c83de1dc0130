"""The Today screen, driven by keys over a scripted feed."""

from __future__ import annotations

import threading
from datetime import date
from functools import partial

import pytest
from rich.cells import cell_len

from opencode_tui.clock import DAY_MS
from opencode_tui.config.settings import Ui
from opencode_tui.records.day import LastCall, Snapshot
from opencode_tui.ui.app import OpencodeTui
from opencode_tui.ui.tables.today import DaySessionTable
from opencode_tui.ui.widgets.figure import Figure
from opencode_tui.ui.widgets.seven_days import SevenDays
from tests.support.records import replace
from tests.ui.builders import DAY, SETTINGS, STORE, at, part, quiet, session, snapshot
from tests.ui.showing import app_over, resize, screen_text, showing, until

YESTERDAY = date(2026, 5, 12)


async def test_the_screen_says_what_the_day_costs_and_where_it_leads() -> None:
    app, _ = app_over(snapshot("$0.62"))
    async with showing(app):
        text = screen_text(app)
    assert "Wed 13 May 2026 · W20" in text
    assert "$0.62" in text and "of $0.80 warn · $1.50 cut" in text
    assert "$0.24 in the last hour · warning 15:08" in text
    assert "11 sessions, 3 active · 214 calls" in text
    assert "● live, 0 s ago" in text


async def test_r_polls_at_once_and_shows_what_came() -> None:
    app, feed = app_over(snapshot("$0.62"))
    async with showing(app) as pilot:
        polls = feed.polls
        feed.answers.append(snapshot("$0.71"))
        await pilot.press("r")
        await until(pilot, lambda: "$0.71" in screen_text(app))
        assert feed.polls > polls


async def test_the_feed_is_only_used_on_the_pollers_thread_and_closed_at_the_end() -> None:
    app, feed = app_over(snapshot())
    async with showing(app):
        assert feed.thread not in (None, threading.get_ident())
    assert feed.closed
    assert not app.poller.is_alive()


async def test_brackets_go_through_the_days_and_t_returns_to_today() -> None:
    app, feed = app_over(snapshot())
    feed.on_day = lambda day: snapshot("$0.62" if day is None else "$1.12", day=day or DAY)
    async with showing(app) as pilot:
        await pilot.press("[")
        await until(pilot, lambda: feed.days == [YESTERDAY] and "Tue 12 May 2026" in screen_text(app))
        assert "last hour" not in screen_text(app)
        await pilot.press("[")
        await until(pilot, lambda: feed.days[-1] == date(2026, 5, 11))
        await pilot.press("]")
        await until(pilot, lambda: feed.days[-1] == YESTERDAY)
        await pilot.press("t")
        await until(pilot, lambda: feed.days[-1] is None and "Wed 13 May 2026" in screen_text(app))


async def test_there_is_no_day_after_today() -> None:
    app, feed = app_over(snapshot())
    feed.on_day = lambda day: snapshot(day=day or DAY)
    async with showing(app) as pilot:
        await pilot.press("]", "t")
        await pilot.press("[")
        await until(pilot, lambda: len(feed.days) > 0)
        assert feed.days == [YESTERDAY]
        await pilot.press("]")
        await until(pilot, lambda: len(feed.days) > 1)
        assert feed.days[-1] is None, "the day after yesterday is today, which goes on after midnight"


async def test_a_click_on_a_bar_opens_its_day() -> None:
    app, feed = app_over(snapshot())
    feed.on_day = lambda day: snapshot(day=day or DAY)
    async with showing(app, (120, 40)) as pilot:
        chart = app.screen.query_one(SevenDays)
        await pilot.click(chart, offset=(1 + 4 * chart.column, 3))
        await until(pilot, lambda: len(feed.days) > 0)
        assert feed.days == [date(2026, 5, 11)]


def rows(app_table: DaySessionTable) -> list[str]:
    return list(app_table.keys)


async def test_the_cursor_stays_on_its_session_when_rows_move_come_and_go() -> None:
    a, b, c, d = (session(id, f"Session {id}") for id in "abcd")
    app, feed = app_over(snapshot(session_lines=(a, b, c)))
    async with showing(app) as pilot:
        table = app.screen.query_one(DaySessionTable)
        await pilot.press("down")
        assert table.cursor_key == "b"
        feed.answers.append(snapshot(session_lines=(d, c, a, b)))
        await pilot.press("r")
        await until(pilot, lambda: rows(table) == ["d", "c", "a", "b"])
        assert table.cursor_key == "b"
        feed.answers.append(snapshot(session_lines=(b, d)))
        await pilot.press("r")
        await until(pilot, lambda: rows(table) == ["b", "d"])
        assert table.cursor_key == "b"
        feed.answers.append(snapshot(session_lines=(d,)))
        await pilot.press("r")
        await until(pilot, lambda: rows(table) == ["d"])
        assert table.cursor_key == "d"


async def test_on_another_day_the_cursor_is_on_the_first_session() -> None:
    app, feed = app_over(snapshot(session_lines=tuple(session(id, f"Session {id}") for id in "abc")))
    async with showing(app) as pilot:
        table = app.screen.query_one(DaySessionTable)
        await pilot.press("down", "down")
        feed.answers.append(snapshot(session_lines=tuple(session(id, f"Session {id}") for id in "def")))
        await pilot.press("r")
        await until(pilot, lambda: rows(table) == ["d", "e", "f"])
        assert table.cursor_key == "d"


async def test_the_row_below_the_mouse_is_marked_until_a_key_is_pressed() -> None:
    app, _ = app_over(snapshot(session_lines=tuple(session(id, f"Session {id}") for id in "abc")))
    async with showing(app) as pilot:
        table = app.screen.query_one(DaySessionTable)
        plain = table.row_style(2)
        await pilot.hover(table, offset=(5, 3))
        assert table.row_style(2) != plain == table.row_style(1)
        await pilot.press("down")
        assert table.row_style(2) == plain
        await pilot.hover(table, offset=(5, 3))
        await pilot.hover("#models")
        assert table.row_style(2) == plain


async def test_the_scroll_stays_where_it_was_when_amounts_change() -> None:
    lines = tuple(session(f"s{i}", f"Session {i}") for i in range(60))
    app, feed = app_over(snapshot(session_lines=lines))
    async with showing(app) as pilot:
        table = app.screen.query_one(DaySessionTable)
        await pilot.press("ctrl+end")
        await until(pilot, lambda: table.cursor_key == "s59" and table.scroll_y > 0)
        scroll = table.scroll_y
        changed = (*lines[:59], session("s59", "Session 59", "$7.77"))
        feed.answers.append(snapshot(session_lines=changed))
        await pilot.press("r")
        await until(pilot, lambda: "$7.77" in screen_text(app))
        assert (table.cursor_key, table.scroll_y) == ("s59", scroll)


async def test_markup_in_a_title_is_shown_as_it_is() -> None:
    markup = ("[/x]", "[red]not red[/red]", "[@click=app.quit]x[/]", "\\[", "[", "${x}")
    titles = [f"{n}{text}" for n, text in enumerate(markup)]
    lines = tuple(session(f"ses_{title}", title, model=f"p/{title}", project=title) for title in titles)
    app, _ = app_over(snapshot(session_lines=lines))
    async with showing(app, (160, 50)):
        text = screen_text(app)
        assert [title for title in titles if title not in text] == []


async def test_markup_in_names_errors_and_paths_is_shown_as_it_is() -> None:
    store = STORE.__class__("/tmp/[red]", "sqlite", "broken", detail="Cannot read [/x] at [red].")
    picture = snapshot(machine="[/m]", models=(part("p/[/y]", "$0.40"),), stores=(store,))
    app, feed = app_over(picture)
    async with showing(app, (158, 50)) as pilot:
        feed.answers.append(OSError("no [/z] here"))
        await pilot.press("r")
        await until(pilot, lambda: app.failure is not None)
        text = screen_text(app)
    for shown in ("[/m]", "p/[/y]", "Cannot read [/x] at [red].", "no [/z] here"):
        assert shown in text


async def test_a_huge_or_wide_title_keeps_the_columns_in_line() -> None:
    titles = ("short", "x" * 5000, "長" * 3000, "🎨" * 999, "e\u0301" * 700, "")
    app, _ = app_over(snapshot(session_lines=tuple(session(f"s{len(title)}", title) for title in titles)))
    async with showing(app, (80, 32)):
        lines = screen_text(app).splitlines()
    amounts = {line: cell_len(line[: line.index("$0.41")]) for line in lines if "$0.41" in line}
    assert len(amounts) == len(titles) and len(set(amounts.values())) == 1, amounts
    assert [line for line in lines if cell_len(line) != 80] == []


async def test_a_failing_feed_shows_what_is_stale_and_goes_on() -> None:
    app, feed = app_over(snapshot("$0.62"))
    async with showing(app) as pilot:
        feed.answers.append(OSError("disk I/O error"))
        await pilot.press("r")
        await until(pilot, lambda: app.failure is not None)
        text = screen_text(app)
        assert "▲ stale since 14:23" in text and "disk I/O error. Trying again" in text
        assert "$0.62" in text, "the last good numbers stay"
        feed.answers.append(snapshot("$0.66"))
        await pilot.press("r")
        await until(pilot, lambda: app.failure is None and "$0.66" in screen_text(app))
        assert "stale" not in screen_text(app).lower()


async def test_a_feed_that_fails_from_the_start_is_a_state_not_a_crash() -> None:
    app, _ = app_over(RuntimeError(""))
    async with showing(app):
        assert "RuntimeError" in screen_text(app)


async def test_pictures_reported_during_a_long_poll_are_shown() -> None:
    app, feed = app_over()
    go_on = threading.Event()

    def poll(report: object) -> Snapshot:
        assert callable(report)
        report(snapshot("$0.11"))
        go_on.wait(20)
        return snapshot("$0.22")

    feed.poll = poll  # type: ignore[method-assign]
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "$0.11" in screen_text(app))
        go_on.set()
        await until(pilot, lambda: "$0.22" in screen_text(app))


async def test_closing_the_app_ends_a_long_poll_at_its_next_report() -> None:
    app, feed = app_over()
    reported, pause = threading.Event(), threading.Event()

    def poll(report: object) -> None:
        assert callable(report)
        while True:
            report(snapshot("$0.11"))
            reported.set()
            pause.wait(0.01)

    feed.poll = poll  # type: ignore[method-assign]
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, reported.is_set)
    assert not app.poller.is_alive() and feed.closed


async def test_a_day_without_sessions_says_that_nothing_was_spent() -> None:
    app, _ = app_over(quiet())
    async with showing(app):
        text = screen_text(app)
    assert "Nothing spent yet today" in text and "no calls" in text and "Sessions · none" in text


async def test_an_unreadable_store_is_unknown_since_when_and_never_nothing() -> None:
    broken = replace(STORE, state="broken", detail="Broken.", since_ms=at("14:02"))
    app, _ = app_over(quiet(stores=(broken,), lower_bound=True, week=replace(quiet().week, lower_bound=True)))
    async with showing(app, (32, 20)) as pilot:
        for size in ((32, 20), (36, 44), (80, 24), (160, 50)):
            await resize(pilot, size)
            text = screen_text(app)
            assert len(text.splitlines()) == size[1]
            assert "▲ unknown since 14:02" in text, size
            assert "$0.00" not in text and "on pace" not in text, size
            assert app.screen.query_one(Figure).has_class("-warning"), size


async def test_a_quiet_morning_says_what_came_before_and_what_is_left() -> None:
    call = LastCall(at("17:37") - DAY_MS, "Return labels as PDF", "openai/gpt-5.2")
    app, _ = app_over(quiet(last_call=call))
    async with showing(app, (120, 40)):
        text = screen_text(app)
    for line in ("yesterday $1.12", "last call Tue 12 May 17:37", "$3.82 of $7.00 left this week"):
        assert line in text


async def test_a_past_day_without_calls_says_which_day() -> None:
    app, _ = app_over(quiet(day=YESTERDAY, is_today=False))
    async with showing(app):
        assert "Nothing spent on Tue 12 May" in screen_text(app)


async def test_a_first_run_says_where_it_looked() -> None:
    app, _ = app_over(quiet(stores=(), has_calls=False))
    async with showing(app):
        text = screen_text(app)
    assert "No OpenCode store found" in text and "/srv/opencode" in text and "--demo" in text
    assert "Over the day" not in text


async def test_of_very_many_sessions_a_thousand_are_shown_and_the_rest_is_counted() -> None:
    lines = tuple(session(f"s{i}", f"Session {i}") for i in range(1005))
    app, _ = app_over(snapshot(session_lines=lines))
    async with showing(app):
        assert app.screen.query_one(DaySessionTable).row_count == 1000
        assert "Sessions · +5 more" in screen_text(app)


async def test_a_pane_can_be_resized_down_and_up_and_nothing_is_cut() -> None:
    app, _ = app_over(snapshot("$0.62"))
    async with showing(app, (160, 50)) as pilot:
        wide = screen_text(app)
        assert "Over the day" in wide and "Providers" in wide
        await pilot.resize_terminal(32, 30)
        await until(pilot, lambda: app.screen.has_class("-narrow"))
        narrow = screen_text(app)
        assert "Over the day" not in narrow
        for whole in ("Wed 13 May", "$0.80 warn · $1.50 cut", "$0.24/h · warning 15:08", "? Help"):
            assert whole in narrow
        await pilot.resize_terminal(160, 50)
        await until(pilot, lambda: app.screen.has_class("-wide"))
        assert screen_text(app) == wide


@pytest.mark.parametrize("size", [(32, 10), (20, 5), (1, 1), (300, 90)])
async def test_any_size_of_pane_is_drawn(size: tuple[int, int]) -> None:
    app, _ = app_over(snapshot("$1234567.89"))
    async with showing(app, size):
        assert len(screen_text(app).splitlines()) == size[1]


async def test_a_low_pane_shows_the_figure_first() -> None:
    app, _ = app_over(snapshot("$0.62"))
    async with showing(app, (80, 13)):
        assert "$0.62" in screen_text(app)


async def test_the_palette_does_what_the_keys_do() -> None:
    app, feed = app_over(snapshot("$0.62"))
    async with showing(app) as pilot:
        today = app.screen
        feed.answers.append(snapshot("$0.71"))
        await pilot.press("ctrl+p")
        await until(pilot, lambda: app.screen is not today)
        await pilot.press(*"refresh")
        await until(pilot, lambda: "Leave; nothing" not in screen_text(app) and "store now" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is today and "$0.71" in screen_text(app))


async def test_q_quits() -> None:
    app, feed = app_over(snapshot())
    async with showing(app) as pilot:
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
    assert feed.closed and app.return_code == 0


def past_the_cutoff(app: OpencodeTui, spent: str) -> bool:
    return f"{spent} is past the cutoff" in screen_text(app)


async def test_every_kind_of_theme_draws_every_panel() -> None:
    app, feed = app_over(snapshot("$0.93"))
    async with showing(app, (160, 50)) as pilot:
        for cents, theme in enumerate(("calm", "ansi-dark", "ansi-light", "textual-light", "nord")):
            app.theme = theme
            for spent in ("$0.93", f"$2.1{cents}"):
                feed.answers.append(snapshot(spent))
                await pilot.press("r")
            await until(pilot, partial(past_the_cutoff, app, spent))


def test_a_theme_or_a_zone_that_does_not_exist_is_one_sentence() -> None:
    with pytest.raises(ValueError, match="no theme is called 'beige'"):
        app_over(settings=replace(SETTINGS, ui=Ui(theme="beige")))
    with pytest.raises(ValueError, match="no time zone is called 'Mars'"):
        app_over(settings=replace(SETTINGS, timezone="Mars"))
