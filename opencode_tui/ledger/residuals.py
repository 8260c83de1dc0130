"""Works out residuals: calls without a row in OpenCode 2's store, from a session's sum minus its known calls.

A residual is written as a call of the agent `title`, `undone` or `compaction`. It is kept like any other call and is
one of the known calls from then on, so nothing is written twice. A rounding difference is not a residual: a real call
has tokens, and their counts are exact.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice

from msgspec import Struct
from msgspec.structs import replace

from opencode_tui.ledger.sums import exact_sum
from opencode_tui.records.calls import Call, Tokens, undone_id, unlisted_id
from opencode_tui.records.stores import Bill, CopiedCalls, Unreadable

TITLE, UNDONE, COMPACTION = "title", "undone", "compaction"
_MOST_COMBINATIONS = 5_000
"""The most combinations of foreign calls that are compared with the sum of a restored store."""

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
  FROM call WHERE session_id = ?1 AND id NOT IN (SELECT value FROM json_each(?6))
    AND ({_OF_V2} AND id NOT IN (SELECT value FROM json_each(?8))
        AND (copied = 0 OR created_ms <= ?9 AND id NOT GLOB '*_*_[0-9]*')
      OR id IN (SELECT value FROM json_each(?7)) OR turn_id IN (SELECT value FROM json_each(?7)))
"""
_OF_COPIES = """
  SELECT id FROM call WHERE session_id = ?1 AND copied = 0 AND instr(id, ?1) = 0
    AND store_id IN (SELECT s.id FROM store s JOIN json_each(?2) copy ON copy.value = s.key)
    AND NOT (created_ms > ?3 AND created_ms < ?4)
"""
_BY_COPIES = f"""
  SELECT id, of_copy, created_ms, completed_ms, recorded_nano, input, output, reasoning, cache_read, cache_write
  FROM (SELECT *, store_id IN (SELECT s.id FROM store s JOIN json_each(?2) copy ON copy.value = s.key) AS of_copy
    FROM call WHERE session_id = ?1 AND copied = 0 AND {_OF_V2})
  WHERE instr(id, ?1) = 0 OR of_copy AND substr(id, 1, length(?3)) = ?3
  ORDER BY completed_ms = created_ms, completed_ms, id
"""


_NO_GAP = (0, -1)


class KnownCalls(Struct, frozen=True):
    """The calls in the ledger that are part of a session's sum."""

    nano: int
    tokens: Tokens
    calls: int
    residual: int
    """The number of the last residual."""
    titles: int
    in_gap: int
    """Calls removed by the newest undo that were read before it, or worked out."""
    one_model: bool


_RUNNING = f"""
  SELECT id FROM call INDEXED BY call_running WHERE completed_ms IS NULL AND {_OF_V2} AND session_id = ? AND copied = 0
"""
_FINAL = "SELECT id FROM call WHERE session_id = ? AND completed_ms IS NOT NULL AND copied = 0"


def bills_only_in_backups(connection: sqlite3.Connection, bills: Iterable[Bill]) -> list[Bill]:
    """The bills of sessions that exist only in backup copies.

    For any other session the live store's sum counts: it is newer, or the store was restored and has diverged.
    """
    query = "SELECT 1 FROM session WHERE id = ? AND rank >= 0"
    return [bill for bill in bills if connection.execute(query, (bill.session_id,)).fetchone() is None]


def calls_over_sum(connection: sqlite3.Connection, bills: Iterable[Bill], calls: Collection[Call]) -> list[Call]:
    """The calls in sessions where the ledger has more tokens than the sum, because the store was restored."""
    sessions = {call.session_id for call in calls}
    over = {
        bill.session_id
        for bill in bills
        if bill.session_id in sessions and known_calls(connection, bill).tokens.total > bill.tokens.total
    }
    return [call for call in calls if call.session_id in over]


def unlisted_calls(
    connection: sqlite3.Connection,
    bills: Iterable[Bill],
    rechecked: frozenset[str],
    now_ms: int,
    copies: Sequence[str] = (),
    message_ids: Callable[[str], frozenset[str] | None] = lambda session_id: None,
    foreign_calls: Callable[[str], CopiedCalls] = lambda session_id: CopiedCalls(),
) -> list[Call]:
    """The residuals: calls in the sums that the ledger does not have. Must run in a write transaction.

    A session is skipped while the ledger has a running call of it that was not `rechecked` together with the sums, as
    the cost which that call has gained since would be written twice.

    The sum of a restored store can be lower than the rows of a newer backup copy beside it. Then calls found only in
    `copies` (keys of stores) are not part of the sum, except in the newest undo. `message_ids` gives a session's rows
    in the store, `foreign_calls` the calls that it never had.
    """
    found = []
    for bill in (bill for bill in bills if not bill.is_held):
        running = connection.execute(_RUNNING, (bill.session_id,))
        if rechecked.issuperset(row[0] for row in running):
            copied = foreign_calls(bill.session_id) if copies else CopiedCalls()
            if copied.sum_now and bill.whole and copied.sum_now != bill.whole:
                continue  # the store was changed since, such as restored; its new sum comes with the next read
            foreign = copied.never
            known = known_calls(connection, bill, foreign)
            if copies and exceeds(known, bill) and not (bill.cost_nano > 0 and _is_all_spent(known, bill)):
                spent, of_copies, endless = _rows(
                    connection, bill, copies, foreign.union(message_ids(bill.session_id) or ())
                )
                lost = [id for id in spent if id not in of_copies]
                undone = [id for id in spent if id.startswith(undone_id(bill.session_id))]
                copied = replace(copied, perhaps=(*copied.perhaps, undone))
                nearest = known_calls(connection, bill, foreign | _left_out(known, bill, copied, lost, spent, endless))
                # Some missing rows were undone in the store itself, so this counts at once only if it fits exactly.
                if not lost or _is_all(nearest, bill):
                    known = nearest
                if exceeds(known, bill):
                    known = known_calls(connection, bill, only_in_copies(connection, bill, copies, message_ids))
                    if exceeds(known, bill) and not exceeds(nearest, bill) and _unlisted(bill, known, now_ms):
                        known = nearest  # a residual with too few tokens of some kind would have others' calls in it
            found.append(_unlisted(bill, known, now_ms))
    return [call for call in found if call is not None]


