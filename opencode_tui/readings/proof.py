"""Holds the proof of a written report against the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from opencode_tui.clock import Calendar, Span
from opencode_tui.ledger.digests import digest_calls
from opencode_tui.ledger.report_queries import moments_of_calls
from opencode_tui.readings.context import Context
from opencode_tui.records.proof import DayDifference, Proof, ProofCheck


def check_proof(proof: Proof, context: Context) -> ProofCheck:
    """Which of the report's days the ledger now has other calls of.

    Days begin and end where they did in the report, whatever time zone the settings name now.
    """
    spans = list(_spans(proof, context))
    now = digest_calls(context.connection, spans)
    before = {day.start_ms: day for day in proof.days}
    differences = []
    for day in now.days:
        was = before.get(day.start_ms)
        if was is None or was.sha256 != day.sha256:
            had = (was.calls, was.spend_nano) if was else (0, 0)
            differences.append(DayDifference(day.day, *had, day.calls, day.spend_nano))
    return ProofCheck(
        proof,
        tuple(differences),
        sum(day.calls for day in now.days),
        sum(day.spend_nano for day in now.days),
        now.sha256,
    )


def _spans(proof: Proof, context: Context) -> Iterator[tuple[date, Span]]:
    """The report's days, and between them those that have got calls since."""
    at = proof.start_ms
    for day in proof.days:
        yield from _days_with_calls(Span(at, day.start_ms), context)
        yield day.day, Span(day.start_ms, day.end_ms)
        at = day.end_ms
    yield from _days_with_calls(Span(at, proof.end_ms), context)


def _days_with_calls(gap: Span, context: Context) -> Iterator[tuple[date, Span]]:
    if gap.start_ms >= gap.end_ms:
        return
    calendar: Calendar = context.calendar
    for day in dict.fromkeys(map(calendar.day, moments_of_calls(context.connection, gap))):
        span = calendar.span(day)
        yield day, Span(max(span.start_ms, gap.start_ms), min(span.end_ms, gap.end_ms))
