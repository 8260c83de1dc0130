"""The Why screen: what fired, and what is watched."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from textual.pilot import Pilot

from opencode_tui.alerts.rules import in_force
from opencode_tui.clock import Calendar
from opencode_tui.config.settings import Lines, SpendRule
from opencode_tui.records.requests import SeeAlerts, UnacknowledgeAlerts
from opencode_tui.report.alert_words import details, measured
from opencode_tui.ui.app import OpencodeTui
from opencode_tui.ui.screens.session import SessionScreen
from opencode_tui.ui.screens.why import WhyScreen
from opencode_tui.ui.tables.row_table import RowTable
from opencode_tui.ui.widgets.alert_detail import AlertDetail
from tests.support.options import alert_settings
from tests.support.records import replace
from tests.support.watched import QUIET
from tests.ui.alert_builders import DAY_CROSSING, FIRED, alert, fired
from tests.ui.alert_showing import over, poll
from tests.ui.builders import NOW, nano, snapshot
from tests.ui.session_builders import SESSION
from tests.ui.showing import (
    NARROW,
    NORMAL,
    THEME,
    WIDE,
    SnapCompare,
    answered,
    resize,
    screen_text,
    settled,
    showing,
    toast_texts,
    until,
)


async def why(pilot: Pilot[Any]) -> WhyScreen:
    """The Why screen, once it has its alerts."""
    await pilot.press("5")
    app = pilot.app
    assert isinstance(app, OpencodeTui)
    await until(pilot, lambda: isinstance(app.screen, WhyScreen) and answered(app))
    assert isinstance(app.screen, WhyScreen)
    return app.screen


async def test_why_groups_by_session_and_details_the_alert_at_the_cursor() -> None:
    app, _ = over(*FIRED[:1])
    async with showing(app, WIDE) as pilot:
        screen = await why(pilot)
        text = screen_text(app)
        assert "▸ Fix header spacing · 2 alerts · $0.83: 4× edits of" in text and "1 new" in text
        assert "snoozed to 15:05" in text
        assert "the day's spend, 2026-05-13" in text
        assert "warning at $0.80, it stood at $0.83" in joined(text)
        assert "14:21 · fired 14:22" in text
        assert "desktop delivered at 14:22" in text and "webhook failed at 14:22: HTTP 500 [from] hook" in joined(text)
        await pilot.press("end")
        await until(pilot, lambda: "session Add login flow" in joined(screen_text(app)))
        assert [row.alert.id for row in screen.alerts.rows.values()] == [4, 1, 3], (
            "the new one, the cutoff, the notices"
        )


def test_what_to_do_comes_first_in_the_details() -> None:
    labels = [label for label, _ in details(alert(), "Fix header", NOW, Calendar(UTC))]
    assert labels[:3] == ["do", "rule", "line"], "a low pane shows the first ones alone"


async def test_a_headings_title_is_shortened_before_its_count() -> None:
    app, _ = over(*FIRED[:1])
    async with showing(app, NARROW) as pilot:
        await why(pilot)
        assert "▸ Fix head… · 2 alerts " in screen_text(app)


def joined(text: str) -> str:
    """The detail's lines, which stand beside the table, as one line."""
    return " ".join(" ".join(line[106:].replace("│", "").split()) for line in text.splitlines())


@pytest.mark.parametrize("key", ["enter", "space"])
async def test_a_group_is_opened_and_closed(key: str) -> None:
    app, _ = over(*FIRED[:1])
    async with showing(app, WIDE) as pilot:
        screen = await why(pilot)
        table = screen.query_one(RowTable)
        assert list(table.keys) == [f"session {SESSION}", "1", "3"]
        await pilot.press(key)
        assert list(table.keys) == [f"session {SESSION}", "4", "2", "1", "3"]
        assert table.cursor_key == f"session {SESSION}"
        await pilot.press("down", "down")
        await until(pilot, lambda: "the same file edited in many turns" in screen_text(app))
        assert "▾ Fix header spacing" in screen_text(app)
        await pilot.press("space")
        assert list(table.keys) == [f"session {SESSION}", "1", "3"]
        assert table.cursor_key == f"session {SESSION}"


async def test_enter_in_why_opens_the_session_and_its_keys_are_about_the_row() -> None:
    app, feed = over(*FIRED[:1])
    async with showing(app, WIDE) as pilot:
        screen = await why(pilot)
        await pilot.press("space", "down", "down", "a")
        await until(pilot, lambda: len(feed.actions) == 1)
        assert feed.actions == [SeeAlerts((2,))]
        await pilot.press("up", "enter")
        await until(pilot, lambda: app.screen is not screen)
        assert isinstance(app.screen, SessionScreen) and app.screen.session_id == SESSION


async def test_u_takes_back_what_was_acknowledged_earlier_at_the_cursor() -> None:
    app, feed = over()
    other = alert(1, cause=replace(alert().cause, session_id=None))
    feed.on_look = lambda _: fired(alert(2, acknowledged_ms=NOW), other)
    async with showing(app, WIDE) as pilot:
        await why(pilot)
        assert "z x u Alerts" not in screen_text(app)
        await pilot.press("u", "j")
        await until(pilot, lambda: "z x u Alerts" in screen_text(app))
        await pilot.press("u")
        await until(pilot, lambda: feed.actions == [UnacknowledgeAlerts((2,))])


