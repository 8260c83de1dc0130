"""What a wide terminal has beside the rest: projects, hours, the last alerts, and the session at the cursor."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from opencode_tui.records.answers import AlertList, Answer
from opencode_tui.records.calls import Tokens
from opencode_tui.records.day import Snapshot
from opencode_tui.records.requests import AlertsRequest, ProjectsRequest, Request, SessionRequest, SessionsRequest
from opencode_tui.records.usage import Projects, Slice
from opencode_tui.ui.app import OpencodeTui
from opencode_tui.ui.screens.sessions import SessionsScreen
from opencode_tui.ui.screens.today import TodayScreen
from tests.support.records import replace
from tests.ui.alert_builders import FIRED, alert
from tests.ui.builders import DAY, NOW, ROWS, FakeFeed, nano, row, session, session_list, snapshot
from tests.ui.session_builders import SESSION, view
from tests.ui.showing import SnapCompare, app_over, screen_text, settled, showing, until
from tests.ui.test_legibility import too_faint

BROAD, BROADER = (160, 50), (200, 60)
PROJECTS = (
    Slice("/home/ada/shop", nano("$0.41"), 120, Tokens()),
    Slice("/home/ada/website", nano("$0.19"), 60, Tokens()),
    Slice("/home/ada/ledger", nano("$0.02"), 34, Tokens()),
)
OF_TODAY = (replace(session(SESSION), active=True, subagents=3), *snapshot().session_lines[1:])


def projects(request: ProjectsRequest, groups: tuple[Slice, ...] = PROJECTS) -> Projects:
    return Projects(request, NOW, groups)


def answer(request: Request) -> Answer:
    if isinstance(request, ProjectsRequest):
        return projects(request)
    if isinstance(request, AlertsRequest):
        return AlertList(request, NOW, FIRED[: request.most])
    if isinstance(request, SessionsRequest):
        return session_list(row(SESSION), *ROWS[1:])
    if isinstance(request, SessionRequest) and request.session_id == SESSION:
        return view()
    raise LookupError("There is no such session.")


def today(**changes: Any) -> tuple[OpencodeTui, FakeFeed]:
    app, feed = app_over(snapshot("$0.62", session_lines=OF_TODAY, **changes))
    feed.on_look = answer
    return app, feed


def beside(app: OpencodeTui) -> bool:
    """Whether the session at the cursor is shown."""
    screen = app.screen
    return isinstance(screen, TodayScreen | SessionsScreen) and screen.session is not None


async def shown(pilot: Pilot[Any]) -> None:
    app = pilot.app
    assert isinstance(app, OpencodeTui)
    await settled(pilot)
    await until(pilot, lambda: beside(app))


@pytest.mark.parametrize("size", [pytest.param(BROAD, id="160x50"), pytest.param(BROADER, id="200x60")])
def test_looks_today(size: tuple[int, int], snap_compare: SnapCompare) -> None:
    app, _ = today(alerts=(alert(4),))
    assert snap_compare(app, terminal_size=size, run_before=shown)


@pytest.mark.parametrize("size", [pytest.param(BROAD, id="160x50"), pytest.param(BROADER, id="200x60")])
def test_looks_sessions(size: tuple[int, int], snap_compare: SnapCompare) -> None:
    app, _ = today()

    async def show(pilot: Pilot[Any]) -> None:
        await shown(pilot)
        await pilot.press("2")
        await until(pilot, lambda: isinstance(app.screen, SessionsScreen) and beside(app))

    assert snap_compare(app, terminal_size=size, run_before=show)


async def test_a_narrower_terminal_asks_for_nothing_that_it_does_not_show() -> None:
    app, feed = today()
    async with showing(app, (159, 50)) as pilot:
        await pilot.press("down", "up")
        await until(pilot, lambda: True)
        assert feed.looks == []
        assert "Projects" not in screen_text(app)
        await pilot.resize_terminal(160, 50)
        await until(pilot, lambda: beside(app))
        assert {type(each) for each in feed.looks} == {ProjectsRequest, AlertsRequest, SessionRequest}


async def test_without_news_nothing_is_read_again_for_the_panels() -> None:
    app, feed = today()
    async with showing(app, BROAD) as pilot:
        await until(pilot, lambda: beside(app))
        looks, polls = list(feed.looks), feed.polls
        await pilot.press("r")
        await until(pilot, lambda: feed.polls > polls)
        assert feed.looks == looks


async def test_the_cursor_brings_its_session_and_leaves_what_is_there() -> None:
    app, feed = today()
    async with showing(app, BROAD) as pilot:
        await until(pilot, lambda: beside(app))
        assert "Find the usages" not in screen_text(app) and "⏎ opens it" in screen_text(app)
        feed.looks.clear()
        feed.on_look = lambda request: view(title="Another one", request=request)
        await pilot.press("down")
        await until(pilot, lambda: "Another one" in screen_text(app))
        assert feed.looks == [SessionRequest("ses_2")], "projects and alerts are not read again"


async def test_another_day_brings_its_projects() -> None:
    app, feed = today()
    feed.on_day = lambda day: snapshot("$1.12", day=day or DAY)
    async with showing(app, BROAD) as pilot:
        await until(pilot, lambda: beside(app))
        await pilot.press("[")
        wanted = ProjectsRequest(DAY.replace(day=12))
        await until(pilot, lambda: wanted in feed.looks)


async def test_a_project_opens_its_sessions() -> None:
    app, _ = today()
    async with showing(app, BROAD) as pilot:
        await until(pilot, lambda: beside(app))
        await pilot.click("#projects", offset=(3, 2))
        await until(pilot, lambda: isinstance(app.screen, SessionsScreen))
        assert "project=/home/ada/website" in screen_text(app)


async def test_projects_of_one_name_are_told_apart_by_their_paths() -> None:
    app, feed = today()
    groups = (Slice("/home/ada/a/web", nano("$0.40"), 1, Tokens()), Slice("/srv/web", nano("$0.22"), 1, Tokens()))
    feed.on_look = lambda request: (
        projects(request, groups) if isinstance(request, ProjectsRequest) else answer(request)
    )
    async with showing(app, BROADER) as pilot:
        await until(pilot, lambda: "/srv/web" in screen_text(app) and "/home/ada/a/web" in screen_text(app))


async def test_the_last_alerts_name_their_cause_first() -> None:
    app, _ = today()
    async with showing(app, BROADER) as pilot:
        await until(pilot, lambda: "4× edits of Button.tsx" in screen_text(app))
        text = screen_text(app)
    assert text.index("4× edits of Button.tsx") < text.index("new · $0.83 is past the warning $0.80")


@pytest.mark.parametrize("picture", [snapshot("$0.62", session_lines=()), snapshot("$0", curve=())])
async def test_an_empty_day_has_its_panels(picture: Snapshot) -> None:
    app, _ = app_over(picture)
    async with showing(app, BROAD):
        text = screen_text(app)
    assert "Hours of the day" in text and "Last alerts" in text


async def test_the_panels_can_be_read_in_dark_and_light_themes() -> None:
    app, _ = today()
    async with showing(app, BROAD) as pilot:
        await until(pilot, lambda: beside(app))
        for theme in ("calm", "textual-light", "nord", "solarized-light", "rose-pine"):
            app.theme = theme
            await pilot.press("tab")
            await until(pilot, lambda: True)
            assert list(too_faint(app)) == []
