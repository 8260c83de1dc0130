"""Writes to the ledger: each batch is one transaction, which is safe to repeat and to run in two processes at once."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from opencode_tui.ledger.bulk_insert import insert_rows
from opencode_tui.ledger.copies import link_copies
from opencode_tui.ledger.fingerprints import key_of, keyed_all
from opencode_tui.ledger.tool_files import files_text
from opencode_tui.pricing.book import Priced
from opencode_tui.pricing.rates import Rates
from opencode_tui.records.calls import Call, ToolUse, message_id
from opencode_tui.records.stores import Bill, Session, Unreadable

LEASE_MS = 5_000


class StoreRow(Struct, frozen=True):
    """A store's row in the ledger. `turns` counts how often its cursor has moved."""

    id: int
    cursor: str | None
    turns: int
    lease_ms: int | None = None
    """When the lease of the importing process expires, in Unix milliseconds; None without a lease."""

    def is_leased(self, now_ms: int) -> bool:
        # A lease that ends later than any new one would was written before the clock was set back.
        return self.lease_ms is not None and 0 < self.lease_ms - now_ms <= LEASE_MS


_UPSERT_SESSION = """
  INSERT INTO session (id, parent_id, fork_of, title, directory, project, version, created_ms, updated_ms,
    archived_ms, unattended, store_id, rank, present) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET parent_id = excluded.parent_id, fork_of = coalesce(excluded.fork_of, fork_of),
    title = excluded.title, directory = excluded.directory, project = excluded.project,
    version = excluded.version, created_ms = excluded.created_ms, updated_ms = excluded.updated_ms,
    archived_ms = excluded.archived_ms, unattended = max(unattended, excluded.unattended),
    store_id = excluded.store_id, rank = excluded.rank,
    present = excluded.present
  WHERE excluded.rank > rank
    OR excluded.rank = rank AND (excluded.store_id = store_id OR excluded.updated_ms > updated_ms OR NOT present)
"""
_CALL_COLUMNS = (
    *("id", "session_id", "turn_id", "machine_id", "store_id", "provider", "model", "agent", "directory"),
    *("created_ms", "completed_ms", "input", "output", "reasoning", "cache_read", "cache_write"),
    *("recorded_nano", "amount_nano", "basis", "rates_id", "list_nano", "input_nano", "output_nano"),
    *("cache_nano", "finish", "error", "copied", "copy_of", "variant", "streamed_ms", "missing"),
)
_NO_PARTS = (None, None, None)
_NONE = (None,) * 5
_TOKENS = "{0}.input + {0}.output + {0}.reasoning + {0}.cache_read + {0}.cache_write"
# A completed call is never changed, unless a store can fill in fields that could not be read before. Of a running call
# in several stores, the row with the most cost and tokens wins, so an older backup copy, even if restored, does not set
# it back. The last parameter is true if the steps of the message may split the cost differently.
_SELDOM = ("error", "copy_of", "variant", "streamed_ms", "missing")
_USUAL_COLUMNS = tuple(name for name in _CALL_COLUMNS if name not in ("machine_id", "store_id", "list_nano", *_SELDOM))
_UPSERT_CALL = f"""
  INSERT INTO call ({", ".join(_CALL_COLUMNS)})
  SELECT {", ".join(f"?{number + 1}" for number in range(len(_CALL_COLUMNS)))} WHERE true
  ON CONFLICT (id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _CALL_COLUMNS[1:])}
  WHERE CASE
    WHEN call.completed_ms IS NOT NULL THEN
      excluded.completed_ms IS NOT NULL AND call.missing IS NOT NULL AND excluded.missing IS NULL
    WHEN excluded.recorded_nano > call.recorded_nano THEN 1
    WHEN excluded.recorded_nano = call.recorded_nano
      AND {_TOKENS.format("excluded")} > {_TOKENS.format("call")} THEN 1
    WHEN ?{len(_CALL_COLUMNS) + 1} OR call.missing IS NOT NULL OR excluded.recorded_nano = call.recorded_nano
        AND {_TOKENS.format("excluded")} = {_TOKENS.format("call")} THEN
      excluded.completed_ms IS NOT NULL OR excluded.store_id = call.store_id
    ELSE 0
  END
"""
_END_CALL = """
  UPDATE call SET completed_ms = ?, streamed_ms = ?, finish = ?, error = ? WHERE id = ? AND completed_ms IS NULL
"""
# A message that completes as one call has the cost of all its steps. '$' follows '#'. The steps' tools are kept.
_STEPS = "SELECT id FROM call WHERE id > ?1 || '#' AND id < ?1 || '$' AND completed_ms IS NULL"
_INSERT_TOOL = "INSERT OR IGNORE INTO tool (id, call_id, session_id, name, target, ok, duration_ms, digest{})"
_OF_FEW_TOOLS = ", child_session_id, added, removed, files"
_AS_INTEGER = {True: 1, False: 0, None: None}
_REFUSED = 2
"""In the place of an outcome: not 0, as no sum of failures counts it, and not 1, as it did nothing."""
_FOUND_NOTHING = 3
"""A success, as all odd outcomes are."""


