"""What is written to the terminal while nothing happens: a dashboard is open all day, often over a network."""

from __future__ import annotations

from typing import Any

import pytest
from textual.app import App
from textual.dom import DOMNode
from textual.events import Resize
from textual.pilot import Pilot
from textual.screen import Screen

from opencode_tui.records.answers import Answer
from opencode_tui.records.requests import HistoryRequest, Request, SessionsRequest
from opencode_tui.ui.app import OpencodeTui
from opencode_tui.ui.screens.sessions import SessionsScreen
from opencode_tui.ui.tables.row_table import RowTable
from opencode_tui.ui.widgets.day_header import DayHeader
from tests.support.records import replace
from tests.support.textual_internals import watch_drawn_lines
from tests.ui.alert_builders import alert
from tests.ui.alert_showing import answer, poll
from tests.ui.builders import NOW, FakeFeed, row, session_list, snapshot
from tests.ui.history_builders import MONTH, WEEK, history
from tests.ui.quiet import quiet
from tests.ui.session_builders import SESSION
from tests.ui.showing import NORMAL, THEME, WIDE, answered, screen_text, showing, until

ALERT = alert(1, level="cutoff")
WAYS = {"today": (), "sessions": ("2",), "session": ("enter",), "history": ("4",), "why": ("5",)}
"""The keys that lead to each screen from the one before it."""


class Dashboard:
    """The app over a feed with sessions and alerts, and a clock that goes on when a test says so."""

    def __init__(self) -> None:
        self.now_ms = NOW
        self.feed = FakeFeed(snapshot("$0.93", alerts=(ALERT,)))
        self.feed.on_look = self._answer
        self.app = OpencodeTui(self.feed, THEME, lambda: self.now_ms)

    @property
    def is_fresh(self) -> bool:
        """Whether the header says that the figures were polled just now."""
        return "0 s ago" in screen_text(self.app)

    async def open(self, pilot: Pilot[Any], *keys: str) -> None:
        for key in keys:
            await pilot.press(key)
            await until(pilot, lambda: answered(self.app))
        await quiet(self.app)

    async def wait(self, seconds: int) -> None:
        """Let time pass: the headers of all screens look at the clock, also of those that are not seen."""
        self.now_ms += seconds * 1000
        for screen in [*self.app.screen_stack, *map(self.app.get_screen, ("Today", "Sessions", "History", "Why"))]:
            for header in screen.query(DayHeader):
                header.tick()
        await quiet(self.app)

    def _answer(self, request: Request) -> Answer:
        if isinstance(request, SessionsRequest):
            return session_list(row(SESSION), *(row(f"ses_{number}") for number in range(30)), period=request.period)
        return history() if isinstance(request, HistoryRequest) else answer(request)


async def test_while_nothing_happens_only_the_line_of_the_header_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    dashboard = Dashboard()
    lines = watch_drawn_lines(monkeypatch)
    drawn: dict[str, set[int]] = {}
    async with showing(dashboard.app, NORMAL) as pilot:
        for way, keys in WAYS.items():
            await dashboard.open(pilot, *keys)
            lines.clear()
            await dashboard.wait(seconds=1)
            assert "1 s ago" in screen_text(dashboard.app), way
            polls = dashboard.feed.polls
            dashboard.app.poller.refresh()
            await until(pilot, lambda polls=polls: dashboard.feed.polls > polls and dashboard.is_fresh)  # type: ignore[misc]
            await dashboard.wait(seconds=2)
            drawn[way] = set(lines)
    assert drawn == {way: {0} for way in WAYS}


async def test_a_poll_that_changes_only_the_pace_draws_no_bar_again(monkeypatch: pytest.MonkeyPatch) -> None:
    dashboard = Dashboard()
    async with showing(dashboard.app, NORMAL) as pilot:
        await dashboard.open(pilot, "4")
        drawn = watch_drawn_lines(monkeypatch)
        later = history(running=(replace(WEEK, pace_nano=WEEK.spend_nano), MONTH), taken_ms=NOW + 1)
        dashboard.feed.on_look = lambda request: later
        await poll(pilot, dashboard.feed, snapshot("$0.94", alerts=(ALERT,)))
        await until(pilot, lambda: "$3.18 a day" in screen_text(dashboard.app))
        assert max(drawn) > 15 and not set(drawn) & set(range(6, 14))


async def test_a_period_that_is_shown_again_is_drawn_at_once_and_again_only_if_it_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dashboard = Dashboard()
    filled: list[int] = []
    update_rows = RowTable.update_rows

    def counted(table: RowTable[Any, Any, Any], keys: list[str], *more: Any) -> None:
        filled.append(len(keys))
        update_rows(table, keys, *more)

    async with showing(dashboard.app, NORMAL) as pilot:
        await dashboard.open(pilot, "2", "asterisk", "w")
        monkeypatch.setattr(RowTable, "update_rows", counted)
        looks = len(dashboard.feed.looks)
        await pilot.press("asterisk")
        assert filled == [31], "before anything was read"
        await until(pilot, lambda: len(dashboard.feed.looks) > looks)
        dashboard.app.poller.refresh()
        await quiet(dashboard.app)
        assert filled == [31]
        dashboard.feed.on_look = lambda request: session_list(row(SESSION), period="all")
        await pilot.press("w")
        await until(pilot, lambda: len(dashboard.feed.looks) > looks + 1)
        await pilot.press("asterisk")
        await until(pilot, lambda: filled[-1:] == [1])
        assert filled[-2:] == [31, 1]


