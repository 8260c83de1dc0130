"""Calls that were taken back in OpenCode, and stay paid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opencode_tui.analysis.insights.period_findings import share_findings, sums
from opencode_tui.analysis.insights.rule import InsightSettings, PeriodRule, were, where
from opencode_tui.money import format_usd, plural
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.work import PeriodWork


class UndoneCalls(PeriodRule):
    """The cost is that of the calls that were taken back: it stays spent."""

    name = "undone_calls"
    lever = "context"
    reach = "close"
    thresholds = (Threshold("undone_share", 5, "percent"),)

    def find(self, work: PeriodWork, settings: InsightSettings) -> Iterator[Finding]:
        yield from share_findings(
            self, work, self.thresholds[0].of(settings), lambda s: (s.undone_nano, s.undone_calls), is_lost=True
        )

    def words(self, findings: Sequence[Finding]) -> Words:
        cost, calls = sums(findings)
        return Words(
            title=f"{plural(calls, 'undone call')}, paid all the same",
            what=(
                f"{plural(calls, 'call')} of {where(findings)} {were(calls)} undone: {format_usd(cost)}, which stays "
                f"spent"
            ),
            how="ask the plan agent first, then let it build: a plan that is wrong costs less than an undone change",
            sum_shown=f"{format_usd(cost)}, the sum of the undone calls",
        )


RULES = (UndoneCalls(),)