def only_in_copies(
    connection: sqlite3.Connection,
    bill: Bill,
    copies: Sequence[str],
    message_ids: Callable[[str], frozenset[str] | None],
    *,
    with_undone: bool = False,
) -> frozenset[str]:
    """The ids of the calls of a bill's session that were only found in backup copies.

    Those of the time of the newest undo are left out unless `with_undone`.
    """
    gap = _NO_GAP if with_undone else _gap(bill)
    rows = connection.execute(_OF_COPIES, (bill.session_id, json.dumps(copies), *gap))
    return frozenset(row[0] for row in rows) - (message_ids(bill.session_id) or frozenset())


def _rows(
    connection: sqlite3.Connection, bill: Bill, copies: Sequence[str], without: frozenset[str]
) -> tuple[dict[str, tuple[int, ...]], set[str], dict[str, frozenset[str]]]:
    """A session's calls: their cost and tokens by id, in the order in which they ended; the ids found in backup copies;
    those whose end is unknown, each with the calls that had ended when it began.

    The end of a call is unknown if it equals its start: of a compaction, or of a call made while the clock was set
    back. These calls come last.
    """
    spent: dict[str, tuple[int, ...]] = {}
    of_copies: set[str] = set()
    times: dict[str, tuple[int, int | None]] = {}
    values = bill.session_id, json.dumps(copies), undone_id(bill.session_id)
    for id, of_copy, created_ms, completed_ms, *amounts in connection.execute(_BY_COPIES, values):
        if id not in without:
            spent[id], times[id] = tuple(amounts), (created_ms, completed_ms)
            of_copies.update([id] if of_copy else [])
    endless = {
        id: frozenset(other for other, (_, ended_ms) in times.items() if ended_ms is not None and ended_ms < began_ms)
        for id, (began_ms, completed_ms) in times.items()
        if completed_ms == began_ms
    }
    return spent, of_copies, endless


def _left_out(
    known: KnownCalls,
    bill: Bill,
    copied: CopiedCalls,
    lost: Sequence[str],
    spent: Mapping[str, tuple[int, ...]],
    endless: Mapping[str, frozenset[str]],
) -> frozenset[str]:
    """The calls to leave out so that the other known calls come nearest to the sum without exceeding it; else none.

    The calls of a branch are in the order in which they started; a call that was running when the store diverged ended
    in another copy, so the order in which they ended is tried too, and each of the `endless` calls, whose end is
    unknown, as the first after those that had ended when it began. Of the `lost` calls, which the store had itself,
    those that ended between a backup and its restore may be left out. If several sets of calls come near, one with all
    calls that the store had as a whole copy is preferred.
    """
    room = (bill.cost_nano - known.nano + rounding_nano(bill, known), *(bill.tokens - known.tokens).counts)
    best, least = frozenset[str](), None
    began = [[id for id in branch if id in spent] for branch in copied.perhaps]
    ended = [[id for id in spent if id in branch] for branch in map(frozenset, began)]
    early = ([_as_early(id, before, branch) for branch in began] for id, before in endless.items())
    orders = [began, ended], [order for order in early if order != began]
    apart = [(one & spent.keys(), other & spent.keys()) for one, other in copied.apart]
    ends = [lost[:end] for end in range(len(lost), -1, -1)]
    combinations = (divergences([own, *order]) for some in orders for own in ends for order in some)
    had = copied.had().intersection(spent)
    for gone in islice(chain.from_iterable(combinations), _MOST_COMBINATIONS):
        if any(one - gone and other - gone for one, other in apart):
            continue
        left = [sum(amounts) for amounts in zip(room, *(spent[id] for id in gone), strict=True)]
        size = len(had & gone), sum(left[1:]), left[0], len(gone)
        if min(left) >= 0 and (least is None or size < least):
            best, least = gone, size
    return best


