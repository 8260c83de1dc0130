"""Reads the root sessions of a period from the ledger, each with the sums of its tree."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

from opencode_tui.clock import Span
from opencode_tui.ledger.bounds import is_lower_bound
from opencode_tui.readings.context import Context
from opencode_tui.readings.kept_trees import kept_rows
from opencode_tui.readings.periods import days, span_of
from opencode_tui.readings.session_rows import tree_rows
from opencode_tui.records.requests import SessionsRequest
from opencode_tui.records.sessions import SessionList


def read_sessions(request: SessionsRequest, context: Context) -> SessionList:
    """The root sessions of the request's period, the most recently active first.

    Raises ValueError for a text that is no period.
    """
    span, kept = span_of_period(request.period, context), context.kept
    rows = kept_rows(request, span, context)
    if rows is None:
        found = (row for _, row in tree_rows(span, context, request.parts))
        rows = [kept.shared(row) for row in found] if kept else list(found)
    rows.sort(key=lambda row: (-row.last_ms, row.id))
    return SessionList(request, context.now_ms, tuple(rows), is_lower_bound(context.connection, span, context.whole))


def span_of_period(period: str, context: Context) -> Span:
    """The span of a period as people write it, or of a day that a wrong clock may have made. Raises ValueError."""
    try:
        return span_of(*days(period, None, None, context), context)
    except ValueError:
        with suppress(ValueError):
            return context.calendar.span(date.fromisoformat(period))
        raise