def store_row(connection: sqlite3.Connection, key: str) -> StoreRow:
    """The row of the store with this key, inserted if it is new."""
    key = stored_key(key)
    query = "SELECT id, cursor, turns, lease_ms FROM store WHERE key = ?"
    row = connection.execute(query, (key,)).fetchone()
    if row is None:
        connection.execute("INSERT OR IGNORE INTO store (key) VALUES (?)", (key,))
        row = connection.execute(query, (key,)).fetchone()
    return StoreRow(*row)


def stored_key(key: str) -> str:
    """A store's key as stored in the ledger, with bytes that are not UTF-8 escaped."""
    return key.encode("utf-8", "backslashreplace").decode()


def unread_stores(connection: sqlite3.Connection) -> frozenset[str]:
    """The keys of stores that were found but not read yet."""
    return frozenset(row[0] for row in connection.execute("SELECT key FROM store WHERE cursor IS NULL"))


def machine_id(connection: sqlite3.Connection, name: str) -> int:
    """The id of this machine's name, inserted if it is new."""
    query = "SELECT id FROM machine WHERE name = ?"
    row = connection.execute(query, (name,)).fetchone()
    if row is None:
        connection.execute("INSERT OR IGNORE INTO machine (name) VALUES (?)", (name,))
        row = connection.execute(query, (name,)).fetchone()
    return int(row[0])


def move_cursor(
    connection: sqlite3.Connection, store: StoreRow, cursor: str, lease_ms: int | None = None
) -> StoreRow | None:
    """Moves a store's cursor and returns its new row; None if another process moved it since `store` was read.

    `lease_ms` (Unix ms) is the end of a lease, during which other processes leave the import to this one.
    """
    if cursor == store.cursor and lease_ms == store.lease_ms:
        return store
    moved = connection.execute(
        "UPDATE store SET cursor = ?, turns = turns + 1, lease_ms = ? WHERE id = ? AND turns = ?",
        (cursor, lease_ms, store.id, store.turns),
    )
    return StoreRow(store.id, cursor, store.turns + 1, lease_ms) if moved.rowcount else None


def final_calls(connection: sqlite3.Connection, ids: Iterable[str]) -> frozenset[str]:
    """The ids of the calls that the ledger has as completed and with all fields read."""
    rows = _of_calls(connection, "completed_ms IS NOT NULL AND missing IS NULL", ids)
    return frozenset(id for id, is_final in rows if is_final)


def _known(connection: sqlite3.Connection, ids: Iterable[str]) -> dict[str, bool]:
    """Whether each of the calls that the ledger has is running; an id with a NUL is not found, as JSON ends there."""
    return {id: bool(running) for id, running in _of_calls(connection, "completed_ms IS NULL", ids)}


def _of_calls(connection: sqlite3.Connection, value: str, ids: Iterable[str]) -> list[tuple[str, int]]:
    """The id and the value of an SQL expression for each of these calls that the ledger has."""
    wanted = list(ids)
    # Ids ascend with time, so a batch of a first import lies in a range without any call: one seek instead of many.
    # SQLite and Python order ASCII alike, up to a NUL.
    if wanted and (text := "".join(wanted)).isascii() and "\0" not in text:
        around = "SELECT 1 FROM call WHERE id BETWEEN ? AND ? LIMIT 1"
        if connection.execute(around, (min(wanted), max(wanted))).fetchone() is None:
            return []
    query = f"SELECT id, {value} FROM call WHERE id IN (SELECT value FROM json_each(?))"
    return connection.execute(query, (json.dumps(wanted),)).fetchall()


