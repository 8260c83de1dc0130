"""Calls that stand in no row of OpenCode 2's store: what its sum of a session is above the session's known calls.

What is left is a call of its own, of the agent `title`, `undone` or `compaction`. It is kept for ever like any other,
and from then on it is one of the known calls, so that nothing is entered twice. What rounding leaves is no call: a
real one has read or written tokens, whose counts are exact.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice

from msgspec import Struct

from opencode_tui.ledger.queries import exact_sum
from opencode_tui.records.calls import Call, Tokens, undone_id, unlisted_id
from opencode_tui.records.stores import Bill, Unreadable

TITLE, UNDONE, COMPACTION = "title", "undone", "compaction"
Strangers = tuple[frozenset[str], Sequence[Sequence[str]]]
"""Calls that copies of a store have and the store never had; and by copy, in order, what may have been undone in it."""

_WAYS = 5_000
"""So many of the ways that a restored store may have gone are compared with its sum."""

_OF_V2 = "store_id IN (SELECT id FROM store WHERE key LIKE '%#session_message')"
_SUMMED = ("recorded_nano", "input", "output", "reasoning", "cache_read", "cache_write")
_SUMS = ", ".join(f"coalesce({exact_sum(name)}, 0)" for name in _SUMMED)
_KNOWN = f"""
  SELECT {_SUMS}, count(*),
    coalesce(max(CASE WHEN substr(id, 1, length(?2)) = ?2 THEN CAST(substr(id, length(?2) + 1) AS INTEGER) END), 0),
    coalesce(sum(agent = '{TITLE}' AND substr(id, 1, length(?2)) = ?2), 0),
    coalesce(sum(created_ms > ?3 AND created_ms < ?4 AND completed_ms IS NOT NULL
      AND (created_ms = ?4 - 1 OR substr(id, 1, length(?2)) <> ?2) AND instr(id, '.undone.') = 0), 0),
    min(provider || '/' || model) FILTER (WHERE substr(id, 1, length(?2)) <> ?2) = ?5
      AND max(provider || '/' || model) FILTER (WHERE substr(id, 1, length(?2)) <> ?2) = ?5
  FROM call WHERE session_id = ?1 AND copied = 0 AND {_OF_V2}
    AND id NOT IN (SELECT value FROM json_each(?6))
"""
_OF_COPIES = """
  SELECT id FROM call WHERE session_id = ?1 AND copied = 0 AND instr(id, ?1) = 0
    AND store_id IN (SELECT s.id FROM store s JOIN json_each(?2) copy ON copy.value = s.key)
    AND NOT (created_ms > ?3 AND created_ms < ?4)
"""
_BY_COPIES = f"""
  SELECT id, of_copy, recorded_nano, input, output, reasoning, cache_read, cache_write
  FROM (SELECT *, store_id IN (SELECT s.id FROM store s JOIN json_each(?2) copy ON copy.value = s.key) AS of_copy
    FROM call WHERE session_id = ?1 AND copied = 0 AND {_OF_V2})
  WHERE instr(id, ?1) = 0 OR of_copy AND substr(id, 1, length(?3)) = ?3
  ORDER BY completed_ms = created_ms, completed_ms, id
"""


class _Known(Struct, frozen=True):
    """The calls of a session that its sum holds, as far as the ledger has them."""

    nano: int
    tokens: Tokens
    calls: int
    residual: int
    """The number of the last residual."""
    titles: int
    in_gap: int
    """Calls that the newest undo has removed from the store, as far as they were seen or worked out."""
    one_model: bool


_RUNNING = f"""
  SELECT id FROM call INDEXED BY call_running WHERE completed_ms IS NULL AND {_OF_V2} AND session_id = ? AND copied = 0
"""
_FINAL = "SELECT id FROM call WHERE session_id = ? AND completed_ms IS NOT NULL AND copied = 0"
_SAME = """
  SELECT 1 FROM call WHERE created_ms = ? AND (copied = 0 OR session_id = ?)
    AND provider = ? AND model = ? AND input = ? AND recorded_nano = ?
