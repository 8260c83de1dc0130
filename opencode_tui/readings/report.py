"""Reads a report on a period from the ledger. Once the period is over, the moment of reading changes nothing."""

from __future__ import annotations

from datetime import date, timedelta

from msgspec.structs import replace

from opencode_tui.analysis.pace import band
from opencode_tui.analysis.projection import point_within
from opencode_tui.analysis.report_periods import ReportPeriod
from opencode_tui.clock import EVER, Span
from opencode_tui.ledger import alert_log, queries, report_queries
from opencode_tui.ledger.bounds import bounded_days, is_lower_bound
from opencode_tui.ledger.digests import days_between, digest_calls
from opencode_tui.ledger.history_queries import spend_until
from opencode_tui.ledger.residuals import COMPACTION, TITLE, UNDONE
from opencode_tui.ledger.turns import task_slices
from opencode_tui.readings.context import Context
from opencode_tui.readings.day import bounded_slices
from opencode_tui.readings.insights import read_insights
from opencode_tui.readings.report_sessions import read_costliest
from opencode_tui.readings.shipped import read_shipped_in
from opencode_tui.records.alerts import Alert, severity
from opencode_tui.records.calls import Tokens
from opencode_tui.records.cost_report import Asides, CallsDigest, CostReport, Ranking, ReportDay, ReportLines
from opencode_tui.records.requests import InsightsRequest
from opencode_tui.records.shipped import AskGit
from opencode_tui.records.usage import Slice
from opencode_tui.records.work import NOT_KNOWN

RANKED = ("model", "provider", "project", "agent")
MOST_DAYS = 92
"""A period of up to so many days shows those without calls as well."""
_TOP = 8
_MOST_INSIGHTS = 5
_MOST_ALERTS = 40
_WEEK_DAYS = 7


def read_report(period: ReportPeriod, context: Context, ask_git: AskGit | None = None) -> CostReport:
    """The report on a period, with the lines of the context's settings."""
    connection, calendar, whole = context.connection, context.calendar, context.whole
    span = calendar.span(period.first, period.last)
    before = period.before()
    span_before = calendar.span(before.first, before.last)
    lines = _lines(period, context)
    digest = digest_calls(connection, _days(period, context))
    # Whatever has not completed by the end of the period counts as incomplete, so that the present does not matter.
    totals = queries.totals(connection, span, span.end_ms)
    costliest = read_costliest(span, context)
    since_ms = queries.first_call_ms(connection, EVER)
    since = None if since_ms is None else calendar.day(since_ms)
    point_ms, today = span_before.end_ms, None
    if context.now_ms < span.end_ms:
        today = calendar.day(context.now_ms)
        passed = max(today - period.first, timedelta(0))
        point_ms = point_within(before.first, before.last, passed, context.now_ms, calendar)
    alerts, other_alerts = _alerts(span, context)
    found = read_insights(InsightsRequest(first=period.first, last=period.last), context)
    insights = sorted((*found.insights, *found.dismissed), key=lambda each: -each.cost_nano)
    return CostReport(
        label=period.label,
        first=period.first,
        last=period.last,
        timezone=context.settings.timezone,
        lines=lines,
        totals=totals,
        lower_bound=is_lower_bound(connection, span, whole),
        before_label=before.label,
        before_first=before.first,
        before_end=before.last,
        before_nano=queries.spend(connection, span_before),
        before_lower_bound=is_lower_bound(connection, span_before, whole),
        before_point_nano=spend_until(connection, span_before.start_ms, point_ms),
        since=since,
        today=today,
        digest=digest,
        days=_day_rows(digest, lines, since, today, context),
        rankings=(*(_ranking(by, span, context) for by in RANKED), *_tasks(span, context)),
        sessions=costliest.sessions,
        other_sessions=costliest.others,
        subagents=costliest.subagents,
        other_sessions_nano=costliest.others_nano,
        alerts=alerts,
        other_alerts=other_alerts,
        insights=tuple(insights[:_MOST_INSIGHTS]),
        other_insights=max(len(insights) - _MOST_INSIGHTS, 0),
        asides=_asides(span, totals.aborted, context),
        has_every_day=period.days <= MOST_DAYS,
        shipped=read_shipped_in(span, context, ask_git),
    )


