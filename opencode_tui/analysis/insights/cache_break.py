"""A prefix that broke: a model's cache held the conversation, and a call read little of it although it was not old."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opencode_tui.analysis.cache_use import CACHE_LIVES_MS, cache_saved_nano, extra_nano, misses_by_model
from opencode_tui.analysis.call_figures import sum_left
from opencode_tui.analysis.insights.parts import calls_left
from opencode_tui.analysis.insights.rule import InsightRule, InsightSettings, figure, where
from opencode_tui.money import format_usd, plural, tokens_text
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.model_key import short_name
from opencode_tui.records.signs import SessionSigns
from opencode_tui.records.work import SessionWork


class CacheBreak(InsightRule):
    """By model. The cost is that of the calls; what they could have saved is what their lost tokens cost extra."""

    name = "cache_break"
    lever = "context"
    version = 2
    thresholds = (Threshold("cache_break_tokens", 20_000),)

    def may_find(self, signs: SessionSigns, settings: InsightSettings) -> bool:
        return signs.most_lost >= self.thresholds[0].of(settings)

    def find(self, work: SessionWork, settings: InsightSettings) -> Iterator[Finding]:
        least = self.thresholds[0].of(settings)
        for model, uses in misses_by_model(work, lambda use: use.pause_ms <= CACHE_LIVES_MS and use.lost >= least):
            rates, calls = work.rates[model], [use.call for use in uses]
            yield self.finding(
                *(work, calls),
                key=model,
                saved={use.call.id: extra_nano(use.call, use.lost, rates) for use in uses},
                turn_id=max(uses, key=lambda use: use.call.cost_nano).call.turn_id,
                model=model,
                count=len(uses),
                each={
                    "agents": {use.call.id: int(use.call.agent != use.before.agent) for use in uses},
                    "lost": {use.call.id: use.lost for use in uses},
                },
                saved_nano=sum(cache_saved_nano(call, rates) for call in work.calls if call.model == model),
            )

    def words(self, findings: Sequence[Finding]) -> Words:
        breaks, lost = calls_left(findings), sum_left(findings, "lost")
        saved = sum(figure(finding, "saved_nano") for finding in findings)
        cost = sum(finding.cost_nano for finding in findings)
        saves = sum(finding.saves_nano for finding in findings)
        model = short_name(str(findings[0].figures["model"]))
        switches = sum_left(findings, "agents")
        them = "" if switches == breaks else f" {switches} of them"
        switched = f",{them} just after another agent took over" if switches else ""
        how = "switch between plan and build less often within a session" if switches * 2 > breaks else _CAUSES
        return Words(
            title=f"the cache of {model} broke {plural(breaks, 'time')}",
            what=f"in {where(findings)} {plural(breaks, 'call')} found {tokens_text(lost)} tokens no longer in the "
            f"cache that were there minutes before{switched}: {format_usd(cost)}",
            how=how,
            sum_shown=f"{tokens_text(lost)} tokens cost {format_usd(saves)} more than from the cache, which saved "
            f"{format_usd(saved)} there",
        )


_CAUSES = (
    "change agents, MCP servers, AGENTS.md and settings between sessions, not within one; if nothing was changed, the "
    "provider lost it: another provider of the model may keep it"
)

RULES = (CacheBreak(),)
