"""Edits that fail, mostly since the text to replace is not in the file as the model remembers it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from opencode_tui.analysis.conversation import uses_by_call
from opencode_tui.analysis.insights.parts import calls_left
from opencode_tui.analysis.insights.rule import InsightRule, InsightSettings, figure, where
from opencode_tui.money import format_usd, plural
from opencode_tui.records.calls import EDIT_TOOLS
from opencode_tui.records.facts import CallFacts, ToolFacts
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.model_key import short_name
from opencode_tui.records.signs import SessionSigns
from opencode_tui.records.work import SessionWork


class FailedEdits(InsightRule):
    """By model. The cost is that of the calls of which every tool use was an edit that failed."""

    name = "failed_edits"
    lever = "routing"
    thresholds = (Threshold("failed_edits", 3),)

    def may_find(self, signs: SessionSigns, settings: InsightSettings) -> bool:
        return signs.failed_edits >= self.thresholds[0].of(settings)

    def find(self, work: SessionWork, settings: InsightSettings) -> Iterator[Finding]:
        least = self.thresholds[0].of(settings)
        if sum(_failed(use) for turn in work.turns for use in turn.tools) < least:
            return
        failed: dict[str, list[CallFacts]] = defaultdict(list)
        edits: dict[str, int] = defaultdict(int)
        for turn in work.turns:
            asked = uses_by_call(turn.tools)
            for call in turn.calls if asked else ():
                uses = asked.get(call.id, ())
                edits[call.model] += sum(1 for use in uses if use.name in EDIT_TOOLS)
                if uses and all(map(_failed, uses)):
                    failed[call.model].append(call)
        for model, calls in sorted(failed.items()):
            if len(calls) >= least:
                cost = sum(call.cost_nano for call in calls)
                yield self.finding(work, calls, key=model, saves_nano=cost, model=model, edits=edits[model])

    def words(self, findings: Sequence[Finding]) -> Words:
        failed = calls_left(findings)
        edits = sum(figure(finding, "edits") for finding in findings)
        cost = sum(finding.cost_nano for finding in findings)
        model = short_name(str(findings[0].figures["model"]))
        return Words(
            title=f"{plural(failed, 'call')} of {model} with failed edits",
            what=f"{plural(failed, 'call')} of {model} in {where(findings)} asked for nothing but edits that failed, "
            f"and cost {format_usd(cost)}; it asked for {plural(edits, 'edit')} there",
            how="have the file read just before it is edited, and formatters that run on saving turned off; if it goes "
            "on failing, another model with /models",
            sum_shown=f"{plural(failed, 'call')} cost {format_usd(cost)}, about {format_usd(cost // failed)} each",
        )


def _failed(use: ToolFacts) -> bool:
    return use.ok is False and use.name in EDIT_TOOLS


RULES = (FailedEdits(),)
