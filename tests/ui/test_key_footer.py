"""The footer of a screen: the screens and the palette, then the screen's own keys, each hint whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content

from opencode_tui.ui.app import TABS, OpencodeTui
from opencode_tui.ui.screens.session import SessionScreen
from opencode_tui.ui.screens.sessions import SessionsScreen
from opencode_tui.ui.screens.today import TodayScreen
from opencode_tui.ui.screens.why import WhyScreen
from opencode_tui.ui.widgets.key_footer import OWN_RANK, Hint, HintKey, KeyFooter, fitting_hints
from tests.ui.alert_builders import alert
from tests.ui.alert_showing import answer
from tests.ui.builders import session_list, snapshot
from tests.ui.quiet import quiet
from tests.ui.showing import app_over, screen_text, showing, until

WITHOUT_A_TEAM = tuple(tab for tab in TABS if tab.name != "Team")
SCREENS = tuple(f"{tab.key} {tab.name}" for tab in WITHOUT_A_TEAM)
TOGETHER = (" ".join((*(tab.key for tab in WITHOUT_A_TEAM), "Screens")),)


def footer(app: OpencodeTui) -> KeyFooter:
    return app.screen.query_one(KeyFooter)


def last_line(app: OpencodeTui) -> str:
    return screen_text(app).splitlines()[-1]


def hint(name: str, rank: int = OWN_RANK, key: str = "x") -> Hint:
    return Hint((HintKey(key, key, "", True),), name, rank)


async def test_each_screen_names_the_screens_first_and_cuts_no_hint() -> None:
    app, feed = app_over(snapshot("$0.93", alerts=(alert(2),)))
    feed.on_look = lambda request: session_list() if hasattr(request, "period") else answer(request)
    async with showing(app, (32, 24)) as pilot:
        for width in (32, 36, 60, 80, 120, 160):
            await pilot.resize_terminal(width, 24)
            for key, screen in (("1", TodayScreen), ("2", SessionsScreen), ("5", WhyScreen), ("e", SessionScreen)):
                await pilot.press(key)
                await until(pilot, lambda screen=screen: isinstance(app.screen, screen))  # type: ignore[misc]
                check_footer(app, width)


def check_footer(app: OpencodeTui, width: int) -> None:
    """The screens, the palette and the help come first, and the line is made of whole hints."""
    case = (width, app.screen)
    line, shown = last_line(app).rstrip(), footer(app).shown
    whole = [" ".join((*(key.text for key in hint.keys), hint.name)) for hint in shown]
    assert app.size.width == width, case
    assert line.split() == " ".join(whole).split(), case
    first = [
        *(SCREENS if width >= 60 else TOGETHER),
        *(["^p Commands"] if width not in (32, 60) else []),
        "? Help",
    ]
    assert whole[: len(first)] == first, case
    assert len(line) <= width, case


async def test_a_wide_footer_has_the_screens_own_keys() -> None:
    app, feed = app_over(snapshot())
    feed.on_look = lambda _: session_list()
    async with showing(app, (140, 24)) as pilot:
        assert last_line(app).split("? Help")[1].strip() == "⏎ Open  [ ] t Day  , Settings  q Quit  r Refresh"
        await pilot.press("2")
        await quiet(app)
        assert "c d n o Sort  p Period  b Group" in last_line(app)


@given(width=st.integers(0, 120), names=st.lists(st.text("abc", min_size=1, max_size=9), max_size=9))
def test_what_is_dropped_first_are_the_own_keys_from_the_last_on(width: int, names: list[str]) -> None:
    hints = [
        hint("Today", 1),
        hint("Commands", 2),
        hint("Help", 0),
        *(hint(f"{name}{n}") for n, name in enumerate(names)),
    ]
    placed = fitting_hints(hints, width)
    shown = [each for _, each in placed]
    assert shown == [each for each in hints if each in shown], "in their order"
    own = [each for each in hints if each.rank == OWN_RANK]
    assert [each for each in shown if each.rank == OWN_RANK] == own[
        : len(shown) - sum(h.rank < OWN_RANK for h in shown)
    ]
    assert sum(each.rank == OWN_RANK for each in shown) == 0 or len([h for h in shown if h.rank < OWN_RANK]) == 3
    ends = [left + each.width for left, each in placed]
    assert all(end < left for end, (left, _) in zip(ends, placed[1:], strict=False))
    assert not ends or ends[-1] <= width


async def test_a_click_on_a_hint_presses_its_key() -> None:
    app, feed = app_over(snapshot())
    feed.on_look = lambda _: session_list()
    async with showing(app, (120, 24)) as pilot:
        await pilot.click(offset=(last_line(app).index("2 Sessions") + 4, 23))
        await until(pilot, lambda: isinstance(app.screen, SessionsScreen))
        await pilot.click(offset=(last_line(app).index("n o Sort"), 23))
        await until(pilot, lambda: "sorted by title" in screen_text(app))
        await pilot.click(offset=(last_line(app).index("o Sort"), 23))
        await until(pilot, lambda: "sorted by title ▼" in screen_text(app))


async def test_the_name_of_the_screen_that_one_is_on_is_underlined() -> None:
    app, feed = app_over(snapshot("$0.93", alerts=(alert(2),)))
    feed.on_look = lambda request: session_list() if hasattr(request, "period") else answer(request)
    async with showing(app, (80, 24)) as pilot:
        for key, name in (("1", "Today"), ("2", "Sessions"), ("e", "Sessions"), ("5", "Why")):
            await pilot.press(key)
            await quiet(app)
            assert [hint.name for hint in footer(app).shown if hint.is_current] == [name]


async def test_a_change_of_the_data_alone_does_not_draw_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    render = KeyFooter.render

    def counted(self: KeyFooter) -> Content:
        drawn.append(self)
        return render(self)

    monkeypatch.setattr(KeyFooter, "render", counted)
    app, feed = app_over(snapshot("$0.50"))
    async with showing(app) as pilot:
        await quiet(app)
        before = len(drawn)
        feed.answers.append(snapshot("$0.71"))
        await pilot.press("r")
        await until(pilot, lambda: "$0.71" in screen_text(app))
        app.screen.refresh_bindings()
        await quiet(app)
        assert before and len(drawn) == before


async def test_a_key_that_becomes_enabled_is_shown_so() -> None:
    app, _ = app_over(snapshot())
    async with showing(app, (160, 24)) as pilot:
        assert isinstance(app.screen, TodayScreen)
        assert {key.text for hint in footer(app).shown for key in hint.keys if not key.enabled} == {"]", "t"}
        await pilot.press("[")
        await quiet(app)
        assert all(key.enabled for hint in footer(app).shown for key in hint.keys)
