"""Reads what became of the insights that were marked as done: the same measure before and after."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from opencode_tui.analysis.finding_parts import part_within
from opencode_tui.analysis.insight_marks import followed_by, spans_around
from opencode_tui.analysis.insights import RULE_OF
from opencode_tui.analysis.insights.rule import AnyInsightRule, PeriodRule
from opencode_tui.clock import Span
from opencode_tui.ledger import queries
from opencode_tui.ledger.findings import call_costs, findings_in
from opencode_tui.readings.context import Context
from opencode_tui.records.insights import FollowedInsight, InsightMark
from opencode_tui.records.work import PeriodWork


def read_followed(
    marks: Sequence[InsightMark], context: Context, work_in: Callable[[Span, Context], PeriodWork]
) -> tuple[FollowedInsight, ...]:
    """The marks that say `done`, each with what its rule found in the week before it and in the last week since.

    `work_in` reads what the rules on a period look at.
    """
    done = [mark for mark in marks if mark.state == "done" and RULE_OF.get(mark.rule)]
    if not done:
        return ()
    since_ms = queries.all_time(context.connection).start_ms
    found = []
    for mark in done:
        spans = spans_around(mark, since_ms, context.now_ms)
        measures = [(_found(mark, span, context, work_in), queries.spend(context.connection, span)) for span in spans]
        (before, all_before), (after, all_after) = measures
        found.append(followed_by(mark, spans, (before, after), (all_before, all_after), context.now_ms))
    return tuple(found)


def _found(mark: InsightMark, span: Span, context: Context, work_in: Callable[[Span, Context], PeriodWork]) -> int:
    """What the calls cost that the mark's rule finds in a span, with its key or in all, in nano-dollars."""
    rule, thresholds = RULE_OF[mark.rule], context.settings.insights.options
    if span.end_ms <= span.start_ms or not rule.is_on(thresholds):
        return 0
    if isinstance(rule, PeriodRule):
        parts = [each for each in rule.find(work_in(span, context), thresholds) if _is_about(mark, each.key, rule)]
        return sum(each.cost_nano for each in parts)
    kept = [each for each in findings_in(context.connection, span, mark.rule) if _is_about(mark, each.key, rule)]
    costs = call_costs(context.connection, {id for each in kept for id in each.calls})
    within = [part for each in kept if (part := part_within(each, span, costs))]
    return sum(each.cost_nano for each in within)


def _is_about(mark: InsightMark, key: str, rule: AnyInsightRule) -> bool:
    return rule.is_followed_whole or key == mark.key
