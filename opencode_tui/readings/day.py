"""Reads the snapshot of a day from the ledger."""

from __future__ import annotations

import sqlite3
from datetime import date, timedelta
from itertools import accumulate, pairwise

from msgspec import Struct
from msgspec.structs import replace

from opencode_tui.analysis.pace import band, crossing_ms, run_rate, week
from opencode_tui.clock import HOUR_MS, Calendar, Span
from opencode_tui.config.settings import Settings
from opencode_tui.ledger import alert_log, queries
from opencode_tui.ledger.bounds import bounded_keys, is_lower_bound
from opencode_tui.ledger.history_queries import spans_with_calls
from opencode_tui.ledger.turns import task_slices
from opencode_tui.paths import last_part
from opencode_tui.readings.context import Context
from opencode_tui.readings.naming import session_titles
from opencode_tui.readings.session_rows import RUNNING_MS, session_rows
from opencode_tui.records.alerts import Alert, severity
from opencode_tui.records.day import DaySpend, LastCall, SessionLine, Snapshot, Split
from opencode_tui.records.requests import DayRequest
from opencode_tui.records.usage import Slice, Totals

_DAY = timedelta(days=1)
_MOST_AHEAD = 256


class _Read(Struct, frozen=True):
    """The ledger's rows on a day and its week."""

    sums: Totals
    costs: list[tuple[int, int]]
    recent: list[tuple[int, int]]
    """Calls of the last 60 minutes that belong to the day before, which count in the run rate."""
    lines: tuple[SessionLine, ...]
    days: tuple[DaySpend, ...]
    week_nano: int
    models: tuple[Slice, ...]
    providers: tuple[Slice, ...]
    tasks: tuple[Slice, ...]
    unreadable: tuple[tuple[str, int], ...]
    has_calls: bool
    alerts: tuple[Alert, ...]
    lower_bound: bool
    rate_lower_bound: bool
    week_lower_bound: bool


def read_day(request: DayRequest, context: Context) -> Snapshot:
    """The snapshot of a day at the context's moment."""
    calendar = context.calendar
    day = request.day or calendar.day(context.now_ms)
    picture = _picture(_read(day, context), context.settings, context.now_ms, day, calendar)
    return replace(
        picture,
        machine=context.machine,
        stores=context.stores or (),
        read_ms=context.read_ms,
        guard=context.guard,
        price_problems=context.price_problems,
        last_call=_last_call(picture, context) if picture.is_today and not picture.calls else None,
    )


def _last_call(picture: Snapshot, context: Context) -> LastCall | None:
    found = queries.last_call(context.connection, picture.day_start_ms)
    if found is None:
        return None
    at_ms, session_id, model = found
    return LastCall(at_ms, session_titles(context.connection, [session_id], context.calendar)[session_id], model)


def _read(day: date, context: Context) -> _Read:
    connection, calendar, settings = context.connection, context.calendar, context.settings
    now_ms, whole = context.now_ms, context.whole
    today, span = calendar.day(now_ms), calendar.span(day)
    monday, _ = calendar.week(day)
    so_far, hour = Span(calendar.start_of(monday), span.end_ms), Span(now_ms - HOUR_MS, now_ms + 1)
    return _Read(
        sums=queries.totals(connection, span, now_ms - RUNNING_MS),
        costs=queries.costs(connection, span),
        recent=queries.costs(connection, Span(now_ms - HOUR_MS, span.start_ms)) if day == today else [],
        lines=_session_lines(span, context),
        days=_seven_days(connection, calendar, day, settings, whole),
        week_nano=queries.spend(connection, so_far),
        models=bounded_slices(connection, span, "model", whole=whole),
        providers=bounded_slices(connection, span, "provider", whole=whole),
        tasks=task_slices(connection, span),
        unreadable=queries.unreadable_reasons(connection),
        has_calls=queries.has_calls(connection),
        alerts=alert_log.standing(connection, now_ms, since_ms=calendar.start_of(today - timedelta(days=1))),
        lower_bound=is_lower_bound(connection, span, whole),
        rate_lower_bound=day == today and is_lower_bound(connection, hour, whole),
        week_lower_bound=is_lower_bound(connection, so_far, whole),
    )


