"""Reads the sums that OpenCode 2 keeps for each session, from which calls without a row (residuals) are worked out.

`session_v2.cost` and `tokens_*` only ever grow: by each answered step in the transaction that completes its row, by
each title with no row at all, and by each compaction just before its row completes. An undo deletes rows and
subtracts nothing; a fork starts at 0 and its copied rows add nothing; an upgraded session starts with the sum of its
messages from OpenCode 1, copies included. So within one read transaction

    sum - messages of OpenCode 1 - own rows = titles + undone calls

holds for every session, except while a compaction is running or the upgrade is still importing. A sum is read again
when its session has a newer date. If it changed while the clock was behind, and is next polled when the clock is right
again, the change is found only with the session's next one. Sequence numbers show which events left no row: an undone
turn leaves a wide gap before the next prompt, compaction, shell command or switch of the model.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from opencode_tui import clock
from opencode_tui.money import MAX_CALL_NANO, nano_from_usd
from opencode_tui.records.calls import Tokens
from opencode_tui.records.stores import Bill, Unreadable
from opencode_tui.source.decode import BadRow, cost_field, count_field, json_object, json_value, moment
from opencode_tui.source.session_times import made_ms
from opencode_tui.source.sqlite_file import columns
from opencode_tui.source.text import clean_text, identifier, label

_MAX_TOKENS = 10**12  # of a whole session
_MARGIN_MS = 15 * 60_000
"""A title's cost arrives after the session's last dated change, so sums are re-read for this long after it."""
_UNDONE_GAP = 10
"""Sequence numbers between a prompt and the row before it: normally 3 to 6, at least 11 around an undone turn."""
_SWITCHES = ("agent-switched", "model-switched", "location-switched")
_AFTER_UNDO = ("user", "compaction", "shell", "skill", "synthetic", "system", *_SWITCHES)
"""Types of rows that can be the first after an undo."""
_AT_REST = ("idle", *_SWITCHES)
"""Types of rows after which no turn is running, so that the next row follows in a few numbers whatever its type is."""

_WANTED = {
    *("id", "cost", "time_created", "time_updated", "tokens_input", "tokens_output", "tokens_reasoning"),
    *("tokens_cache_read", "tokens_cache_write", "parent_id", "fork_session_id", "directory", "model", "version"),
}
_IDS = "(SELECT value FROM json_each(?))"
_PENDING = """
  SELECT s.id, {changed}, s.cost,
    s.tokens_input + s.tokens_output + s.tokens_reasoning + s.tokens_cache_read + s.tokens_cache_write
  FROM session_v2 s
  WHERE ({changed} >= ? OR s.id IN (SELECT value FROM json_each(?))) {touched}
"""
# Skips sessions that are unchanged since the import summed their messages. Comparing with the time of the import would
# not show it, as the clock may have been set back since.
_TOUCHED = """
  AND NOT ({idle} IS NULL AND EXISTS (SELECT 1 FROM session o WHERE o.id = s.id AND o.time_updated = s.time_updated))
"""
_SUMS = """
  SELECT s.id, s.parent_id, s.fork_session_id, s.directory, s.model, s.cost, s.tokens_input, s.tokens_output,
    s.tokens_reasoning, s.tokens_cache_read, s.tokens_cache_write, s.time_created, s.time_updated,
    coalesce((SELECT u.rowid FROM session_message u WHERE u.session_id = s.id AND u.type = 'user'
      AND u.time_created >= max(s.time_created, ?1) AND u.time_created > ?2 ORDER BY u.seq LIMIT 1),
    (SELECT u.rowid FROM session_message u WHERE u.session_id = s.id AND u.type = 'user'
      AND u.time_created >= max(s.time_created, ?1) ORDER BY u.seq LIMIT 1)), {claim}, s.version
  FROM session_v2 s WHERE s.id IN (SELECT value FROM json_each(?3))
