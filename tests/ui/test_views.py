"""What a screen looks at beyond the snapshot: asked once, answered on the poller's thread, renewed when it changes."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot

from opencode_tui.records.answers import Answer
from opencode_tui.records.collecting import collect_as_usual
from opencode_tui.records.day import Snapshot
from opencode_tui.records.requests import Request, SessionRequest, SessionsRequest
from opencode_tui.ui.app import OpencodeTui, run_app
from opencode_tui.ui.poller import Poller, rest_s, same
from tests.support.records import replace
from tests.ui.builders import NOW, FakeFeed, clock, row, session_list, snapshot
from tests.ui.quiet import quiet
from tests.ui.showing import THEME, screen_text, showing, until

WEEK, MONTH, UNKNOWN = SessionsRequest("week"), SessionsRequest("month"), SessionRequest("ses_x")


class Ear(App[None]):
    """Hears what a poller says."""

    def __init__(self, feed: FakeFeed) -> None:
        super().__init__()
        self.poller = Poller(self, feed, 60.0, clock)
        self.views: list[Answer] = []
        self.missing: list[tuple[Request, str]] = []
        self.polls = 0

    def on_mount(self) -> None:
        self.poller.start()

    def on_unmount(self) -> None:
        self.poller.stop()

    def on_poller_answered(self, message: Poller.Answered) -> None:
        self.views.append(message.answer)

    def on_poller_unanswered(self, message: Poller.Unanswered) -> None:
        self.missing.append((message.request, message.reason))

    def on_poller_poll_succeeded(self) -> None:
        self.polls += 1


class BusyFeed(FakeFeed):
    """Has so much to catch up with, and fails at the last if it has a trouble."""

    def __init__(self, left: int, trouble: Exception | None = None) -> None:
        super().__init__()
        self.left, self.trouble = left, trouble
        self.on_look = answer

    def catch_up(self) -> bool:
        self.left -= 1
        if not self.left and self.trouble:
            raise self.trouble
        return self.left > 0


def answer(request: Request) -> Answer:
    if not isinstance(request, SessionsRequest):
        raise LookupError("There is no session ses_x.")
    return session_list(period=request.period)


@asynccontextmanager
async def hearing(feed: FakeFeed) -> AsyncIterator[tuple[Ear, Pilot[Any]]]:
    ear = Ear(feed)
    async with ear.run_test() as pilot:
        await until(pilot, lambda: ear.polls > 0)
        yield ear, pilot


async def polled_again(ear: Ear, pilot: Pilot[Any]) -> None:
    polls = ear.polls
    ear.poller.refresh()
    await until(pilot, lambda: ear.polls > polls)


def feed_with(look: Callable[[Request], Answer] = answer, *answers: Snapshot) -> FakeFeed:
    feed = FakeFeed(*answers)
    feed.on_look = look
    return feed


@pytest.mark.parametrize(("took", "rest"), [(0.0, 2.0), (1.5, 0.5), (1.9, 0.2), (7.0, 0.2)])
def test_a_poll_that_took_long_makes_the_next_one_no_later(took: float, rest: float) -> None:
    assert rest_s(2.0, took) == pytest.approx(rest)


async def test_what_is_asked_is_answered_at_once_and_on_the_pollers_thread() -> None:
    async with hearing(feed := feed_with()) as (ear, pilot):
        ear.poller.ask((WEEK,))
        await until(pilot, lambda: bool(ear.views))
        assert ear.views == [session_list(period="week")]
        assert feed.looks == [WEEK]
        assert feed.thread not in (None, threading.get_ident())


async def test_without_anything_new_nothing_is_looked_up_again() -> None:
    async with hearing(feed := feed_with()) as (ear, pilot):
        ear.poller.ask((WEEK,))
        await until(pilot, lambda: bool(ear.views))
        await polled_again(ear, pilot)
        assert feed.looks == [WEEK]


async def test_a_new_picture_brings_a_new_view_only_if_it_is_another_one() -> None:
    rows = [session_list(taken_ms=NOW)]
    async with hearing(feed := feed_with(lambda _: rows[-1])) as (ear, pilot):
        ear.poller.ask((WEEK,))
        await until(pilot, lambda: len(ear.views) == 1)
        rows.append(replace(rows[-1], taken_ms=NOW + 2000))
        feed.answers.append(snapshot("$0.71"))
        await polled_again(ear, pilot)
        assert feed.looks == [WEEK, WEEK] and len(ear.views) == 1, "only the time it was taken at is another"
        rows.append(session_list(row("new")))
        feed.answers.append(snapshot("$0.72"))
        await polled_again(ear, pilot)
        await until(pilot, lambda: ear.views[-1] == rows[-1])


async def test_only_what_was_asked_last_is_looked_at() -> None:
    async with hearing(feed := feed_with()) as (ear, pilot):
        ear.poller.ask((WEEK,))
        await until(pilot, lambda: len(ear.views) == 1)
        ear.poller.ask((MONTH,))
        await until(pilot, lambda: len(ear.views) == 2)
        feed.looks.clear()
        feed.answers.append(snapshot("$0.71"))
        await polled_again(ear, pilot)
        assert feed.looks == [MONTH]
        ear.poller.ask(())
        feed.answers.append(snapshot("$0.72"))
        await polled_again(ear, pilot)
        assert feed.looks == [MONTH]


async def test_asking_for_more_leaves_what_is_there() -> None:
    async with hearing(feed := feed_with()) as (ear, pilot):
        ear.poller.ask((WEEK,))
        await until(pilot, lambda: len(ear.views) == 1)
        ear.poller.ask((WEEK, MONTH))
        await until(pilot, lambda: len(ear.views) == 2)
        assert feed.looks == [WEEK, MONTH]


async def test_asking_for_the_same_again_answers_again() -> None:
    async with hearing(feed_with()) as (ear, pilot):
        for count in (1, 2):
            ear.poller.ask((WEEK,))
            await until(pilot, lambda count=count: len(ear.views) == count)  # type: ignore[misc]


async def test_a_session_that_is_not_known_is_said_once_and_stops_nothing() -> None:
    async with hearing(feed := feed_with()) as (ear, pilot):
        ear.poller.ask((UNKNOWN, WEEK))
        await until(pilot, lambda: bool(ear.missing and ear.views))
        feed.answers.append(snapshot("$0.71"))
        await polled_again(ear, pilot)
        assert ear.missing == [(UNKNOWN, "There is no session ses_x.")]


async def test_what_is_asked_during_a_long_import_does_not_wait_for_its_end() -> None:
    feed, asked, go_on = feed_with(), threading.Event(), threading.Event()

    def poll(report: Callable[[Snapshot], None]) -> Snapshot | None:
        if not asked.wait(20):
            raise TimeoutError
        report(snapshot("$0.11"))
        go_on.wait(20)
        return None

    feed.poll = poll  # type: ignore[method-assign]
    ear = Ear(feed)
    async with ear.run_test() as pilot:
        ear.poller.ask((WEEK,))
        asked.set()
        await until(pilot, lambda: bool(ear.views))
        assert ear.polls == 0
        go_on.set()


async def test_a_look_that_fails_is_a_failed_poll_and_is_tried_again() -> None:
    broken = [True]

    def look(request: Request) -> Answer:
        if broken.pop() if broken else False:
            raise OSError("disk I/O error")
        return answer(request)

    async with hearing(feed_with(look)) as (ear, pilot):
        ear.poller.ask((WEEK,))
        await until(pilot, lambda: not broken)
        ear.poller.refresh()
        await until(pilot, lambda: bool(ear.views))


def test_answers_are_the_same_but_for_when_they_were_taken() -> None:
    one = session_list(taken_ms=1)
    assert same(one, replace(one, taken_ms=2))
    assert not same(one, session_list(row("other"), taken_ms=1))
    assert not same(None, one)
    assert not same("gone", one) and not same(one, "gone") and same("gone", "gone")


@pytest.mark.parametrize("trouble", [None, ValueError("a fault in what can wait")])
async def test_what_can_wait_is_caught_up_with_between_two_polls(trouble: Exception | None) -> None:
    feed = BusyFeed(9, trouble)
    app = Ear(feed)
    async with app.run_test() as pilot:
        await until(pilot, lambda: not feed.left)
        assert feed.polls == app.polls == 1
        feed.left = 2
        app.poller.refresh()
        await until(pilot, lambda: feed.polls == 2 and not feed.left)


async def test_a_request_does_not_wait_until_all_is_caught_up_with() -> None:
    feed = BusyFeed(10**9)
    app = Ear(feed)
    async with app.run_test() as pilot:
        await until(pilot, lambda: feed.left < 10**9 - 2)
        app.poller.ask((WEEK,))
        await until(pilot, lambda: bool(app.views))
        assert feed.polls == 2


async def test_what_is_there_after_the_start_is_no_longer_looked_through_for_garbage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    apps: list[OpencodeTui] = []
    monkeypatch.setattr(OpencodeTui, "run", lambda app, mouse: apps.append(app))
    feed = FakeFeed(snapshot("$0.93"))
    run_app(feed, THEME)
    app = apps[0]
    assert app.after_start == collect_as_usual
    frozen: list[str] = []
    app.after_start = lambda: frozen.append(screen_text(app))
    async with showing(app) as pilot:
        await until(pilot, lambda: bool(frozen))
        polls = feed.polls
        app.poller.refresh()
        await until(pilot, lambda: feed.polls > polls)
        await quiet(app)
    assert len(frozen) == 1 and "$0.93" in frozen[0]