def write_sessions(
    connection: sqlite3.Connection,
    store_id: int,
    rank: int,
    sessions: Iterable[Session],
    *,
    is_read: bool | None = None,
) -> None:
    """Writes what a store tells of its sessions, which are gone if OpenCode itself no longer reads it.

    `is_read` says whether it does; without it, the store's rank does.
    """
    is_there = rank >= 0 if is_read is None else is_read
    sessions = list(sessions)
    if connection.execute("SELECT 1 FROM unreadable WHERE kind = 'session' LIMIT 1").fetchone():
        query = "DELETE FROM unreadable WHERE store_id = ? AND kind = 'session' AND id = ? AND reason NOT LIKE 'sum %'"
        connection.executemany(query, [(store_id, session.id) for session in sessions])
    connection.executemany(
        _UPSERT_SESSION,
        [
            (
                *(s.id, s.parent_id, s.fork_of, s.title, s.directory, s.project, s.version, s.created_ms),
                *(s.updated_ms, s.archived_ms, s.unattended, store_id, rank, is_there),
            )
            for s in sessions
        ],
    )


def mark_vanished(connection: sqlite3.Connection, store_id: int, present: frozenset[str]) -> None:
    """Marks the sessions of this store that are not in `present` as deleted; their costs stay."""
    connection.execute(
        "UPDATE session SET present = 0 WHERE store_id = ? AND present = 1"
        " AND id NOT IN (SELECT value FROM json_each(?))",
        (store_id, json.dumps(sorted(present))),
    )


def mark_standing(connection: sqlite3.Connection, store_id: int, present: frozenset[str]) -> None:
    """Marks these sessions of this store as not deleted."""
    connection.execute(
        "UPDATE session SET present = 1 WHERE store_id = ? AND present = 0 AND id IN (SELECT value FROM json_each(?))",
        (store_id, json.dumps(sorted(present))),
    )


def write_calls(
    connection: sqlite3.Connection, store_id: int, machine: int, calls: Sequence[tuple[Call, Priced]]
) -> None:
    """Inserts calls, completes those that were running, and links copies to the calls that pay."""
    in_steps = {message_id(call.id) for call, _ in calls if "#" in call.id}
    known = _known(connection, (call.id for call, _ in calls))
    running = {call.id for call, _ in calls if call.final and known.get(call.id)} if known else set()
    rates_ids = _rates_ids(connection, calls)
    new = {each[0].id: each for each in calls if each[0].id not in known and "\0" not in each[0].id}
    others = [each for each in calls if each is not new.get(each[0].id)] if len(new) < len(calls) else []
    old = [
        (*_call_row(call, priced, rates_ids[id(priced.rates)], store_id, machine), message_id(call.id) in in_steps)
        for call, priced in others
    ]
    for whole in running - in_steps:
        steps = [(whole, step) for (step,) in connection.execute(_STEPS, (whole,))]
        connection.executemany("UPDATE tool SET call_id = ? WHERE call_id = ?", steps)
        connection.executemany("DELETE FROM call WHERE id = ?", [(step,) for _, step in steps])
    _insert(connection, new.values(), rates_ids, store_id, machine)
    connection.executemany(_UPSERT_CALL, old)
    ended = [call for call, _ in calls if call.id in running] if running else []
    connection.executemany(_END_CALL, [(c.completed_ms, c.streamed_ms, c.finish, c.error, c.id) for c in ended])
    link_copies(connection, [call for call, _ in calls])
    if connection.execute("SELECT 1 FROM unreadable LIMIT 1").fetchone():
        connection.executemany(
            "DELETE FROM unreadable WHERE store_id = ? AND kind IN ('message', 'part', 'event') AND id = ?",
            [(store_id, call.id) for call, _ in calls],
        )


def _insert(
    connection: sqlite3.Connection,
    calls: Iterable[tuple[Call, Priced]],
    rates_ids: Mapping[int, int | None],
    store_id: int,
    machine: int,
) -> None:
    """Inserts new calls, which is faster than an upsert, as that prepares for the triggers."""
    usual: list[tuple[Any, ...]] = []
    groups: dict[tuple[bool, bool], list[tuple[Any, ...]]] = {(False, False): usual}
    for call, priced in calls:
        row = _usual_row(call, priced, rates_ids[id(priced.rates)])
        seldom = (call.error, call.copy_of, call.variant, call.streamed_ms, call.missing)
        if seldom == _NONE and priced.list_nano is None:
            usual.append(row)
            continue
        kind = priced.list_nano is not None, seldom != _NONE
        row = (*row, *((priced.list_nano,) if kind[0] else ()), *(seldom if kind[1] else ()))
        groups.setdefault(kind, []).append(row)
    for (is_listed, is_odd), rows in groups.items():
        columns = (*_USUAL_COLUMNS, *(("list_nano",) if is_listed else ()), *(_SELDOM if is_odd else ()))
        into = f"INSERT INTO call ({', '.join(columns)}, machine_id, store_id)"
        insert_rows(connection, into, f"({'?, ' * len(columns)}{machine}, {store_id})", rows)


