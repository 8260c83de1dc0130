"""Subagents that were started by subagents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opencode_tui.analysis.call_figures import groups_left, saving_calls
from opencode_tui.analysis.insights.rule import InsightRule, InsightSettings, cost_and_saving, figure, were, where
from opencode_tui.analysis.subagents import cheapest_starts, sum_of_starts
from opencode_tui.money import format_usd, plural
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.signs import SessionSigns
from opencode_tui.records.work import SessionWork


class NestedSubagents(InsightRule):
    """The cost is that of the subagents at that depth and below; without them, their first calls are saved."""

    name = "nested_subagents"
    lever = "context"
    is_about_subagents = True
    reach = "broad"
    is_said_beside = True
    version = 2
    thresholds = (Threshold("nested_subagents", 2),)

    def may_find(self, signs: SessionSigns, settings: InsightSettings) -> bool:
        return not signs.is_subagent and signs.family.depth >= self.thresholds[0].of(settings)

    def find(self, work: SessionWork, settings: InsightSettings) -> Iterator[Finding]:
        if work.parent_id:  # its root has them as well
            return
        deep = [child for child in work.children if child.depth >= self.thresholds[0].of(settings)]
        if deep:
            yield self.finding_on(
                *(work, deep),
                key="depth",
                saved=cheapest_starts(deep, len(deep)),
                deepest=max(child.depth for child in deep),
            )

    def words(self, findings: Sequence[Finding]) -> Words:
        cost, starts = cost_and_saving(findings)
        many = max(1, groups_left(findings, "child"))
        deepest = max(figure(finding, "deepest") for finding in findings)
        return Words(
            title=f"{plural(many, 'subagent')} started by subagents",
            what=(
                f"{plural(many, 'subagent')} of {where(findings)} {were(many)} started by subagents, up to {deepest} "
                f"levels deep: {format_usd(cost)}"
            ),
            how="deny subagents the task tool in opencode.json, so that only the session itself starts some",
            sum_shown=sum_of_starts(cost, starts, saving_calls(findings)),
        )


RULES = (NestedSubagents(),)
