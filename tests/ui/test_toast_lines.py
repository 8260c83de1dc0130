"""Toasts stand in the footer's place: they cover no figure, and the gravest are there where there is little room."""

from __future__ import annotations

from textual.widgets import Input

from opencode_tui.ui.toasts import Toast, toast_lines
from opencode_tui.ui.widgets.key_footer import KeyFooter
from tests.ui.alert_builders import alert
from tests.ui.alert_showing import over, poll
from tests.ui.builders import snapshot
from tests.ui.showing import NARROW, NORMAL, resize, screen_text, showing, toast_texts, until

LONG = "word " * 60


async def test_a_toast_changes_the_last_line_alone() -> None:
    app, _ = over()
    async with showing(app, NORMAL) as pilot:
        for size in (NORMAL, NARROW, (32, 20), (36, 3)):
            await resize(pilot, size)
            before = screen_text(app).splitlines()
            assert len(before) == size[1]
            app.notify("Saved in config.toml", markup=False)
            await until(pilot, lambda: "Saved in config.toml" in screen_text(app))
            assert screen_text(app).splitlines()[:-1] == before[:-1], size
            await pilot.click(KeyFooter, offset=(3, 0))
            await until(pilot, lambda before=before: screen_text(app).splitlines() == before)  # type: ignore[misc]


async def test_a_long_toast_moves_up_what_is_above_it_and_gives_the_room_back() -> None:
    app, _ = over()
    async with showing(app, NORMAL) as pilot:
        before = screen_text(app).splitlines()
        app.notify(LONG, markup=False, timeout=0.3)
        await until(pilot, lambda: app.screen.query_one(KeyFooter).size.height == 4)
        assert screen_text(app).splitlines()[:2] == before[:2] and "$0.93" in screen_text(app)
        await until(pilot, lambda: not toast_texts(app) and screen_text(app).splitlines() == before)


async def test_a_new_alert_takes_one_line_wherever_one_is() -> None:
    app, feed = over()
    async with showing(app, (36, 3)) as pilot:
        await pilot.press("2")
        await poll(pilot, feed, snapshot("$0.93", alerts=(alert(2),)))
        await until(pilot, lambda: "▲ Warning  $0.83 is past the warnin…" in screen_text(app).splitlines()[-1])


async def test_the_same_toast_is_there_once() -> None:
    app, _ = over()
    async with showing(app) as pilot:
        for _ in range(3):
            app.notify("again", markup=False)
        await until(pilot, lambda: toast_texts(app) == ["again"])
        assert not app.screen.query(Input)


def test_the_gravest_come_first_and_then_the_newest() -> None:
    toasts = (Toast("a"), Toast("b", severity="error"), Toast("c"), Toast("d", "▲ Warning", "warning"))
    assert [line for _, line in toast_lines(toasts, 30, 9)] == ["▲ b", "▲ Warning  d", "c", "a"]
    assert [line for _, line in toast_lines(toasts, 30, 2)] == ["▲ b", "▲ Warning  d"]
    assert [line for _, line in toast_lines((Toast(LONG),), 11, 2)] == ["word word", "word word…"]
