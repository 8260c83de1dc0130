"""Reads the cost of a period by one or two dimensions from the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from msgspec.structs import replace

from opencode_tui.analysis.matching import matching_keys
from opencode_tui.analysis.time_spans import HOURS, WEEKDAYS, keys_of_day, order, time_spans
from opencode_tui.clock import Span
from opencode_tui.ledger import queries, session_list_queries
from opencode_tui.ledger.bounds import bounded_days, bounded_keys, is_lower_bound
from opencode_tui.ledger.breakdown_queries import breakdown, breakdown_with_total, failures, keys_of, unpaid
from opencode_tui.ledger.queries import SLICE_KEYS
from opencode_tui.ledger.selection import DaysOf, NamedSpan, Selection
from opencode_tui.readings.context import Context
from opencode_tui.readings.day import days_with_calls
from opencode_tui.readings.kept_breakdown import is_kept, kept_sessions
from opencode_tui.readings.periods import days, span_of
from opencode_tui.readings.session_rows import RUNNING_MS
from opencode_tui.readings.subagent_roots import roots_of_subagents
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
    span = span_of(first, last, label, context)
    where, unknown, known = _resolved(request.where, span, context)
    selection = Selection(()) if unknown is not None else _selection(request.by, where, span, context)
    selection = replace(selection, brief=request.brief)
    whole = _whole(selection, span)
    rows, totals = _measured(selection, whole, span, context, details=request.details)
    outer: list[BreakdownRow] = []
    if unknown is None and request.by[1:] == ("tool",):
        of_first = replace(_selection(request.by[:1], where, span, context), brief=request.brief)
        outer, _ = _measured(of_first, whole, span, context, details=False)
    copied, unfinished = unpaid(context.connection, whole, context.now_ms - RUNNING_MS)
    ids = {row.keys[request.by.index("session")] for row in (*rows, *outer)} if "session" in request.by else set()
    start_ms = queries.all_time(context.connection).start_ms
    return Breakdown(
        request=request,
        taken_ms=context.now_ms,
        first=first,
        last=last,
        label=label,
        totals=totals,
        rows=tuple(_sorted(rows, request.by)),
        outer=tuple(_sorted(outer, request.by[:1])),
        titles=session_list_queries.titles(context.connection, ids) if ids else {},
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
    span = span_of(first, last, label, context)
    where, unknown, _ = _resolved(request.where, span, context)
    return Selection(()) if unknown is not None else _selection(request.by, where, span, context)


def _measured(
    selection: Selection, whole: Selection, span: Span, context: Context, *, details: bool
) -> tuple[list[BreakdownRow], Measures]:
    """The groups of a selection, in no order, and the measures of the `whole` of it."""
    connection = context.connection
    root_of = {} if selection.brief else roots_of_subagents(connection)
    rows = kept_sessions(selection, context, root_of, details=details) if is_kept(selection) else None
    if rows is None and selection.by and not selection.needs_tools:
        rows, total = breakdown_with_total(connection, selection, root_of=root_of, details=details)
    else:
        failed = failures(connection, selection) if details and rows is None else None
        if rows is None:
            by = selection.by
            rows = breakdown(connection, selection, root_of=root_of, details=details, failed=failed) if by else []
        # A call with several tools is in several rows, so those add up to more.
        known = None if selection.by else failed
        (all_calls,) = breakdown(connection, whole, root_of=root_of, details=details, failed=known)
        total = all_calls.measures
    if not rows:
        return [], total
    bounded = _bounded(selection.by[0], {row.keys[0] for row in rows}, selection, span, context)
    if not bounded:
        return rows, total
    return [replace(row, lower_bound=True) if row.keys[0] in bounded else row for row in rows], total


def _selection(by: tuple[str, ...], where: tuple[Filter, ...], span: Span, context: Context) -> Selection:
    times = [dimension for dimension in by if dimension in TIMES]
    if not times and not any(each.dimension in TIMES for each in where):
        return Selection((NamedSpan((), span),), by, where)
    spans = _time_spans(times, where, span, context, whole_days=True)
    return Selection(spans, by, where, DaysOf(span, context.calendar))


def _time_spans(
    times: Sequence[str], where: Sequence[Filter], span: Span, context: Context, *, whole_days: bool
) -> tuple[NamedSpan, ...]:
    of_days = days_with_calls(context.connection, context.calendar, span)
    parts = time_spans(context.calendar, of_days, times, where, whole_days=whole_days)
    return tuple(NamedSpan(names, part) for names, part in parts)


def _whole(selection: Selection, span: Span) -> Selection:
    """The same calls without dimensions; only filters of time leave parts of the span out."""
    spans = [each.span for each in selection.spans]
    if spans and not any(each.dimension in TIMES for each in selection.where):
        spans = [span]
    return replace(selection, spans=tuple(NamedSpan((), each) for each in spans), by=(), days_of=None)


def _resolved(
    where: Sequence[Filter], span: Span, context: Context
) -> tuple[tuple[Filter, ...], Filter | None, tuple[str, ...] | None]:
    """(the filters with the keys that they match, the first that matches nothing, some keys that it could match)"""
    resolved = []
    for each in where:
        if each.dimension in _FIXED:
            keys: Sequence[str] = _FIXED[each.dimension]
        elif each.dimension in TIMES:
            some = days_with_calls(context.connection, context.calendar, span)
            keys = tuple(dict.fromkeys(keys_of_day(day)[each.dimension] for day, _ in some))
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
    titles = session_list_queries.titles(context.connection, ids)
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
    if not is_lower_bound(connection, span, whole):
        return frozenset()
    if dimension not in TIMES or not whole:
        return frozenset(keys)
    parts = _time_spans((dimension,), selection.where, span, context, whole_days=False)
    spans = {f"{each.names[0]}\n{number}": each.span for number, each in enumerate(parts)}
    return frozenset(name.partition("\n")[0] for name in bounded_days(connection, spans, whole))


def _sorted(rows: Sequence[BreakdownRow], by: tuple[str, ...]) -> list[BreakdownRow]:
    """The rows by what their first key costs, then by their own cost; keys of times in their order."""
    if len(by) == 1 and by[0] not in TIMES:
        return sorted(rows, key=lambda row: (-row.measures.spend_nano, -row.measures.calls, row.keys[0]))
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
