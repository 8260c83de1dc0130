"""Reads every day that the ledger has, the running week and month, and the hours of the week."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec.structs import replace

from opencode_tui.analysis.history import days_of_calls, period_of, total
from opencode_tui.analysis.projection import daily_pace, period_before, projected, same_point
from opencode_tui.analysis.week_hours import hours_of_week
from opencode_tui.clock import EVER, Calendar, Span
from opencode_tui.ledger.bounds import bounded_days, is_lower_bound, missing_moments
from opencode_tui.ledger.history_queries import paid_by_day, paid_over_time, spend_until
from opencode_tui.readings.context import Context
from opencode_tui.records.history import HistoryView, PeriodBefore, PeriodUnit, PeriodUse, RunningPeriod, WeekHours
from opencode_tui.records.requests import HistoryRequest, HoursRequest


def read_history(request: HistoryRequest, context: Context) -> HistoryView:
    """All days with calls, from the sums, and the running week and month."""
    connection, settings = context.connection, context.settings
    bound = is_lower_bound(connection, EVER, context.whole)
    days = days_of_calls(paid_by_day(connection, context.calendar), context.calendar)
    if bound:
        days = _bounded(days, context)
    return HistoryView(
        request=request,
        taken_ms=context.now_ms,
        today=context.calendar.day(context.now_ms),
        days=tuple(days),
        running=tuple(_running(unit, days, context) for unit in ("week", "month")),
        warning_nano=settings.budget.warning_nano,
        cutoff_nano=settings.budget.cutoff_nano,
        target_nano=settings.budget.week_target_nano,
        lower_bound=bound,
    )


def _bounded(days: Sequence[PeriodUse], context: Context) -> list[PeriodUse]:
    """The days, marked if they are lower bounds, with those of which nothing could be read."""
    connection, calendar = context.connection, context.calendar
    unread = {calendar.day(ms) for ms in missing_moments(connection, EVER)} - {day.first for day in days}
    every = sorted([*days, *(PeriodUse(day, day) for day in unread)], key=lambda day: day.first)
    spans = {day.first.isoformat(): calendar.span(day.first) for day in every}
    bounded = bounded_days(connection, spans, context.whole)
    return [replace(day, lower_bound=day.first in unread or day.first.isoformat() in bounded) for day in every]


def _running(unit: PeriodUnit, days: Sequence[PeriodUse], context: Context) -> RunningPeriod:
    calendar, now_ms, connection = context.calendar, context.now_ms, context.connection
    today = calendar.day(now_ms)
    first, last = period_of(unit, today)
    spent_nano = total(days, first, today).spend_nano
    since = next((day.first for day in days if day.calls), today)
    from_ms, end_ms = calendar.start_of(max(first, min(since, today))), calendar.span(last).end_ms
    return RunningPeriod(
        unit=unit,
        first=first,
        last=last,
        spend_nano=spent_nano,
        target_nano=context.settings.budget.week_target_nano if unit == "week" else None,
        pace_nano=daily_pace(spent_nano, from_ms, now_ms),
        projected_nano=projected(spent_nano, from_ms, now_ms, end_ms),
        before=_before(unit, days, since, context),
        lower_bound=is_lower_bound(connection, calendar.span(first, today), context.whole),
    )


def _before(unit: PeriodUnit, days: Sequence[PeriodUse], since: date, context: Context) -> PeriodBefore | None:
    calendar, connection = context.calendar, context.connection
    first, last = period_before(unit, calendar.day(context.now_ms))
    if since > last:
        return None
    point_ms = same_point(unit, context.now_ms, calendar)
    return PeriodBefore(
        first=first,
        last=last,
        point_ms=point_ms,
        spend_nano=spend_until(connection, calendar.start_of(first), point_ms),
        whole_nano=total(days, first, last).spend_nano,
        kept_from=max(first, since),
        lower_bound=is_lower_bound(connection, calendar.span(first, last), context.whole),
    )


def read_hours(request: HoursRequest, context: Context) -> WeekHours:
    """The hours of the week over the request's year."""
    span = year_span(request.year, context.calendar)
    hours = hours_of_week(paid_over_time(context.connection, span), context.calendar)
    return WeekHours(request, context.now_ms, hours, is_lower_bound(context.connection, span, context.whole))


def year_span(year: int, calendar: Calendar) -> Span:
    """From the first moment of a year to its last; the first and the last year have all moments before and after."""
    start_ms = calendar.start_of(date(year, 1, 1)) if year > 1970 else EVER.start_ms
    return Span(start_ms, calendar.start_of(date(year + 1, 1, 1)) if year < 9999 else EVER.end_ms)
