"""The calls that asked for a tool by the task of their turn, from the sums where these tell both.

Where all turns of a session's quarter of an hour are of one task, its sums by tool are of that task. Only the calls of
the other quarters are read.
"""

from __future__ import annotations

from opencode_tui.clock import Span
from opencode_tui.ledger.sums import GROUP, OF_CALL, QUARTER_MS, SUM_COLUMNS, USES, USES_OF_CALL, PaidCalls
from opencode_tui.ledger.task_sums import TURN_OF_CALL
from opencode_tui.records.work import NOT_KNOWN

_KEYS = ", ".join(f"c.{name}" for name in GROUP)
_SUMMED = f"""
  SELECT c.quarter, {_KEYS}, c.name, {", ".join(f"c.{name}" for name in (*SUM_COLUMNS, *USES))}, q.task
  FROM quarters q CROSS JOIN tool_sum c ON c.quarter = q.of_quarter AND c.session_id = q.of_session WHERE q.is_one
"""
# The uses are summed by call before all else of the call is read, as wide rows take long to sort.
_OF_CALLS = f"""
  SELECT u.of_quarter, {_KEYS}, u.name, {OF_CALL}, {", ".join(f"u.{name}" for name in USES)},
    coalesce(w.task, '{NOT_KNOWN}')
  FROM (SELECT q.of_quarter, c.rowid AS row, t.name, {USES_OF_CALL}
    FROM quarters q CROSS JOIN call c INDEXED BY call_session ON c.session_id = q.of_session
      AND c.created_ms >= q.of_quarter * {QUARTER_MS} AND c.created_ms <= q.of_quarter * {QUARTER_MS} + {QUARTER_MS - 1}
    CROSS JOIN tool t ON t.call_id = c.id WHERE NOT q.is_one AND c.copied_from IS NULL GROUP BY c.rowid, t.name) u
  CROSS JOIN call c ON c.rowid = u.row LEFT JOIN {TURN_OF_CALL}
"""


def tools_with_tasks(span: Span) -> PaidCalls:
    """Where the tools of a span are read from with their tasks; all sums by task around it have to be there."""
    start, end = span.start_ms // QUARTER_MS, -(-span.end_ms // QUARTER_MS)
    quarters = f"""
      SELECT quarter AS of_quarter, session_id AS of_session, min(task) AS task, min(task) = max(task) AS is_one
      FROM task_sum WHERE quarter >= {start} AND quarter < {end} GROUP BY 1, 2
    """
    table = f"(WITH quarters AS MATERIALIZED ({quarters}) {_SUMMED} UNION ALL {_OF_CALLS})"
    return PaidCalls(table, "quarter", QUARTER_MS)