"""
# Messages that OpenCode 1 wrote after the import are in no sum. If the clock was set back, they are dated before the
# import; then those with an event are new (1.17 and later write events, and the import deletes the existing ones).
_BEFORE = f"""
  SELECT m.session_id, count(*), total(m.cost), total(m.input), total(m.output), total(m.reasoning),
    total(m.read), total(m.written), json_group_array(m.id)
  FROM (
    SELECT id, session_id, json_extract(data, '$.cost') AS cost, json_extract(data, '$.tokens.input') AS input,
      json_extract(data, '$.tokens.output') AS output, json_extract(data, '$.tokens.reasoning') AS reasoning,
      json_extract(data, '$.tokens.cache.read') AS read, json_extract(data, '$.tokens.cache.write') AS written
    FROM message o WHERE session_id IN {_IDS}
      AND CASE WHEN json_valid(data) THEN json_extract(data, '$.role') = 'assistant' AND (time_created <= ?
        OR EXISTS (SELECT 1 FROM session_message n WHERE n.id = o.id)
        OR EXISTS (SELECT 1 FROM session_message n
          WHERE n.id = json_extract(o.data, '$.parentID') AND n.type = 'compaction'){{no_event}}) END) m
  WHERE typeof(m.cost) IN ('integer', 'real') GROUP BY 1
"""
_NO_EVENT = """
        OR EXISTS (SELECT 1 FROM session s WHERE s.id = o.session_id
          AND s.version LIKE '1.%' AND CAST(substr(s.version, 3) AS INTEGER) >= 17)
        AND NOT EXISTS (SELECT 1 FROM event e WHERE e.aggregate_id = o.session_id
          AND CASE WHEN json_valid(e.data) THEN json_extract(e.data, '$.info.id') = o.id END)
"""
# A row for each session that was imported, also without such messages.
_ONLY_HERE = """
  SELECT s.id, json_group_array(n.id) FILTER (WHERE n.id IS NOT NULL)
  FROM session_v2 s LEFT JOIN session_message n ON n.session_id = s.id
    AND n.time_created <= ?2 AND n.type IN ('assistant', 'compaction') AND n.id NOT GLOB '*_*_[0-9]*'
    AND NOT EXISTS (SELECT 1 FROM message o WHERE o.id = n.id)
  WHERE s.id IN (SELECT value FROM json_each(?1)) AND s.fork_session_id IS NULL AND s.time_created <= ?2
  GROUP BY 1
"""
_COMPACTIONS = f"""
  SELECT session_id, time_created, json_extract(data, '$.status') FROM session_message
  WHERE session_id IN {_IDS} AND type = 'compaction'
    AND CASE WHEN json_valid(data) THEN
      json_type(data, '$.cost') IS NULL AND json_extract(data, '$.status') <> 'completed' END
  ORDER BY session_id, seq
"""
_USABLE = "seq BETWEEN 0 AND 9007199254740992"
"""Excludes text and blobs, which sort above all numbers, and numbers too large to calculate with."""
# In the middle of a turn any other row than a prompt may come many numbers after the one before.
_GAPS = f"""
  SELECT u.session_id, max(u.seq)
  FROM session_message u JOIN session_v2 s ON s.id = u.session_id AND u.time_created >= s.time_created
    LEFT JOIN session_message p ON p.session_id = u.session_id AND p.seq = (SELECT max(b.seq) FROM session_message b
      WHERE b.session_id = u.session_id AND b.seq < u.seq AND b.{_USABLE})
  WHERE u.session_id IN {_IDS} AND u.type IN {_AFTER_UNDO} AND u.time_created >= ? AND u.{_USABLE}
    AND u.seq - coalesce(p.seq, 0) >= ? AND (u.type = 'user' OR p.id IS NULL OR p.type IN {_AT_REST})
  GROUP BY 1
"""
_LAST = f"""
  SELECT s.id, e.seq, coalesce((SELECT max(m.seq) FROM session_message m WHERE m.session_id = s.id AND m.{_USABLE}), 0)
  FROM session_v2 s JOIN event_sequence e ON e.aggregate_id = s.id WHERE s.id IN {_IDS} AND e.{_USABLE}
"""
_AROUND = """
  SELECT (SELECT max(time_created) FROM session_message WHERE session_id = ?1 AND seq < ?2),
    (SELECT time_created FROM session_message WHERE session_id = ?1 AND seq = ?2)
"""
_COUNTS = 5
_NOTHING = (0, *[0.0] * (1 + _COUNTS))


class PendingSums(Struct, frozen=True):
    """The sessions whose sums have to be read."""

    sums: dict[str, object]
    """Values by session id that differ if and only if the session's sum has changed."""
    since_ms: int
    """Undos before this time (Unix ms) were handled by earlier reads, or can no longer be found."""
    newest_ms: int
    """The time of the newest change, in Unix ms: the watermark after these sums have been read."""