def _lines(period: ReportPeriod, context: Context) -> ReportLines:
    budget = context.settings.budget
    target = budget.week_target_nano * period.days // _WEEK_DAYS
    return ReportLines(budget.warning_nano, budget.cutoff_nano, budget.week_target_nano, target)


def _days(period: ReportPeriod, context: Context) -> list[tuple[date, Span]]:
    """Every day of a short period; of a long one, the days with calls."""
    calendar = context.calendar
    if period.days <= MOST_DAYS:
        return list(days_between(calendar, period.first, period.last))
    moments = report_queries.moments_of_calls(context.connection, calendar.span(period.first, period.last))
    return [(day, calendar.span(day)) for day in dict.fromkeys(map(calendar.day, moments))]


def _day_rows(
    digest: CallsDigest, lines: ReportLines, since: date | None, today: date | None, context: Context
) -> tuple[ReportDay, ...]:
    spans = {each.day.isoformat(): Span(each.start_ms, each.end_ms) for each in digest.days}
    bounded = bounded_days(context.connection, spans, context.whole)
    return tuple(
        ReportDay(
            each,
            band(each.spend_nano, lines.warning_nano, lines.cutoff_nano),
            each.day.isoformat() in bounded,
            is_to_come=today is not None and each.day > today and not each.calls,
            is_before_ledger=since is not None and each.day < since,
        )
        for each in digest.days
    )


def _tasks(span: Span, context: Context) -> tuple[Ranking, ...]:
    """What the spend was for; nothing as long as no turn is classified."""
    found = task_slices(context.connection, span)
    if all(each.key == NOT_KNOWN for each in found):
        return ()
    bounded = is_lower_bound(context.connection, span, context.whole)
    return (_ranked("task", tuple(replace(each, lower_bound=bounded) for each in found)),)


def _ranking(by: str, span: Span, context: Context) -> Ranking:
    return _ranked(by, bounded_slices(context.connection, span, by, whole=context.whole))


def _ranked(by: str, found: tuple[Slice, ...]) -> Ranking:
    rest = found[_TOP:] if len(found) > _TOP + 1 else ()  # one more is no longer than a line about it
    return Ranking(by, found[: len(found) - len(rest)], len(rest), _sum_of(rest))


def _sum_of(slices: tuple[Slice, ...]) -> Slice:
    return Slice(
        key="",
        spend_nano=sum(each.spend_nano for each in slices),
        calls=sum(each.calls for each in slices),
        tokens=sum((each.tokens for each in slices), Tokens()),
        list_nano=sum(each.list_nano for each in slices),
        lower_bound=any(each.lower_bound for each in slices),
    )


def _alerts(span: Span, context: Context) -> tuple[tuple[Alert, ...], int]:
    """(the alerts whose line was crossed in the span, how many more there are)."""
    ids = report_queries.crossed_in(context.connection, span)
    known = alert_log.with_ids(context.connection, ids)
    alerts = [known[id] for id in ids]
    gravest = sorted(alerts, key=lambda alert: -severity(alert.crossing.level))[:_MOST_ALERTS]
    kept = {alert.id for alert in gravest}
    return tuple(alert for alert in alerts if alert.id in kept), len(alerts) - len(kept)


def _asides(span: Span, incomplete: int, context: Context) -> Asides:
    connection = context.connection
    inferred = report_queries.calls_in_no_row(connection, span)
    return Asides(
        not_billed=report_queries.calls_not_billed(connection, span),
        forked=report_queries.copies_in_forks(connection, span),
        undone=inferred[UNDONE],
        titles=inferred[TITLE],
        compactions=inferred[COMPACTION],
        deleted=report_queries.calls_of_deleted(connection, span),
        incomplete=incomplete,
        unreadable=queries.missing_rows(connection, span),
        bases=report_queries.counts_by_basis(connection, span),
    )
