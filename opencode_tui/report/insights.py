"""Insights as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from opencode_tui.clock import Calendar
from opencode_tui.money import format_usd, usd
from opencode_tui.records.answers import InsightList
from opencode_tui.records.insights import FollowedInsight, Insight, InsightMark, InsightSession
from opencode_tui.records.outcomes import InsightsMarked, InsightsUnmarked
from opencode_tui.report.filling import filled
from opencode_tui.report.insight_words import (
    became_text,
    behind_text,
    insight_facts,
    insight_session_text,
    no_insight,
    saving_text,
)
from opencode_tui.report.json_values import SCHEMA_VERSION, moment_or_none, saving_or_none
from opencode_tui.report.words import amount_text

_MOST_SESSIONS = 3
_INDENT = 2


def insights_json(found: InsightList, calendar: Calendar) -> dict[str, Any]:
    """The JSON contract of `why`: amounts are USD, exact to 1e-9; the costliest insight first."""
    return {
        "schema_version": SCHEMA_VERSION,
        "period": {"label": found.label, "from": found.first.isoformat(), "to": found.last.isoformat()},
        "spend_usd": usd(found.spend_nano),
        "lower_bound": found.lower_bound,
        "sessions_left": found.sessions_left,
        "insights": [insight_json(each, calendar) for each in found.insights],
        "dismissed": [insight_json(each, calendar) for each in found.dismissed],
        "followed": [_followed_json(each, calendar) for each in found.followed],
    }


def insight_json(insight: Insight, calendar: Calendar) -> dict[str, Any]:
    return {
        "id": insight.id,
        "rule": insight.rule,
        "key": insight.key,
        "title": insight.title,
        "what": insight.what,
        "sessions": [_session_json(each) for each in insight.sessions if each.id],
        "cost_usd": usd(insight.cost_nano),
        "saves_usd": saving_or_none(insight.saves_nano),
        "saves_at_most": insight.saves_at_most,
        "lever": insight.lever,
        "how": insight.how,
        "sure": insight.sure,
        "calls": insight.calls,
        "sum": insight.sum_shown,
        "first_at": calendar.iso(insight.first_ms),
        "last_at": calendar.iso(insight.last_ms),
        "state": insight.state,
    }


def _session_json(session: InsightSession) -> dict[str, Any]:
    return {
        "id": session.id,
        "title": session.title,
        "turn_id": session.turn_id or None,
        "cost_usd": usd(session.nano),
    }


def marks_json(outcome: InsightsMarked | InsightsUnmarked, calendar: Calendar) -> dict[str, Any]:
    """The JSON contract of `why dismiss`, `why done` and `why restore`: the insights and what they are now."""
    is_marked = isinstance(outcome, InsightsMarked)
    return {
        "schema_version": SCHEMA_VERSION,
        "insights": [
            {
                "id": mark.id,
                "rule": mark.rule,
                "key": mark.key,
                "title": mark.title,
                "state": mark.state if is_marked else "new",
                "until_at": moment_or_none(mark.until_ms if is_marked else None, calendar),
            }
            for mark in outcome.marks
        ],
    }


def _followed_json(each: FollowedInsight, calendar: Calendar) -> dict[str, Any]:
    mark, follow = each.mark, each.follow
    after = follow.after_nano_week
    return {
        "id": mark.id,
        "rule": mark.rule,
        "key": mark.key,
        "title": mark.title,
        "lever": mark.lever,
        "done_at": calendar.iso(mark.marked_ms),
        "before_usd_week": usd(follow.before_nano_week),
        "after_usd_week": None if after is None else usd(after),
        "estimate_usd_week": saving_or_none(follow.estimate_nano_week),
        "saved_usd_week": None if after is None else usd(follow.before_nano_week - after),
        "all_before_usd_week": usd(follow.all_before_nano_week),
        "all_after_usd_week": None if after is None else usd(follow.all_after_nano_week),
        "told_at": moment_or_none(follow.told_ms if after is None else None, calendar),
    }


def insights_text(found: InsightList, calendar: Calendar, width: int | None, *, marks: tuple[InsightMark, ...]) -> str:
    """The insights in blocks of lines of at most so many cells, and what became of those that were acted on.

    `marks` are those of dismissed insights, which are listed as well.
    """
    lines = list(_lines(found, calendar, marks))
    return "\n".join(part for indent, text in lines for part in filled(text, width, indent))


def _lines(found: InsightList, calendar: Calendar, marks: tuple[InsightMark, ...]) -> Iterator[tuple[int, str]]:
    """(cells to indent, text) of each line before it is filled."""
    spent = amount_text(found.spend_nano, found.lower_bound)
    yield 0, f"why | {found.label}, {found.first} to {found.last}: {spent} spent"
    if left := behind_text(found):
        yield 0, left
    new = [each for each in found.insights if each.state == "new"]
    if not new:
        yield 0, no_insight(found)
    for place, insight in enumerate(new, 1):
        yield 0, ""
        yield from _block(insight, place)
    if found.followed:
        yield 0, ""
        yield 0, "marked as done:"
        for each in found.followed:
            yield _INDENT, f"{each.mark.id}  {each.mark.title}"
            yield 2 * _INDENT, became_text(each.follow, calendar, found.taken_ms)
    for mark in marks:
        yield 0, ""
        until = "for ever" if mark.until_ms is None else f"until {calendar.moment(mark.until_ms, found.taken_ms)}"
        yield 0, f"{mark.id}  {mark.title}: dismissed {until}"
    if (hidden := len(found.dismissed)) and not marks:
        yield 0, ""
        yield 0, f"{hidden:,} dismissed; `opencode-tui why --dismissed` lists them"


def _block(insight: Insight, place: int) -> Iterator[tuple[int, str]]:
    yield 0, f"{place}. {format_usd(insight.cost_nano)}  {insight.title}"
    yield _INDENT, insight.what
    yield _INDENT, insight.sum_shown
    yield _INDENT, f"→ {insight.how}"
    yield _INDENT, " · ".join((f"id {insight.id}", saving_text(insight), *insight_facts(insight)))
    sessions = [each for each in insight.sessions if each.id]
    for each in sessions[:_MOST_SESSIONS]:
        yield _INDENT, insight_session_text(each)
    if (more := len(sessions) - _MOST_SESSIONS) and more > 0:
        yield _INDENT, f"and {more:,} more session{'s' if more > 1 else ''}"
