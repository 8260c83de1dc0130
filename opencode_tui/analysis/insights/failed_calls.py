"""Calls that failed and were billed all the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from opencode_tui.analysis.call_figures import sum_left
from opencode_tui.analysis.conversation import is_aborted, ms_of
from opencode_tui.analysis.insights.parts import calls_left
from opencode_tui.analysis.insights.rule import InsightRule, InsightSettings, where
from opencode_tui.money import format_usd, plural
from opencode_tui.records.facts import CallFacts
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.model_key import short_name
from opencode_tui.records.signs import SessionSigns
from opencode_tui.records.work import SessionWork


class FailedCalls(InsightRule):
    """By model. The cost is that of the failed calls; those that somebody stopped are not among them."""

    name = "failed_calls"
    lever = "routing"
    version = 2
    thresholds = (Threshold("failed_calls", 2),)

    def may_find(self, signs: SessionSigns, settings: InsightSettings) -> bool:
        return signs.errors >= self.thresholds[0].of(settings)

    def find(self, work: SessionWork, settings: InsightSettings) -> Iterator[Finding]:
        failed: dict[str, list[CallFacts]] = defaultdict(list)
        for turn in work.turns:
            for call in turn.calls:
                if call.error and call.cost_nano and not is_aborted(call):
                    failed[call.model].append(call)
        for model, calls in sorted(failed.items()):
            if len(calls) >= self.thresholds[0].of(settings):
                errors = sorted({str(call.error) for call in calls})
                cost = sum(call.cost_nano for call in calls)
                yield self.finding(
                    *(work, calls),
                    key=model,
                    saves_nano=cost,
                    model=model,
                    count=len(calls),
                    each={"ms": {call.id: ms_of(call) for call in calls}},
                    errors=", ".join(errors[:3]),
                )

    def words(self, findings: Sequence[Finding]) -> Words:
        calls, seconds = calls_left(findings), sum_left(findings, "ms") // 1000
        cost = sum(finding.cost_nano for finding in findings)
        model = short_name(str(findings[0].figures["model"]))
        took = f" and took {plural(seconds, 'second')}" if seconds else ""
        return Words(
            title=f"{plural(calls, 'failed call')} of {model}",
            what=f"{plural(calls, 'call')} of {model} in {where(findings)} failed "
            f"({findings[0].figures['errors']}): they cost {format_usd(cost)}{took}",
            how="read the error in OpenCode; a limit of length or context calls for /compact or smaller steps, a fault "
            "of the provider for another one with /models",
            sum_shown=f"{plural(calls, 'failed call')} cost {format_usd(cost)}, about {format_usd(cost // calls)} each",
        )


RULES = (FailedCalls(),)
