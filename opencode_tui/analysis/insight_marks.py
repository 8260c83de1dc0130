"""What marks make of insights: which are shown, which are followed, and what became of these."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from opencode_tui.clock import DAY_MS, Span
from opencode_tui.records.insights import Follow, FollowedInsight, Insight, InsightMark

_WEEK_MS = 7 * DAY_MS
_EARLY_MS = 3 * DAY_MS
"""How long after an insight was acted on it is too early to say what became of it."""


def marked(
    insights: Iterable[Insight], marks: Sequence[InsightMark], followed: Iterable[FollowedInsight], now_ms: int
) -> tuple[tuple[Insight, ...], tuple[Insight, ...]]:
    """(the insights that are shown, those that are dismissed now), each in its state and in the given order."""
    mark_of = {(mark.rule, mark.key): mark for mark in marks}
    follow_of = {(each.mark.rule, each.mark.key): each.follow for each in followed}
    shown, dismissed = [], []
    for insight in insights:
        key = insight.rule, insight.key
        mark = mark_of.get(key)
        if mark is not None and mark.state == "done":
            shown.append(replace(insight, state="done", follow=follow_of.get(key)))
        elif mark is not None and mark.is_dismissed(now_ms):
            dismissed.append(replace(insight, state="dismissed"))
        else:
            shown.append(insight)
    return tuple(shown), tuple(dismissed)


def mark_of(
    insight: Insight, now_ms: int, *, is_done: bool = False, for_ever: bool = False, span_ms: int = _WEEK_MS
) -> InsightMark:
    """The mark that dismisses an insight for so long, by default for a week, or says that it was acted on."""
    return InsightMark(
        rule=insight.rule,
        key=insight.key,
        title=insight.title,
        lever=insight.lever,
        marked_ms=now_ms,
        state="done" if is_done else "dismissed",
        until_ms=None if is_done or for_ever else now_ms + span_ms,
        cost_nano=insight.cost_nano,
        saves_nano=insight.saves_nano,
    )


def spans_around(mark: InsightMark, since_ms: int, now_ms: int) -> tuple[Span, Span]:
    """(the week before an insight was marked as far as the ledger has it, the week up to now as far as it is after)."""
    done_ms = mark.marked_ms
    first_ms = max(done_ms - _WEEK_MS, min(since_ms, done_ms - DAY_MS))
    return Span(first_ms, done_ms), Span(max(done_ms, now_ms - _WEEK_MS), max(done_ms, now_ms))


def a_week(nano: int, span: Span) -> int:
    """An amount of a span as so many nano-dollars a week."""
    length = span.end_ms - span.start_ms
    return nano * _WEEK_MS // length if length > 0 else 0


def is_early(mark: InsightMark, now_ms: int) -> bool:
    return now_ms < mark.marked_ms + _EARLY_MS


def estimate(mark: InsightMark, before_nano_week: int) -> int:
    """What the insight was said to save a week: the same part of what it cost a week."""
    return before_nano_week * mark.saves_nano // mark.cost_nano if mark.cost_nano else 0


def followed_by(
    mark: InsightMark, spans: tuple[Span, Span], found: tuple[int, int], spent: tuple[int, int], now_ms: int
) -> FollowedInsight:
    """A mark with what its measure `found` and what was `spent` in all in its two spans, in nano-dollars."""
    before, after = (a_week(nano, span) for nano, span in zip(found, spans, strict=True))
    all_before, all_after = (a_week(nano, span) for nano, span in zip(spent, spans, strict=True))
    early = is_early(mark, now_ms)
    return FollowedInsight(
        mark,
        Follow(
            done_ms=mark.marked_ms,
            before_nano_week=before,
            after_nano_week=None if early else after,
            estimate_nano_week=estimate(mark, before),
            all_before_nano_week=all_before,
            all_after_nano_week=0 if early else all_after,
            told_ms=mark.marked_ms + _EARLY_MS,
        ),
    )
