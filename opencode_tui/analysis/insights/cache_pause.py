"""Calls after a pause that was longer than a model's cache lives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opencode_tui.analysis.cache_use import cache_saved_nano, extra_nano, misses_by_model
from opencode_tui.analysis.call_figures import sum_left
from opencode_tui.analysis.insights.parts import calls_left
from opencode_tui.analysis.insights.rule import InsightRule, InsightSettings, figure, where
from opencode_tui.clock import MINUTE_MS
from opencode_tui.money import format_usd, plural, tokens_text
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.model_key import short_name
from opencode_tui.records.signs import SessionSigns
from opencode_tui.records.work import SessionWork


class CachePause(InsightRule):
    """By model. The cost is that of the calls; what they could have saved is what their lost tokens cost extra."""

    name = "cache_pause"
    lever = "context"
    version = 3
    thresholds = (Threshold("cache_pause_minutes", 5),)

    def may_find(self, signs: SessionSigns, settings: InsightSettings) -> bool:
        return signs.lost_after_ms > self.thresholds[0].of(settings) * MINUTE_MS

    def find(self, work: SessionWork, settings: InsightSettings) -> Iterator[Finding]:
        pause_ms = self.thresholds[0].of(settings) * MINUTE_MS
        for model, uses in misses_by_model(work, lambda use: use.pause_ms > pause_ms):
            rates, calls = work.rates[model], [use.call for use in uses]
            yield self.finding(
                *(work, calls),
                key=model,
                saved={use.call.id: extra_nano(use.call, use.lost, rates) for use in uses},
                turn_id=max(uses, key=lambda use: use.call.cost_nano).call.turn_id,
                model=model,
                count=len(uses),
                minutes=self.thresholds[0].of(settings),
                each={
                    "tools": {use.call.id: int(use.call.turn_id == use.before.turn_id) for use in uses},
                    "lost": {use.call.id: use.lost for use in uses},
                },
                saved_nano=sum(cache_saved_nano(call, rates) for call in work.calls if call.model == model),
            )

    def words(self, findings: Sequence[Finding]) -> Words:
        pauses, lost = calls_left(findings), sum_left(findings, "lost")
        saved = sum(figure(finding, "saved_nano") for finding in findings)
        cost = sum(finding.cost_nano for finding in findings)
        saves = sum(finding.saves_nano for finding in findings)
        minutes = figure(findings[0], "minutes")
        model = short_name(str(findings[0].figures["model"]))
        of_tools = sum_left(findings, "tools")
        them = "" if of_tools == pauses else f", {of_tools} of them"
        waited = f"{them} while a tool ran" if of_tools else ""
        return Words(
            title=f"{plural(pauses, 'pause')} that outlived the cache of {model}",
            what=f"in {where(findings)} {plural(pauses, 'call')} came after a pause longer than the cache lives{waited}"
            f", and sent {tokens_text(lost)} tokens that were no longer in it: {format_usd(cost)}",
            how="before a break /compact, or go on in a new session: the next call then reads less; what belongs "
            f"together is cheapest within {plural(minutes, 'minute')}",
            sum_shown=f"{tokens_text(lost)} tokens cost {format_usd(saves)} more than from the cache, which saved "
            f"{format_usd(saved)} there",
        )


RULES = (CachePause(),)
