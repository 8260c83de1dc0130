"""Reads what a SQLite store holds now, as OpenCode adds it up: the cost of each call, and the sum of each session.

A page of sessions is read in one short transaction, so that a sum always belongs to its rows. What `opencode stats`
adds up depends on the version, as seen on 1.1.65, 1.2.27, 1.14.48, 1.18.34 and 2.0.15:

- before 1.15, the messages of all sessions;
- since 1.15, the sums of the sessions, in which a fork has its copies;
- in 2.x, the steps up to now, without what a fork has of before it was made, without compactions; and the compactions
  that its event log has, where that is kept.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from opencode_tui.money import MAX_CALL_NANO
from opencode_tui.records.reconciliation import Agreement, LeftOut, Standing, StandingCall
from opencode_tui.source.agreeing import Collected
from opencode_tui.source.decode import BadRow, cost_field, fraction_of, json_value, moment
from opencode_tui.source.imported import imported_from_v1
from opencode_tui.source.running_rows import fields_of
from opencode_tui.source.sqlite_file import SqliteFile, columns

_LEFT_OUT: tuple[LeftOut, ...] = ("compaction", "fork", "ahead", "session")
_PAGE = 50
"""The sessions that one transaction reads."""
_FIELDS = fields_of(("role", "cost", "tokens.output", "time.completed", "status"))
_V1 = f"""
  SELECT m.rowid, m.id, m.session_id, {{touched}}, '', NULL, 0, 1, CASE WHEN json_valid(m.data) THEN {_FIELDS} END
  FROM {{rows}}
"""
_V2 = f"""
  SELECT m.rowid, m.id, m.session_id, {{touched}}, m.type,
    CASE WHEN s.id IS NULL THEN 'session' WHEN m.type <> 'assistant' THEN 'compaction'
      WHEN {{fork}} IS NOT NULL AND m.time_created < s.time_created THEN 'fork'
      WHEN m.time_created > {{now}} THEN 'ahead' END,
    {{copied}}, {{of_v1}}, CASE WHEN json_valid(m.data) THEN {_FIELDS} END
  FROM {{rows}}
"""
_EXTRA = """
  SELECT total(json_extract(e.data, '$.cost')) FROM event e
  WHERE e.type GLOB 'session.usage.recorded*' AND json_valid(e.data)
    AND json_extract(e.data, '$.source') = 'compaction' AND e.aggregate_id IN (SELECT id FROM session_v2)