@pytest.mark.parametrize("key", ["enter", "question_mark"])
async def test_the_screen_below_one_that_is_closed_is_drawn_but_not_laid_out_again(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dashboard = Dashboard()
    laid_out: list[object] = []
    refresh = App.refresh

    def counted(app: App[None], **how: bool) -> App[None]:
        laid_out.extend(name for name, wanted in how.items() if wanted)
        return refresh(app, **how)

    async with showing(dashboard.app, NORMAL) as pilot:
        await dashboard.open(pilot, "2")
        before = screen_text(dashboard.app)
        await pilot.press(key)
        await until(pilot, lambda: not isinstance(dashboard.app.screen, SessionsScreen))
        closed = dashboard.app.screen
        monkeypatch.setattr(App, "refresh", counted)
        lines = watch_drawn_lines(monkeypatch)
        await pilot.press("escape")
        await until(pilot, lambda: not closed.is_attached)
        assert screen_text(dashboard.app) == before
        assert set(range(24)) <= set(lines)
        assert laid_out == []


async def test_what_changes_on_a_screen_behind_is_seen_when_it_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    dashboard = Dashboard()
    async with showing(dashboard.app, WIDE) as pilot:
        await dashboard.open(pilot, "2")
        lines = watch_drawn_lines(monkeypatch)
        await poll(pilot, dashboard.feed, snapshot("$1.23", alerts=(ALERT,)))
        assert set(lines) <= {0, 1, 2, 3}, "the figure in the header, and the banner"
        await pilot.resize_terminal(*NORMAL)
        await pilot.press("1")
        text = screen_text(dashboard.app)
        assert "$1.23" in text
        assert dashboard.app.screen.has_class("-middle")
        assert all(len(line) <= NORMAL[0] for line in text.splitlines())


@pytest.mark.parametrize("size", [NORMAL, WIDE])
async def test_a_screen_shown_first_keeps_the_styles_that_its_widgets_were_mounted_with(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    again: list[DOMNode] = []
    update = App.update_styles

    def watched(self: App[Any], node: DOMNode, animate: bool = True) -> None:
        if node.is_attached:
            again.append(node)
        update(self, node, animate)

    monkeypatch.setattr(App, "update_styles", watched)
    dashboard = Dashboard()
    async with showing(dashboard.app, size) as pilot:
        for way, keys in (WAYS | {"help": ("question_mark",), "palette": ("escape", "ctrl+p")}).items():
            await (dashboard.open(pilot, *keys) if way in WAYS else pilot.press(*keys))
            screen = dashboard.app.screen
            assert screen not in again, way
            nodes = list(screen.walk_children())
            before = [node.styles.base.get_rules() for node in nodes]
            screen.app.stylesheet.update(screen)
            assert [node.styles.base.get_rules() for node in nodes] == before, way


async def test_a_tab_that_is_shown_again_is_styled_again_only_if_the_theme_has_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    styled: list[object] = []
    update = App.update_styles

    def watched(self: App[Any], node: DOMNode, animate: bool = True) -> None:
        styled.append(node)
        update(self, node, animate)

    monkeypatch.setattr(App, "update_styles", watched)
    dashboard = Dashboard()
    async with showing(dashboard.app, NORMAL) as pilot:
        for theme, is_new in (("calm", False), ("nord", True), ("nord", False)):
            await dashboard.open(pilot, "2")
            screen = dashboard.app.screen
            await pilot.press("1")
            styled.clear()
            dashboard.app.theme = theme
            await dashboard.open(pilot, "2")
            assert dashboard.app.screen is screen and (screen in styled) == is_new, theme
            nodes = list(screen.walk_children())
            before = [node.styles.base.get_rules() for node in nodes]
            dashboard.app.stylesheet.update(screen)
            assert [node.styles.base.get_rules() for node in nodes] == before, theme
            await pilot.press("1")


async def test_a_screen_is_laid_out_for_a_new_size_and_not_again_for_the_same() -> None:
    dashboard = Dashboard()
    async with showing(dashboard.app, NORMAL) as pilot:
        await dashboard.open(pilot, "2")
        laid_out: list[Screen[Any]] = []
        screen = dashboard.app.screen
        screen.screen_layout_refresh_signal.subscribe(dashboard.app, laid_out.append, immediate=True)
        screen.post_message(Resize(dashboard.app.size, dashboard.app.size))
        await quiet(dashboard.app)
        assert laid_out == []
        for size, classes in ((WIDE, ("-wide", "-broad")), ((32, 3), ("-narrow", "-lowest")), (NORMAL, ("-middle",))):
            laid_out.clear()
            await pilot.resize_terminal(*size)
            await until(pilot, lambda size=size: screen.outer_size == size)  # type: ignore[misc]
            assert laid_out
            assert screen.has_class(*classes)
            assert len(screen.classes & {"-broad", "-wide", "-middle", "-slim", "-narrow", "-lowest"}) == len(classes)