def _picture(read: _Read, settings: Settings, now_ms: int, day: date, calendar: Calendar) -> Snapshot:
    """The snapshot of a day, without the stores and the guard."""
    budget, chart, sums, span = settings.budget, settings.chart, read.sums, calendar.span(day)
    spent, is_today = sums.spend_nano, day == calendar.day(now_ms)
    rate = run_rate([*read.recent, *read.costs], now_ms) if is_today else 0
    points = zip((at for at, _ in read.costs), accumulate(nano for _, nano in read.costs), strict=True)

    def reached(line: int) -> int | None:
        return crossing_ms(spent, line, rate, now_ms, span.end_ms) if is_today else None

    by_kind = (sums.input_nano, sums.output_nano, sums.cache_nano)
    return Snapshot(
        taken_ms=now_ms,
        read_ms=None,
        machine="",
        day=day,
        is_today=is_today,
        day_start_ms=span.start_ms,
        day_end_ms=span.end_ms,
        spent_nano=spent,
        list_nano=sums.list_nano,
        warning_nano=budget.warning_nano,
        cutoff_nano=budget.cutoff_nano,
        band=band(spent, budget.warning_nano, budget.cutoff_nano),
        rate_nano=rate,
        warning_at_ms=reached(budget.warning_nano),
        cutoff_at_ms=reached(budget.cutoff_nano),
        calls=sums.calls,
        copied_calls=sums.copied_calls,
        running_calls=sums.running,
        aborted_calls=sums.aborted,
        sessions=len(read.lines),
        subagents=sum(line.subagents for line in read.lines),
        all_sessions=sums.all_sessions,
        active_sessions=sum(1 for line in read.lines if line.active),
        split=Split(*by_kind, spent - sum(by_kind)),
        tokens=sums.tokens,
        models=read.models,
        providers=read.providers,
        curve=tuple(points),
        week_days=read.days,
        chart_warning_nano=chart.warning_nano,
        chart_cutoff_nano=chart.cutoff_nano,
        week=replace(week(day, read.week_nano, spent, budget.week_target_nano), lower_bound=read.week_lower_bound),
        session_lines=read.lines,
        alerts=tuple(sorted(read.alerts, key=lambda alert: -severity(alert.crossing.level))),
        guard=None,
        unreadable_rows=sum(count for _, count in read.unreadable),
        unreadable_reasons=read.unreadable,
        stores=(),
        has_calls=read.has_calls,
        lower_bound=read.lower_bound,
        rate_lower_bound=read.rate_lower_bound,
        tasks=read.tasks,
    )


def bounded_slices(connection: sqlite3.Connection, span: Span, by: str, *, whole: bool = True) -> tuple[Slice, ...]:
    """The rows of queries.slices, marked if they are lower bounds; `whole` is what bounds.all_read returns."""
    found = queries.slices(connection, span, by)
    bounded = bounded_keys(connection, span, by, (each.key for each in found), whole)
    return tuple(replace(each, lower_bound=each.key in bounded) for each in found)


def days_with_calls(connection: sqlite3.Connection, calendar: Calendar, span: Span) -> list[tuple[date, Span]]:
    """Each day of a span that has calls, in order, with at most two queries for each, however long the span is.

    After days that follow each other, ever more are looked at with one query. Moments outside of the calendar's range
    belong to its first or last day.
    """
    found: list[tuple[date, Span]] = []
    at, ahead = span.start_ms, 1
    while (first := queries.first_call_ms(connection, Span(at, span.end_ms))) is not None:
        day = calendar.day(first)
        start, end = (of_day := calendar.span(day)).start_ms, of_day.end_ms
        if first < start:
            start, end = first, start
        elif first >= end:
            end = span.end_ms
        if found and found[-1][0] == day:
            start = found.pop()[1].start_ms
        found.append((day, Span(max(start, span.start_ms), min(end, span.end_ms))))
        at = end
        follows = len(found) > 1 and found[-2][1].end_ms == start
        ahead = min(ahead * 2, _MOST_AHEAD) if follows else 1
        if ahead > 1 and calendar.day(end) == day + _DAY and day.year < 9998:
            days = _days_from(calendar, day + _DAY, ahead, span.end_ms)
            found += (days[number] for number in spans_with_calls(connection, [each for _, each in days]))
            at = days[-1][1].end_ms if days else end
    return found


def _days_from(calendar: Calendar, day: date, count: int, end_ms: int) -> list[tuple[date, Span]]:
    """So many days, up to a moment."""
    days = [day + timedelta(number) for number in range(count + 1)]
    starts = [min(calendar.start_of(each), end_ms) for each in days]
    spans = (Span(*each) for each in pairwise(starts))
    return [(each, of) for each, of in zip(days, spans, strict=False) if of.start_ms < of.end_ms]


def _seven_days(
    connection: sqlite3.Connection, calendar: Calendar, day: date, settings: Settings, whole: bool
) -> tuple[DaySpend, ...]:
    chart = settings.chart
    days = []
    for back in range(6, -1, -1):
        each = day - timedelta(days=back)
        span = calendar.span(each)
        spent, bound = queries.spend(connection, span), is_lower_bound(connection, span, whole)
        days.append(DaySpend(each, spent, band(spent, chart.warning_nano, chart.cutoff_nano), bound))
    return tuple(days)


def _session_lines(span: Span, context: Context) -> tuple[SessionLine, ...]:
    lines = [
        SessionLine(
            id=row.id,
            title=row.title,
            project=last_part(row.project),
            model=row.model,
            own_nano=row.own_nano,
            total_nano=row.total_nano,
            subagents=row.subagents,
            turns=row.turns or 0,
            calls=row.calls,
            context_tokens=row.context_tokens,
            context_limit=row.context_limit,
            last_ms=row.last_ms,
            active=row.state == "active",
            is_fork=row.is_fork,
            deleted=row.state == "deleted",
            lower_bound=row.lower_bound,
        )
        for row in session_rows(span, context, sparks=False)
    ]
    lines.sort(key=lambda line: (not line.active, -line.total_nano, -line.last_ms, line.id))
    return tuple(lines)
