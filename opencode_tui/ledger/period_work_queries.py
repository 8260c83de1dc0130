"""Reads what the insight rules on a period look at: who spent it, when, and which tools were used."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from msgspec.structs import replace

from opencode_tui.clock import Span
from opencode_tui.ledger.known_undone import IS_UNDONE, UndoneShare, undone_in
from opencode_tui.ledger.residuals import UNDONE
from opencode_tui.ledger.selection import KIND_OF_SESSION
from opencode_tui.ledger.sums import QUARTER_MS, each_call, exact_sum, paid_calls, paid_tools
from opencode_tui.records import model_key
from opencode_tui.records.calls import Tokens
from opencode_tui.records.work import QuarterShare, SessionShare

_TOKENS = ", ".join(exact_sum(name) for name in ("input", "output", "reasoning", "cache_read", "cache_write"))
_UNDONE_NANO = f"CASE WHEN agent = '{UNDONE}' THEN cost_nano ELSE 0 END"
_KIND = KIND_OF_SESSION.replace("directory", "coalesce(k.directory, place)")
_SESSIONS = f"""
  WITH spent AS (
    SELECT session_id, {exact_sum("cost_nano")} AS nano, sum(calls) AS calls, min(first_ms) AS first_ms,
      max(last_ms) AS last_ms, coalesce({exact_sum(_UNDONE_NANO)}, 0) AS undone,
      sum(CASE WHEN agent = '{UNDONE}' THEN calls ELSE 0 END) AS undone_calls, min(directory) AS place
    FROM {{table}} WHERE {{at}} >= ? AND {{at}} < ? GROUP BY session_id)
  SELECT session_id, coalesce(title, ''), parent_id, fork_of, coalesce(nullif(project, ''), directory), kind,
    is_deleted, nano, calls, first_ms, last_ms, undone, undone_calls
  FROM (SELECT spent.*, k.title, k.parent_id, k.fork_of, k.project, coalesce(k.directory, place) AS directory,
      coalesce(k.present = 0, 0) AS is_deleted, {_KIND} AS kind
    FROM spent LEFT JOIN session k ON k.id = session_id)
  ORDER BY nano DESC, session_id
"""
_COPIES = f"""
  SELECT session_id, count(*), {exact_sum("amount_nano")} FROM call INDEXED BY call_copied
  WHERE copied = 1 AND copied_from IS NOT NULL AND created_ms < ? GROUP BY 1
"""
_QUARTERS = f"""
  SELECT {{at}} * {{unit_ms}} / {QUARTER_MS} * {QUARTER_MS} AS start_ms, session_id, {model_key.SQL} AS model, agent,
    {exact_sum("cost_nano")}, sum(calls), {_TOKENS}
  FROM {{table}} WHERE {{at}} >= ? AND {{at}} < ? GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""

_PAID_CALLS = f"""
  SELECT c.id, c.session_id, created_ms, cost_nano, {IS_UNDONE.replace("id IN", "c.id IN")}
  FROM json_each(?) s CROSS JOIN call c INDEXED BY call_session ON c.session_id = s.value
  WHERE copied_from IS NULL AND created_ms >= ? AND created_ms < ? ORDER BY c.session_id, created_ms, c.id
"""


def shares_of_sessions(connection: sqlite3.Connection, span: Span) -> tuple[SessionShare, ...]:
    """What each session spent in a span, the costliest first."""
    paid = paid_calls(connection, span)
    copies = {id: (count, nano) for id, count, nano in connection.execute(_COPIES, (span.end_ms,))}
    undone = undone_in(connection, span)
    query = _SESSIONS.replace("{table}", paid.table).replace("{at}", paid.at)
    shares = (
        SessionShare(id, title, parent, origin, project, kind, bool(is_deleted), *[*rest, *copies.get(id, (0, 0))])
        for id, title, parent, origin, project, kind, is_deleted, *rest in connection.execute(query, paid.bounds(span))
    )
    return tuple(_with_undone(each, undone[each.id]) if each.id in undone else each for each in shares)


def _with_undone(share: SessionShare, more: UndoneShare) -> SessionShare:
    """The share with the undone calls that stand in its rows, beside those that stand in none."""
    return replace(share, undone_nano=share.undone_nano + more.nano, undone_calls=share.undone_calls + more.calls)


def shares_of_quarters(connection: sqlite3.Connection, span: Span) -> tuple[QuarterShare, ...]:
    """What was spent in each quarter of an hour by session, model and agent, in order of time."""
    paid = paid_calls(connection, span)
    query = _QUARTERS.replace("{table}", paid.table).replace("{at}", paid.at).replace("{unit_ms}", str(paid.unit_ms))
    return tuple(
        QuarterShare(start_ms, session_id, model, agent, nano, calls, Tokens(*(count or 0 for count in counts)))
        for start_ms, session_id, model, agent, nano, calls, *counts in connection.execute(query, paid.bounds(span))
    )


def paid_calls_of(
    connection: sqlite3.Connection, ids: Sequence[str], span: Span
) -> list[tuple[str, str, int, int, int]]:
    """(id, session, created in Unix milliseconds, nano-dollars, whether it is known to be undone) of sessions' calls.

    Those of a span, in order of time within each session.
    """
    return connection.execute(_PAID_CALLS, (json.dumps(ids), span.start_ms, span.end_ms)).fetchall()


def uses_of_tools(connection: sqlite3.Connection, span: Span) -> dict[str, int]:
    """How often each tool was used in a span."""
    paid = paid_tools(summed=paid_calls(connection, span) != each_call())
    query = f"SELECT name, sum(uses) FROM {paid.table} WHERE {paid.at} >= ? AND {paid.at} < ? GROUP BY 1"
    return dict(connection.execute(query, paid.bounds(span)).fetchall())
