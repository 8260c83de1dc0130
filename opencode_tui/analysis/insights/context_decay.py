"""A conversation that went on for long: its context grew, each call cost more, and a /compact would have paid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opencode_tui.analysis.compaction import KEPT_PERCENT, paid_for_dropped
from opencode_tui.analysis.insights.rule import InsightRule, InsightSettings, figure, where
from opencode_tui.analysis.long_context import LEAST_CALLS, LONG_CONTEXT, LongStretch, long_stretches
from opencode_tui.analysis.quoting import in_quotes
from opencode_tui.money import format_usd, plural, tokens_text
from opencode_tui.records.insights import Finding, Words
from opencode_tui.records.signs import SessionSigns
from opencode_tui.records.work import SessionWork


class ContextDecay(InsightRule):
    """The cost is estimated: what the calls after the best moment for a /compact paid for what it would have dropped.

    Of that, the saving is what is left after the price of the /compact itself.
    """

    name = "context_decay"
    lever = "compaction"
    version = 2
    thresholds = LONG_CONTEXT

    def may_find(self, signs: SessionSigns, settings: InsightSettings) -> bool:
        turns, percent = (threshold.of(settings) for threshold in self.thresholds)
        is_full = 0 < percent <= signs.fullest_percent
        return not signs.is_subagent and signs.calls >= LEAST_CALLS and (signs.turns > turns or is_full)

    def find(self, work: SessionWork, settings: InsightSettings) -> Iterator[Finding]:
        """At most one: the stretch between two compactions that would have saved most."""
        found = [self._finding(work, each) for each in long_stretches(work, settings)]
        if found:
            yield max(found, key=lambda finding: finding.saves_nano)

    def _finding(self, work: SessionWork, stretch: LongStretch) -> Finding:
        calls, best = stretch.calls, stretch.best
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
            grown=stretch.grown_percent,
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
