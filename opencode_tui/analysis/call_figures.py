"""Figures of which each call of a finding has its own, so that a part of the finding has exactly what is in it.

A figure `lost_of_call` is a list in the order of the finding's calls, written as `12 0 7`. A call's `turn_of_call` may
be the number of a group, counted from 1, that has figures in turn: `asking_of_turn` has one for each group.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from opencode_tui.records.insights import Finding

_OF_CALL = "_of_call"
SHARE, SAVED = "nano", "saved"
"""What of each call's cost belongs to the finding, without which it is the whole; what of that could be saved."""

NIGHT = "night"
"""What each call cost at night."""
RUNS = "runs"
"""The figure of a finding about runs, of each of which only what came after the first call could be saved."""


def listed(values: Iterable[int]) -> str:
    """Some numbers as a figure."""
    return " ".join(map(str, values))


def figures_of_calls(finding: Finding, name: str) -> tuple[int, ...]:
    """The figure of each call in the order of the calls; empty without such a figure."""
    return _numbers(finding, name + _OF_CALL)


def named(name: str) -> str:
    """The name of a figure that each call has its own of."""
    return name + _OF_CALL


def with_calls(finding: Finding, kept: Sequence[str]) -> Finding:
    """The finding with only these of its calls and their figures; its amounts stay."""
    place_of = {id: place for place, id in enumerate(finding.calls)}
    places = [place_of[id] for id in kept]
    figures = dict(finding.figures)
    for name in [name for name in figures if name.endswith(_OF_CALL)]:
        numbers = _numbers(finding, name)
        figures[name] = listed(numbers[place] for place in places)
    return replace(finding, calls=tuple(kept), figures=figures)


def sum_left(findings: Sequence[Finding], name: str) -> int:
    """The sum of a figure over the calls that are left."""
    return sum(
        sum(figures_of_calls(each, name)) if named(name) in each.figures else _plain(each, name) for each in findings
    )


def groups(finding: Finding, group: str) -> set[int]:
    """The groups that have calls left, by number; calls of no group have 0."""
    return set(figures_of_calls(finding, group)) - {0}


def groups_left(findings: Sequence[Finding], group: str) -> int:
    """The number of groups that have calls left."""
    return sum(len(groups(each, group)) for each in findings)


def of_groups(findings: Sequence[Finding], name: str, group: str) -> int:
    """The sum of a figure over the groups that have calls left."""
    return sum(_numbers(each, f"{name}_of_{group}")[number - 1] for each in findings for number in groups(each, group))


def saving_calls(findings: Sequence[Finding]) -> int:
    """The number of calls that are left and would have saved something."""
    return sum(nano > 0 for each in findings for nano in figures_of_calls(each, SAVED))


def reached(findings: Sequence[Finding], name: str, group: str) -> int:
    """The sum of a running figure at the last group that has calls left: of all groups up to that one."""
    return sum(
        numbers[max(groups(each, group), default=1) - 1]
        for each in findings
        if (numbers := _numbers(each, f"{name}_of_{group}"))
    )


def _numbers(finding: Finding, name: str) -> tuple[int, ...]:
    return tuple(map(int, str(finding.figures.get(name, "")).split()))


def _plain(finding: Finding, name: str) -> int:
    value = finding.figures.get(name, 0)
    return value if isinstance(value, int) else 0
