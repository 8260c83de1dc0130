"""Queries on the calls that count against a plan's quota. Copies are left out: nobody was asked for them again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence

from msgspec import Struct

from opencode_tui.clock import Span
from opencode_tui.ledger.session_list_queries import count_turns
from opencode_tui.ledger.sums import QUARTER_MS, exact_sum, paid_calls
from opencode_tui.records import model_key

_OF_PLAN = "provider IN (SELECT value FROM json_each(?))"
_VALUE = f"{exact_sum('cost_nano')} + coalesce({exact_sum('list_nano')}, 0)"
"""SQL for what calls are worth: their cost, and the list price where nothing was billed."""
_SUMS = f"""
  SELECT {{session}}, model, {_VALUE}, sum(calls), {{turns}}
  FROM {{table}} WHERE {{at}} >= ? AND {{at}} < ? AND {_OF_PLAN} GROUP BY 1, 2
"""
_USES = f"""
  SELECT {model_key.SQL}, provider, {_VALUE}, sum(calls)
  FROM {{table}} WHERE {{at}} >= ? AND {{at}} < ? GROUP BY provider, model ORDER BY 4 DESC, 1
"""
_FIRST = f"""
  SELECT created_ms FROM call INDEXED BY call_created
  WHERE created_ms >= ? AND created_ms < ? AND copied_from IS NULL AND {_OF_PLAN} ORDER BY created_ms LIMIT 1
"""
_LONGEST_CALL_MS = 1_800_000
_CLOCKS_DIFFER_MS = 15_000
_ANSWERED = f"""
  SELECT min(created_ms) FROM call INDEXED BY call_created
  WHERE created_ms >= ? AND created_ms < ? AND coalesce(streamed_ms, completed_ms) >= ? AND copied_from IS NULL
    AND {_OF_PLAN}
"""
_BEGAN = f"SELECT min(first_ms) FROM session_sum WHERE {_OF_PLAN}"
_WAS_USED = f"SELECT 1 FROM session_sum WHERE last_quarter >= ? AND {_OF_PLAN} LIMIT 1"


class PlanSum(Struct, frozen=True):
    """What a session did with a model of a plan in a span."""

    session_id: str
    model: str
    """Its name without the provider."""
    nano: int
    """What the calls are worth, in nano-dollars."""
    calls: int
    turns: int


class RecentUse(Struct, frozen=True):
    model: str
    """As its `model_key`."""
    provider: str
    nano: int
    """What its calls are worth, in nano-dollars."""
    calls: int


def plan_sums(
    connection: sqlite3.Connection,
    span: Span,
    providers: Sequence[str],
    *,
    sessions: bool = True,
    turns: bool = True,
) -> list[PlanSum]:
    """What each session did with each model of these providers in a span, in the order of their ids.

    Of a long span only the calls of its first and its last quarter of an hour are read, and sums between them. Without
    `sessions` the sums are those of all sessions, under an empty id; without `turns` there are 0. Both take longer.
    """
    columns = {"session": "session_id" if sessions else "''", "turns": "group_concat(turns)" if turns else "NULL"}
    found: dict[tuple[str, str], tuple[int, int, list[str]]] = {}
    for part in _parts(span):
        paid = paid_calls(connection, part)
        query = _SUMS.format(table=paid.table, at=paid.at, **columns)
        rows = connection.execute(query, (*paid.bounds(part), json.dumps(list(providers))))
        for session_id, model, total, calls, some in rows.fetchall():
            nano = int(total)  # SQLite makes a float of the sum of two absurd amounts
            known_nano, known_calls, texts = found.get((session_id, model), (0, 0, []))
            texts += [some] if some else []
            found[session_id, model] = known_nano + nano, known_calls + calls, texts
    return [
        PlanSum(*key, nano, calls, count_turns(",".join(texts))) for key, (nano, calls, texts) in sorted(found.items())
    ]


def recent_uses(connection: sqlite3.Connection, span: Span) -> list[RecentUse]:
    """Every model that was used in a span of whole quarters of an hour, most calls first."""
    paid = paid_calls(connection, span)
    query = _USES.format(table=paid.table, at=paid.at)
    rows = connection.execute(query, paid.bounds(span))
    return [RecentUse(model, provider, int(nano), calls) for model, provider, nano, calls in rows]


def first_plan_call(connection: sqlite3.Connection, span: Span, providers: Sequence[str]) -> int | None:
    """When the first call of these providers in a span was made, in Unix milliseconds; None if there is none."""
    row = connection.execute(_FIRST, (span.start_ms, span.end_ms, json.dumps(list(providers)))).fetchone()
    return None if row is None else int(row[0])


def counted_from(connection: sqlite3.Connection, start_ms: int, providers: Sequence[str]) -> int:
    """When the first call was made that counts in a window which began at a moment by a service's clock.

    A service counts a call when it has answered: the request that opens a block is older than the block.
    """
    values = (start_ms - _LONGEST_CALL_MS, start_ms, start_ms - _CLOCKS_DIFFER_MS, json.dumps(list(providers)))
    first: int | None = connection.execute(_ANSWERED, values).fetchone()[0]
    return start_ms if first is None else first


def was_plan_used(connection: sqlite3.Connection, since_ms: int, providers: Sequence[str]) -> bool:
    """Whether these providers were called since a moment, or since a little before it; costs next to nothing."""
    return connection.execute(_WAS_USED, (since_ms // QUARTER_MS, json.dumps(list(providers)))).fetchone() is not None


def plan_began_ms(connection: sqlite3.Connection, providers: Sequence[str]) -> int | None:
    """When these providers were called first, in Unix milliseconds; None if they never were."""
    began: int | None = connection.execute(_BEGAN, (json.dumps(list(providers)),)).fetchone()[0]
    return began


def _parts(span: Span) -> Iterator[Span]:
    """The span as a first part, whole quarters of an hour, and a last part; without those that are empty."""
    first = -(-span.start_ms // QUARTER_MS) * QUARTER_MS
    last = span.end_ms // QUARTER_MS * QUARTER_MS
    if first >= last:
        yield span
        return
    for part in (Span(span.start_ms, first), Span(first, last), Span(last, span.end_ms)):
        if part.start_ms < part.end_ms:
            yield part