class BillTable:
    """Reads the sums, using whichever columns this version of OpenCode has."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        has = columns(connection, "session_v2")
        self.lacking = sorted(_WANTED - has)
        idle = "s.time_idle" if "time_idle" in has else "NULL"
        times = [f"s.{name}" for name in ("time_updated", "time_idle", "time_suspended") if name in has]
        changed = f"max({', '.join(f'coalesce({name}, 0)' for name in times)}, 0)"
        self.upgraded = {"id", "session_id", "time_created", "data"} <= columns(
            connection, "message"
        ) and "id" in columns(connection, "session")
        was_v1 = self.upgraded and "time_updated" in columns(connection, "session")
        has_events = {"aggregate_id", "data"} <= columns(connection, "event")
        has_events = has_events and "version" in columns(connection, "session")
        self._before = _BEFORE.format(no_event=_NO_EVENT if has_events else "")
        self._has_sequence = "seq" in columns(connection, "event_sequence")
        self._has_kv = {"key", "value", "time_updated"} <= columns(connection, "kv")
        self._pending = _PENDING.format(changed=changed, touched=_TOUCHED.format(idle=idle) if was_v1 else "")
        self._sums = _SUMS.format(claim="s.time_suspended" if "time_suspended" in has else "1")

    def migrated_ms(self, connection: sqlite3.Connection) -> int | None:
        """When the messages of OpenCode 1 were imported, in Unix ms: 0 if there are none, None if not finished.

        None as well if the state of the import cannot be read.
        """
        if not self.upgraded:
            return 0
        state, updated = self._migration(connection)
        return moment(updated) if state.get("phase") == "completed" else None

    def knows_migration(self, connection: sqlite3.Connection) -> bool:
        """Whether the state of the import from OpenCode 1 can be read, or there is none."""
        state, updated = self._migration(connection) if self.upgraded else ({}, None)
        return updated is None or isinstance(state.get("phase"), str)

    def _migration(self, connection: sqlite3.Connection) -> tuple[dict[str, Any], object]:
        """(state of the import, when it was last changed); ({}, None) without one, and no state if it is broken."""
        query = "SELECT value, time_updated FROM kv WHERE key = 'migration.v1-v2'"
        row = connection.execute(query).fetchone() if self._has_kv else None
        if row is None:
            return {}, None
        try:
            state = json_value(row[0]) if isinstance(row[0], str) else None
        except BadRow:
            state = None
        return state if isinstance(state, dict) else {}, row[1] if row[1] is not None else 0

    def pending(
        self, connection: sqlite3.Connection, since_ms: int, ids: Iterable[str], now_ms: int
    ) -> PendingSums | None:
        """The sessions in `ids` and those changed since `since_ms`; None as long as sums are not reliable."""
        migrated = self.migrated_ms(connection)
        if self.lacking or migrated is None:
            return None
        # After a clock that was ahead is corrected, new changes have older dates than those written before.
        since_ms = max(min(since_ms, now_ms) - _MARGIN_MS, 0)
        rows = connection.execute(self._pending, (since_ms, json.dumps(sorted(ids)))).fetchall()
        newest = max((changed for _, changed, *_ in rows if isinstance(changed, int)), default=0)
        sums: dict[str, object] = {row[0]: row[2:] for row in rows if isinstance(row[0], str)}
        return PendingSums(sums, since_ms, max(since_ms, min(newest, now_ms)))

    def read(
        self, connection: sqlite3.Connection, ids: Sequence[str], since_ms: int
    ) -> tuple[list[Bill], list[Unreadable]]:
        """Returns the bills of these sessions, and the sums that cannot be read, in a few queries.

        Undos before `since_ms` are ignored. A title is asked for by the first prompt; if that failed, by the next ones,
        of which the first that came after the last reading is taken.
        """
        names, read_ms = json.dumps(list(ids)), since_ms + _MARGIN_MS if since_ms else 0
        migrated = self.migrated_ms(connection) or 0
        before = _by_session(connection.execute(self._before, (names, migrated))) if self.upgraded else {}
        only_here = _by_session(connection.execute(_ONLY_HERE, (names, migrated))) if self.upgraded else {}
        compactions = _by_session(connection.execute(_COMPACTIONS, (names,)))
        gaps = _by_session(connection.execute(_GAPS, (names, since_ms, _UNDONE_GAP)))
        last = _by_session(connection.execute(_LAST, (names,))) if self._has_sequence else {}
        bills, unreadable = [], []
        for row in connection.execute(self._sums, (migrated, read_ms, names)).fetchall():
            id, prompt, claim, version = row[0], row[-3], row[-2], row[-1]
            ended = compactions.get(id)
            is_held = ended is not None and ended[1] == "running" and claim is not None
            try:
                if not self.upgraded and _is_of_v1(version):
                    raise BadRow("holds messages of OpenCode 1 that are gone")
                *subtracted, ids_before = before.get(id, (*_NOTHING, "[]"))
                bill = replace(
                    _bill(row[:-3], subtracted, ended),
                    is_held=is_held,
                    whole=plain_sum(row[5:11]),
                    only_here=frozenset(json.loads(*only_here.get(id, ("[]",)))),
                    imported_ms=migrated if id in only_here else -1,
                    before=frozenset(json.loads(ids_before)),
                )
            except BadRow as bad:
                created, updated = row[-5:-3]
                unreadable.append(Unreadable("session", id, f"sum {bad}", moment(updated, created)))
                continue
            if prompt is not None:
                bill = _with_prompt(connection, bill, prompt)
            bills.append(_with_undo(connection, bill, gaps.get(id), last.get(id)))
        return bills, unreadable


def plain_sum(sums: Sequence[object] | None) -> tuple[int, ...]:
    """Nano-dollars and tokens of a session's sum; empty if they are not numbers."""
    cost, *tokens = sums or (None,)
    counts = [count for count in tokens if isinstance(count, int)]
    if not isinstance(cost, int | float) or not isfinite(cost) or len(counts) < _COUNTS:
        return ()
    return (nano_from_usd(cost), *counts)


