"""Makes insights of findings: one cause is one insight, the costliest first, none that costs next to nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from opencode_tui.analysis.claims import by_money, once
from opencode_tui.analysis.finding_parts import CallCosts
from opencode_tui.analysis.insight_titles import with_distinct_titles
from opencode_tui.analysis.insights.parts import calls_of
from opencode_tui.analysis.insights.rule import AnyInsightRule
from opencode_tui.clock import DAY_MS, Span
from opencode_tui.money import NANO
from opencode_tui.records.insights import Finding, Insight, InsightSession, Words

_LEAST_NANO_WEEK = NANO // 100
_WEEK_MS = 7 * DAY_MS


FindingsByCause = Mapping[tuple[str, str], Sequence[Finding]]
"""The findings of each insight by (rule, key), without what closer findings have."""


def by_cause(
    findings: Sequence[Finding],
    costs: CallCosts,
    rules: Mapping[str, AnyInsightRule],
    hidden: Collection[tuple[str, str]] = (),
) -> FindingsByCause:
    """The findings of each insight; none of an unknown rule. `hidden` has the insights that somebody has dismissed."""
    alike: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for each in findings:
        if rules.get(each.rule) is not None:
            alike[each.rule, each.key].append(each)
    known = [each for (rule, _), of in alike.items() if rules[rule].is_enough(of) for each in of]
    groups: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    settled = once(
        *(known, costs, lambda each: rules[each.rule].reach, lambda each: (each.rule, each.key) in hidden),
        is_loose=lambda each: rules[each.rule].saves_at_most,
    )
    for finding in settled:
        groups[finding.rule, finding.key].append(finding)
    return {cause: of for cause, of in groups.items() if rules[cause[0]].is_enough(of)}


def said_beside(
    findings: Iterable[Finding], groups: FindingsByCause, rules: Mapping[str, AnyInsightRule]
) -> Mapping[tuple[str, str], Words]:
    """What a broad cause says, such as that one turn started many subagents, whose money is that of one insight.

    By the (rule, key) of that insight, which has half of its calls or more; of several the costliest.
    """
    held = {id: cause for cause, of in groups.items() for each in of for id in each.calls}
    found: dict[tuple[str, str], Finding] = {}
    for each in sorted(findings, key=by_money):
        if (each.rule, each.key) in groups or not each.calls or not rules[each.rule].is_said_beside:
            continue
        holders = Counter(held[id] for id in each.calls if id in held)
        cause, calls = max(sorted(holders.items()), key=lambda of: of[1], default=(("", ""), 0))
        if 2 * calls >= len(each.calls):
            found.setdefault(cause, each)
    return {cause: rules[each.rule].words([each]) for cause, each in found.items()}


def insights_of(
    groups: FindingsByCause,
    rules: Mapping[str, AnyInsightRule],
    span: Span,
    beside: Mapping[tuple[str, str], Words] | None = None,
) -> tuple[Insight, ...]:
    """The insights of a span's findings, costliest first; none of less than a cent a week."""
    least = _LEAST_NANO_WEEK * max(span.end_ms - span.start_ms, _WEEK_MS) // _WEEK_MS
    made = [
        _insight(rules[cause[0]], sorted(of, key=by_money), (beside or {}).get(cause))
        for cause, of in groups.items()
        if _sum(of) >= least
    ]
    made.sort(key=lambda each: (-each.cost_nano, -each.saves_nano, each.rule, each.key))
    return tuple(with_distinct_titles(made))


def _insight(rule: AnyInsightRule, findings: Sequence[Finding], beside: Words | None) -> Insight:
    words = rule.words(findings)
    what = words.what if beside is None else f"{words.what}; {beside.title}"
    how = words.how if beside is None else f"{words.how}; {beside.how}"
    sessions: dict[str, InsightSession] = {}
    for each in findings:
        had = sessions.get(each.session_id)
        nano = each.cost_nano + (had.nano if had else 0)
        turn_id = had.turn_id if had else each.turn_id
        sessions[each.session_id] = InsightSession(each.session_id, each.title, turn_id, nano)
    return Insight(
        *(rule.name, findings[0].key, words.title, what, how, words.sum_shown),
        sessions=tuple(sorted(sessions.values(), key=lambda each: (-each.nano, each.id))),
        cost_nano=_sum(findings),
        saves_nano=sum(each.saves_nano for each in findings),
        saves_at_most=rule.saves_at_most,
        lever=rule.lever,
        sure="estimated" if any(each.sure == "estimated" for each in findings) else "measured",
        calls=sum(map(calls_of, findings)),
        first_ms=min(each.first_ms for each in findings),
        last_ms=max(each.last_ms for each in findings),
    )


def _sum(findings: Sequence[Finding]) -> int:
    return sum(each.cost_nano for each in findings)
