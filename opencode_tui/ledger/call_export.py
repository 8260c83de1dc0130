"""Queries of the exports: each call of a span, one after the other, and the sums of its paid calls by four keys."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from opencode_tui.clock import Span
from opencode_tui.ledger.queries import SLICE_KEYS
from opencode_tui.ledger.sums import exact_sum, paid_calls
from opencode_tui.records.calls import Tokens
from opencode_tui.records.exports import ExportedCall, SpendGroup

_PAID = "CASE WHEN c.copied_from IS NULL THEN {} END"
EXPORTED = f"""
  SELECT c.id, c.session_id, s.parent_id, c.turn_id, coalesce(s.title, ''),
    coalesce(nullif(s.project, ''), nullif(c.directory, ''), 'unknown'), coalesce(m.name, ''),
    c.provider, c.model, c.variant, c.agent, c.created_ms, c.streamed_ms, c.completed_ms,
    c.cost_nano, {_PAID.format("c.list_nano")}, c.recorded_nano, {_PAID.format("c.input_nano")},
    {_PAID.format("c.output_nano")}, {_PAID.format("c.cache_nano")}, c.basis, c.finish, c.error, c.copied_from,
    c.missing, c.input, c.output, c.reasoning, c.cache_read, c.cache_write
  FROM call c INDEXED BY call_created LEFT JOIN session s ON s.id = c.session_id
    LEFT JOIN machine m ON m.id = c.machine_id
"""
"""The fields of an ExportedCall in their order, but its tokens last."""
_BEFORE_TOKENS, _TOKENS = 14, 25
_ALL = f"{EXPORTED} WHERE c.created_ms >= ? AND c.created_ms < ? ORDER BY c.created_ms, c.id"
_SUMS = ("cost_nano", "list_nano", "input", "output", "reasoning", "cache_read", "cache_write")


def exported_calls(connection: sqlite3.Connection, span: Span) -> Iterator[ExportedCall]:
    """Every call of the span, copies among them, oldest first; a few are in memory at a time."""
    for row in connection.execute(_ALL, (span.start_ms, span.end_ms)):
        yield exported_call(row)


def exported_call(row: Any) -> ExportedCall:
    """The call of a row of EXPORTED."""
    fields = (*row[:_BEFORE_TOKENS], Tokens(*row[_TOKENS:]), *row[_BEFORE_TOKENS:_TOKENS])
    return ExportedCall(*fields)


def spend_groups(connection: sqlite3.Connection, span: Span) -> tuple[SpendGroup, ...]:
    """The sums of the span's paid calls by provider, model, agent and project, in this order."""
    paid = paid_calls(connection, span)
    rows = connection.execute(
        f"""
        SELECT provider, model, agent, {SLICE_KEYS["project"]} AS project, sum(calls),
          {", ".join(f"coalesce({exact_sum(name)}, 0)" for name in _SUMS)}
        FROM {paid.table} WHERE {paid.at} >= ? AND {paid.at} < ? GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
        """,
        paid.bounds(span),
    )
    return tuple(_group(row) for row in rows)


def _group(row: Any) -> SpendGroup:
    provider, model, agent, project, calls, cost, listed, *counts = row
    return SpendGroup(provider, model, agent, project, calls, cost, listed, Tokens(*counts))
