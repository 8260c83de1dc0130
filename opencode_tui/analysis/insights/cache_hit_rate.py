"""A cache that keeps less and less of a session's conversation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from opencode_tui.analysis.cache_use import CACHE_LIVES_MS, LEAST_TOKENS, CacheUse, cache_uses, extra_nano
from opencode_tui.analysis.insights.parts import calls_left
from opencode_tui.analysis.insights.rule import InsightRule, InsightSettings, figure, where
from opencode_tui.money import format_usd, plural
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.model_key import short_name
from opencode_tui.records.signs import SessionSigns
from opencode_tui.records.work import SessionWork

_CALLS = 6
"""The least number of calls whose hit rates make a mean."""


class CacheHitRate(InsightRule):
    """By model: the last third of the calls against the first. The cost is that of the last third.

    The rate is the share of the conversation so far that came from the cache, so that new input does not lower it.
    Calls after a pause and those that lost their whole prefix are left to the rules on those.
    """

    name = "cache_hit_rate"
    lever = "routing"
    version = 2
    thresholds = (Threshold("cache_hit_drop", 25, "percent"),)

    def may_find(self, signs: SessionSigns, settings: InsightSettings) -> bool:
        return signs.calls > 3 * _CALLS and signs.hit_drop >= self.thresholds[0].of(settings)

    def find(self, work: SessionWork, settings: InsightSettings) -> Iterator[Finding]:
        drop = self.thresholds[0].of(settings)
        used: dict[str, list[CacheUse]] = defaultdict(list)
        calls = work.calls
        for use in cache_uses(calls) if len(calls) > 3 * _CALLS else ():
            large = use.before.tokens.context >= LEAST_TOKENS
            if large and use.pause_ms <= CACHE_LIVES_MS and not use.is_miss and use.call.model in work.rates:
                used[use.call.model].append(use)
        for model, uses in sorted(used.items()):
            third = len(uses) // 3
            if third < _CALLS:
                continue
            before, late = _mean(uses[:third]), uses[-third:]
            if before - _mean(late) >= drop:
                rates = work.rates[model]
                extra = [(use, use.before.tokens.context * before // 100 - use.call.tokens.cache_read) for use in late]
                yield self.finding(
                    *(work, [use.call for use in late]),
                    key=model,
                    saved={use.call.id: extra_nano(use.call, max(0, tokens), rates) for use, tokens in extra},
                    model=model,
                    before=before,
                    after=_mean(late),
                    lost=sum(max(0, tokens) for _, tokens in extra),
                )

    def words(self, findings: Sequence[Finding]) -> Words:
        cost = sum(finding.cost_nano for finding in findings)
        saves = sum(finding.saves_nano for finding in findings)
        calls = calls_left(findings)
        worst = findings[0]
        model, before = short_name(str(worst.figures["model"])), figure(worst, "before")
        return Words(
            title=f"the cache of {model} keeps less and less",
            what=f"in {where(findings)} the cache gave {before}% of the conversation at first and "
            f"{figure(worst, 'after')}% in the last {plural(calls, 'call')}, which cost {format_usd(cost)}",
            how="/compact, or a new session: a short conversation has less to lose; if it comes back, another provider "
            "of the model may keep more",
            sum_shown=f"at the first hit rate the last {plural(calls, 'call')} would have cost {format_usd(saves)} "
            f"less than {format_usd(cost)}",
        )


def _mean(uses: Sequence[CacheUse]) -> int:
    return sum(use.hit_percent for use in uses) // len(uses)


RULES = (CacheHitRate(),)
