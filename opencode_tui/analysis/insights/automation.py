"""What `opencode run` and CI machines spent, beside what people did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opencode_tui.analysis.insights.period_findings import (
    AUTOMATION,
    of_it_at_night,
    quarter_findings,
    root_kinds,
    sum_shown_of,
    sums,
    the_rest,
)
from opencode_tui.analysis.insights.rule import InsightSettings, PeriodRule, figure, were, where
from opencode_tui.money import format_usd, plural
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.work import PeriodWork


class Automation(PeriodRule):
    """The cost is that of the sessions that `opencode run` or a CI machine began, with their subagents."""

    name = "automation"
    lever = "routing"
    thresholds = (Threshold("automation_share", 25, "percent"),)

    def find(self, work: PeriodWork, settings: InsightSettings) -> Iterator[Finding]:
        root_kind = root_kinds(work)
        automated = [quarter for quarter in work.quarters if root_kind.get(quarter.session_id) in AUTOMATION]
        cost, whole = (sum(quarter.nano for quarter in quarters) for quarters in (automated, work.quarters))
        if not cost or cost * 100 < self.thresholds[0].of(settings) * whole:
            return
        findings = tuple(quarter_findings(self, work, automated, "runs", whole=whole, automated=cost))
        if cost < whole or any(finding.saves_nano or figure(finding, "night") for finding in findings):
            yield from findings  # that a machine for automation does nothing else says nothing

    def words(self, findings: Sequence[Finding]) -> Words:
        cost, calls = sums(findings)
        whole, automated = figure(findings[0], "whole"), figure(findings[0], "automated")
        return Words(
            title=f"{automated * 100 // whole}% spent by automation",
            what=(
                f"{plural(calls, 'call')} of {where(findings)} {were(calls)} made for `opencode run` or CI: "
                f"{format_usd(cost)}{of_it_at_night(findings)}, "
                f"beside {format_usd(whole - automated)} for people{the_rest(findings)}"
            ),
            how="opencode run --model with a cheaper model, and a cap for its agent in the guard's settings",
            sum_shown=sum_shown_of(findings, cost),
        )


RULES = (Automation(),)
