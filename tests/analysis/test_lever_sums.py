"""A sum of findings has each call's money once, whichever of them are about it."""

from __future__ import annotations

from random import Random

from opencode_tui.analysis.lever_sums import SharedCall, lever_sum, shared_sessions
from opencode_tui.clock import MINUTE_MS
from opencode_tui.records.insights import Finding, QuarterCost
from opencode_tui.records.levers import LeverSum
from tests.analysis.test_insight_order import CENT, COSTS, finding
from tests.support.watched import DAY_START

_QUARTER_MS = 15 * MINUTE_MS


def calls_of(session: str, *numbers: int, undone: tuple[int, ...] = ()) -> list[SharedCall]:
    """The calls `c1` and so on of `COSTS`: so many cents each."""
    return [SharedCall(f"c{n}", session, DAY_START + n * 1000, n * CENT, n in undone) for n in numbers]


def whole(session: str, cost: int, *, saves: int = 0, is_undone: bool = False) -> Finding:
    """What a rule on a period finds in a session."""
    times = DAY_START, DAY_START + 10_000
    return Finding("lost", "sessions", session, "", (), cost, saves, *times, is_undone=is_undone)


def test_what_a_session_cost_counts_beside_what_was_found_in_it_only_with_the_rest() -> None:
    loop, lost = finding(2, 3), whole("ses_1", 10 * CENT, saves=5 * CENT)
    assert shared_sessions([loop, lost], COSTS, {}) == {"ses_1"}
    found = lever_sum([lost, loop], COSTS, calls_of("ses_1", 1, 2, 3, 4))
    assert found == LeverSum(10 * CENT, 25_000_000 + 25_000_000)  # half of the loop, and half of half of the rest


def test_a_session_of_its_own_counts_whole_without_its_calls() -> None:
    found = [finding(2, 3), whole("ses_2", 7 * CENT, saves=7 * CENT)]
    assert shared_sessions(found, COSTS, {}) == set()
    assert lever_sum(found, COSTS, []) == LeverSum(12 * CENT, 7 * CENT + 25_000_000)


def test_undone_calls_and_the_others_of_a_session_are_apart() -> None:
    calls = calls_of("ses_1", 1, 2, 3, 4, undone=(3,))
    undone, others = whole("ses_1", 3 * CENT, is_undone=True), whole("ses_1", 7 * CENT)
    assert lever_sum([undone, others], COSTS, calls).cost_nano == 10 * CENT
    assert lever_sum([undone, finding(3, 4)], COSTS, calls).cost_nano == 7 * CENT
    assert lever_sum([others, finding(3)], COSTS, calls).cost_nano == 10 * CENT


def test_the_calls_of_subagents_are_found_in_their_own_session() -> None:
    fan_out, lost = finding(1, 2, session="root"), whole("sub", 9 * CENT)
    assert shared_sessions([fan_out, lost], COSTS, {}) == set()
    assert shared_sessions([fan_out, lost], COSTS, {"c2": "sub"}) == {"sub"}
    assert lever_sum([fan_out, lost], COSTS, calls_of("sub", 2, 7)).cost_nano == 10 * CENT


def test_output_that_later_calls_carried_costs_only_what_others_leave_of_them() -> None:
    build = finding(2, cost=6 * CENT)  # 2 cents where it was read first, 4 in later calls
    assert shared_sessions([build, finding(3, key="b")], COSTS, {}) == {"ses_1"}
    calls = calls_of("ses_1", 1, 2, 3, 4)
    assert lever_sum([build, finding(3, key="b")], COSTS, calls).cost_nano == 9 * CENT
    assert lever_sum([build, finding(3, 4, key="b")], COSTS, calls).cost_nano == 9 * CENT
    assert lever_sum([build], COSTS, []).cost_nano == 6 * CENT


def test_an_estimated_share_of_each_quarter_leaves_the_rest_to_others() -> None:
    start = DAY_START // _QUARTER_MS * _QUARTER_MS
    parts = (QuarterCost("ses_1", start, 3 * CENT), QuarterCost("ses_2", start, 2 * CENT))
    server = Finding("server", "github", "", "", (), 5 * CENT, 5 * CENT, DAY_START, DAY_START + 1, quarters=parts)
    calls = calls_of("ses_1", 1, 2, 3)
    assert shared_sessions([server, finding(2)], COSTS, {}) == {"ses_1"}
    assert lever_sum([server, finding(2)], COSTS, calls) == LeverSum(7 * CENT, 5 * CENT + CENT)
    assert lever_sum([server, finding(1, 2, 3)], COSTS, calls).cost_nano == 8 * CENT


def test_any_findings_add_up_to_the_calls_that_they_are_about() -> None:
    for seed in range(300):
        random = Random(seed)
        session_of = {f"c{n}": random.choice(("ses_1", "ses_2", "ses_3")) for n in range(1, 10)}
        numbers = {id: [n for n in range(1, 10) if session_of[f"c{n}"] == id] for id in ("ses_1", "ses_2", "ses_3")}
        undone = {n for n in range(1, 10) if random.random() < 0.3}
        about: set[int] = set()
        found: list[Finding] = []
        for id, own in numbers.items():
            for rest in ([n for n in own if n in undone], [n for n in own if n not in undone]):
                if rest and random.random() < 0.5:
                    found.append(whole(id, sum(rest) * CENT, is_undone=rest[0] in undone))
                    about.update(rest)
            if named := [n for n in own if random.random() < 0.4]:
                found.append(finding(*named, session=id))
                about.update(named)
        calls = [
            call
            for id in sorted(shared_sessions(found, COSTS, {}))
            for call in calls_of(id, *numbers[id], undone=tuple(undone))
        ]
        assert lever_sum(found, COSTS, calls).cost_nano == sum(about) * CENT, seed
