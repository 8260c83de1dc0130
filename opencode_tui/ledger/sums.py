"""Keeps sums with the calls, by quarter of an hour, so that any period is read without reading its calls.

`call_sum` has a row for each quarter, session, provider, model, agent and directory with a call that was paid; copies
are left out. `tool_sum` has the same for the calls that asked for a tool, by its name, with its uses: a call that asked
for two tools is in the sums of both. A quarter of an hour divides the days of every time zone. `session_sum` has the
sums of `call_sum` for each session, provider, model and agent, and `newest_call` the newest call of each session that
has a context, copies among them. Each transaction ends with `settle`, which sums the quarters again in which calls or
their tools changed, and their sessions: triggers note these in `unsummed`, and new calls have rows after `summed.upto`.
While any are left, sums are read from the calls: that is slower, but never wrong, whoever wrote and whatever was
interrupted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress

from msgspec import Struct

from opencode_tui.clock import EVER, Span
from opencode_tui.ledger.changed_work import note_changed
from opencode_tui.ledger.session_changes import forget_oldest

QUARTER_MS = 900_000
BUCKET_QUARTERS = 4 * 7 * 96
"""The quarters of an hour in a bucket; see ledger/buckets.py."""
BUCKET = f"quarter / {BUCKET_QUARTERS} - (quarter % {BUCKET_QUARTERS} < 0)"
"""SQL for the number of the bucket that a quarter of an hour is in."""
_ROWS_AT_ONCE = 50_000
_UNIT = 1_000_000_000
_MOST_UNITS = 9_000_000_000


MOST_NANO = _MOST_UNITS * _UNIT
"""The largest sum that is kept: SQLite's integers end a little above."""


def exact_sum(value: str) -> str:
    """SQL for the sum of an integer expression: NULL over no rows, and limited to about 9e18.

    SQLite's `sum()` would fail with "integer overflow" on a ledger with a few absurd amounts.
    """
    high, low = f"sum(({value}) / {_UNIT})", f"sum(({value}) % {_UNIT})"
    return f"(min(max({high}, -{_MOST_UNITS}), {_MOST_UNITS}) * {_UNIT} + {low})"


