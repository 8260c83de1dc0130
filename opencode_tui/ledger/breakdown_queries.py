"""The measures of a period's calls, grouped by any dimension, from the sums that are kept with the calls."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain
from operator import attrgetter
from typing import Any

from msgspec import Struct
from msgspec.json import Decoder
from msgspec.structs import replace

from opencode_tui.ledger.buckets import sources
from opencode_tui.ledger.selection import Selection, group_by
from opencode_tui.ledger.speeds import CallSpeeds, all_speeds, percentiles_of, read_speeds
from opencode_tui.ledger.sums import USES, PaidCalls, exact_sum
from opencode_tui.ledger.task_sums import TURN_OF_CALL
from opencode_tui.ledger.turns import EditCounts, edit_counts, paid_for
from opencode_tui.records.breakdown import BreakdownRow, Measures
from opencode_tui.records.calls import Tokens
from opencode_tui.records.work import NOT_KNOWN

_AMOUNTS = (
    *("cost_nano", "list_nano", "input_nano", "output_nano", "cache_nano", "saved_nano"),
    *("input", "output", "reasoning", "cache_read", "cache_write"),
)
# The call made next in the session is looked up, not searched: a session may have very many failed calls.
_WENT_ON = """
  turn_id IS NOT NULL AND turn_id IS (SELECT n.turn_id FROM call n INDEXED BY call_session
    WHERE n.session_id = c.session_id AND n.created_ms > c.created_ms ORDER BY n.created_ms LIMIT 1)
"""
_FAILED = PaidCalls(
    f"(SELECT *, {_WENT_ON} AS went_on FROM call c INDEXED BY call_failed"
    " WHERE error IS NOT NULL AND copied_from IS NULL)",
    *("created_ms", 1),
)
_COPIES = "(SELECT * FROM call INDEXED BY call_copied WHERE copied = 1 AND copied_from IS NOT NULL)"
_INCOMPLETE = (
    "(SELECT call.* FROM store CROSS JOIN call INDEXED BY call_running ON store_id = store.id"
    " WHERE completed_ms IS NULL AND copied_from IS NULL)"
)
_NO_TEXTS = "NULL", "NULL"
_BRIEF = frozenset(("cost_nano", "list_nano", "input", "output", "reasoning", "cache_read", "cache_write"))
"""The amounts that a brief selection asks for."""
_ADDED = ("spend_nano", "list_nano", "calls", "input_nano", "output_nano", "cache_nano", "saved_nano", "aborted")
"""The measures that can be added up beside the tokens, in their order."""
_BREAKDOWN_ROWS = Decoder(list[BreakdownRow])
_IDS = Decoder(list[str])
_ROWS = Decoder(list[tuple[Any, ...]])


class _Texts(Struct, frozen=True):
    """What the texts of a row of `_sums` say."""

    turns: AbstractSet[str] | None = None
    speeds: CallSpeeds | None = None


_NOTHING = _Texts()
Failed = Mapping[tuple[str, ...], tuple[int, int]]
"""(failed calls, those after which their turn went on) by the keys of their group."""


def breakdown(
    connection: sqlite3.Connection,
    selection: Selection,
    *,
    root_of: Mapping[str, str],
    details: bool,
    failed: Failed | None = None,
) -> list[BreakdownRow]:
    """The measures of each group, in no order; a selection without dimensions has one row, also without a call.

    `root_of` has the root of each subagent. `details` adds turns, seconds, speeds, errors and, once all turns are
    classified, edits. `failed` is what `failures` returns, if it is known.
    """
    if details and failed is None:
        failed = failures(connection, selection)
    edited = edit_counts(connection, selection) if details else None
    if not details and (of_sessions := _rows_of_sessions(connection, selection, root_of)) is not None:
        return of_sessions
    sums = _sums(connection, selection, details=details)
    return _rows(sums, list(map(_texts, sums)), len(selection.by), root_of, failed, edited)


def breakdown_with_total(
    connection: sqlite3.Connection, selection: Selection, *, root_of: Mapping[str, str], details: bool
) -> tuple[list[BreakdownRow], Measures]:
    """What `breakdown` returns, and the measures of all groups together, without reading their sums twice.

    Not for groups by tool, as a call with several tools is in several of these.
    """
    if not details and (of_sessions := _rows_of_sessions(connection, selection, root_of)) is not None:
        return of_sessions, _added_up(
            [row.measures for row in of_sessions], [row.keys[0] for row in of_sessions], root_of
        )
    failed = failures(connection, selection) if details else None
    edited = edit_counts(connection, selection) if details else None
    sums, count = _sums(connection, selection, details=details), len(selection.by)
    all_failed: Failed | None = None if failed is None else {(): _added(failed, 2)}
    all_edited: EditCounts | None = None if edited is None else {(): _added(edited, 3)}
    texts, whole = list(map(_texts, sums)), _whole([row[count:] for row in sums], details=False)
    (total,) = _rows([whole], [_together(texts) if details else _NOTHING], 0, root_of, all_failed, all_edited)
    return _rows(sums, texts, count, root_of, failed, edited), total.measures


def _added(counts: Mapping[tuple[str, ...], tuple[int, ...]], count: int) -> Any:
    return tuple(sum(each) for each in zip((0,) * count, *counts.values(), strict=True))


def _whole(rows: Sequence[tuple[Any, ...]], *, details: bool) -> tuple[Any, ...]:
    """The one row of `_sums` for the calls of some of its rows, which are given without their keys."""
    sessions, *columns = list(zip(*rows, strict=True)) or [()] * (len(_AMOUNTS) + 8)
    amounts, (calls, aborted, *uses, turns, speeds) = columns[: len(_AMOUNTS)], columns[len(_AMOUNTS) :]
    used = [None if None in each or not each else sum(each) for each in uses]
    texts = [",".join(filter(None, each)) if details else None for each in (turns, speeds)]
    return ([*chain.from_iterable(sessions)], *map(sum, amounts), sum(calls), sum(aborted), *used, *texts)


def _merged(rows: Sequence[tuple[Any, ...]], count: int, *, details: bool) -> list[tuple[Any, ...]]:
    """Rows of `_sums` from several sources, with so many keys: those with the same keys are added up."""
    firsts: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    alike: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    for row in rows:
        if (first := firsts.setdefault(keys := row[:count], row)) is not row:
            alike.setdefault(keys, [first]).append(row)
    for keys, same in alike.items():
        firsts[keys] = (*keys, *_whole([row[count:] for row in same], details=details))
    return list(firsts.values())


def _texts(row: tuple[Any, ...]) -> _Texts:
    *_, turns, speeds = row
    if turns is None:
        return _NOTHING
    return _Texts(frozenset(_IDS.decode(f"[{turns}]")), read_speeds(speeds) if speeds else None)


def _together(texts: Sequence[_Texts]) -> _Texts:
    """What all these say of their calls."""
    speeds = [each.speeds for each in texts if each.speeds is not None]
    turns = frozenset[str]().union(*(each.turns or () for each in texts))
    return _Texts(turns, all_speeds(speeds) if speeds else None)


def _rows(
    sums: Sequence[tuple[Any, ...]],
    texts: Sequence[_Texts],
    count: int,
    root_of: Mapping[str, str],
    failed: Failed | None,
    edited: EditCounts | None,
) -> list[BreakdownRow]:
    """The rows of `_sums` with so many keys, and what their texts say, as measures."""
    rows = []
    end = count + 1 + len(_AMOUNTS)
    for row, said in zip(sums, texts, strict=True):
        keys = row[:count]
        sessions, spend, listed, input_nano, output_nano, cache_nano, saved, *tokens = row[count:end]
        calls, aborted, uses, tool_failures, tool_ms, _, _ = row[end:]
        roots, subagents, all_sessions = _counts(sessions, root_of)
        errors, retries = (None, None) if failed is None else failed.get(keys, (0, 0))
        seconds, speed = percentiles_of(said.speeds) if said.speeds else (None, None)
        edit_turns, one_shots, edit_retries = (None, None, None) if edited is None else edited.get(keys, (0, 0, 0))
        # fmt: off
        measures = Measures(
            spend, listed, calls, roots, subagents, all_sessions, Tokens(*tokens),
            input_nano, output_nano, cache_nano, saved, aborted,
            errors, retries, None if said.turns is None else len(said.turns), seconds, speed,
            uses, tool_failures, tool_ms, edit_turns, one_shots, edit_retries,
        )
        # fmt: on
        rows.append(BreakdownRow(keys, measures))
    return rows


def _rows_of_sessions(
    connection: sqlite3.Connection, selection: Selection, root_of: Mapping[str, str]
) -> list[BreakdownRow] | None:
    """The rows of a selection by session without details, which are made as they are read: there may be thousands.

    None unless whole sessions are summed.
    """
    sources = _sources(connection, selection) if selection.by == ("session",) else []
    if not sources or not sources[0][0].is_summed:
        return None
    (summed, whole), *parts = sources
    query, values = whole.source(summed)
    amounts = [name if name in _BRIEF or not selection.brief else "0" for name in _AMOUNTS]
    spend, listed, *of_spend, saved = amounts[:6]
    counts = ("0", "0", "0") if selection.brief else ("1", "0", "1")
    tokens = f"json_array({', '.join(amounts[6:])})"
    measures = ", ".join((spend, listed, "calls", *counts, tokens, *of_spend, saved, "aborted"))
    (found,) = connection.execute(
        query.format(f"json_group_array(json_array(json_array(session_id), json_array({measures})))"), values
    ).fetchone()
    rows = _BREAKDOWN_ROWS.decode(found)
    if not selection.brief:
        rows = [_of_subagent(row) if row.keys[0] in root_of else row for row in rows]
    for paid, part in parts:
        sums = _read(connection, part, paid, details=False)
        rows += _rows(sums, [_NOTHING] * len(sums), 1, root_of, None, None)
    by_session: dict[tuple[str, ...], list[BreakdownRow]] = {}
    for row in rows:
        by_session.setdefault(row.keys, []).append(row)
    if len(by_session) == len(rows):
        return rows
    return [
        same[0] if len(same) == 1 else BreakdownRow(keys, _added_up([row.measures for row in same], keys, root_of))
        for keys, same in by_session.items()
    ]


def _of_subagent(row: BreakdownRow) -> BreakdownRow:
    return replace(row, measures=replace(row.measures, subagents=1))


def _added_up(measures: Sequence[Measures], sessions: Sequence[str], root_of: Mapping[str, str]) -> Measures:
    """The measures of all calls of these sessions, without details."""
    spend, listed, calls, *others = (sum(map(attrgetter(name), measures)) for name in _ADDED)
    tokens = Tokens(*(sum(map(attrgetter(f"tokens.{name}"), measures)) for name in Tokens.__struct_fields__))
    counts = _counts(sessions, root_of) if any(each.all_sessions for each in measures) else (0, 0, 0)
    return Measures(spend, listed, calls, *counts, tokens, *others)


def _counts(sessions: Sequence[str], root_of: Mapping[str, str]) -> tuple[int, int, int]:
    """(root sessions, subagents, both with a call of their own) of ids, some perhaps twice."""
    if not sessions:
        return 0, 0, 0
    if len(sessions) == 1:
        return 1, int(sessions[0] in root_of), 1
    ids = set(sessions)
    subagents = ids & root_of.keys()
    roots = (ids - subagents) | {root_of[id] for id in subagents}
    return len(roots), len(subagents), len(ids)


def _sums(connection: sqlite3.Connection, selection: Selection, *, details: bool) -> list[tuple[Any, ...]]:
    """The keys, ids of sessions, amounts, counts and texts of each group."""
    sources = _sources(connection, selection)
    found = [
        (_read_rows if paid.is_summed else _read)(connection, part, paid, details=details) for paid, part in sources
    ]
    rows = found[0] if len(found) == 1 else list(chain(*found))
    is_whole = len(found) == 1 and not sources[0][0].is_summed
    return rows if is_whole else _merged(rows, len(selection.by), details=details)


def _sources(connection: sqlite3.Connection, selection: Selection) -> list[tuple[PaidCalls, Selection]]:
    return sources(connection, selection, paid_for(connection, selection))


def _read(
    connection: sqlite3.Connection, selection: Selection, paid: PaidCalls, *, details: bool
) -> list[tuple[Any, ...]]:
    """The rows of `_sums` of what is read from one source."""
    query, values = selection.source(paid)
    query += group_by(len(selection.by))
    texts = "coalesce(group_concat(turns), '')", "group_concat(speeds)"

    def columns(total: Callable[[str], str]) -> str:
        sums = _columns(selection, lambda name: f"coalesce({total(name)}, 0)", texts if details else _NO_TEXTS)
        return ", ".join((*selection.keys(paid), "'[]'" if selection.brief else paid.sessions, *sums))

    try:
        rows = connection.execute(query.format(columns("sum({})".format)), values).fetchall()
    except sqlite3.OperationalError:  # "integer overflow", over absurd amounts
        rows = connection.execute(query.format(columns(exact_sum)), values).fetchall()
    at = len(selection.by)
    return [(*row[:at], _IDS.decode(row[at]), *row[at + 1 :]) for row in rows]


def _read_rows(
    connection: sqlite3.Connection, selection: Selection, paid: PaidCalls, *, details: bool
) -> list[tuple[Any, ...]]:
    """What `_read` returns, of each row by itself, for sums of one session each."""
    query, values = selection.source(paid)
    texts = ("coalesce(turns, '')", "speeds") if details else _NO_TEXTS
    ids = "json_array()" if selection.brief else "json_array(session_id)"
    columns = ", ".join((*selection.keys(paid), ids, *_columns(selection, str, texts)))
    # As one text: thousands of rows take longer from SQLite to Python than in JSON.
    (found,) = connection.execute(query.format(f"json_group_array(json_array({columns}))"), values).fetchone()
    return _ROWS.decode(found)


def _columns(selection: Selection, total: Callable[[str], str], texts: tuple[str, str]) -> tuple[str, ...]:
    """SQL for the columns of `_sums` without keys and sessions."""
    uses = map(total, USES) if selection.needs_tools and not selection.brief else ["NULL"] * len(USES)
    amounts = (total(name) if name in _BRIEF or not selection.brief else "0" for name in _AMOUNTS)
    return (*amounts, total("calls"), total("aborted"), *uses, *texts)


def unpaid(connection: sqlite3.Connection, selection: Selection, running_since_ms: int) -> tuple[int, int]:
    """(copied calls, calls that began before a time and never completed) of a selection without dimensions.

    What copies and unfinished calls did with tools is not known, so with a filter by tool or task there are none.
    """
    if selection.needs_tools or selection.needs_tasks:
        return 0, 0
    copies, values = selection.source(PaidCalls(_COPIES, "created_ms", 1))
    (copied,) = connection.execute(copies.format("count(*)"), values).fetchone()
    running, values = selection.source(PaidCalls(_INCOMPLETE, "created_ms", 1))
    wanted = "count(*) FILTER (WHERE created_ms < ? AND NOT coalesce(error LIKE '%abort%', 0))"
    (ended,) = connection.execute(running.format(wanted), (values[0], running_since_ms, *values[1:])).fetchone()
    return int(copied), int(ended)


def keys_of(connection: sqlite3.Connection, selection: Selection) -> list[str]:
    """The keys of a selection's one dimension, most expensive first."""
    spent: Counter[str] = Counter()
    for paid, part in _sources(connection, selection):
        query, values = part.source(paid)
        (key,) = part.keys(paid)
        columns = f"{key}, {exact_sum('cost_nano')}"
        spent.update(dict(connection.execute(f"{query.format(columns)} GROUP BY 1", values)))
    return sorted(map(str, spent), key=lambda key: (-spent[key], key))


def failures(connection: sqlite3.Connection, selection: Selection) -> Failed:
    """The failures of each group, from the few calls that failed."""
    source, failed, went_on = _FAILED, "count(*)", "sum(went_on)"
    if selection.needs_tools:  # a call that used a tool twice failed once
        named = f"(SELECT f.*, t.name FROM {_FAILED.table} f CROSS JOIN tool t ON t.call_id = f.id)"
        source = PaidCalls(named, *("created_ms", 1))
        failed, went_on = "count(DISTINCT id)", "count(DISTINCT CASE WHEN went_on THEN id END)"
    if selection.needs_tasks:
        tasked = f"(SELECT c.*, coalesce(w.task, '{NOT_KNOWN}') AS task FROM {source.table} c LEFT JOIN {TURN_OF_CALL})"
        source = PaidCalls(tasked, *("created_ms", 1))
    query, values = selection.source(source)
    count = len(selection.by)
    columns = ", ".join((*selection.keys(source), failed, went_on))
    rows = connection.execute(f"{query.format(columns)} AND NOT error LIKE '%abort%' {group_by(count)}", values)
    return {tuple(map(str, row[:count])): (row[count], row[count + 1] or 0) for row in rows}
