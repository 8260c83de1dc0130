"""Sums and means of what calls cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from opencode_tui.records.facts import CallFacts


def total_cost(calls: Iterable[CallFacts]) -> int:
    """In nano-dollars."""
    return sum(call.cost_nano for call in calls)


def mean_cost(calls: Sequence[CallFacts]) -> int:
    """In nano-dollars, rounded down. Raises ZeroDivisionError without a call."""
    return total_cost(calls) // len(calls)


def multiple(now: int, was: int) -> str:
    """Such as `3×`."""
    return f"{(now + was // 2) // was}×"


def first_and_last(calls: Sequence[CallFacts]) -> tuple[Sequence[CallFacts], Sequence[CallFacts]]:
    """The first and the last quarter of the calls."""
    quarter = max(1, len(calls) // 4)
    return calls[:quarter], calls[-quarter:]