def _usual_row(call: Call, priced: Priced, rates_id: int | None) -> tuple[Any, ...]:
    """The values of `_USUAL_COLUMNS`; a plain tuple, as each call of a first import comes by here."""
    tokens, parts = call.tokens, priced.parts or _NO_PARTS
    # fmt: off
    return (
        call.id, call.session_id, call.turn_id, call.provider, call.model, call.agent, call.directory,
        call.created_ms, call.completed_ms, tokens.input, tokens.output, tokens.reasoning, tokens.cache_read,
        tokens.cache_write, call.recorded_nano, priced.amount_nano, priced.basis, rates_id,
        parts[0], parts[1], parts[2], call.finish, _AS_INTEGER[call.copied],
    )
    # fmt: on


def write_tools(connection: sqlite3.Connection, tools: Iterable[ToolUse]) -> None:
    """Inserts tool uses; existing ones are not changed."""
    found = list(tools)[::-1]  # the oldest first, as SQLite fills its pages when ids ascend
    key = key_of(connection) if any(t.digest is not None for t in found) else None
    fingerprints = keyed_all(key, [t.digest for t in found])
    usual: list[tuple[Any, ...]] = []
    others: list[tuple[Any, ...]] = []
    for t, fingerprint in zip(found, fingerprints, strict=True):
        outcome = _REFUSED if t.refused else _FOUND_NOTHING if t.found_nothing else _AS_INTEGER[t.ok]
        row = t.id, t.call_id, t.session_id, t.name, t.target, outcome, t.duration_ms, fingerprint
        if t.added is None and t.child_session_id is None and t.removed is None and not t.files:
            usual.append(row)
        else:
            others.append((*row, t.child_session_id, t.added, t.removed, files_text(t.files)))
    insert_rows(connection, _INSERT_TOOL.format(""), _values(8), usual)
    insert_rows(connection, _INSERT_TOOL.format(_OF_FEW_TOOLS), _values(12), others)


def _values(count: int) -> str:
    return f"({', '.join('?' * count)})"


def write_unreadable(connection: sqlite3.Connection, store_id: int, rows: Iterable[Unreadable]) -> None:
    connection.executemany(
        "INSERT INTO unreadable (store_id, kind, id, reason, at_ms) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET reason = excluded.reason, at_ms = excluded.at_ms",
        [(store_id, row.kind, row.id, row.reason, row.at_ms) for row in rows],
    )


def clear_unreadable_sums(connection: sqlite3.Connection, store_id: int, bills: Iterable[Bill]) -> None:
    """Deletes earlier reports that the sums of these sessions could not be read."""
    query = "DELETE FROM unreadable WHERE store_id = ? AND kind = 'session' AND id IN (SELECT value FROM json_each(?))"
    connection.execute(query, (store_id, json.dumps([bill.session_id for bill in bills])))


def _call_row(call: Call, priced: Priced, rates_id: int | None, store_id: int, machine: int) -> tuple[Any, ...]:
    tokens = call.tokens
    return (
        *(call.id, call.session_id, call.turn_id, machine, store_id, call.provider, call.model, call.agent),
        *(call.directory, call.created_ms, call.completed_ms, tokens.input, tokens.output, tokens.reasoning),
        *(tokens.cache_read, tokens.cache_write, call.recorded_nano, priced.amount_nano, priced.basis),
        *(rates_id, priced.list_nano, *(priced.parts or _NO_PARTS)),
        *(call.finish, call.error, call.copied, call.copy_of, call.variant, call.streamed_ms, call.missing),
    )


def _rates_ids(connection: sqlite3.Connection, calls: Sequence[tuple[Call, Priced]]) -> dict[int, int | None]:
    """The ids in the ledger of the rates of calls, by the `id()` of their objects, of which most calls share a few."""
    objects = {id(priced.rates): priced.rates for _, priced in calls}
    by_value = {rates: _rates_id(connection, rates) for rates in dict.fromkeys(objects.values())}
    return {key: by_value[rates] for key, rates in objects.items()}


def _rates_id(connection: sqlite3.Connection, rates: Rates | None) -> int | None:
    if rates is None:
        return None
    values = (rates.input, rates.output, rates.cache_read, rates.cache_write, rates.source)
    columns = ("input", "output", "cache_read", "cache_write", "source")
    query = f"SELECT id FROM rates WHERE {' AND '.join(f'{name} = ?' for name in columns)}"
    row = connection.execute(query, values).fetchone()
    if row is None:
        insert = f"INSERT INTO rates ({', '.join(columns)}) VALUES (?, ?, ?, ?, ?) RETURNING id"
        row = connection.execute(insert, values).fetchone()
    return int(row[0])