"""


def bills_of_lost(connection: sqlite3.Connection, bills: Iterable[Bill]) -> list[Bill]:
    """The bills of sessions that only copies of stores tell of.

    Of any other the store itself adds up more, or it was restored and has gone another way than the copy since.
    """
    query = "SELECT 1 FROM session WHERE id = ? AND rank >= 0"
    return [bill for bill in bills if connection.execute(query, (bill.session_id,)).fetchone() is None]


def undone_calls(
    connection: sqlite3.Connection,
    bills: Iterable[Bill],
    sums: Collection[Bill],
    rows_of: Callable[[str], Sequence[Call]],
) -> list[Call]:
    """The undone calls that copies show and that nobody has seen before they were undone.

    Such a call must have room in its session's sum beside the ledger's calls, or where the sum does not count (it is
    not in `sums`) beside the store's own rows; `rows_of` gives those. A likely call needs a sum that counts.
    """
    bills = list(bills)
    found: dict[tuple[object, ...], Call] = {}
    room: dict[str, tuple[int, Tokens]] = {}
    for is_certain in (True, False):
        for bill in bills:
            calls = bill.originals if is_certain else bill.likely_originals if bill in sums else ()
            calls = tuple(call for call in calls if not (_key(call) in found or _is_there(connection, call)))
            if calls and is_certain and bill.is_held:
                found |= {_key(call): call for call in calls}
            elif calls and not bill.is_held:
                if bill.session_id not in room:
                    room[bill.session_id] = _room(connection, bill, None if bill in sums else rows_of(bill.session_id))
                for call in calls:
                    nano, tokens = room[bill.session_id]
                    left, rest = nano - call.recorded_nano, tokens - call.tokens
                    if min(left, *rest.counts) >= 0 and _key(call) not in found:
                        room[bill.session_id] = left, rest
                        found[_key(call)] = call
    return list(found.values())


def _key(call: Call) -> tuple[object, ...]:
    """What tells a call from others, whatever session it is taken for."""
    return call.created_ms, call.provider, call.model, call.tokens.input, call.recorded_nano


def _room(connection: sqlite3.Connection, bill: Bill, rows: Sequence[Call] | None) -> tuple[int, Tokens]:
    """What a sum holds beside the ledger's calls, or beside these rows: nano-dollars, at the most, and tokens."""
    if rows is None:
        known = _known(connection, bill)
        return bill.cost_nano - known.nano + _rounding(bill, known), bill.tokens - known.tokens
    nano = bill.cost_nano - sum(row.recorded_nano for row in rows) + bill.rows_before + len(rows) + 1
    return nano, bill.tokens - sum((row.tokens for row in rows), Tokens())


def _is_there(connection: sqlite3.Connection, call: Call) -> bool:
    """Whether the ledger has the call: in another session, a fork that made it on a clock that had gone back; or as a
    copy in this one, a fork of OpenCode 1 that did not make it.
    """
    created_ms, *rest = _key(call)
    return connection.execute(_SAME, (created_ms, call.session_id, *rest)).fetchone() is not None


def exceeded(connection: sqlite3.Connection, bills: Iterable[Bill], calls: Collection[Call]) -> list[Call]:
    """Those of the calls in whose sessions the ledger has more than the sum: the store was restored."""
    sessions = {call.session_id for call in calls}
    over = {
        bill.session_id
        for bill in bills
        if bill.session_id in sessions and _known(connection, bill).tokens.total > bill.tokens.total
    }
    return [call for call in calls if call.session_id in over]