GROUP = ("session_id", "provider", "model", "agent", "directory")
AMOUNTS = (
    *("cost_nano", "list_nano", "input", "output", "reasoning", "cache_read", "cache_write"),
    *("input_nano", "output_nano", "cache_nano"),
)
_MAY_BE_NULL = ("list_nano", "input_nano", "output_nano", "cache_nano")
_WITHIN = "max(min({}, 9000000000000000), -9000000000000000)"
"""SQL for a number within the integers that a float is exact for."""
_AT_INPUT = "(cache_read + cache_write) * (SELECT r.input FROM rates r WHERE r.id = rates_id) / 1e6"
SAVED_NANO = f"""
  coalesce(CAST({_WITHIN.format(_AT_INPUT)} AS INTEGER) - {_WITHIN.format("cache_nano")}, 0)
"""
"""SQL for what the cache saved on a call, in nano-dollars: its tokens at the input's rate, less what they cost."""
_TOOK_MS = "min(completed_ms - created_ms, 1000000000000)"
_STREAM_END = "coalesce(streamed_ms, CASE WHEN finish IS NOT 'tool-calls' THEN completed_ms END)"
_SPEED = f"""
  CASE WHEN error IS NULL AND completed_ms > created_ms THEN
    CASE WHEN {_TOOK_MS} < 10000 THEN ({_TOOK_MS} + 50) / 100 ELSE ({_TOOK_MS} + 500) / 1000 * 10 END
    || CASE WHEN output + reasoning > 0 AND {_STREAM_END} > created_ms THEN
      ' ' || CAST(min((output + reasoning) * 1e3 / ({_STREAM_END} - created_ms), 1e9) + 0.5 AS INTEGER) ELSE '' END END
"""
"""SQL for how fast a call was: the tenths of a second that it took, and its tokens a second if they are known.

From ten seconds on, the time is rounded to seconds. OpenCode 1 records only the end of a call's tools, which says
nothing about the tokens of a call that asked for some.
"""
OF_CALL = f"""
  1 AS calls, created_ms AS first_ms,
    coalesce(completed_ms, created_ms) AS last_ms, coalesce(error LIKE '%abort%', 0) AS aborted,
    {", ".join(f"coalesce({name}, 0) AS {name}" if name in _MAY_BE_NULL else name for name in AMOUNTS)},
    {SAVED_NANO} AS saved_nano, CASE WHEN turn_id IS NOT NULL THEN json_quote(turn_id) END AS turns, {_SPEED} AS speeds
"""
"""SQL for what a call adds to the sums."""
_CALLS = f"""
  (SELECT created_ms, {", ".join(GROUP)}, {OF_CALL},
    CASE WHEN cost_nano <> 0 THEN created_ms || ',' || cost_nano END AS costs
  FROM call WHERE copied_from IS NULL)
"""
SUM_COLUMNS = ("calls", "first_ms", "last_ms", "aborted", *AMOUNTS, "saved_nano", "turns", "speeds")
_COLUMNS = (*GROUP, *SUM_COLUMNS, "costs")
USES = ("uses", "failures", "tool_ms")
_TOOL_MS = "max(coalesce(duration_ms, 0), 0)"
_OF_USES = "count(*) AS uses, sum(coalesce(ok = 0, 0)) AS failures, {} AS tool_ms"
USES_OF_CALL = _OF_USES.format(exact_sum(_TOOL_MS))
"""SQL for what the uses `t` of one tool add to the sums of their call."""
_TOOLS_OF_CALLS = f"""
  (SELECT created_ms, {", ".join(f"c.{name}" for name in GROUP)}, t.name, {OF_CALL},
    {USES_OF_CALL}
  FROM call c CROSS JOIN tool t ON t.call_id = c.id WHERE copied_from IS NULL GROUP BY c.rowid, t.name)
"""
QUARTER = f"created_ms / {QUARTER_MS} - (created_ms % {QUARTER_MS} < 0)"
"""SQL for the number of the quarter of an hour in which a call was made."""
_ROWS = "SELECT upto, (SELECT coalesce(max(rowid), 0) FROM call), EXISTS (SELECT 1 FROM unsummed) FROM summed"
_NOTE_NEW = f"""
  INSERT OR IGNORE INTO unsummed (quarter, session_id)
  SELECT DISTINCT {QUARTER}, session_id FROM call WHERE rowid > ? AND rowid <= ?
"""


def summed_columns(sum_of: Callable[[str], str]) -> tuple[str, ...]:
    """SQL for SUM_COLUMNS, over rows of OF_CALL."""
    return (
        *("sum(calls)", "min(first_ms)", "max(last_ms)", "sum(aborted)"),
        *(sum_of(name) for name in (*AMOUNTS, "saved_nano")),
        *("group_concat(DISTINCT turns)", "group_concat(speeds)"),
    )


