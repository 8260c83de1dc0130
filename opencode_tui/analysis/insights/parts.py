"""Figures of findings of which only a part belongs to the period that was asked for.

A finding is cut by its calls, and its cost and its saving with them; its figures are those of the whole. So a rule's
words count calls where they can, and take other figures in proportion to the calls left of `count` in the whole. Where
that is not enough, a finding says of which round each of its calls is: what came after the first round could be saved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from opencode_tui.analysis.insights.rule import figure
from opencode_tui.money import NANO, format_usd
from opencode_tui.records.insights import Finding

CENT = NANO // 100
_DIGITS = str.maketrans("", "", "$.,")
ROUNDS = "round_of_call"
"""The figure with the round of each call, in the order of the calls: `0 0 1 1 1 2`."""


def in_rounds(finding: Finding, round_of: Mapping[str, int]) -> Finding:
    """The finding with the round of each of its calls, counted from 0."""
    rounds = " ".join(str(round_of[id]) for id in finding.calls)
    return replace(finding, figures={**finding.figures, ROUNDS: rounds})


def rounds_of(finding: Finding) -> dict[str, int]:
    """The round of each call that is left, counted from 0 in the whole; empty if the finding has no rounds."""
    return dict(zip(finding.calls, map(int, str(finding.figures.get(ROUNDS, "")).split()), strict=False))


def with_calls(finding: Finding, kept: Sequence[str]) -> Finding:
    """The finding with only these of its calls, and with their rounds; its amounts stay."""
    rounds, part = rounds_of(finding), replace(finding, calls=tuple(kept))
    return in_rounds(part, rounds) if rounds else part


def rest_text(whole_nano: int, part_nano: int) -> str:
    """What a part leaves of a whole, such that the rounded amounts of all three add up; exact below a cent."""
    rest = _cents(whole_nano) - _cents(part_nano)
    return format_usd(rest * CENT if rest and part_nano >= CENT else whole_nano - part_nano)


def _cents(nano: int) -> int:
    """As `format_usd` rounds an amount."""
    return int(format_usd(nano, cents=True).translate(_DIGITS))


def calls_left(findings: Sequence[Finding]) -> int:
    """The number of calls that are left in all."""
    return sum(len(finding.calls) for finding in findings)


def are_whole(findings: Sequence[Finding]) -> bool:
    """Whether none was cut."""
    return all(len(finding.calls) >= figure(finding, "count") for finding in findings)


def in_part(findings: Sequence[Finding], name: str) -> int:
    """The sum of a figure, of each finding in proportion to the calls that are left of it; exact if none was cut."""
    return sum(
        figure(finding, name) * len(finding.calls) // max(figure(finding, "count"), len(finding.calls), 1)
        for finding in findings
    )
