"""Reads the cost of a period from the ledger, in total and grouped by one key."""

from __future__ import annotations

from datetime import date

from msgspec.structs import replace

from opencode_tui.analysis.matching import matching
from opencode_tui.analysis.periods import days_of
from opencode_tui.clock import EVER
from opencode_tui.ledger import queries
from opencode_tui.ledger.bounds import bounded_days, is_lower_bound
from opencode_tui.readings.context import Context
from opencode_tui.readings.day import bounded_slices, days_with_calls
from opencode_tui.readings.sessions import RUNNING_MS
from opencode_tui.records.requests import UsageRequest
from opencode_tui.records.usage import Usage

_MOST_MODELS = 8


def read_usage(request: UsageRequest, context: Context) -> Usage:
    """The totals and the groups of the request's days.

    If no model matches the requested one, all sums are 0 and `known_models` names some of the period's models.
    """
    connection, calendar, whole = context.connection, context.calendar, context.whole
    first, last, label = _days(request, context)
    # including calls in the future or before the first day, from when the clock was wrong
    span = EVER if label == "all" else calendar.span(first, last)
    only: list[str] | None = None
    known: tuple[str, ...] | None = None
    if request.model is not None:
        models = queries.models(connection, span)
        only = matching(request.model, models)
        known = None if only else tuple(models[:_MOST_MODELS])
    if request.by == "day":
        spans = {day.isoformat(): each for day, each in days_with_calls(connection, calendar, span)}
        bounded = bounded_days(connection, spans, whole)
        groups = tuple(
            replace(group, lower_bound=group.key in bounded)
            for group in queries.daily(connection, list(spans.items()), only)
        )
    else:
        groups = bounded_slices(connection, span, request.by, only, whole=whole)
    return Usage(
        request=request,
        taken_ms=context.now_ms,
        first=first,
        last=last,
        label=label,
        by=request.by,
        totals=queries.totals(connection, span, context.now_ms - RUNNING_MS, only),
        groups=groups,
        unreadable_rows=sum(count for _, count in queries.unreadable_reasons(connection)),
        titles=queries.titles(connection, [group.key for group in groups]) if request.by == "session" else {},
        lower_bound=is_lower_bound(connection, span, whole),
        known_models=known,
    )


def _days(request: UsageRequest, context: Context) -> tuple[date, date, str]:
    """(first day, last day, name of the period)"""
    today = context.calendar.day(context.now_ms)
    if request.first or request.last:
        last = request.last or max(today, request.first or today)
        return request.first or min(_first_ever(context, today), last), last, "custom"
    first_ever = _first_ever(context, today) if request.period == "all" else today
    return *days_of(request.period, today, first_ever), request.period


def _first_ever(context: Context, today: date) -> date:
    start_ms = queries.all_time(context.connection).start_ms
    return context.calendar.day(start_ms) if start_ms else today
