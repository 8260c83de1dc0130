"""The palette's Reconcile: the figures in a dialog that fits every pane and closes with a key."""

from __future__ import annotations

import sqlite3
import threading

import pytest
from textual.command import CommandInput
from textual.widgets import Static

from opencode_tui.records.answers import Answer
from opencode_tui.records.reconciliation import Explained, OpenCodeFigure, Reconciliation, StoreFigures
from opencode_tui.records.requests import ReconcileRequest, Request
from opencode_tui.ui.app import OpencodeTui
from opencode_tui.ui.palette import Palette
from opencode_tui.ui.screens.reconcile import ReconcileScreen
from tests.ui.builders import snapshot
from tests.ui.quiet import quiet
from tests.ui.showing import app_over, screen_text, showing, until

FORKS = Explained("forks", -94_121_940, 13)
FOUND = Reconciliation(
    request=ReconcileRequest(),
    taken_ms=1,
    figures=(
        OpenCodeFigure("stats", 1_082_150_560, 1_082_150_561, ()),
        OpenCodeFigure("messages", 1_176_272_501, 1_082_150_561, (FORKS,)),
    ),
    stores=(StoreFigures("/home/dev/opencode.db", "OpenCode 2", True, 1, None, 2, 92),),
    not_billed=Explained("list price", 420_000_000, 7),
    doubled=Explained("reasoning counted twice", 0, 0),
)


async def opened(app: OpencodeTui, pilot: object) -> None:
    await pilot.press("ctrl+p")  # type: ignore[attr-defined]
    await until(pilot, lambda: isinstance(app.screen, Palette))  # type: ignore[arg-type]
    await quiet(app)
    app.screen.query_one(CommandInput).value = "reconcile"
    await quiet(app)
    await pilot.press("enter")  # type: ignore[attr-defined]
    await until(pilot, lambda: isinstance(app.screen, ReconcileScreen))  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [(32, 20), (80, 24)])
async def test_the_figures_and_the_rest_are_shown_in_every_pane(size: tuple[int, int]) -> None:
    app, feed = app_over(snapshot("$0.93"))
    feed.on_look = lambda request: FOUND
    async with showing(app, size) as pilot:
        await opened(app, pilot)
        await until(pilot, lambda: "+$0.000000001" in screen_text(app) and "stats" in screen_text(app))
        assert ReconcileRequest() in feed.looks
        await pilot.press("G")
        await until(pilot, lambda: "beside" in screen_text(app) or "Not explained" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, ReconcileScreen))


async def test_polls_go_on_while_it_is_being_read() -> None:
    app, feed = app_over(snapshot("$0.93"))
    go_on = threading.Event()

    def slowly(request: Request) -> Answer:
        go_on.wait(60)
        return FOUND

    feed.on_look = slowly
    async with showing(app) as pilot:
        await opened(app, pilot)
        await until(pilot, lambda: ReconcileRequest() in feed.looks)
        for spend in ("$0.94", "$0.95"):
            feed.answers.append(snapshot(spend))
            await pilot.press("r")
            app.poller.refresh()
            await until(pilot, lambda: not feed.answers)
        assert feed.looks == [ReconcileRequest()], "it is not begun again by a poll"
        assert "Reading all calls" in screen_text(app)
        go_on.set()
        await until(pilot, lambda: "+$0.000000001" in screen_text(app))
        assert feed.apart != feed.thread
        feed.answers.append(snapshot("$0.96"))
        app.poller.refresh()
        await until(pilot, lambda: not feed.answers)
        assert feed.looks == [ReconcileRequest()]


async def test_what_fails_while_it_is_being_read_is_a_sentence() -> None:
    app, feed = app_over(snapshot("$0.93"))

    def fail(request: Request) -> Answer:
        locked = sqlite3.OperationalError("database is locked")
        locked.sqlite_errorcode = sqlite3.SQLITE_BUSY
        raise locked

    feed.on_look = fail
    async with showing(app) as pilot:
        await opened(app, pilot)
        await until(
            pilot, lambda: "This could not be read: the ledger is locked by another process." in screen_text(app)
        )


async def test_why_there_are_no_figures_is_said() -> None:
    app, _ = app_over(snapshot("$0.93"))
    async with showing(app) as pilot:
        await opened(app, pilot)
        await until(pilot, lambda: "There is no such session." in screen_text(app))
        await pilot.press("q")
        await until(pilot, lambda: not isinstance(app.screen, ReconcileScreen))
        assert app.is_running


async def test_a_pane_that_grows_has_the_lines_of_its_new_width() -> None:
    app, feed = app_over(snapshot("$0.93"))
    feed.on_look = lambda request: FOUND
    async with showing(app, (80, 24)) as pilot:
        await opened(app, pilot)
        await until(pilot, lambda: "+$0.000000001" in screen_text(app))
        wide = str(app.screen.query_one(Static).render())
        await pilot.resize_terminal(34, 24)
        await until(pilot, lambda: str(app.screen.query_one(Static).render()) != wide)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: str(app.screen.query_one(Static).render()) == wide)
