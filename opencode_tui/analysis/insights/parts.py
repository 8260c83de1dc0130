"""What is said of findings of which only a part belongs to the period that was asked for.

A finding is cut by its calls, and its cost and its saving with them. What a rule's words count is counted in the calls
that are left, or is a figure that each call has its own of (see `call_figures.py`); nothing is taken in proportion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from opencode_tui.analysis.call_figures import figures_of_calls, listed, named
from opencode_tui.analysis.insights.rule import figure
from opencode_tui.money import NANO, format_usd
from opencode_tui.records.insights import Finding

CENT = NANO // 100
_DIGITS = str.maketrans("", "", "$.,")
ROUND = "round"
"""The figure with the round of each call: `0 0 1 1 1 2`."""


def in_rounds(finding: Finding, round_of: Mapping[str, int]) -> Finding:
    """The finding with the round of each of its calls, counted from 0."""
    return replace(finding, figures={**finding.figures, named(ROUND): listed(round_of[id] for id in finding.calls)})


def rounds_of(finding: Finding) -> dict[str, int]:
    """The round of each call that is left, counted from 0 in the whole; empty if the finding has no rounds."""
    return dict(zip(finding.calls, figures_of_calls(finding, ROUND), strict=False))


def rest_text(whole_nano: int, part_nano: int) -> str:
    """What a part leaves of a whole, such that the rounded amounts of all three add up; exact below a cent."""
    rest = _cents(whole_nano) - _cents(part_nano)
    return format_usd(rest * CENT if rest and part_nano >= CENT else whole_nano - part_nano)


def without_first(cost_nano: int, saves_nano: int, of: str) -> str:
    """What goes behind a cost of which the first call of each run, or the like, was needed."""
    rest = "all after the first" if cost_nano == saves_nano else "without the first"
    return f"; {rest} of each {of}" + ("" if cost_nano == saves_nano else f": {format_usd(saves_nano)}")


def _cents(nano: int) -> int:
    """As `format_usd` rounds an amount."""
    return int(format_usd(nano, cents=True).translate(_DIGITS))


def calls_left(findings: Sequence[Finding]) -> int:
    """The number of calls that are left in all."""
    return sum(len(finding.calls) for finding in findings)


def calls_of(finding: Finding) -> int:
    """The number of calls that are left of a finding; one of a period may count more calls than it names."""
    counted = figure(finding, "calls")
    return counted - (figure(finding, "count") - len(finding.calls)) if counted else len(finding.calls)


def are_whole(findings: Sequence[Finding]) -> bool:
    """Whether none was cut."""
    return all(len(finding.calls) >= figure(finding, "count") for finding in findings)
