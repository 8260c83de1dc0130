"""Keeps what each turn was for, and the sums of the calls by that task.

`turn` has a row for each turn with a paid call; calls without a turn belong to the turn with an empty id. `task_sum`
has the sums of `call_sum` by task, with the turns that edited files: such a turn counts where its first edit was made.
Both are settled for sessions in `changed_work`, first the turns and then the sums, which nothing needs at once: until
they are there, tasks are read from the calls.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from opencode_tui.clock import Span
from opencode_tui.ledger.buckets import sources
from opencode_tui.ledger.changed_work import are_tasks_summed, classified, is_behind
from opencode_tui.ledger.selection import NamedSpan, Selection, group_by
from opencode_tui.ledger.sums import QUARTER_MS, PaidCalls, each_call, exact_sum, paid_calls, paid_tools
from opencode_tui.ledger.task_sums import CALL_OF_TASK, EDIT_COUNTS, TURN_OF_CALL
from opencode_tui.ledger.tool_tasks import tools_with_tasks
from opencode_tui.records.calls import Tokens
from opencode_tui.records.usage import Slice
from opencode_tui.records.work import NOT_KNOWN

_TASKS_OF_CALLS = f"({CALL_OF_TASK} FROM call c LEFT JOIN {TURN_OF_CALL} WHERE copied_from IS NULL)"
_BY_QUARTER = PaidCalls("task_sum", "quarter", QUARTER_MS)
_BY_CALL = PaidCalls(_TASKS_OF_CALLS, "created_ms", 1)
_TOOLS_WITH_TASKS = PaidCalls(
    f"(SELECT c.*, coalesce(w.task, '{NOT_KNOWN}') AS task FROM {paid_tools(summed=False).table} c LEFT JOIN "
    + TURN_OF_CALL.replace("c.turn_id", "json_extract(c.turns, '$')")
    + ")",
    *("created_ms", 1),
)


class KeptTurn(NamedTuple):
    """A turn with its task and the sums of its paid calls, as a row of `turn`."""

    session_id: str
    turn_id: str
    task: str
    started_ms: int
    ended_ms: int
    calls: int
    cost_nano: int
    """At most `MOST_NANO`."""
    edits: int = 0
    retries: int = 0
    one_shot: bool | None = None
    edit_call_id: str | None = None


def each_paid(selection: Selection) -> PaidCalls:
    """The single calls that a selection is about, with their tool or their task if it needs them."""
    if selection.needs_tools:
        return _TOOLS_WITH_TASKS if selection.needs_tasks else paid_tools(summed=False)
    return _BY_CALL if selection.needs_tasks else each_call()


def paid_for(connection: sqlite3.Connection, selection: Selection) -> PaidCalls:
    """The calls that a selection is about: their sums where these are kept and complete, else the single calls."""
    spans = [each.span for each in selection.spans]
    paid = paid_calls(connection, *spans)
    if paid == each_call():
        return each_paid(selection)
    if selection.needs_tasks:
        around = _around(spans)
        if not are_tasks_summed(connection, around):
            return each_paid(selection)
        return tools_with_tasks(around) if selection.needs_tools else _BY_QUARTER
    return paid_tools(summed=True) if selection.needs_tools else paid


EditCounts = Mapping[tuple[str, ...], tuple[int, int, int]]
"""(turns that edited files, those without a retry, retries) by the keys of their group."""


def edit_counts(connection: sqlite3.Connection, selection: Selection) -> EditCounts | None:
    """The edits of each group; None as long as not all turns of the selection are classified, or by tool."""
    spans = [each.span for each in selection.spans]
    if selection.needs_tools or is_behind(connection, "turns", _around(spans)):
        return None
    summed = paid_calls(connection, *spans) != each_call() and are_tasks_summed(connection, _around(spans))
    count = len(selection.by)
    found: dict[tuple[str, ...], tuple[int, int, int]] = {}
    for paid, part in sources(connection, selection, _BY_QUARTER if summed else _BY_CALL):
        query, values = part.source(paid)
        columns = ", ".join((*part.keys(paid), *(f"coalesce(sum({name}), 0)" for name in EDIT_COUNTS)))
        for row in connection.execute(f"{query.format(columns)} {group_by(count)}", values):
            edits, one_shots, retries = found.get(keys := tuple(map(str, row[:count])), (0, 0, 0))
            found[keys] = edits + row[count], one_shots + row[count + 1], retries + row[count + 2]
    return found


def _around(spans: Sequence[Span]) -> Span:
    """From the first to the last of these spans; empty without any."""
    return Span(min((span.start_ms for span in spans), default=0), max((span.end_ms for span in spans), default=0))


def task_slices(connection: sqlite3.Connection, span: Span) -> tuple[Slice, ...]:
    """The span's spend by task, most expensive first; turns that are not classified yet are in one of their own."""
    selection = Selection((NamedSpan((), span),), ("task",))
    query, values = selection.source(paid_for(connection, selection))
    tokens = ", ".join(exact_sum(name) for name in ("input", "output", "reasoning", "cache_read", "cache_write"))
    columns = f"task, {exact_sum('cost_nano')}, sum(calls), {exact_sum('list_nano')}, {tokens}"
    rows = connection.execute(f"{query.format(columns)} GROUP BY 1 ORDER BY 2 DESC, 3 DESC, 1", values)
    return tuple(Slice(task, nano, calls, Tokens(*counts), listed) for task, nano, calls, listed, *counts in rows)


def keep_turns(connection: sqlite3.Connection, ids: Sequence[str], turns: Iterable[KeptTurn]) -> None:
    """Replaces what is kept of the turns of these sessions. Must run in a write transaction."""
    connection.execute("DELETE FROM turn WHERE session_id IN (SELECT value FROM json_each(?))", (json.dumps(ids),))
    connection.executemany("INSERT INTO turn VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", turns)
    classified(connection, ids)
