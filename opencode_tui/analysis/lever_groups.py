"""Insights by the lever that answers them."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from opencode_tui.records.insights import LEVERS, Insight, Lever


class LeverGroup(Struct, frozen=True):
    """A lever with its insights, the one that would save most first."""

    lever: Lever
    insights: tuple[Insight, ...]

    @property
    def cost_nano(self) -> int:
        return sum(insight.cost_nano for insight in self.insights)

    @property
    def saves_nano(self) -> int:
        return sum(insight.saves_nano for insight in self.insights)

    @property
    def is_estimated(self) -> bool:
        return any(insight.sure == "estimated" for insight in self.insights)


def by_lever(insights: Iterable[Insight]) -> tuple[LeverGroup, ...]:
    """All levers in the order in which to try them, with the insights that are neither dismissed nor done."""
    new = sorted(
        (each for each in insights if each.state == "new"),
        key=lambda each: (-each.saves_nano, -each.cost_nano, each.id),
    )
    return tuple(LeverGroup(lever, tuple(each for each in new if each.lever == lever)) for lever in LEVERS)