def _sum_queries(sum_of: Callable[[str], str]) -> tuple[str, str]:
    """The statements that sum the calls and the calls with tools in the quarters of `unsummed`."""
    both = summed_columns(sum_of)
    of_calls = f"""
      INSERT INTO call_sum (quarter, {", ".join(_COLUMNS)})
      SELECT quarter, {", ".join(f"c.{name}" for name in GROUP)}, {", ".join(both)}, group_concat(costs)
      FROM unsummed u CROSS JOIN {_CALLS} c ON c.session_id = u.session_id
        AND c.created_ms >= u.quarter * {QUARTER_MS} AND c.created_ms <= u.quarter * {QUARTER_MS} + {QUARTER_MS - 1}
      GROUP BY quarter, {", ".join(f"c.{name}" for name in GROUP)}
    """
    # The uses are summed by call before all else of the call is read, as wide rows take long to sort.
    of_tools = f"""
      INSERT INTO tool_sum (quarter, {", ".join((*GROUP, "name", *SUM_COLUMNS, *USES))})
      SELECT quarter, {", ".join(GROUP)}, name, {", ".join((*both, *map(sum_of, USES)))}
      FROM (SELECT quarter, name, {", ".join(USES)}, {", ".join(f"c.{name}" for name in GROUP)}, {OF_CALL}
        FROM (SELECT u.quarter, c.rowid AS row, t.name, {_OF_USES.format(sum_of(_TOOL_MS))}
          FROM unsummed u CROSS JOIN call c ON c.session_id = u.session_id
            AND c.created_ms >= u.quarter * {QUARTER_MS} AND c.created_ms <= u.quarter * {QUARTER_MS} + {QUARTER_MS - 1}
          CROSS JOIN tool t ON t.call_id = c.id
          WHERE copied_from IS NULL GROUP BY c.rowid, t.name) CROSS JOIN call c ON c.rowid = row)
      GROUP BY quarter, {", ".join(GROUP)}, name
    """
    return of_calls, of_tools


_PLAIN, _EXACT = _sum_queries("sum({})".format), _sum_queries(exact_sum)
SESSION_COLUMNS = ("calls", "first_ms", "last_ms", "aborted", *AMOUNTS, "saved_nano", "turns", "speeds", "costs")
"""The columns of `session_sum` beside those that it is grouped by, and its first and last quarter of an hour."""
SUMS_OF_SESSIONS = f"""
  INSERT INTO session_sum (session_id, provider, model, agent, first_quarter, last_quarter,
    {", ".join(SESSION_COLUMNS)})
  SELECT session_id, provider, model, agent, min(quarter), max(quarter),
    sum(calls), min(first_ms), max(last_ms), sum(aborted),
    {", ".join(exact_sum(name) for name in (*AMOUNTS, "saved_nano"))},
    group_concat(turns), group_concat(speeds), group_concat(costs)
  FROM call_sum WHERE {{}} GROUP BY session_id, provider, model, agent
"""
"""What `session_sum` has to hold of the sessions for which a condition holds."""
CALL_CONTEXT = "CAST(input + cache_read + cache_write AS INTEGER)"
"""SQL for the context of a call; the sum of absurd counts would be no integer."""
NEWEST_CALLS = f"""
  INSERT INTO newest_call (session_id, created_ms, context, provider, model, directory)
  SELECT c.session_id, c.created_ms, {CALL_CONTEXT}, c.provider, c.model, c.directory
  FROM (SELECT DISTINCT session_id FROM {{}}) s CROSS JOIN call c ON c.rowid = (
    SELECT min(rowid) FROM call INDEXED BY call_session
    WHERE session_id = s.session_id AND input + cache_read + cache_write > 0 AND created_ms = (
      SELECT max(created_ms) FROM call INDEXED BY call_session
      WHERE session_id = s.session_id AND input + cache_read + cache_write > 0))
"""
"""What `newest_call` has to hold of the sessions in a table; of several calls at one moment, it is the first."""
_CHANGED = "session_id IN (SELECT session_id FROM unsummed)"
_LEAVE_BUCKETS = f"""
  DELETE FROM bucket WHERE EXISTS (SELECT 1 FROM unsummed
    WHERE quarter >= number * {BUCKET_QUARTERS} AND quarter < (number + 1) * {BUCKET_QUARTERS})
"""


class PaidCalls(Struct, frozen=True):
    """Where the calls that were paid are read from: a row is a call, or the sum of some calls."""

    table: str
    """SQL with the columns of `call_sum`, and `at` for its `quarter`."""
    at: str
    """The column with the time."""
    unit_ms: int
    """What that column counts, in milliseconds."""
    keys: tuple[str, ...] = ()
    """The dimensions that have columns of their own, although elsewhere they are found by the session."""
    sessions: str = "json_group_array(session_id)"
    """SQL for the ids of the sessions of several rows, as a JSON list."""
    is_summed: bool = False
    """There is hardly more than one row for a session, so that they are read as they are."""

    def bounds(self, span: Span) -> tuple[int, int]:
        """The values of `at` that a span has: from the first to before the second."""
        return span.start_ms // self.unit_ms, -(-span.end_ms // self.unit_ms)