"""


def standing_v1(file: SqliteFile, key: str, path: str, agreement: Agreement | None = None) -> Standing:
    """What the tables of OpenCode 1 hold. Raises StoreTrouble."""
    with file.reading() as connection:
        has_sums = "cost" in columns(connection, "session")
        touched = "m.time_updated" if "time_updated" in columns(connection, "message") else "0"
    found, sums, fraction = Collected(agreement), dict[str, int | None](), 0.0
    for rows, some, beyond in _pages(
        file, "session", "message", lambda source: _V1.format(touched=touched, rows=source)
    ):
        found.add(_calls(rows), some if has_sums else None)
        sums |= some if has_sums else {}
        fraction += beyond
    return Standing(
        key,
        path,
        "OpenCode 1",
        tuple(found.calls),
        sums if has_sums else None,
        shows_sums=has_sums,
        sums_fraction=fraction,
        agreed=found.agreed,
    )


def standing_v2(
    file: SqliteFile,
    key: str,
    path: str,
    copied: Callable[[sqlite3.Connection], str],
    others: Sequence[str],
    now_ms: int,
    agreement: Agreement | None = None,
) -> Standing:
    """What the tables of OpenCode 2 hold. Raises StoreTrouble.

    `copied` gives the SQL that tells a fork's copies, `others` are the types of rows that are no calls.
    """
    with file.reading() as connection:
        touched = "m.time_updated" if "time_updated" in columns(connection, "session_message") else "0"
        fork = "s.fork_session_id" if "fork_session_id" in columns(connection, "session_v2") else "NULL"
        is_copy, of_v1 = copied(connection), imported_from_v1(connection)
        extra = 0.0
        if {"type", "data", "aggregate_id"} <= columns(connection, "event"):
            extra = connection.execute(_EXTRA).fetchone()[0]
    names = {"touched": touched, "fork": fork, "copied": is_copy, "of_v1": of_v1, "now": now_ms}
    found, sums, fraction = Collected(agreement), dict[str, int | None](), 0.0
    for rows, some, beyond in _pages(
        file, "session_v2", "session_message", lambda source: _V2.format(**names, rows=source), others
    ):
        found.add(_calls(rows), some)
        sums |= some
        fraction += beyond
    nano = cost_field(extra, [], MAX_CALL_NANO)
    return Standing(
        key,
        path,
        "OpenCode 2",
        tuple(found.calls),
        sums,
        has_titles=True,
        sums_fraction=fraction,
        extra_nano=nano,
        extra_fraction=fraction_of(extra, nano),
        agreed=found.agreed,
    )


def _pages(
    file: SqliteFile, sessions: str, messages: str, select: Callable[[str], str], others: Sequence[str] = ()
) -> Iterator[tuple[list[Any], dict[str, int | None], float]]:
    """The rows of the calls of some sessions with their sums, a transaction each; first those without a session.

    Last comes what the sums are beyond whole nano-dollars, all together.
    """
    kind = f"AND (m.type NOT IN {tuple(others)}) IS NOT 0" if others else ""
    page = select(f"{sessions} s CROSS JOIN {messages} m ON m.session_id = s.id WHERE s.rowid BETWEEN ? AND ? {kind}")
    rest = select(f"{messages} m LEFT JOIN {sessions} s ON s.id = m.session_id WHERE s.id IS NULL {kind}")
    with file.reading() as connection:
        cost = "cost" if "cost" in columns(connection, sessions) else "0"
        ids = [row[0] for row in connection.execute(f"SELECT rowid FROM {sessions} ORDER BY rowid")]
        orphans = connection.execute(rest).fetchall()
    yield orphans, {}, 0.0
    for start in range(0, len(ids), _PAGE):
        ends = ids[start], ids[min(start + _PAGE, len(ids)) - 1]
        with file.reading() as connection:
            found = connection.execute(
                f"SELECT id, {cost} FROM {sessions} WHERE rowid BETWEEN ? AND ?", ends
            ).fetchall()
            rows = connection.execute(page, ends).fetchall()
        sums = {id: _sum(value) for id, value in found if isinstance(id, str)}
        yield rows, sums, sum(fraction_of(value, sums[id] or 0) for id, value in found if id in sums)


def _sum(value: object) -> int | None:
    missing: list[str] = []
    nano = cost_field(value, missing, MAX_CALL_NANO) if value is not None else 0
    return None if missing else nano


def _calls(rows: Iterable[Any]) -> Iterator[StandingCall]:
    for rowid, id, session_id, touched, kind, left_out, copied, of_v1, text in rows:
        try:
            role, cost, output, completed, status = json_value(text)
        except BadRow:
            role, cost, output, completed, status, text = "assistant", None, None, None, None, None
        if not kind and role == "user":
            continue
        missing: list[str] = []
        nano = cost_field(cost, missing) if cost is not None else 0
        has_ids = isinstance(id, str) and isinstance(session_id, str)
        yield StandingCall(
            id=id if isinstance(id, str) else f"row {rowid}",
            session_id=session_id if isinstance(session_id, str) else "",
            nano=nano,
            left_out=_left_out(left_out),
            in_sum=bool(of_v1) or not copied,
            final=moment(completed) is not None or (kind == "compaction" and status != "running"),
            readable=has_ids and text is not None and not missing and bool(kind or role == "assistant"),
            output=output if isinstance(output, int) else None,
            fraction=fraction_of(cost, nano),
            touched_ms=moment(touched) or 0,
        )


def _left_out(value: object) -> LeftOut:
    return next((each for each in _LEFT_OUT if each == value), "")
