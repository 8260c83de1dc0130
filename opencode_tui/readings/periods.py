"""What a period is, as people write it: its days, and the span of its calls."""

from __future__ import annotations

from datetime import date

from opencode_tui.analysis.periods import days_of_text
from opencode_tui.clock import EVER, Span
from opencode_tui.ledger import queries
from opencode_tui.readings.context import Context


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


def span_of(first: date, last: date, label: str, context: Context) -> Span:
    """The span of the days that `days` returns; `all` has the calls outside of them too, whose clock was wrong."""
    return EVER if label == "all" else context.calendar.span(first, last)