_BY_QUARTER = PaidCalls("call_sum", "quarter", QUARTER_MS)
_BY_CALL = PaidCalls(_CALLS, "created_ms", 1)
_TOOLS_BY_QUARTER = PaidCalls("tool_sum", "quarter", QUARTER_MS)
_TOOLS_BY_CALL = PaidCalls(_TOOLS_OF_CALLS, "created_ms", 1)


def paid_calls(connection: sqlite3.Connection, *spans: Span) -> PaidCalls:
    """The sums if they are complete and these spans consist of whole quarters of an hour, else the calls."""
    whole = all(span == EVER or not (span.start_ms % QUARTER_MS or span.end_ms % QUARTER_MS) for span in spans)
    return _BY_QUARTER if whole and not is_unsummed(connection) else _BY_CALL


def each_call() -> PaidCalls:
    """The calls themselves, for the few of some sessions or of a span of any length."""
    return _BY_CALL


def paid_tools(*, summed: bool) -> PaidCalls:
    """Where the calls that asked for tools are read from, with the columns of `tool_sum`: the sums, or the calls."""
    return _TOOLS_BY_QUARTER if summed else _TOOLS_BY_CALL


def is_unsummed(connection: sqlite3.Connection) -> bool:
    """Returns whether calls have changed since they were summed; costs microseconds."""
    upto, last, changed = connection.execute(_ROWS).fetchone()
    return bool(changed) or last > upto


def check_rows(connection: sqlite3.Connection) -> None:
    """Call this at the start of a write transaction: a `VACUUM` or a dump may have renumbered the rows."""
    upto, last, _ = connection.execute(_ROWS).fetchone()
    if last < upto:
        connection.execute("UPDATE summed SET upto = ?", (last,))


def settle(connection: sqlite3.Connection, most: int | None = None) -> None:
    """Sums the quarters whose calls changed. Must run in a write transaction; `most` limits the new calls."""
    upto, last, changed = connection.execute(_ROWS).fetchone()
    if not changed and last <= upto:
        return
    to = last if most is None else min(last, upto + most)
    connection.execute(_NOTE_NEW, (upto, to))
    for table in ("call_sum", "tool_sum", "task_sum"):
        connection.execute(
            f"DELETE FROM {table} WHERE (quarter, session_id) IN (SELECT quarter, session_id FROM unsummed)"
        )
    for plain, exact in zip(_PLAIN, _EXACT, strict=True):
        try:
            connection.execute(plain)
        except sqlite3.OperationalError as error:  # over absurd amounts; the failed statement has written nothing
            if "overflow" not in str(error):
                raise
            connection.execute(exact)
    connection.execute(f"DELETE FROM session_sum WHERE {_CHANGED}")
    connection.execute(SUMS_OF_SESSIONS.format(_CHANGED))
    connection.execute(f"DELETE FROM newest_call WHERE {_CHANGED}")
    connection.execute(NEWEST_CALLS.format("unsummed"))
    connection.execute(_LEAVE_BUCKETS)
    note_changed(connection)
    connection.execute("DELETE FROM unsummed")
    forget_oldest(connection)
    connection.execute("UPDATE summed SET upto = ?", (to,))


def settle_in_steps(connection: sqlite3.Connection) -> None:
    """Sums what a migration or another program has left, a transaction for each step. Leaves it if it is busy."""
    with suppress(sqlite3.OperationalError):
        while is_unsummed(connection):
            connection.execute("BEGIN IMMEDIATE")
            try:
                check_rows(connection)
                settle(connection, _ROWS_AT_ONCE)
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise
