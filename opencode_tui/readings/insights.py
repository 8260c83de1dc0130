"""Reads the insights of a period from what is kept of its sessions, and from the period itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress

from msgspec.structs import replace

from opencode_tui.analysis.absences import sessions_of_a_timer
from opencode_tui.analysis.finding_parts import part_within
from opencode_tui.analysis.insight_marks import marked
from opencode_tui.analysis.insight_order import by_cause, insights_of, said_beside
from opencode_tui.analysis.insights import PERIOD_RULES, RULE_OF
from opencode_tui.analysis.insights.unattended import away_after_ms
from opencode_tui.analysis.period_calls import SharedCall, shared_sessions, with_their_calls
from opencode_tui.clock import EVER, Span
from opencode_tui.ledger import queries
from opencode_tui.ledger.attendance_queries import ancestors_of
from opencode_tui.ledger.bounds import is_lower_bound
from opencode_tui.ledger.changed_work import sessions_behind
from opencode_tui.ledger.findings import call_costs, findings_in, sessions_of_calls
from opencode_tui.ledger.insight_marks import marks_of_insights
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.ledger.period_work_queries import paid_calls_of, shares_of_quarters, shares_of_sessions, uses_of_tools
from opencode_tui.ledger.session_work_queries import latest_rates
from opencode_tui.readings.attendance import prompts_of_people, read_alone
from opencode_tui.readings.context import Context, ContextLimits, LiveStore
from opencode_tui.readings.finding_settling import settle_findings
from opencode_tui.readings.insight_following import read_followed
from opencode_tui.readings.naming import session_titles
from opencode_tui.readings.offered_servers import read_offered_servers
from opencode_tui.readings.periods import days, span_of
from opencode_tui.readings.undone_settling import settle_undone
from opencode_tui.records.answers import InsightList
from opencode_tui.records.insights import Finding
from opencode_tui.records.requests import InsightsRequest
from opencode_tui.records.work import PeriodWork


def settle_insights(
    ledger: Ledger,
    thresholds: Mapping[str, int],
    limits: ContextLimits | None = None,
    span: Span = EVER,
    most: int | None = None,
    *,
    live: LiveStore | None = None,
) -> None:
    """Finds what is new in the sessions around a span that changed, at most so many; before `read_insights`.

    What was undone in them is asked from the store. A ledger that is locked is left as it is.
    """
    with suppress(sqlite3.OperationalError):
        settle_undone(ledger, live, span, most)
        settle_findings(ledger, thresholds, limits, span, most)


def insights_span(request: InsightsRequest, context: Context) -> Span:
    """The time that a request is about. Raises ValueError with a sentence for an unknown period."""
    return span_of(*days(request.period, request.first, request.last, context), context)


def read_insights(request: InsightsRequest, context: Context) -> InsightList:
    """The period's insights, the costliest first. Raises ValueError with a sentence for an unknown period.

    `sessions_left` counts the sessions around the period that no rule has looked at since they changed.
    """
    connection = context.connection
    first, last, label = days(request.period, request.first, request.last, context)
    span = span_of(first, last, label, context)
    thresholds = context.settings.insights.options
    are_on = {name: rule.is_on(thresholds) for name, rule in RULE_OF.items()}
    kept = [each for each in findings_in(connection, span) if are_on.get(each.rule)]
    costs = call_costs(connection, {id for each in kept for id in each.calls})
    found = [part for each in kept if (part := part_within(each, span, costs))]
    on = [rule for rule in PERIOD_RULES if rule.is_on(thresholds)]
    if on:
        work = period_work(span, context)
        found = [each for each in found if not (RULE_OF[each.rule].is_for_a_person and each.session_id in work.timed)]
        wide = [each for rule in on for each in rule.find(work, thresholds)]
        calls = _shared_calls(found, wide, span, context)
        costs |= {call.id: (call.created_ms, call.nano) for call in calls}
        found += with_their_calls(wide, calls)
    decided = marks_of_insights(connection)
    followed = read_followed(decided, context, period_work)
    hidden = {(each.rule, each.key) for each in decided if each.state == "done" or each.is_dismissed(context.now_ms)}
    found = _titled(found, context)
    groups = by_cause(found, costs, RULE_OF, hidden)
    insights = insights_of(groups, RULE_OF, _until_now(span, context), said_beside(found, groups, RULE_OF))
    shown, dismissed = marked(insights, decided, followed, context.now_ms)
    return InsightList(
        request=request,
        taken_ms=context.now_ms,
        first=first,
        last=last,
        label=label,
        insights=shown,
        spend_nano=queries.spend(connection, span),
        lower_bound=is_lower_bound(connection, span, context.whole),
        sessions_left=len(sessions_behind(connection, "findings", span)),
        dismissed=dismissed,
        followed=followed,
    )


def _shared_calls(found: Sequence[Finding], wide: Sequence[Finding], span: Span, context: Context) -> list[SharedCall]:
    """The calls of the sessions that findings of the period are about, and other findings as well."""
    if not wide:
        return []
    connection = context.connection
    broad = {id for each in found if RULE_OF[each.rule].reach == "broad" for id in each.calls}
    session_of = sessions_of_calls(connection, broad) if broad else {}
    ids = sorted(shared_sessions([*found, *wide], session_of))
    return [
        SharedCall(id, session_id, created_ms, nano, bool(is_undone))
        for id, session_id, created_ms, nano, is_undone in (paid_calls_of(connection, ids, span) if ids else ())
    ]


def period_work(span: Span, context: Context) -> PeriodWork:
    """What the rules on a period look at."""
    connection, until_now = context.connection, _until_now(span, context)
    sessions = shares_of_sessions(connection, span)
    quarters, away_ms = shares_of_quarters(connection, span), away_after_ms(context.settings.insights.options)
    prompts = prompts_of_people(connection, span, sessions) if away_ms else ()
    spent = {each.id for each in sessions}
    above = {each.parent_id for each in sessions if each.parent_id} - spent
    return PeriodWork(
        span=until_now,
        calendar=context.calendar,
        sessions=sessions,
        ancestors=ancestors_of(connection, above) if above else {},
        quarters=quarters,
        alone=read_alone(connection, span, sessions, quarters, prompts, away_ms) if away_ms else (),
        timed=sessions_of_a_timer(prompts, context.calendar),
        tools=uses_of_tools(connection, span),
        rates=latest_rates(connection),
        servers=read_offered_servers((each.project for each in sessions if each.project), until_now.end_ms, context),
    )


def _until_now(span: Span, context: Context) -> Span:
    """The part of a span in which there can be calls: for what is said a week."""
    ever = queries.all_time(context.connection)
    start_ms = max(span.start_ms, ever.start_ms)
    return Span(start_ms, max(start_ms + 1, min(span.end_ms, max(context.now_ms, ever.end_ms))))


def _titled(findings: Sequence[Finding], context: Context) -> list[Finding]:
    """The findings with the titles that their sessions have now."""
    ids = {each.session_id for each in findings}
    titles = session_titles(context.connection, ids, context.calendar) if ids else {}
    return [replace(each, title=titles.get(each.session_id, each.title)) for each in findings]
