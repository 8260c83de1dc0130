"""The header of every screen has today's figure, in any width; in a low pane it is all that there is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from opencode_tui.ui.widgets.blocks import width_of
from opencode_tui.ui.widgets.day_header import money_parts
from tests.ui.alert_builders import alert
from tests.ui.alert_showing import over, poll
from tests.ui.builders import snapshot
from tests.ui.showing import app_over, resize, screen_text, showing, until

MONEY = ("▲ $0.93 of $1.50 · $0.24/h · cutoff 18:03", "▲ $0.93 of $1.50 · $0.24/h", "▲ $0.93 of $1.50", "▲ $0.93")
TITLES = ("Today › Fix header spacing › turn 4", "… › Fix header spacing › turn 4", "turn 4")
TEXTS = ("● live, 0 s ago", "● live")


async def test_the_header_of_every_screen_has_todays_figure() -> None:
    app, _ = over(spent="$0.93")
    async with showing(app, (24, 30)) as pilot:
        for key in "2345":
            await pilot.press(key)
            for width in (24, 36, 60, 120):
                await resize(pilot, (width, 30))
                header = screen_text(app).split("\n")[0]
                assert len(header) == width
                assert (MONEY[0] if width == 120 else "▲ $0.93") in header, (key, width)
                assert "●" in header, (key, width)


async def test_a_pane_of_three_rows_says_when_the_next_line_is_crossed_and_how_the_week_stands() -> None:
    app, _ = over(spent="$0.70")
    async with showing(app, (36, 3)):
        assert screen_text(app).split("\n") == [
            "● $0.70 of $1.50 · $0.24/h · ▲ 15:08",
            "week $3.18 of $7.00 ▰▰▰▱▱▱▱▱ on pace",
            "1 2 3 4 5 Screens ^p Commands ? Help",
        ]
    app, _ = over(spent="$0.70")
    async with showing(app, (60, 3)):
        assert screen_text(app).split("\n")[0].strip() == "● $0.70 of $1.50 · $0.24/h · warning 15:08 · ● live, 0 s ago"


async def test_a_pane_of_three_rows_without_a_store_says_what_to_do() -> None:
    app, _ = app_over(snapshot("$0", stores=(), calls=0, has_calls=False, lower_bound=True))
    async with showing(app, (36, 3)):
        assert screen_text(app).split("\n")[1].strip() == "Run OpenCode once"


async def test_a_pane_of_three_rows_says_how_much_why_and_what_to_do() -> None:
    app, feed = over(alert(2))
    async with showing(app, (36, 3)) as pilot:
        lines = screen_text(app).split("\n")
        assert lines[0] == "▲ $0.93 of $1.50 · $0.24/h · ■ 18:03"
        assert lines[1] == '▲ 4× edits of Button.tsx in "Fix he…'
        assert lines[2].startswith("→ say all you want")
        app.notify("a toast", markup=False)
        await until(pilot, lambda: screen_text(app).split("\n")[2].startswith("a toast"))
        await poll(pilot, feed, snapshot("$0.94"))
        app.clear_notifications()
        await until(pilot, lambda: screen_text(app).split("\n")[2].startswith("1 2 "))


async def test_a_low_pane_has_a_line_for_why_one_for_what_to_do_and_its_footer() -> None:
    app, _ = over(alert(2))
    async with showing(app, (36, 5)):
        lines = screen_text(app).split("\n")
        assert lines[0].startswith(" ▲ $0.93 of $1.50 · $0.24/h ■ 18:03")
        assert lines[1].startswith(" ▲ 4× edits of") and lines[2].startswith(" → say all you want")
        assert lines[4].startswith("1 2 ")


async def test_a_stale_figure_is_said_in_a_pane_of_three_rows() -> None:
    app, feed = over(spent="$0.93")
    async with showing(app, (36, 3)) as pilot:
        feed.answers.append(OSError("gone"))
        await pilot.press("r")
        await until(pilot, lambda: "▲ stale" in screen_text(app).split("\n")[0])


def test_a_title_too_long_for_the_header_is_cut_and_not_left_out_for_the_rate() -> None:
    money, titles = ("● $0.17 of $1.50 · $0.17/h", "● $0.17 of $1.50", "● $0.17"), ("… › opencode/kimi-k2.6",) * 2
    assert money_parts(titles, money, TEXTS, 30) == ("… › opencode/k…", "● $0.17 ", "● live")
    assert money_parts(titles, money, TEXTS, 20) == ("… › openc…", "● $0.17 ", "●")
    assert money_parts(titles, money, TEXTS, 14) == ("", "● $0.17 ", "●")


@given(width=st.integers(9, 150))
def test_the_figure_is_never_cut_and_all_fits(width: int) -> None:
    title, money, text = money_parts(TITLES, MONEY, TEXTS, width)
    assert money.removesuffix(" · ").rstrip() in MONEY
    assert width_of(title) + (1 if title else 0) + width_of(money) + width_of(text) <= width
