"""Reads what the exports hold from the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from opencode_tui.clock import EVER, Span
from opencode_tui.ledger import call_export, queries
from opencode_tui.ledger.bounds import is_lower_bound
from opencode_tui.readings.context import Context
from opencode_tui.records.exports import ExportedCall, SpendCounters


def span_since(first: date | None, context: Context) -> Span:
    """From the start of a day on, calls in the future among them; without a day, all that the ledger has."""
    return EVER if first is None else Span(context.calendar.start_of(first), EVER.end_ms)


def read_exported_calls(first: date | None, context: Context) -> Iterator[ExportedCall]:
    """Every call since a day, oldest first, read from the ledger as they are asked for."""
    return call_export.exported_calls(context.connection, span_since(first, context))


def read_counters(first: date | None, context: Context) -> SpendCounters:
    """The sums since a day by provider, model, agent and project, and where today stands."""
    connection, calendar, budget = context.connection, context.calendar, context.settings.budget
    span = span_since(first, context)
    return SpendCounters(
        groups=call_export.spend_groups(connection, span),
        copied_calls=queries.totals(connection, span, context.now_ms).copied_calls,
        today_nano=queries.spend(connection, calendar.span(calendar.day(context.now_ms))),
        warning_nano=budget.warning_nano,
        cutoff_nano=budget.cutoff_nano,
        lower_bound=is_lower_bound(connection, span, context.whole),
    )


def is_bounded(first: date | None, context: Context) -> bool:
    """Whether the sum of the calls since a day is a lower bound."""
    return is_lower_bound(context.connection, span_since(first, context), context.whole)
