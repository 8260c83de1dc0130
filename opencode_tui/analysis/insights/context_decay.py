"""A conversation that went on for long: its context grew, each call cost more, and a /compact would have paid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opencode_tui.analysis.compaction import KEPT_PERCENT, Compaction, best_compaction, growth_percent, paid_for_dropped
from opencode_tui.analysis.conversation import stretches
from opencode_tui.analysis.insights.rule import InsightRule, InsightSettings, figure, where
from opencode_tui.analysis.quoting import in_quotes
from opencode_tui.money import format_usd, plural, tokens_text
from opencode_tui.records.facts import CallFacts
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.signs import SessionSigns
from opencode_tui.records.work import SessionWork

_CALLS = 12
"""The least number of calls whose growth tells anything."""
_GROWN_PERCENT = 150
"""The cost of a late call in percent of that of an early one."""


class ContextDecay(InsightRule):
    """The cost is estimated: what the calls after the best moment for a /compact paid for what it would have dropped.

    Of that, the saving is what is left after the price of the /compact itself.
    """

    name = "context_decay"
    lever = "compaction"
    version = 2
    thresholds = (Threshold("long_session_turns", 20), Threshold("long_session_context", 60, "percent"))

    def may_find(self, signs: SessionSigns, settings: InsightSettings) -> bool:
        turns, percent = (threshold.of(settings) for threshold in self.thresholds)
        is_full = 0 < percent <= signs.fullest_percent
        return not signs.is_subagent and signs.calls >= _CALLS and (signs.turns > turns or is_full)

    def find(self, work: SessionWork, settings: InsightSettings) -> Iterator[Finding]:
        """At most one: the stretch between two compactions that would have saved most.

        None for a subagent, which nobody can tell to compact.
        """
        found = []
        for calls in stretches(work.calls) if work.parent_id is None else ():
            if self._is_long(calls, work, settings) and growth_percent(calls) >= _GROWN_PERCENT:
                best = best_compaction(calls, work.rates)
                found += [] if best is None else [self._finding(work, calls, best)]
        if found:
            yield max(found, key=lambda finding: finding.saves_nano)

    def _is_long(self, calls: Sequence[CallFacts], work: SessionWork, settings: InsightSettings) -> bool:
        if len(calls) < _CALLS:
            return False
        turns, percent = (threshold.of(settings) for threshold in self.thresholds)
        if len({call.turn_id for call in calls}) > turns:
            return True
        limits = {model: work.limit(model) or 0 for model in {call.model for call in calls}}
        return any(0 < percent * limits[call.model] <= call.tokens.context * 100 for call in calls)

    def _finding(self, work: SessionWork, calls: Sequence[CallFacts], best: Compaction) -> Finding:
        kept = best.context - best.dropped
        shares = {call.id: paid_for_dropped(best.dropped, kept, call, work.rates[call.model]) for call in best.later}
        return self.finding(
            *(work, best.later),
            key="",
            shares=shares,
            saves_nano=best.net_nano,
            sure="estimated",
            turn_id=best.turn_id,
            turns=len({call.turn_id for call in calls}),
            turn=[turn.id for turn in work.turns if turn.id].index(best.turn_id) + 1,
            grown=growth_percent(calls),
            context=best.context,
            end=calls[-1].tokens.context,
            dropped=best.dropped,
        )

    def words(self, findings: Sequence[Finding]) -> Words:
        worst, title, many = (
            findings[0],
            in_quotes(findings[0].title),
            len({finding.session_id for finding in findings}),
        )
        cost = sum(finding.cost_nano for finding in findings)
        saves = sum(finding.saves_nano for finding in findings)
        turns, turn, grown = (figure(worst, name) for name in ("turns", "turn", "grown"))
        context, end, dropped = (tokens_text(figure(worst, name)) for name in ("context", "end", "dropped"))
        each = "the calls after it" if many == 1 else "the calls after such moments"
        inside = f" in {where(findings)}" if many > 1 else ""
        return Words(
            title=f"long context: a call cost {grown / 100:.1f}× in the end",
            what=f"over {plural(turns, 'turn')} of {title} the context grew to {end} tokens, and a call in the end "
            f"cost {grown / 100:.1f}× one at the beginning; carrying what was old{inside} cost "
            f"{format_usd(cost)}",
            how=f"/compact in time: in {title} before turn {turn}, at {context} tokens; /new for a new subject",
            sum_shown=f"{each} paid {format_usd(cost)} for old tokens ({dropped} a call in "
            f"{title}: what had been added by then, less {KEPT_PERCENT}% kept), less "
            f"{format_usd(cost - saves)} for the /compact: {format_usd(saves)}",
        )


RULES = (ContextDecay(),)
