"""Keeps what the insight rules found in each session, until its calls change."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from opencode_tui.clock import Span
from opencode_tui.ledger.changed_work import caught_up
from opencode_tui.ledger.sums import MOST_NANO
from opencode_tui.records.insights import Finding

_COLUMNS = "rule, key, session_id, turn_id, calls, cost_nano, saves_nano, first_ms, last_ms, sure, figures"
_IN_SPAN = f"""
  SELECT {_COLUMNS} FROM finding WHERE last_ms >= ?1 AND first_ms < ?2 AND (?3 = '' OR rule = ?3)
  ORDER BY cost_nano DESC, session_id, rule, key
"""
_COSTS = """
  SELECT c.id, c.created_ms, c.cost_nano FROM json_each(?) wanted CROSS JOIN call c ON c.id = wanted.value
"""
_SESSIONS = """
  SELECT c.id, c.session_id FROM json_each(?) wanted CROSS JOIN call c ON c.id = wanted.value
"""


def keep_findings(connection: sqlite3.Connection, ids: Sequence[str], findings: Iterable[Finding]) -> None:
    """Replaces what was found in these sessions. Must run in a write transaction."""
    connection.execute("DELETE FROM finding WHERE session_id IN (SELECT value FROM json_each(?))", (json.dumps(ids),))
    connection.executemany(
        f"INSERT OR REPLACE INTO finding ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                *(each.rule, each.key, each.session_id, each.turn_id, json.dumps(each.calls)),
                *(
                    min(each.cost_nano, MOST_NANO),
                    min(each.saves_nano, MOST_NANO),
                    each.first_ms,
                    each.last_ms,
                    each.sure,
                ),
                json.dumps(dict(each.figures)),
            )
            for each in findings
        ),
    )
    caught_up(connection, "findings", ids)


def findings_in(connection: sqlite3.Connection, span: Span, rule: str = "") -> list[Finding]:
    """What was found in calls around a span, by all rules or by one, without the sessions' titles."""
    return [
        Finding(
            rule=name,
            key=key,
            session_id=session_id,
            turn_id=turn_id,
            calls=tuple(json.loads(calls)),
            cost_nano=cost,
            saves_nano=saves,
            first_ms=first_ms,
            last_ms=last_ms,
            sure=sure,
            figures=json.loads(figures),
        )
        for name, key, session_id, turn_id, calls, cost, saves, first_ms, last_ms, sure, figures in connection.execute(
            _IN_SPAN, (span.start_ms, span.end_ms, rule)
        )
    ]


def sessions_of_calls(connection: sqlite3.Connection, ids: Iterable[str]) -> dict[str, str]:
    """The session of each of the calls, by id."""
    return dict(connection.execute(_SESSIONS, (json.dumps(sorted(ids)),)).fetchall())


def call_costs(connection: sqlite3.Connection, ids: Iterable[str]) -> dict[str, tuple[int, int]]:
    """(created in Unix milliseconds, nano-dollars) of calls, by id."""
    rows = connection.execute(_COSTS, (json.dumps(sorted(ids)),))
    return {id: (created_ms, nano) for id, created_ms, nano in rows}