def _as_early(id: str, before: frozenset[str], branch: list[str]) -> list[str]:
    """A branch with one call moved ahead of all but those `before` it."""
    if id not in branch:
        return branch
    others = [other for other in branch if other != id]
    place = next((place + 1 for place in range(len(others) - 1, -1, -1) if others[place] in before), 0)
    return [*others[:place], id, *others[place:]]


def divergences(
    branches: Sequence[Sequence[str]],
    had: frozenset[str] = frozenset(),
    gone: frozenset[str] = frozenset(),
) -> Iterator[frozenset[str]]:
    """Yields each set of calls that a restored store may never have had, starting with the fewest of the last branch.

    The store had the beginning of each branch, and diverged from it at some call; a call shared by several branches is
    in all of them or in none.
    """
    if not branches:
        yield gone
        return
    branch, *others = branches
    least = max((number + 1 for number, id in enumerate(branch) if id in had), default=0)
    most = next((number for number, id in enumerate(branch) if id in gone), len(branch))
    for number in range(most, least - 1, -1):
        yield from divergences(others, had.union(branch[:number]), gone.union(branch[number:]))


def _is_all_spent(known: KnownCalls, bill: Bill) -> bool:
    """Whether the known calls cost what the sum says. If they have more tokens, then a free call is not in the sum."""
    return abs(bill.cost_nano - known.nano) <= rounding_nano(bill, known)


def _is_all(known: KnownCalls, bill: Bill) -> bool:
    return _is_all_spent(known, bill) and not any((bill.tokens - known.tokens).counts)


def exceeds(known: KnownCalls, bill: Bill) -> bool:
    """Whether the known calls cost more than the sum, or have more tokens of any kind."""
    over = known.nano > bill.cost_nano + rounding_nano(bill, known)
    return over or min((bill.tokens - known.tokens).counts) < 0


def rounding_nano(bill: Bill, known: KnownCalls) -> int:
    """The largest rounding difference between a sum and its calls, in nano-dollars: one for each call."""
    return bill.rows_before + known.calls + 1


def short_sums(
    connection: sqlite3.Connection, bills: Iterable[Bill], rows_of: Callable[[str], Sequence[Call]]
) -> list[Unreadable]:
    """Reports the sums that are lower than the rows of their sessions, so that residuals cannot be worked out.

    A sum lower than the ledger's calls is not enough: after a restore, some of these calls have no row in the store.
    """
    found = []
    for bill in bills:
        known = known_calls(connection, bill)
        nano, tokens = bill.cost_nano + rounding_nano(bill, known), bill.tokens.total
        if known.nano <= nano and known.tokens.total <= tokens:
            continue
        final = {row[0] for row in connection.execute(_FINAL, (bill.session_id,))}
        standing = [call for call in rows_of(bill.session_id) if call.id in final]
        if sum(call.recorded_nano for call in standing) > nano or sum(call.tokens.total for call in standing) > tokens:
            reason = "sum is less than that of its rows"
            found.append(Unreadable("session", bill.session_id, reason, bill.updated_ms))
    return found


def known_calls(connection: sqlite3.Connection, bill: Bill, elsewhere: Iterable[str] = ()) -> KnownCalls:
    """The calls that the ledger has of a bill's session, without those in `elsewhere`."""
    values = (bill.session_id, unlisted_id(bill.session_id), *_gap(bill), f"{bill.provider}/{bill.model}")
    ids = [json.dumps(sorted(some)) for some in (elsewhere, bill.only_here, bill.before)]
    row = connection.execute(_KNOWN, (*values, *ids, bill.imported_ms)).fetchone()
    nano, *counts = row[:6]
    calls, residuals, titles, in_gap, one_model = row[6:]
    return KnownCalls(nano, Tokens(*counts), calls, residuals, titles, in_gap, bool(one_model))


def _gap(bill: Bill) -> tuple[int, int | None]:
    """The times (Unix ms) between which the newest undo lies; an empty interval for a session without one."""
    return _NO_GAP if bill.undone_after_ms is None else (bill.undone_after_ms, bill.undone_before_ms)


def _unlisted(bill: Bill, known: KnownCalls, now_ms: int) -> Call | None:
    nano = bill.cost_nano - known.nano
    tokens = bill.tokens - known.tokens
    counts, rounding = tokens.counts, rounding_nano(bill, known)
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


def _what(bill: Bill, known: KnownCalls) -> tuple[str, int, bool]:
    """(agent, time in Unix ms, whether the residual can be nothing but this one kind of call)."""
    # What was worked out before has the title in it, which comes with the first answer.
    awaits_title = bill.titled and not known.titles and not known.residual
    if bill.undone_before_ms is not None and not known.in_gap:
        return UNDONE, bill.undone_before_ms - 1, not awaits_title
    # A title that was requested again has changed the session after the compaction.
    if bill.compaction_ms is not None and bill.compaction_ms >= bill.updated_ms and not awaits_title:
        return COMPACTION, bill.compaction_ms, True
    if bill.undone_before_ms is not None and not awaits_title:  # some of the undone calls had been read
        return UNDONE, bill.undone_before_ms - 1, True
    return TITLE, bill.title_ms if awaits_title else bill.updated_ms, True
