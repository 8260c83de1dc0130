"""What became of a session's spend, on the Session screen."""

from __future__ import annotations

from typing import Any

from opencode_tui.config.settings import Insights
from opencode_tui.records.answers import SessionShipped
from opencode_tui.records.requests import SessionRequest, ShippedRequest
from opencode_tui.records.shipped import GitShipped, Shipped
from opencode_tui.report.shipped_words import shipped_facts, shipped_in_one
from opencode_tui.ui.app import OpencodeTui
from tests.support.records import replace
from tests.ui.builders import clock, nano
from tests.ui.session_builders import SESSION, ViewFeed, view
from tests.ui.showing import NARROW, NORMAL, THEME, WIDE, resize, screen_text, showing, until
from tests.ui.test_session import opened

LINES = Shipped(nano("$0.41"), 35, 6, 3, 1)
GIT = GitShipped(nano("$0.40"), 3, 2, 1, 0, 40, 40, 30, 0, ())
KNOWN = replace(LINES, git=GIT)
WITH_GIT = replace(THEME, insights=Insights(git=True))


def git_facts(**changes: Any) -> list[tuple[str, ...]]:
    return shipped_facts(replace(LINES, git=replace(GIT, **changes)))[1:]


async def test_without_git_a_line_has_its_cost() -> None:
    feed = ViewFeed(view(shipped=LINES))
    app = OpencodeTui(feed, THEME, clock)
    async with showing(app, NARROW) as pilot:
        await opened(pilot)
        for size in (NARROW, NORMAL, WIDE):
            await resize(pilot, size)
            assert "$0.01 a line" in screen_text(app), size
        assert ShippedRequest(SESSION) not in (*feed.looked, *feed.looks)


async def test_with_git_its_commits_and_lines_are_shown_once_git_has_answered() -> None:
    feed = ViewFeed(view(shipped=LINES))
    feed.on_look = lambda request: SessionShipped(ShippedRequest(SESSION), 1, KNOWN)
    app = OpencodeTui(feed, WITH_GIT, clock)
    async with showing(app, WIDE) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "3 commits, 2 kept, 1 reverted, $0.20 for each that was kept" in screen_text(app))
        text = screen_text(app)
    assert "30 of 40 lines still stood a week later, $0.01 a line that stands" in text
    assert "35 lines added, 6 removed, $0.01 a line" in text
    assert feed.looks == [ShippedRequest(SESSION)]
    assert SessionRequest(SESSION) in feed.looked


def test_what_git_does_not_know_yet_is_said() -> None:
    none = git_facts(commits=0, kept=0, reverted=0, aged=0)
    assert none == [("no commit was made by then", "no commit")]
    young = git_facts(aged=0, too_young=2)
    assert young[-1] == ("2 commits not looked at yet: younger than a week, or on another branch",)
    assert git_facts(commits=0, aged=0, troubles=("~/shop is not there",)) == [("~/shop is not there",)]


def test_without_edits_and_git_nothing_is_said() -> None:
    assert shipped_facts(replace(LINES, added=0, removed=0)) == []


OF_MANY = replace(LINES, added=12_040, removed=3_866, git=replace(GIT, commits=15, kept=12, aged=8_400, standing=8_030))


IN_ONE_LINE = {
    "+35 −6 lines   2 of 3 commits kept, $0.20 each   30 of 40 lines stood": KNOWN,
    "2 of 3 commits kept   30 of 40 lines stood   2 too young": replace(LINES, git=replace(GIT, too_young=2)),
    "+12,040 −3,866 lines   12 of 15 commits kept   8,030 of 8,400 lines stood": OF_MANY,
    "6 removed, $0.01 a line   no commit was made": replace(LINES, git=replace(GIT, commits=0, kept=0, aged=0)),
}


async def test_where_rows_are_few_it_takes_one_line() -> None:
    feed = ViewFeed()
    app = OpencodeTui(feed, THEME, clock)
    async with showing(app, NORMAL) as pilot:
        for line, shipped in IN_ONE_LINE.items():
            feed.views = {SessionRequest(SESSION): view(shipped=shipped)}
            await opened(pilot)
            rows = screen_text(app).splitlines()
            shown = next((row for row in rows if line in row), f"{line!r} is not there")
            assert "…" not in shown
            assert [row for row in rows if "commit" in row] == [shown]
            await pilot.press("escape")


async def test_where_there_are_rows_the_commits_and_the_lines_that_stood_have_their_own() -> None:
    feed = ViewFeed()
    app = OpencodeTui(feed, THEME, clock)
    async with showing(app, (80, 40)) as pilot:
        for shipped, commits in ((KNOWN, "3 commits, 2 kept"), (OF_MANY, "15 commits, 12 kept")):
            feed.views = {SessionRequest(SESSION): view(shipped=shipped)}
            await opened(pilot)
            text = screen_text(app)
            assert commits in text and "still stood a week later" in text, commits
            await pilot.press("escape")


def test_its_one_line_has_whole_words_at_every_width() -> None:
    variants = shipped_in_one(replace(KNOWN, git=replace(GIT, too_young=2, troubles=("~/shop is not there",))))
    assert len(set(variants)) == len(variants)
    assert [len(each) for each in variants] == sorted(map(len, variants), reverse=True)
    assert variants[-1] == "+35 −6 lines"
    assert "~/shop is not there" in variants[0]
    assert "git has not answered for all" in variants[1]
    assert shipped_in_one(replace(LINES, added=0, removed=0)) == ()
