"""What is read for a report: the costliest sessions with their causes, the alerts, and what stands beside the total."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from opencode_tui.analysis.report_periods import ReportPeriod, parse_week, week_of
from opencode_tui.clock import DAY_MS, HOUR_MS, calendar_for
from opencode_tui.config.settings import Settings
from opencode_tui.ledger.residuals import TITLE, UNDONE
from opencode_tui.readings.context import Context
from opencode_tui.readings.report import read_report
from opencode_tui.records.calls import undone_id, unlisted_id
from opencode_tui.records.cost_report import Aside, CallsDigest, CostReport, DayDigest
from opencode_tui.report.cost_report_notes import beside_lines
from opencode_tui.report.cost_report_words import (
    against_before,
    band_text,
    days_summary,
    report_days,
    session_facts_text,
)
from opencode_tui.report.papers import paper_of
from tests.stores import V2
from tests.support.ledgers import reader
from tests.support.opencode2 import undo
from tests.support.records import replace
from tests.support.watched import DAY_START, NOON, Watched
from tests.ui.builders import nano

W20 = parse_week("2026-W20")


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "ledger.db")


def read(watched: Watched, period: ReportPeriod = W20, now: int | None = None) -> CostReport:
    return read_report(period, Context(watched.ledger.connection, now or watched.now, watched.settings))


def test_the_costliest_sessions_come_with_their_subagents_and_causes(watched: Watched) -> None:
    watched.session("ses_1", "Fix header")
    watched.session("ses_2", "look around", parent="ses_1")
    for _ in range(4):
        watched.call("ses_1", "0.10", tools=[("edit", "Button.tsx")])
    watched.call("ses_2", "0.90")
    for number in range(3, 9):
        watched.call(watched.session(f"ses_{number}"), f"0.0{number}")
    report = read(watched)
    first, *others = report.sessions
    assert (first.title, first.total_nano, first.own_nano) == ("Fix header", nano("$1.30"), nano("$0.40"))
    assert (first.subagents, first.calls, first.whole_nano) == (1, 5, first.total_nano)
    assert "in all" not in session_facts_text(first)
    causes = [cause.sentence for cause in first.causes]
    assert causes[0] == 'a subagent of "Fix header" cost $0.90'
    assert any("edits of Button.tsx" in cause for cause in causes)
    assert [each.total_nano for each in others] == sorted((each.total_nano for each in others), reverse=True)
    assert (len(report.sessions), report.other_sessions, report.other_sessions_nano) == (5, 2, nano("$0.07"))


def test_a_session_counts_with_what_it_did_in_the_period(watched: Watched) -> None:
    watched.session("ses_1")
    watched.call("ses_1", "5", at=NOON - 7 * DAY_MS)
    watched.call("ses_1", "0.25", at=NOON)
    (session,) = read(watched).sessions
    assert (session.total_nano, session.calls) == (nano("$0.25"), 1)
    assert session_facts_text(session).startswith("of $5.25 in all, ")
    assert read(watched).before_nano == nano("$5")


def test_the_alerts_are_those_whose_line_was_crossed_then(watched: Watched) -> None:
    watched.session("ses_1")
    watched.call("ses_1", "0.90", at=NOON - 7 * DAY_MS)
    watched.look(NOON - 7 * DAY_MS)
    watched.call("ses_1", "0.85", at=NOON)
    watched.look(NOON + 30 * HOUR_MS)  # late
    watched.look(NOON + HOUR_MS)
    alerts = read(watched).alerts
    assert {alert.crossing.period for alert in alerts if alert.crossing.rule == "day"} == {"2026-05-13"}
    assert all(DAY_START <= alert.crossing.at_ms < DAY_START + 5 * DAY_MS for alert in alerts)


def test_what_stands_in_no_row_is_told_apart(watched: Watched) -> None:
    watched.session("ses_1")
    watched.call("ses_1", "0.50", id=unlisted_id("ses_1", 1), agent=UNDONE)
    watched.call("ses_1", "0.25", id=undone_id("ses_1", 7), agent="build")
    watched.call("ses_1", "0.01", id=unlisted_id("ses_1", 2), agent=TITLE)
    watched.call("ses_1", "0.02", agent=TITLE)
    asides = read(watched).asides
    assert (asides.undone, asides.titles) == (Aside(2, nano("$0.75")), Aside(1, nano("$0.01")))
    assert beside_lines(read(watched)) == (
        "In the total, though OpenCode has no row of it: $0.75 that was undone (2 calls), $0.01 for titles (1 call).",
    )


def test_undone_calls_of_opencode_2_are_said_by_the_real_sync(tmp_path: Path) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    store.call(session, cost="0.05")
    at = undo(store, session, "0.07")
    ours = reader(store.data_dir)
    ours.poll()
    settings = Settings(timezone="UTC")
    report = read_report(week_of(calendar_for("UTC").day(at)), Context(ours.ledger.connection, at, settings))
    ours.close()
    assert report.totals.spend_nano == store.truth.total_nano
    assert report.asides.undone == Aside(1, nano("$0.07"))


def test_a_deleted_session_stays_in_the_total_and_is_said(watched: Watched) -> None:
    watched.session("ses_1")
    watched.call("ses_1", "0.50")
    with watched.ledger.writing() as connection:
        connection.execute("UPDATE session SET present = 0")
    report = read(watched)
    assert (report.totals.spend_nano, report.asides.deleted) == (nano("$0.50"), Aside(1, nano("$0.50")))
    assert report.sessions[0].deleted


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Pacific/Auckland", "America/St_Johns"])
def test_days_of_23_and_25_hours_hold_each_call_once(zone: str, watched: Watched) -> None:
    watched.settings = Settings(timezone=zone)
    for week in (date(2026, 3, 29), date(2026, 4, 5), date(2026, 10, 25), date(2026, 11, 1), date(2026, 9, 27)):
        period = week_of(week)
        span = calendar_for(zone).span(period.first, period.last)
        for at in range(span.start_ms, span.end_ms, 6 * HOUR_MS):
            watched.call("ses_1", "0.01", at=at)
        report = read(watched, period)
        assert sum(day.digest.spend_nano for day in report.days) == report.totals.spend_nano
        assert sum(day.digest.calls for day in report.days) == report.totals.calls
        assert len(report.days) == 7


def test_the_present_changes_nothing(watched: Watched) -> None:
    watched.session("ses_1")
    watched.call("ses_1", "0.10", completed=False)
    watched.call("ses_1", "0.50")
    over = DAY_START + 5 * DAY_MS
    then = [read(watched, now=now) for now in (over, over + 40 * 60_000, over + 400 * DAY_MS)]
    assert then[0] == then[1] == then[2]
    assert then[0].asides.incomplete == 1


def test_the_days_are_summed_up_in_a_sentence(watched: Watched) -> None:
    assert days_summary(read(watched)) == "Nothing was spent"
    watched.call("ses_1", "0.50", at=NOON)
    assert days_summary(read(watched)).startswith("Of 1 day in the ledger so far, none reached")
    watched.now = DAY_START + 5 * DAY_MS
    assert days_summary(read(watched)) == (
        "Of 5 days in the ledger, none reached the warning $0.80; the costliest was Wed 13 May with $0.50"
    )
    watched.call("ses_1", "0.30", at=NOON)
    watched.call("ses_1", "1.50", at=NOON - DAY_MS)
    assert days_summary(read(watched)) == (
        "Of 6 days in the ledger, 1 past the cutoff $1.50 and 1 past the warning $0.80;"
        " the costliest was Tue 12 May with $1.50"
    )


def test_a_period_that_still_runs_is_held_against_the_same_point_of_the_one_before(watched: Watched) -> None:
    watched.session("ses_1")
    for days, usd in ((15, "9"), (8, "1"), (7, "1"), (4, "6"), (0, "1")):
        watched.call("ses_1", usd, at=NOON - days * DAY_MS)
    report = read(watched, now=NOON + HOUR_MS)
    assert against_before(report) == ("week 2026-W19 was $8.00 in all and $2.00 up to the same point: 50% less now")
    assert [band_text(day) for day in report.days] == [*["no calls"] * 2, "▲ warning", *["to come"] * 4]
    assert "so far, on Wed 13 May" in report_days(report)
    over = read(watched, now=DAY_START + 5 * DAY_MS)
    assert against_before(over) == "week 2026-W19 was $8.00: 88% less now"
    assert [band_text(day) for day in over.days][3:] == ["no calls"] * 4


def test_days_of_the_machines_own_zone_say_how_far_from_utc_they_begin(watched: Watched) -> None:
    def days(first: date, start_ms: tuple[int, ...]) -> str:
        digests = tuple(
            DayDigest(first + timedelta(days=number), start, start + DAY_MS, 0, 0, "")
            for number, start in enumerate(start_ms)
        )
        report = replace(read(watched), timezone="", digest=CallsDigest(digests, ""))
        return report_days(report).partition(", days in ")[2].partition(", so far")[0]

    midnight = 1_774_569_600_000  # 2026-03-27 00:00 UTC
    first, hour = date(2026, 3, 27), HOUR_MS
    assert days(first, (midnight,)) == "the time zone of the machine (UTC)"
    assert days(first, (midnight - 13 * hour - 45 * 60_000,)) == "the time zone of the machine (UTC+13:45)"
    assert days(first, (midnight - hour, midnight + DAY_MS - 2 * hour)) == (
        "the time zone of the machine (UTC+01:00 and UTC+02:00)"
    )
    assert days(first, (midnight + 3 * hour + 30 * 60_000,)) == "the time zone of the machine (UTC-03:30)"
    assert days(first, ()) == "the time zone of the machine"


def test_the_days_before_the_ledger_begins_are_not_without_calls(watched: Watched) -> None:
    watched.session("ses_1")
    watched.call("ses_1", "1", at=NOON)
    watched.call("ses_1", "1", at=NOON + 2 * DAY_MS)
    report = read(watched, now=DAY_START + 5 * DAY_MS)
    words = [*["before the ledger"] * 2, "▲ warning", "no calls", "▲ warning", *["no calls"] * 2]
    assert [band_text(day) for day in report.days] == words
    utc = calendar_for("UTC")
    for format in ("md", "html", "csv"):
        assert paper_of(report, format, utc).count("before the ledger") == 2, format
    told = json.loads(paper_of(report, "json", utc))
    assert [day["before_ledger"] for day in told["days"]] == [True, True, *[False] * 5]


def test_what_was_before_the_ledger_began_is_not_nothing(watched: Watched) -> None:
    assert against_before(read(watched)) == "the ledger has no call"
    watched.session("ses_1")
    watched.call("ses_1", "1", at=NOON)
    assert against_before(read(watched)) == "the ledger begins on Wed 13 May 2026"
    watched.call("ses_1", "2", at=NOON - 7 * DAY_MS)
    assert against_before(read(watched)) == ("week 2026-W19 was $2.00 from Wed 6 May 2026 on, where the ledger begins")
