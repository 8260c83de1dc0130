"""The sentences of insights, for the screen and the commands alike."""

from __future__ import annotations

from collections.abc import Iterator

from opencode_tui.analysis.quoting import in_quotes
from opencode_tui.clock import Calendar, short_day
from opencode_tui.money import format_usd, plural
from opencode_tui.records.answers import InsightList
from opencode_tui.records.insights import Follow, FollowedInsight, Insight, InsightSession
from opencode_tui.records.levers import LeverEvidence
from opencode_tui.records.privacy.harmless import shown_id
from opencode_tui.report.levers import LEVER_NAMES, most_of, sure_of
from opencode_tui.report.words import amount_text

_MOST_SESSIONS = 3
_MOST_INSIGHTS = 5
_LIKE_BEFORE = 10
"""The percentage of what it cost before below which a saving is none."""


def saving_text(insight: Insight) -> str:
    """Such as `would save $0.60`."""
    if not insight.saves_nano:
        return "what it would save is not known"
    return f"would save {_most(insight)}{format_usd(insight.saves_nano)}"


def _most(insight: Insight) -> str:
    return "at most " if insight.saves_at_most else ""


def insight_facts(insight: Insight) -> tuple[str, ...]:
    """The lever, how sure it is, and the number of calls."""
    return (LEVER_NAMES[insight.lever], insight.sure, *((plural(insight.calls, "call"),) if insight.calls else ()))


def insight_session_text(session: InsightSession) -> str:
    """Such as `$0.83 in "Fix header" (ses_4f2c)`."""
    return f"{format_usd(session.nano)} in {in_quotes(session.title)} ({shown_id(session.id)})"


def behind_text(found: InsightList) -> str:
    """How many sessions are not looked at yet; empty if all are."""
    if not found.sessions_left:
        return ""
    return f"{plural(found.sessions_left, 'session')} not looked at yet: there may be more"


def no_insight(found: InsightList) -> str:
    """Why there is no insight in a period."""
    if found.sessions_left:
        return "No insight yet"
    if not found.spend_nano:
        return "Nothing was spent"
    if found.insights or found.dismissed:
        return "No other insight"
    return "No insight: nothing stands out that could have cost less"


def costliest_text(insight: Insight) -> tuple[str, ...]:
    """An insight in one line, from the longest variant to the shortest."""
    cost = format_usd(insight.cost_nano)
    saves = f", {saving_text(insight)}" if insight.saves_nano else ""
    head = f"why {cost}: {insight.title}"
    return (f"{head}{saves} → {insight.how}", f"{head}{saves}", head)


def became_text(follow: Follow, calendar: Calendar, now_ms: int) -> str:
    """The same measure before and after, what was saved, and whether the estimate was wrong."""
    before, after = follow.before_nano_week, follow.after_nano_week
    since = calendar.moment(follow.done_ms, now_ms)
    was = f"{format_usd(before)} a week before {since}"
    if after is None:
        return f"{was}; too early to say before {calendar.moment(follow.told_ms, now_ms)}"
    all_spent = f"all spend {format_usd(follow.all_before_nano_week)} and {format_usd(follow.all_after_nano_week)}"
    return f"{was}, {format_usd(after)} a week since ({all_spent}): {_verdict(before - after, before, follow)}"


def _verdict(saved: int, before: int, follow: Follow) -> str:
    estimate = follow.estimate_nano_week
    said = f"{format_usd(estimate)} a week"
    if saved * 100 < _LIKE_BEFORE * before or saved <= 0:
        wrong = f"; the estimate that it saves {said} was wrong" if estimate else ""
        return f"{'it costs more' if saved < 0 else 'nothing is saved'}{wrong}"
    what = f"{format_usd(saved)} a week is saved"
    if not estimate:
        return what
    if saved * 2 < estimate:
        return f"{what}, less than half of the {said} estimated: the estimate was wrong"
    if saved > 2 * estimate:
        return f"{what}, more than twice the {said} estimated: the estimate was wrong"
    return f"{what}, {said} was estimated"


def insight_details(
    insight: Insight | None, followed: FollowedInsight | None, calendar: Calendar, now_ms: int
) -> Iterator[tuple[str, str]]:
    """(label, text) of an insight's details; of one that is not found any more, what became of it."""
    if followed is not None:
        yield "since", became_text(followed.follow, calendar, now_ms)
    if insight is None:
        return
    yield "seen", insight.what
    yield "do", insight.how
    yield "saves", saving_text(insight).removeprefix("would save ")
    yield "sum", insight.sum_shown
    yield "lever", " · ".join(insight_facts(insight))
    sessions = [each for each in insight.sessions if each.id]
    for place, each in enumerate(sessions[:_MOST_SESSIONS]):
        yield "" if place else "where", insight_session_text(each)
    if (more := len(sessions) - _MOST_SESSIONS) > 0:
        yield "", f"and {plural(more, 'more session')}"
    yield "id", f"{insight.id} for opencode-tui why"


def insight_status(found: InsightList) -> tuple[str, ...]:
    """What the list is of, what there is besides it, and whether more may come: a sentence each."""
    first, last = short_day(found.first), short_day(found.last)
    days = first if found.first == found.last else f"{first} to {last}"
    hidden = len(found.dismissed)
    lines = [f"{found.label}, {days}: {amount_text(found.spend_nano, found.lower_bound)} spent"]
    lines += [f"{hidden:,} dismissed: h shows them"] if hidden else []
    lines += [behind_text(found)] if found.sessions_left else []
    return tuple(lines)


def lever_details(group: LeverEvidence, found: InsightList) -> Iterator[tuple[str, str]]:
    """(label, text) of what a period shows for a lever, and of the next thing to do."""
    if not group.insights:
        yield "seen", no_insight(found) if not found.insights else "No insight that this lever answers"
        if group.step:
            yield "next", group.step
    else:
        saves = f"{most_of(group)}{format_usd(group.saves_nano)}" if group.saves_nano else "not known,"
        yield "saves", f"{saves} of {format_usd(group.cost_nano)} ({sure_of(group)})"
        yield from (("set", f"already: {each}") for each in group.already)
        if group.step:
            yield "next", group.step
    yield from (("quota", fact) for fact in group.facts)
    for place, each in enumerate(group.insights[:_MOST_INSIGHTS]):
        yield "" if place else "seen", f"{format_usd(each.cost_nano)} {each.what}"
    if (more := len(group.insights) - _MOST_INSIGHTS) > 0:
        yield "", f"and {plural(more, 'more insight')}"
    yield "files", "opencode-tui levers says which change of a file would help, shows it, and can take it back"
    first, *others = insight_status(found)
    yield "period", first
    yield from (("", other) for other in others if "dismissed" not in other)