def _by_session(rows: Iterable[tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    return {row[0]: row[1:] for row in rows}


def _bill(
    row: tuple[Any, ...],
    before: Sequence[Any],
    compaction: tuple[Any, ...] | None,
) -> Bill:
    id, parent, fork, directory, model_text, usd, *counts, created, updated = row
    created_ms = made_ms(id, created, updated, clock.now_ms()) or moment(updated)
    if created_ms is None:
        raise BadRow("has no usable time")
    model = _model(model_text)
    rows_before, usd_before, *counts_before = before
    missing: list[str] = []
    spent = [cost_field(value, missing, MAX_CALL_NANO) for value in (usd, usd_before)]
    now, then = (
        [count_field(value, "tokens", missing, _MAX_TOKENS) for value in values] for values in (counts, counts_before)
    )
    if isinstance(usd, int | float) and usd < 0:  # a call's negative cost counts as 0, but a negative sum is useless
        missing.insert(0, "cost")
    if missing:
        raise BadRow(f"{missing[0]} is out of range")
    return Bill(
        session_id=id,
        directory=clean_text(directory, 1000),
        provider=label(model.get("providerID")) or "unknown",
        model=label(model.get("id"), 200) or "unknown",
        cost_nano=spent[0] - spent[1],
        tokens=Tokens(*(after - earlier for after, earlier in zip(now, then, strict=True))),
        rows_before=rows_before,
        title_ms=created_ms,
        title_turn=None,
        titled=parent is None and fork is None,
        updated_ms=moment(updated) or created_ms,
        compaction_ms=moment(compaction[0]) if compaction is not None else None,
    )


def _is_of_v1(version: object) -> bool:
    return isinstance(version, str) and version.startswith(("0.", "1."))


def _model(text: object) -> dict[str, Any]:
    try:
        return json_object(text)
    except BadRow:
        return {}


def _with_prompt(connection: sqlite3.Connection, bill: Bill, rowid: int) -> Bill:
    id, made = connection.execute("SELECT id, time_created FROM session_message WHERE rowid = ?", (rowid,)).fetchone()
    return replace(bill, title_turn=identifier(id), title_ms=moment(made) or bill.title_ms)


def _with_undo(
    connection: sqlite3.Connection, bill: Bill, gap: tuple[Any, ...] | None, last: tuple[Any, ...] | None
) -> Bill:
    """Adds the times of the rows around the newest gap that an undo left in the session."""
    if last is not None and last[0] - last[1] >= _UNDONE_GAP:
        seq, before_ms = last[0] + 1, bill.updated_ms
    elif gap is not None:
        seq, before_ms = gap[0], None
    else:
        return bill
    after, prompt = connection.execute(_AROUND, (bill.session_id, seq)).fetchone()
    before_ms = moment(before_ms, prompt) or bill.updated_ms
    return replace(bill, undone_after_ms=moment(after) or 0, undone_before_ms=before_ms)