def unlisted_calls(
    connection: sqlite3.Connection,
    bills: Iterable[Bill],
    looked_at: frozenset[str],
    now_ms: int,
    copies: Sequence[str] = (),
    rows_of: Callable[[str], frozenset[str] | None] = lambda session_id: None,
    never_had: Callable[[str], Strangers] = lambda session_id: (frozenset(), ()),
) -> list[Call]:
    """The calls that the sums hold and the ledger does not. Must run in a transaction that has the right to write.

    A session is left alone while the ledger holds a running call of it that is not among those `looked_at` in the
    moment of the sums: what that call has cost since would be entered twice.

    A store that was restored adds up less than a newer copy beside it has rows. Then what only the `copies`, by their
    keys, show is no part of the sum, except in the newest undo; `rows_of` gives a session's rows in the store, and
    `never_had` those of the copies' for which it is certain.
    """
    found = []
    for bill in (bill for bill in bills if not bill.is_held):
        running = connection.execute(_RUNNING, (bill.session_id,))
        if looked_at.issuperset(row[0] for row in running):
            foreign, branches = never_had(bill.session_id) if copies else (frozenset[str](), ())
            known = _known(connection, bill, foreign)
            if copies and _exceeds(known, bill):
                spent, of_copies = _rows(connection, bill, copies, foreign.union(rows_of(bill.session_id) or ()))
                lost = [id for id in spent if id not in of_copies]
                undone = [id for id in spent if id.startswith(undone_id(bill.session_id))]
                ways = (*branches, undone)
                nearest = _known(connection, bill, foreign | _left_out(known, bill, ways, lost, spent))
                # Some of what is gone from the store was undone in it, before and after: only what fits counts.
                known = nearest if not lost or _is_all(nearest, bill) else known
            if copies and _exceeds(known, bill):
                told = connection.execute(_OF_COPIES, (bill.session_id, json.dumps(copies), *_gap(bill)))
                elsewhere = {row[0] for row in told} - (rows_of(bill.session_id) or frozenset())
                known = _known(connection, bill, elsewhere)
            found.append(_unlisted(bill, known, now_ms))
    return [call for call in found if call is not None]


def _rows(
    connection: sqlite3.Connection, bill: Bill, copies: Sequence[str], without: frozenset[str]
) -> tuple[dict[str, tuple[int, ...]], set[str]]:
    """What the calls of a session spent and used, in the order in which they ended, and those that copies told of.

    One that seems to have ended as it began, a compaction or a call on a clock that went back, comes last: when it
    ended is not known.
    """
    spent: dict[str, tuple[int, ...]] = {}
    of_copies: set[str] = set()
    values = bill.session_id, json.dumps(copies), undone_id(bill.session_id)
    for id, of_copy, *amounts in connection.execute(_BY_COPIES, values):
        if id not in without:
            spent[id] = tuple(amounts)
            of_copies.update([id] if of_copy else [])
    return spent, of_copies


def _left_out(
    known: _Known,
    bill: Bill,
    branches: Sequence[Sequence[str]],
    lost: Sequence[str],
    spent: Mapping[str, tuple[int, ...]],
) -> frozenset[str]:
    """The calls without which the known ones come nearest to the sum and are no more; none where that cannot be.

    A branch is in the order in which its calls began. One that still ran when the store went apart ended elsewhere.
    Of what the store itself has lost, those may be left out that ended between a backup and its return.
    """
    room = (bill.cost_nano - known.nano + _rounding(bill, known), *(bill.tokens - known.tokens).counts)
    best, least = frozenset[str](), None
    began = [[id for id in branch if id in spent] for branch in branches]
    ended = [[id for id in spent if id in branch] for branch in map(frozenset, began)]
    ends = (lost[:end] for end in range(len(lost), -1, -1))
    ways = (apart([own, *order]) for own in ends for order in (began, ended))
    for gone in islice(chain.from_iterable(ways), _WAYS):
        left = [sum(amounts) for amounts in zip(room, *(spent[id] for id in gone), strict=True)]
        size = sum(left[1:]), left[0], len(gone)
        if min(left) >= 0 and (least is None or size < least):
            best, least = gone, size
    return best


def apart(
    branches: Sequence[Sequence[str]],
    had: frozenset[str] = frozenset(),
    gone: frozenset[str] = frozenset(),
) -> Iterator[frozenset[str]]:
    """All that a restored store can never have had of these branches, the least of the last first.

    It has had the beginning of each, which is the same in all that have it, and has gone another way since.
    """
    if not branches:
        yield gone
        return
    branch, *others = branches
    least = max((number + 1 for number, id in enumerate(branch) if id in had), default=0)
    most = next((number for number, id in enumerate(branch) if id in gone), len(branch))
    for number in range(most, least - 1, -1):
        yield from apart(others, had.union(branch[:number]), gone.union(branch[number:]))


