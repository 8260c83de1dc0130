"""Makes insights of findings: one cause is one insight, the costliest first, none that costs next to nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from opencode_tui.analysis.insight_titles import with_distinct_titles
from opencode_tui.analysis.insights.parts import rounds_of, with_calls
from opencode_tui.analysis.insights.rule import AnyInsightRule
from opencode_tui.clock import DAY_MS, Span
from opencode_tui.money import NANO
from opencode_tui.records.insights import Finding, Insight, InsightSession, Sure

_LEAST_NANO_WEEK = NANO // 100
_WEEK_MS = 7 * DAY_MS

CallCosts = Mapping[str, tuple[int, int]]
"""(created in Unix milliseconds, nano-dollars) by call."""


def part_within(finding: Finding, span: Span, costs: CallCosts) -> Finding | None:
    """The part of a finding that belongs to a span: that of its calls in it; None without any."""
    if span.start_ms <= finding.first_ms and finding.last_ms < span.end_ms:
        return finding
    kept = [id for id in finding.calls if id in costs and span.start_ms <= costs[id][0] < span.end_ms]
    return _part(finding, kept, costs)


def once(findings: Sequence[Finding], costs: CallCosts) -> Iterator[Finding]:
    """The findings without the calls that a costlier one of the same session has; costliest first.

    One that would lose half of its calls' cost or more says nothing new, and is left out.
    """
    claimed: dict[str, set[str]] = defaultdict(set)
    for finding in sorted(findings, key=_order):
        taken = claimed[finding.session_id]
        kept = [id for id in finding.calls if id not in taken]
        if len(kept) == len(finding.calls):
            yield finding
        elif 2 * _cost(kept, costs) > _cost(finding.calls, costs) and (part := _part(finding, kept, costs)):
            yield part
        else:
            continue
        taken.update(kept)


def insights_of(
    findings: Sequence[Finding], costs: CallCosts, rules: Mapping[str, AnyInsightRule], span: Span
) -> tuple[Insight, ...]:
    """The insights of a span's findings, costliest first; none of less than a cent a week, none of an unknown rule."""
    groups: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in once([each for each in findings if rules.get(each.rule)], costs):
        groups[finding.rule, finding.key].append(finding)
    least = _LEAST_NANO_WEEK * max(span.end_ms - span.start_ms, _WEEK_MS) // _WEEK_MS
    made = [_insight(rules[name], sorted(of, key=_order)) for (name, _), of in groups.items() if _sum(of) >= least]
    by_money = sorted(made, key=lambda each: (-each.cost_nano, -each.saves_nano, each.rule, each.key))
    return tuple(with_distinct_titles(by_money))


def _insight(rule: AnyInsightRule, findings: Sequence[Finding]) -> Insight:
    words = rule.words(findings)
    sessions: dict[str, InsightSession] = {}
    for each in findings:
        had = sessions.get(each.session_id)
        nano = each.cost_nano + (had.nano if had else 0)
        turn_id = had.turn_id if had else each.turn_id
        sessions[each.session_id] = InsightSession(each.session_id, each.title, turn_id, nano)
    return Insight(
        *(rule.name, findings[0].key, words.title, words.what, words.how, words.sum_shown),
        sessions=tuple(sorted(sessions.values(), key=lambda each: (-each.nano, each.id))),
        cost_nano=_sum(findings),
        saves_nano=sum(each.saves_nano for each in findings),
        saves_at_most=rule.saves_at_most,
        lever=rule.lever,
        sure="estimated" if any(each.sure == "estimated" for each in findings) else "measured",
        calls=sum(_calls(each) for each in findings),
        first_ms=min(each.first_ms for each in findings),
        last_ms=max(each.last_ms for each in findings),
    )


def _calls(finding: Finding) -> int:
    """A finding of a period may only count its calls."""
    counted = finding.figures.get("calls", 0)
    return len(finding.calls) or (counted if isinstance(counted, int) else 0)


def _part(finding: Finding, kept: Sequence[str], costs: CallCosts) -> Finding | None:
    """The finding with only these of its calls; amounts that are no sum of calls are cut in proportion.

    Of rounds, what came after the first is what could be saved; a part that has nothing of that is none.
    """
    if not kept:
        return None
    if rounds := rounds_of(finding):
        return _part_of_rounds(finding, kept, [id for id in kept if rounds[id]], costs)
    whole, part = _cost(finding.calls, costs), _cost(kept, costs)
    cost = part if finding.cost_nano == whole else finding.cost_nano * part // whole if whole else 0
    saves = finding.saves_nano * part // whole if whole else 0
    sure: Sure = "estimated" if saves else finding.sure
    return _timed(replace(with_calls(finding, kept), cost_nano=cost, saves_nano=min(saves, cost), sure=sure), costs)


def _part_of_rounds(finding: Finding, kept: Sequence[str], later: Sequence[str], costs: CallCosts) -> Finding | None:
    if not later:
        return None
    part = replace(with_calls(finding, kept), cost_nano=_cost(kept, costs), saves_nano=_cost(later, costs))
    return _timed(part, costs)


def _timed(part: Finding, costs: CallCosts) -> Finding:
    """The part with the times of its own calls."""
    times = [costs[id][0] for id in part.calls if id in costs] or [part.first_ms]
    return replace(part, first_ms=min(times), last_ms=max(times))


def _cost(ids: Sequence[str], costs: CallCosts) -> int:
    return sum(costs[id][1] for id in ids if id in costs)


def _sum(findings: Sequence[Finding]) -> int:
    return sum(each.cost_nano for each in findings)


def _order(finding: Finding) -> tuple[object, ...]:
    return -finding.cost_nano, -finding.saves_nano, finding.rule, finding.session_id, finding.key
