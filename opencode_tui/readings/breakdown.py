"""Reads the cost of a period by one or two dimensions from the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date

from msgspec.structs import replace

from opencode_tui.analysis.matching import matching_keys
from opencode_tui.analysis.periods import days_of_text
from opencode_tui.analysis.time_spans import HOURS, WEEKDAYS, order, time_spans
from opencode_tui.clock import EVER, Span
from opencode_tui.ledger import queries
from opencode_tui.ledger.bounds import bounded_days, bounded_keys, is_lower_bound
from opencode_tui.ledger.breakdown_queries import Failed, breakdown, failures, keys_of, unpaid
from opencode_tui.ledger.queries import SLICE_KEYS
from opencode_tui.ledger.selection import NamedSpan, Selection
from opencode_tui.readings.context import Context
from opencode_tui.readings.day import days_with_calls
from opencode_tui.readings.sessions import RUNNING_MS
from opencode_tui.records.breakdown import Breakdown, BreakdownRow, Measures
from opencode_tui.records.dimensions import KINDS_OF_USE, TIMES
from opencode_tui.records.requests import BreakdownRequest, Filter

_MOST_KNOWN = 8
_FIXED = {"kind": KINDS_OF_USE, "hour": HOURS, "weekday": WEEKDAYS}


def read_breakdown(request: BreakdownRequest, context: Context) -> Breakdown:
    """The groups of the request's days.

    A filter's keys are texts that people type: each stands for the keys that it matches. If one matches nothing, all
    sums are 0, `unknown` is that filter, and `known` names some of the keys that there are.
    """
    first, last, label = days(request.period, request.first, request.last, context)
    # including calls in the future or before the first day, from when the clock was wrong
    span = EVER if label == "all" else context.calendar.span(first, last)
    where, unknown, known = _resolved(request.where, span, context)
    selection = Selection(()) if unknown is not None else _selection(request.by, where, span, context)
    whole = _whole(selection, span)
    rows, totals = _measured(selection, whole, span, context, details=request.details)
    copied, unfinished = unpaid(context.connection, whole, context.now_ms - RUNNING_MS)
    ids = {row.keys[request.by.index("session")] for row in rows} if "session" in request.by else set()
    start_ms = queries.all_time(context.connection).start_ms
    return Breakdown(
        request=request,
        taken_ms=context.now_ms,
        first=first,
        last=last,
        label=label,
        totals=totals,
        rows=tuple(_sorted(rows, request.by)),
        titles=queries.titles(context.connection, ids) if ids else {},
        lower_bound=is_lower_bound(context.connection, span, context.whole),
        since=context.calendar.day(start_ms) if start_ms else None,
        copied_calls=copied,
        unfinished=unfinished,
        unreadable_rows=sum(count for _, count in queries.unreadable_reasons(context.connection)),
        known=known,
        unknown=unknown,
    )


def selection_of(request: BreakdownRequest, context: Context) -> Selection:
    """The calls that a request is about; none if nothing matches one of its filters. Raises ValueError as above."""
    first, last, label = days(request.period, request.first, request.last, context)
    span = EVER if label == "all" else context.calendar.span(first, last)
    where, unknown, _ = _resolved(request.where, span, context)
    return Selection(()) if unknown is not None else _selection(request.by, where, span, context)


def _measured(
    selection: Selection, whole: Selection, span: Span, context: Context, *, details: bool
) -> tuple[list[BreakdownRow], Measures]:
    """The groups of a selection, in no order, and the measures of the `whole` of it."""
    failed = failures(context.connection, selection)
    rows = breakdown(context.connection, selection, details=details, failed=failed) if selection.by else []
    # A call with several tools is in several rows, so those add up to more.
    errors, retries = (sum(each) for each in zip((0, 0), *failed.values(), strict=True))
    all_failed: Failed | None = None if selection.needs_tools else {(): (errors, retries)}
    (total,) = breakdown(context.connection, whole, details=details, failed=all_failed)
    if not rows:
        return [], total.measures
    bounded = _bounded(selection.by[0], {row.keys[0] for row in rows}, selection, span, context)
    return [replace(row, lower_bound=row.keys[0] in bounded) for row in rows], total.measures


def days(period: str, first: date | None, last: date | None, context: Context) -> tuple[date, date, str]:
    """(first day, last day, name) of a period, or of two given days. Raises ValueError for an unknown period."""
    today = context.calendar.day(context.now_ms)
    if first or last:
        last = last or max(today, first or today)
        return first or min(_first_ever(context, today), last), last, "custom"
    first_ever = _first_ever(context, today) if "all" in period else today
    return *days_of_text(period, today, first_ever), period


def _first_ever(context: Context, today: date) -> date:
    start_ms = queries.all_time(context.connection).start_ms
    return context.calendar.day(start_ms) if start_ms else today


def _selection(by: tuple[str, ...], where: tuple[Filter, ...], span: Span, context: Context) -> Selection:
    times = [dimension for dimension in by if dimension in TIMES]
    if not times and not any(each.dimension in TIMES for each in where):
        return Selection((NamedSpan((), span),), by, where)
    of_days = days_with_calls(context.connection, context.calendar, span)
    parts = time_spans(context.calendar, of_days, times, where)
    return Selection(tuple(NamedSpan(names, part) for names, part in parts), by, where)


def _whole(selection: Selection, span: Span) -> Selection:
    """The same calls without dimensions; only filters of time leave parts of the span out."""
    spans = [each.span for each in selection.spans]
    if spans and not any(each.dimension in TIMES for each in selection.where):
        spans = [span]
    return Selection(tuple(NamedSpan((), each) for each in spans), (), selection.where)


def _resolved(
    where: Sequence[Filter], span: Span, context: Context
) -> tuple[tuple[Filter, ...], Filter | None, tuple[str, ...] | None]:
    """(the filters with the keys that they match, the first that matches nothing, some keys that it could match)"""
    resolved = []
    for each in where:
        if each.dimension in _FIXED:
            keys: Sequence[str] = _FIXED[each.dimension]
        elif each.dimension in TIMES:
            keys = each.keys
        else:
            keys = keys_of(context.connection, Selection((NamedSpan((), span),), (each.dimension,)))
        texts = [_typed(each.dimension, text) for text in each.keys]
        found = tuple(dict.fromkeys(key for text in texts for key in matching_keys(each.dimension, text, keys)))
        if not found and each.dimension == "session":
            found = _titled(texts, keys, context)
        if not found:
            more = ("…",) if len(keys) > _MOST_KNOWN else ()
            return (), each, (*keys[:_MOST_KNOWN], *more)
        resolved.append(Filter(each.dimension, found))
    return tuple(resolved), None, None


def _titled(texts: Sequence[str], ids: Sequence[str], context: Context) -> tuple[str, ...]:
    """The sessions whose title contains one of the texts."""
    titles = queries.titles(context.connection, ids)
    return tuple(id for id in ids if any(text.casefold() in titles.get(id, "").casefold() for text in texts))


def _typed(dimension: str, text: str) -> str:
    """What a person types for an hour (`9`) or a weekday (`monday`), as its key."""
    if dimension == "hour":
        return text.removesuffix(":00").zfill(2)
    return text[:3].capitalize() if dimension == "weekday" else text


def _bounded(
    dimension: str, keys: Collection[str], selection: Selection, span: Span, context: Context
) -> frozenset[str]:
    """Those of a dimension's keys whose sums are lower bounds."""
    connection, whole = context.connection, context.whole
    if dimension in SLICE_KEYS:
        return bounded_keys(connection, span, dimension, keys, whole)
    if dimension not in TIMES:
        return frozenset(keys) if is_lower_bound(connection, span, whole) else frozenset()
    spans = {f"{each.names[0]}\n{number}": each.span for number, each in enumerate(selection.spans)}
    return frozenset(name.partition("\n")[0] for name in bounded_days(connection, spans, whole))


def _sorted(rows: Sequence[BreakdownRow], by: tuple[str, ...]) -> list[BreakdownRow]:
    """The rows by what their first key costs, then by their own cost; keys of times in their order."""
    spent: dict[str, int] = defaultdict(int)
    calls: dict[str, int] = defaultdict(int)
    for row in rows:
        spent[row.keys[0]] += row.measures.spend_nano
        calls[row.keys[0]] += row.measures.calls

    def key(row: BreakdownRow) -> tuple[object, ...]:
        parts: list[object] = []
        for number, (dimension, name) in enumerate(zip(by, row.keys, strict=True)):
            amounts = (-spent[name], -calls[name]) if number == 0 else (-row.measures.spend_nano, -row.measures.calls)
            parts.append(order(dimension, name) if dimension in TIMES else (*amounts, name))
        return tuple(parts)

    return sorted(rows, key=key)