def _is_all(known: _Known, bill: Bill) -> bool:
    left = bill.cost_nano - known.nano
    return abs(left) <= _rounding(bill, known) and not any((bill.tokens - known.tokens).counts)


def _exceeds(known: _Known, bill: Bill) -> bool:
    over = known.nano > bill.cost_nano + _rounding(bill, known)
    return over or min((bill.tokens - known.tokens).counts) < 0


def _rounding(bill: Bill, known: _Known) -> int:
    """The most, in nano-dollars, by which a sum may differ from its calls: each may have been rounded."""
    return bill.rows_before + known.calls + 1


def short_sums(
    connection: sqlite3.Connection, bills: Iterable[Bill], rows_of: Callable[[str], Sequence[Call]]
) -> list[Unreadable]:
    """The sums that are less than the rows of their sessions: they tell nothing of what stands in no row.

    One that is less than the ledger's calls may be that of a store that was restored, where some calls have no row.
    """
    found = []
    for bill in bills:
        known = _known(connection, bill)
        nano, tokens = bill.cost_nano + _rounding(bill, known), bill.tokens.total
        if known.nano <= nano and known.tokens.total <= tokens:
            continue
        final = {row[0] for row in connection.execute(_FINAL, (bill.session_id,))}
        standing = [call for call in rows_of(bill.session_id) if call.id in final]
        if sum(call.recorded_nano for call in standing) > nano or sum(call.tokens.total for call in standing) > tokens:
            reason = "sum is less than that of its rows"
            found.append(Unreadable("session", bill.session_id, reason, bill.updated_ms))
    return found


def _known(connection: sqlite3.Connection, bill: Bill, elsewhere: Iterable[str] = ()) -> _Known:
    values = (bill.session_id, unlisted_id(bill.session_id), *_gap(bill), f"{bill.provider}/{bill.model}")
    row = connection.execute(_KNOWN, (*values, json.dumps(sorted(elsewhere)))).fetchone()
    nano, *counts = row[:6]
    calls, residuals, titles, in_gap, one_model = row[6:]
    return _Known(nano, Tokens(*counts), calls, residuals, titles, in_gap, bool(one_model))


def _gap(bill: Bill) -> tuple[int, int | None]:
    """The moments between which the newest undo lies; nothing is between those of a session without one."""
    return (0, -1) if bill.undone_after_ms is None else (bill.undone_after_ms, bill.undone_before_ms)


def _unlisted(bill: Bill, known: _Known, now_ms: int) -> Call | None:
    nano = bill.cost_nano - known.nano
    tokens = bill.tokens - known.tokens
    counts, rounding = tokens.counts, _rounding(bill, known)
    if nano < -rounding or sum(counts) < 0 or (nano <= rounding and not sum(counts)):
        return None
    agent, created_ms, is_pure = _what(bill, known)
    is_known = agent == UNDONE and is_pure and known.one_model
    created_ms = min(created_ms, now_ms)
    return Call(
        id=unlisted_id(bill.session_id, known.residual + 1),
        session_id=bill.session_id,
        turn_id=bill.title_turn if agent == TITLE and created_ms == bill.title_ms else None,
        provider=bill.provider if is_known else "unknown",
        model=bill.model if is_known else "unknown",
        agent=agent,
        directory=bill.directory,
        created_ms=created_ms,
        completed_ms=created_ms,
        tokens=Tokens(*(max(0, each) for each in counts)),
        recorded_nano=max(0, nano),
    )


def _what(bill: Bill, known: _Known) -> tuple[str, int, bool]:
    """The agent, the moment, and whether nothing else can be in it."""
    awaits_title = bill.titled and not known.titles
    if bill.undone_before_ms is not None and not known.in_gap:
        return UNDONE, bill.undone_before_ms - 1, not awaits_title
    # A title that was asked for again has changed the session since.
    if bill.compaction_ms is not None and bill.compaction_ms >= bill.updated_ms and not awaits_title:
        return COMPACTION, bill.compaction_ms, True
    return TITLE, bill.title_ms if awaits_title else bill.updated_ms, True
