"""One cause is one insight, the costliest first, and nothing is counted twice."""

from __future__ import annotations

from collections.abc import Sequence

from opencode_tui.analysis.claims import once
from opencode_tui.analysis.finding_parts import CallCosts, part_within
from opencode_tui.analysis.insight_order import by_cause, insights_of, said_beside
from opencode_tui.analysis.insights.rule import InsightRule
from opencode_tui.clock import DAY_MS, Span
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.work import SessionWork
from tests.support.watched import DAY_START

CENT = 10_000_000
WEEK = Span(DAY_START, DAY_START + 7 * DAY_MS)


class Waste(InsightRule):
    """A rule that finds nothing itself."""

    name = "waste"
    lever = "context"
    thresholds = (Threshold("waste", 1),)

    def find(self, work: SessionWork, settings: object) -> Sequence[Finding]:  # type: ignore[override]
        return ()

    def words(self, findings: Sequence[Finding]) -> Words:
        return Words(f"{findings[0].key} in {len(findings)}", "what", "how", "sum")


RULES = {"waste": Waste(), "loop": Waste()}
COSTS: CallCosts = {f"c{number}": (DAY_START + number * 1000, number * CENT) for number in range(1, 10)}


def finding(
    *calls: int, key: str = "a", rule: str = "waste", session: str = "ses_1", cost: int | None = None
) -> Finding:
    nano = sum(calls) * CENT if cost is None else cost
    times = [DAY_START + number * 1000 for number in calls]
    ids = tuple(f"c{number}" for number in calls)
    return Finding(rule, key, session, f"t{calls[-1]}", ids, nano, nano // 2, min(times), max(times), title=session)


def test_findings_of_one_key_are_one_insight_with_its_sessions_costliest_first() -> None:
    found = [
        finding(1, 2),
        finding(5, session="ses_2"),
        finding(9, key="b", session="ses_3"),
        finding(3, session="ses_1"),
    ]
    first, second = insights_of(by_cause(found, COSTS, RULES), RULES, WEEK)
    assert (first.title, first.cost_nano, first.saves_nano, first.calls) == ("a in 3", 11 * CENT, 55_000_000, 4)
    assert [(each.id, each.nano) for each in first.sessions] == [("ses_1", 6 * CENT), ("ses_2", 5 * CENT)]
    assert (second.key, second.cost_nano) == ("b", 9 * CENT)


def test_findings_that_are_not_enough_together_say_nothing_and_leave_their_calls_to_others() -> None:
    class Pairs(Waste):
        def is_enough(self, findings: Sequence[Finding]) -> bool:
            return len(findings) > 1

    rules = {"waste": Pairs(), "loop": Waste()}
    found = [finding(5, 6), finding(5, rule="loop"), finding(1, key="b"), finding(2, key="b", session="ses_2")]
    found += [finding(3, key="c"), finding(4, key="c", session="ses_2"), finding(4, 9, rule="loop", key="c")]
    groups = by_cause(found, COSTS, rules)
    assert {key: [each.cost_nano for each in of] for key, of in groups.items()} == {
        ("loop", "a"): [5 * CENT],
        ("loop", "c"): [13 * CENT],
        ("waste", "b"): [2 * CENT, CENT],
    }


def test_a_broad_cause_of_the_same_money_is_said_beside_the_one_that_has_it() -> None:
    class Broad(Waste):
        reach, is_said_beside = "broad", True

        def words(self, findings: Sequence[Finding]) -> Words:
            return Words("one turn started many", "what of it", "start fewer", "sum")

    rules = {"waste": Waste(), "loop": Broad()}
    found = [finding(4, 5, 6), finding(4, 5, 6, 1, rule="loop"), finding(7, 8, 9, rule="loop", key="b")]
    groups = by_cause(found, COSTS, rules)
    assert set(groups) == {("waste", "a"), ("loop", "b")}
    beside = said_beside(found, groups, rules)
    _, said = insights_of(groups, rules, WEEK, beside)
    assert (said.title, said.what, said.how) == ("a in 1", "what; one turn started many", "how; start fewer")
    assert said.cost_nano == 15 * CENT and set(beside) == {("waste", "a")}


def test_what_a_costlier_finding_has_is_not_counted_again() -> None:
    wide, part, half, other = (
        finding(1, 2, 3, 4),
        finding(4, 5, key="b"),
        finding(1, 2, key="c"),
        finding(6, session="x"),
    )
    kept = list(once([part, wide, half, other], COSTS))
    assert [(each.key, each.session_id, each.cost_nano) for each in kept] == [
        ("a", "ses_1", 10 * CENT),
        ("a", "x", 6 * CENT),
        ("b", "ses_1", 5 * CENT),
    ]
    assert kept[2].calls == ("c5",)


def test_an_estimate_is_cut_in_proportion() -> None:
    (cut, whole) = once([finding(2), finding(2, 8, key="b", cost=5 * CENT)], COSTS)
    assert (whole.cost_nano, cut.cost_nano, cut.saves_nano) == (2 * CENT, 4 * CENT, 2 * CENT)


def test_only_the_calls_of_the_period_count() -> None:
    found = finding(1, 2, 3)
    assert part_within(found, WEEK, COSTS) is found
    part = part_within(found, Span(DAY_START + 2000, DAY_START + 9000), COSTS)
    assert part is not None
    assert (part.calls, part.cost_nano, part.first_ms) == (("c2", "c3"), 5 * CENT, DAY_START + 2000)
    assert part is not None and part.sure == "estimated"  # what could be saved is taken in proportion
    assert part_within(found, Span(0, DAY_START), COSTS) is None


def test_less_than_a_cent_a_week_is_no_insight() -> None:
    assert insights_of(by_cause([finding(1, cost=CENT)], COSTS, RULES), RULES, WEEK)
    assert insights_of(by_cause([finding(1, cost=CENT)], COSTS, RULES), RULES, Span(DAY_START, DAY_START + DAY_MS))
    assert not insights_of(by_cause([finding(1, cost=CENT - 1)], COSTS, RULES), RULES, WEEK)
    assert not insights_of(
        by_cause([finding(1, cost=CENT)], COSTS, RULES), RULES, Span(DAY_START, DAY_START + 14 * DAY_MS)
    )


def test_a_rule_of_a_later_version_is_left_out() -> None:
    assert not insights_of(by_cause([finding(1, rule="unknown")], COSTS, RULES), RULES, WEEK)


def test_calls_without_a_cost_are_no_trouble() -> None:
    assert not insights_of(by_cause([finding(1, cost=0), finding(2, key="b", cost=0)], {}, RULES), RULES, WEEK)