async def test_enter_on_an_alert_without_a_session_says_so() -> None:
    app, _ = over(*FIRED[:1])
    async with showing(app, WIDE) as pilot:
        await why(pilot)
        await pilot.press("down", "enter")
        await until(pilot, lambda: toast_texts(app) == ["No session stands out as the cause of this alert."])


async def test_a_new_alert_does_not_move_the_cursor() -> None:
    app, feed = over(*FIRED[:1])
    async with showing(app, WIDE) as pilot:
        screen = await why(pilot)
        await pilot.press("end")
        table = screen.query_one(RowTable)
        newest = alert(5, "the newest", "cutoff", replace(alert().cause, session_id="ses_9", found=False))
        feed.on_look = lambda query: fired(newest, *FIRED)
        await poll(pilot, feed, snapshot("$0.97"))
        await until(pilot, lambda: table.row_count == 4)
        assert table.cursor_key == "3" and "the newest" in screen_text(app)
        assert table.keys[0] == "5", "the gravest comes first"


async def test_an_alert_in_a_closed_group_is_gone_to() -> None:
    app, _ = over(*FIRED[:1])
    async with showing(app, NORMAL) as pilot:
        screen = await why(pilot)
        await screen.go_to(2)
        await until(pilot, lambda: screen.query_one(RowTable).cursor_key == "2")


async def test_the_detail_says_why_no_cause_was_found() -> None:
    shared = replace(alert().cause, sentence="127 sessions share it", found=False)
    app, feed = over()
    feed.on_look = lambda _: fired(alert(1, cause=shared))
    async with showing(app, NORMAL) as pilot:
        await why(pilot)
        assert "$0.83 is past the warning $0.80: 127 sessions share it" in screen_text(app)


async def test_a_narrow_terminal_has_the_detail_below_and_a_wide_one_beside() -> None:
    app, _ = over(*FIRED[:1])
    async with showing(app, (120, 40)) as pilot:
        screen = await why(pilot)
        table, detail = screen.query_one(RowTable), screen.query_one(AlertDetail)
        assert detail.region.y >= table.region.bottom
        await pilot.resize_terminal(160, 40)
        await until(pilot, lambda: detail.region.x >= table.region.right)


async def test_before_any_alert_why_says_what_is_watched() -> None:
    app, feed = over()
    feed.on_look = lambda query: fired()
    async with showing(app, NARROW) as pilot:
        await why(pilot)
        for size in (NARROW, NORMAL, WIDE):
            await resize(pilot, size)
            text = screen_text(app)
            assert "No alert has fired yet" in text, size
            assert "the day's spend: warning at" in text, size
            assert {len(line) for line in text.splitlines()} == {size[0]}


async def test_help_and_the_footer_of_why_name_its_keys() -> None:
    app, _ = over(*FIRED[:1])
    async with showing(app, WIDE) as pilot:
        await why(pilot)
        assert "a A z x Alerts" in screen_text(app)
        await pilot.press("question_mark")
        await until(pilot, lambda: "You have seen this alert" in screen_text(app))


async def test_a_narrow_pane_sets_in_what_goes_on_in_the_next_line() -> None:
    app, _ = over(*FIRED[:1])
    async with showing(app, NARROW) as pilot:
        await why(pilot)
        assert "\n          2026-05-13 " in screen_text(app)


@pytest.mark.parametrize(
    ("rule", "kind", "said"),
    [
        ("rate", "rate", "$0.00"),
        ("every_usd", "every", "$0.00"),
        ("every_calls", "every", "90 calls"),
        ("every_minutes", "every", "90 minutes"),
        ("context", "context", "90%"),
        ("subagent_depth", "depth", "90 levels"),
        ("same_call", "loop", "90 times"),
        ("same_file", "edits", "90 turns"),
    ],
)
def test_a_value_is_said_in_the_unit_of_its_rule(rule: str, kind: str, said: str) -> None:
    one = alert(crossing=replace(DAY_CROSSING, rule=rule, kind=kind))
    assert measured(one, 90) == said.replace("$0.00", "<$0.0001")


def test_every_rule_that_is_on_is_watched_and_none_that_is_off() -> None:
    cheap = Lines(warning_nano=nano("$3"))
    rules = {"opus": SpendRule(cheap, "model", "month", "opus")}
    on = alert_settings(
        month=cheap, spend=rules, every_calls=50, every_nano=nano("$1"), every_minutes=1, subagent_depth=2
    )
    text = "\n".join(in_force(replace(THEME, alerts=on)))
    assert "the month's spend: warning at $3.00" in text
    assert "your rule “opus”: each model with “opus” in a month: warning at $3.00" in text
    assert "every 50 calls" in text and "every $1.00" in text and "every 1 minute " in text
    assert "a subagent deeper than 2" in text and "how full the context is: notice at 80%, warning at 95%" in text
    assert in_force(replace(THEME, alerts=QUIET)) == ("the day's spend: warning at $0.80, cutoff at $1.50",)


def test_why_looks(snap_compare: SnapCompare) -> None:
    app, _ = over(*FIRED[:1])

    async def show(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        await why(pilot)

    assert snap_compare(app, terminal_size=WIDE, run_before=show)
