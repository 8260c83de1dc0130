"""Reads what the insight rules on a period look at: who spent it, when, and which tools were used."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence

from msgspec.json import Decoder
from msgspec.structs import replace

from opencode_tui.clock import Span
from opencode_tui.ledger.buckets import sources
from opencode_tui.ledger.known_undone import IS_UNDONE, UndoneShare, undone_in
from opencode_tui.ledger.residuals import UNDONE
from opencode_tui.ledger.selection import KIND_OF_SESSION, NamedSpan, Selection
from opencode_tui.ledger.session_list_queries import one_text
from opencode_tui.ledger.sums import QUARTER, QUARTER_MS, each_call, exact_sum, paid_calls
from opencode_tui.ledger.turns import paid_for
from opencode_tui.records import model_key
from opencode_tui.records.calls import Tokens
from opencode_tui.records.work import QuarterShare, SessionShare

_COUNTS = Tokens.__struct_fields__
_UNDONE_NANO = f"CASE WHEN agent = '{UNDONE}' THEN cost_nano ELSE 0 END"
_KIND = KIND_OF_SESSION.replace("directory", "coalesce(k.directory, place)")
_SESSIONS = f"""
  WITH spent AS (
    SELECT session_id, {exact_sum("cost_nano")} AS nano, sum(calls) AS calls, min(first_ms) AS first_ms,
      max(last_ms) AS last_ms, coalesce({exact_sum(_UNDONE_NANO)}, 0) AS undone,
      sum(CASE WHEN agent = '{UNDONE}' THEN calls ELSE 0 END) AS undone_calls, min(directory) AS place
    FROM {{table}} WHERE {{at}} >= ? AND {{at}} < ? GROUP BY session_id)
  SELECT json_array(session_id, coalesce(title, ''), parent_id, fork_of, coalesce(nullif(project, ''), directory), kind,
    is_deleted, nano, calls, first_ms, last_ms, undone, undone_calls) AS share
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
  SELECT json_array(start_ms, session_id, model, agent, nano, calls, json_array({", ".join(_COUNTS)})) AS share FROM (
    SELECT {{quarter}} * {QUARTER_MS} AS start_ms, session_id, {model_key.SQL} AS model, agent,
      {exact_sum("cost_nano")} AS nano, sum(calls) AS calls,
      {", ".join(f"coalesce({exact_sum(name)}, 0) AS {name}" for name in _COUNTS)}
    FROM {{table}} c WHERE {{at}} >= ? AND {{at}} < ? GROUP BY {{group}} ORDER BY {{group}})
"""
_SHARES_OF_SESSIONS = Decoder(list[SessionShare], strict=False)
_SHARES_OF_QUARTERS = Decoder(list[QuarterShare])
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
    shares = _SHARES_OF_SESSIONS.decode(one_text(connection, "share", query, paid.bounds(span)))
    return tuple(_beside(each, undone.get(each.id), copies.get(each.id)) for each in shares)


def _beside(share: SessionShare, undone: UndoneShare | None, copies: tuple[int, int] | None) -> SessionShare:
    """The share with the undone calls that stand in its rows, beside those that stand in none, and with its copies."""
    if undone is not None:
        nano, calls = share.undone_nano + undone.nano, share.undone_calls + undone.calls
        share = replace(share, undone_nano=nano, undone_calls=calls)
    return share if copies is None else replace(share, copied_calls=copies[0], inherited_nano=copies[1])


def shares_of_quarters(connection: sqlite3.Connection, span: Span) -> tuple[QuarterShare, ...]:
    """What was spent in each quarter of an hour by session, model and agent, in order of time."""
    paid = paid_calls(connection, span)
    quarter = QUARTER if paid == each_call() else "quarter"
    group = f"{quarter}, session_id, provider, c.model, agent"  # for the sums, the order in which they are kept
    query = _QUARTERS
    for name, text in {"table": paid.table, "at": paid.at, "quarter": quarter, "group": group}.items():
        query = query.replace(f"{{{name}}}", text)
    return tuple(_SHARES_OF_QUARTERS.decode(one_text(connection, "share", query, paid.bounds(span))))


def paid_calls_of(
    connection: sqlite3.Connection, ids: Sequence[str], span: Span
) -> list[tuple[str, str, int, int, int]]:
    """(id, session, created in Unix milliseconds, nano-dollars, whether it is known to be undone) of sessions' calls.

    Those of a span, in order of time within each session.
    """
    return connection.execute(_PAID_CALLS, (json.dumps(ids), span.start_ms, span.end_ms)).fetchall()


def uses_of_tools(connection: sqlite3.Connection, span: Span) -> dict[str, int]:
    """How often each tool was used in a span."""
    selection, found = Selection((NamedSpan((), span),), ("tool",)), Counter[str]()
    for paid, part in sources(connection, selection, paid_for(connection, selection)):
        query, values = part.source(paid)
        found.update(dict(connection.execute(f"{query.format('name, sum(uses)')} GROUP BY 1", values)))
    return dict(found)
