"""The cause of an alert and the insights on its session: one truth."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

from opencode_tui.analysis.causes import cause_of
from opencode_tui.analysis.insights import RULE_OF
from opencode_tui.analysis.insights.rule import InsightRule
from opencode_tui.clock import Calendar
from opencode_tui.config.settings import Budget, Insights
from opencode_tui.records.alerts import Cause, Crossing
from opencode_tui.records.evidence import Evidence, SessionEvidence, Share
from opencode_tui.records.work import SessionWork
from tests.support.records import replace
from tests.support.watched import NOON, Watched
from tests.support.work import call, found, session, turn, words


def cause(work: SessionWork, **thresholds: int) -> Cause:
    evidence = SessionEvidence(work.id, work.title, work.calls, work.tools)
    share = Share(work.id, work.title, work.cost_nano, work.cost_nano, len(work.calls))
    crossing = Crossing("day", "spend", "warning", "", "", 0, 0, NOON)
    return cause_of(crossing, Evidence(NOON - 3_600_000, (share,), (evidence,), thresholds), Calendar(UTC))


def rule(name: str) -> InsightRule:
    each = RULE_OF[name]
    assert isinstance(each, InsightRule)
    return each


def test_a_redesign_has_the_same_rounds_and_cost_as_cause_and_as_insight() -> None:
    work = session(*(turn(call("0.20", "edit src/Button.tsx")) for _ in range(4)), turn(call("0.05")))
    (finding,) = found(rule("redesign_loop"), work)
    told = cause(work)
    assert told.cost_nano == finding.cost_nano
    assert told.turn_id == finding.turn_id
    assert "4× edits of Button.tsx" in told.sentence
    assert words(rule("redesign_loop"), [finding]).title == "Button.tsx edited in 4 turns"


def test_what_only_an_insight_rule_knows_is_the_cause_in_its_words() -> None:
    work = session(
        turn(*(call("0.10", "read src/Cart.tsx") for _ in range(3))),
        turn(*(call("0.10", "read src/Cart.tsx") for _ in range(3))),
    )
    finding = max(found(rule("repeated_reads"), work), key=lambda each: each.cost_nano)
    told = cause(work)
    assert told.found
    if "read" in told.sentence and "identical" not in told.sentence:
        said = words(rule("repeated_reads"), [finding])
        assert (told.sentence, told.remedy, told.cost_nano) == (said.what, said.how, finding.cost_nano)


def test_a_cause_keeps_to_the_thresholds_of_the_settings() -> None:
    work = session(*(turn(call("0.10", f"edit! src/a{number}.tsx")) for number in range(8)), turn(call("0.05")))
    assert "asked for nothing but edits that failed" in cause(work).sentence
    assert "asked for nothing but edits that failed" in cause(work, failed_edits=8).sentence
    for threshold in (9, 0):  # more than there were, and the rule turned off
        assert "edits" not in cause(work, failed_edits=threshold).sentence


def test_an_alert_has_them_from_the_settings(tmp_path: Path) -> None:
    for threshold, expected in ((3, True), (9, False)):
        watched = Watched(tmp_path / f"{threshold}.db")
        budget = Budget(warning_nano=500_000_000, cutoff_nano=10**12)
        insights = Insights({"failed_edits": threshold})
        watched.settings = replace(watched.settings, budget=budget, insights=insights)
        watched.session("ses_1", "Fix header")
        for number in range(8):
            watched.call(cost="0.10", tools=[("edit", f"src/a{number}.tsx")], ok=False)
        causes = [alert.cause.sentence for alert in watched.look() if alert.crossing.rule == "day"]
        assert ["edits that failed" in sentence for sentence in causes] == [expected]
