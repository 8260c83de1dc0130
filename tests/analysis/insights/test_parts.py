"""What is said of findings of which a period has only a part."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from opencode_tui.analysis.call_figures import sum_left, with_calls
from opencode_tui.analysis.insights import RULE_OF
from opencode_tui.analysis.insights.cache_break import CacheBreak
from opencode_tui.analysis.insights.parts import are_whole, calls_left, rest_text
from opencode_tui.analysis.insights.rule import InsightRule
from opencode_tui.records.insights import Finding
from opencode_tui.records.work import SessionWork
from tests.support.work import call, found, session, turn, words

KEPT, LOST = call("0.02", input=1_000, cache_read=60_000), call("0.10", input=62_000)
AFTER_A_PAUSE = call("0.10", input=62_000, pause_s=600)
MISSES = (KEPT, LOST) * 4


def half(finding: Finding) -> Finding:
    """The first half of a finding, as a period cuts it."""
    kept = finding.calls[: len(finding.calls) // 2]
    return replace(with_calls(finding, kept), cost_nano=finding.cost_nano // 2, saves_nano=finding.saves_nano // 2)


CASES: dict[str, tuple[SessionWork, str]] = {
    "cache_break": (session(turn(*MISSES)), "2 calls found 120k tokens no longer in the cache"),
    "cache_pause": (session(*(turn(KEPT, AFTER_A_PAUSE) for _ in range(4))), "2 calls came after a pause"),
    "failed_calls": (session(turn(*(call("0.05", error="APIError") for _ in range(4)))), "$0.10 and took 10 seconds"),
    "failed_edits": (session(turn(*(call("0.05", "edit! a.ts") for _ in range(4)))), "2 calls of kimi-k2.6"),
    "identical_calls": (session(turn(*(call("0.05", "bash#1 npm test") for _ in range(6)))), "npm test 3 times"),
    "repeated_reads": (session(turn(*(call("0.05", "read#1 a.ts") for _ in range(6)))), "3 calls of"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_half_says_half_of_it(name: str) -> None:
    rule, (work, expected) = RULE_OF[name], CASES[name]
    assert isinstance(rule, InsightRule)
    (finding,) = found(rule, work)
    assert expected in words(rule, [half(finding)]).what


def test_rounded_amounts_add_up() -> None:
    cent = 10_000_000
    assert rest_text(1266 * cent // 10, 1024 * cent // 10) == "$0.25"  # $1.27 and $1.02
    assert rest_text(77 * cent, 45 * cent) == "$0.32"
    assert rest_text(1_234 * 100 * cent, 200 * 100 * cent) == "$1,034.00"
    assert rest_text(34 * cent // 10, 26 * cent // 10) == "$0.0080", "no rest of nothing"
    assert rest_text(cent // 2, cent // 4) == "$0.0025"


def test_figures_of_calls_are_exact_in_a_part_too() -> None:
    (finding,) = found(CacheBreak(), session(turn(*MISSES)))
    part = half(finding)
    assert (calls_left([finding]), sum_left([finding], "lost"), are_whole([finding])) == (4, 240_000, True)
    assert (calls_left([part]), sum_left([part], "lost"), are_whole([finding, part])) == (2, 120_000, False)
