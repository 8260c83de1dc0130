"""A period's findings get the calls that they are about where other findings are about the same sessions."""

from __future__ import annotations

from random import Random

from msgspec.structs import replace

from opencode_tui.analysis.call_figures import SHARE, figures_of_calls
from opencode_tui.analysis.claims import once
from opencode_tui.analysis.finding_parts import shares_of
from opencode_tui.analysis.period_calls import SharedCall, shared_sessions, with_their_calls
from opencode_tui.clock import MINUTE_MS
from opencode_tui.records.insights import Finding, QuarterCost
from tests.analysis.test_insight_order import CENT, COSTS, finding
from tests.support.watched import DAY_START

_QUARTER_MS = 15 * MINUTE_MS
START = DAY_START // _QUARTER_MS * _QUARTER_MS


def calls_of(session: str, *numbers: int, undone: tuple[int, ...] = ()) -> list[SharedCall]:
    """The calls `c1` and so on of `COSTS`: so many cents each."""
    return [SharedCall(f"c{n}", session, DAY_START + n * 1000, n * CENT, n in undone) for n in numbers]


def whole(session: str, cost: int, *, saves: int = 0, is_undone: bool = False, rule: str = "lost") -> Finding:
    """What a rule on a period finds in a session."""
    times = DAY_START, DAY_START + 10_000
    return Finding(rule, "sessions", session, "", (), cost, saves, *times, is_undone=is_undone)


def kept(found: list[Finding], wide: list[Finding], calls: list[SharedCall]) -> dict[str, tuple[int, int]]:
    """(cost, saving) by rule of what stays of findings of sessions and of a period."""
    of_calls = with_their_calls(wide, calls)
    wide_ones = {each.rule for each in wide}
    stay = once([*found, *of_calls], COSTS, lambda each: "period" if each.rule in wide_ones else "close")
    return {each.rule: (each.cost_nano, each.saves_nano) for each in stay}


def test_a_session_cost_what_closer_findings_leave_and_would_save_as_much_less() -> None:
    loop, lost = finding(2), whole("ses_1", 10 * CENT, saves=5 * CENT)
    assert shared_sessions([loop, lost], {}) == {"ses_1"}
    assert kept([loop], [lost], calls_of("ses_1", 1, 2, 3, 4)) == {
        "waste": (2 * CENT, CENT),
        "lost": (8 * CENT, 4 * CENT),
    }


def test_a_session_of_which_half_is_left_or_less_is_none() -> None:
    assert kept([finding(2, 3)], [whole("ses_1", 10 * CENT)], calls_of("ses_1", 1, 2, 3, 4)) == {
        "waste": (5 * CENT, 25_000_000)
    }


def test_a_session_of_its_own_counts_whole_without_its_calls() -> None:
    found, lost = finding(2, 3), whole("ses_2", 7 * CENT, saves=7 * CENT)
    assert shared_sessions([found, lost], {}) == set()
    assert kept([found], [lost], [])["lost"] == (7 * CENT, 7 * CENT)


def test_undone_calls_and_the_others_of_a_session_are_apart() -> None:
    calls = calls_of("ses_1", 1, 2, 3, 4, undone=(3,))
    undone, others = whole("ses_1", 3 * CENT, is_undone=True, rule="undone"), whole("ses_1", 7 * CENT)
    named = {each.rule: each.calls for each in with_their_calls([undone, others], calls)}
    assert named == {"undone": ("c3",), "lost": ("c1", "c2", "c4")}


def test_the_calls_of_subagents_are_found_in_their_own_session() -> None:
    fan_out, lost = finding(1, 2, session="root"), whole("sub", 9 * CENT)
    assert shared_sessions([fan_out, lost], {}) == set()
    assert shared_sessions([fan_out, lost], {"c2": "sub"}) == {"sub"}
    assert kept([fan_out], [lost], calls_of("sub", 2, 7))["lost"][0] == 7 * CENT


def test_a_share_of_each_quarter_is_split_among_its_calls_and_the_unnamed_rest_stays() -> None:
    parts = (QuarterCost("ses_1", START, 24_000_000), QuarterCost("ses_2", START, 20_000_000))
    server = Finding("server", "github", "", "", (), 44_000_000, 44_000_000, START, START + 1, quarters=parts)
    assert shared_sessions([server, finding(2)], {}) == {"ses_1"}
    (named,) = with_their_calls([server], calls_of("ses_1", 1, 2, 3))
    assert figures_of_calls(named, SHARE) == (4_000_000, 8_000_000, 12_000_000)
    assert kept([finding(2)], [server], calls_of("ses_1", 1, 2, 3))["server"] == (36_000_000, 36_000_000)


def test_a_piece_of_a_quarter_has_its_own_calls_whole() -> None:
    left = Finding("away", "away", "ses_1", "", (), 7 * CENT, 0, DAY_START, DAY_START + 1)
    pieces = (QuarterCost("ses_1", DAY_START + 3_000, 3 * CENT), QuarterCost("ses_1", DAY_START + 3_000, 4 * CENT))
    (named,) = with_their_calls([replace(left, quarters=pieces)], calls_of("ses_1", 1, 2, 3, 4, 5))
    assert (named.calls, figures_of_calls(named, SHARE)) == (("c3", "c4"), (3 * CENT, 4 * CENT))


def test_no_call_pays_for_more_than_it_cost_whichever_findings_there_are() -> None:
    for seed in range(300):
        random = Random(seed)
        session_of = {f"c{n}": random.choice(("ses_1", "ses_2", "ses_3")) for n in range(1, 10)}
        numbers = {id: [n for n in range(1, 10) if session_of[f"c{n}"] == id] for id in ("ses_1", "ses_2", "ses_3")}
        undone = tuple(n for n in range(1, 10) if random.random() < 0.3)
        found: list[Finding] = []
        wide: list[Finding] = []
        for id, own in numbers.items():
            for rule, rest in (
                ("undone", [n for n in own if n in undone]),
                ("lost", [n for n in own if n not in undone]),
            ):
                if rest and random.random() < 0.7:
                    wide.append(whole(id, sum(rest) * CENT, is_undone=rule == "undone", rule=rule))
            for key in "ab":
                if named := [n for n in own if random.random() < 0.4]:
                    share = sum(named) * CENT // random.choice((1, 1, 3))
                    found.append(finding(*named, key=key, session=id, cost=share))
        shared = shared_sessions([*found, *wide], {})
        calls = [call for id in sorted(shared) for call in calls_of(id, *numbers[id], undone=undone)]
        resolved = list(with_their_calls(wide, calls))
        stay = list(once([*found, *resolved], COSTS, lambda each: "period" if each.rule == "lost" else "close"))
        spent = dict.fromkeys(session_of, 0)
        for each in stay:
            shares = shares_of(each, COSTS)
            assert not each.calls or each.cost_nano == sum(shares.values())
            for call_id, nano in shares.items():
                spent[call_id] += nano
        assert all(nano <= COSTS[call_id][1] for call_id, nano in spent.items()), seed
        assert sum(each.cost_nano for each in stay) <= 45 * CENT, seed
