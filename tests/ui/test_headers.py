"""The header of every screen has today's figure, in any width; in a low pane it is all that there is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencode_tui.ui.widgets.blocks import width_of
from opencode_tui.ui.widgets.day_header import money_parts
from tests.ui.alert_showing import over
from tests.ui.quiet import quiet
from tests.ui.showing import screen_text, showing

MONEY = ("▲ $0.93 of $1.50 · $0.24/h · cutoff 18:03", "▲ $0.93 of $1.50 · $0.24/h", "▲ $0.93 of $1.50", "▲ $0.93")
TITLES = ("Today › Fix header spacing › turn 4", "… › Fix header spacing › turn 4", "turn 4")
TEXTS = ("● live, 0 s ago", "● live")


@pytest.mark.parametrize("width", [24, 36, 60, 120])
async def test_the_header_of_every_screen_has_todays_figure(width: int) -> None:
    app, _ = over(spent="$0.93")
    async with showing(app, (width, 30)) as pilot:
        for key in "25":
            await pilot.press(key)
            await quiet(app)
            header = screen_text(app).split("\n")[0]
            assert "▲ $0.93" in header
            assert "●" in header
            if width == 120:
                assert MONEY[0] in header


async def test_a_pane_of_three_rows_has_the_figure_its_line_and_the_rate_in_the_first() -> None:
    app, _ = over(spent="$0.93")
    async with showing(app, (36, 3)):
        assert screen_text(app).split("\n")[0].strip() == "▲ $0.93 of $1.50 · $0.24/h · ●"


@given(width=st.integers(9, 150))
def test_the_figure_is_never_cut_and_all_fits(width: int) -> None:
    title, money, text = money_parts(TITLES, MONEY, TEXTS, width)
    assert money.removesuffix(" · ").rstrip() in MONEY
    assert width_of(title) + (1 if title else 0) + width_of(money) + width_of(text) <= width
