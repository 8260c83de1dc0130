"""Finds which calls in forks are copies and which call pays, in whatever order they were read.

A call older than its session is a copy (`copied`); if the session's time is unknown, any of its calls may be one. Calls
form a group if they have the same time, model, input and cache tokens, and recorded cost. Agent, finish, output and end
are not compared, as OpenCode's upgrades rewrite them. If tokens or model cannot be read, the other fields decide.

In each group the calls that are not copies pay. If there are none (the original session was deleted before the ledger
read it), the copies in the oldest fork pay. Once all stores have been read completely, `settle_copies` makes this
permanent: neither a fork of that fork nor a restored original then takes the cost over. If the original was undone,
its session's residual may contain it; then the residual pays (see `residual_payers.py`).
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from opencode_tui.ledger.residual_payers import link_to_residuals
from opencode_tui.records.calls import Call, message_id

_EQUALS = """
  SELECT c.id, c.session_id, c.copied, c.copied_from, c.settled, c.copy_of, c.missing,
    c.created_ms, c.provider, c.model, c.input, c.cache_read, c.cache_write, c.recorded_nano
  FROM call c LEFT JOIN session s ON s.id = c.session_id
  WHERE c.created_ms IN (SELECT value FROM json_each(?)) ORDER BY s.created_ms, c.session_id, c.id
"""
_MOMENTS_WITH_COPIES = """
  SELECT DISTINCT created_ms FROM call INDEXED BY call_copied
  WHERE copied = 1 AND created_ms IN (SELECT value FROM json_each(?))
"""
_COPIES_BETWEEN = """
  SELECT created_ms FROM call INDEXED BY call_copied WHERE copied = 1 AND created_ms BETWEEN ? AND ? LIMIT ?
"""
_UNSETTLED = "copied = 1 AND copied_from IS NULL AND settled = 0 AND created_ms >= 0"


class _Member(Struct, frozen=True):
    id: str
    session_id: str
    copied: int
    copied_from: str | None
    settled: int


def link_copies(connection: sqlite3.Connection, calls: Sequence[Call]) -> None:
    """Finds who pays in the groups of these calls, which must be in the ledger already."""
    _link(connection, {call.created_ms for call in calls})


def link_paying_copies(connection: sqlite3.Connection) -> None:
    """Finds again who pays in the groups of all paying copies that are not settled yet."""
    rows = connection.execute(f"SELECT DISTINCT created_ms FROM call INDEXED BY call_unsettled WHERE {_UNSETTLED}")
    _link(connection, {row[0] for row in rows})


def has_unsettled(connection: sqlite3.Connection) -> bool:
    """Returns whether a copy pays provisionally; reads one row of an index."""
    query = f"SELECT 1 FROM call INDEXED BY call_unsettled WHERE {_UNSETTLED} LIMIT 1"
    return connection.execute(query).fetchone() is not None


def settle_copies(connection: sqlite3.Connection) -> None:
    """Makes the copies that pay now pay permanently. Call this when every store has been read completely."""
    link_to_residuals(connection)
    connection.execute(f"UPDATE call SET settled = 1 WHERE {_UNSETTLED}")


def _link(connection: sqlite3.Connection, made_ms: Iterable[int]) -> None:
    touched = moments_with_copies(connection, sorted(made_ms))
    if not touched:
        return
    members: dict[str, _Member] = {}
    likeness: dict[str, tuple[Any, ...]] = {}
    named: dict[str, str] = {}
    blurred: set[str] = set()
    for *fields, copy_of, missing, made, provider, model, read, cached, written, cost in connection.execute(
        _EQUALS, (json.dumps(touched),)
    ):
        member = _Member(*fields)
        members[member.id] = member
        likeness[member.id] = (made, provider, model, read, cached, written, cost)
        if member.copied and copy_of:
            named[member.id] = copy_of
        if missing and "tokens" in missing and "cost" not in missing:
            blurred.add(member.id)
    _clear(likeness, {id for id, known in likeness.items() if "unknown" in known[1:3]}, _without_model)
    _clear(likeness, blurred, _without_tokens)
    likeness |= _of_first_steps(likeness)
    groups: dict[tuple[Any, ...], list[_Member]] = defaultdict(list)
    for id, member in members.items():
        groups[likeness[_origin(id, named, members) if id in named else id]].append(member)
    for group in groups.values():
        _settle(connection, group)


def moments_with_copies(connection: sqlite3.Connection, moments: Sequence[int]) -> list[int]:
    """Those of these moments, which are in order, at which a copy was made."""
    if not moments:
        return []
    # Most batches have few copies around them, and one range of the index is read faster than each moment looked up.
    few = len(moments) // 10
    near = connection.execute(_COPIES_BETWEEN, (moments[0], moments[-1], few + 1)).fetchall()
    if len(near) <= few:
        return sorted({made_ms for (made_ms,) in near}.intersection(moments))
    return [row[0] for row in connection.execute(_MOMENTS_WITH_COPIES, (json.dumps(moments),))]


def _clear(
    likeness: dict[str, tuple[Any, ...]],
    blurred: Collection[str],
    rest: Callable[[tuple[Any, ...]], tuple[Any, ...]],
) -> None:
    """Gives each call in `blurred` the likeness of the first complete call that equals it in the readable fields."""
    if blurred:
        clear: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        for id, known in likeness.items():
            if id not in blurred:
                clear.setdefault(rest(known), known)
        likeness |= {id: clear.get(rest(likeness[id]), likeness[id]) for id in blurred}


def _without_model(likeness: tuple[Any, ...]) -> tuple[Any, ...]:
    """The likeness of a call whose model cannot be read."""
    return likeness[:1] + likeness[3:]


def _without_tokens(likeness: tuple[Any, ...]) -> tuple[Any, ...]:
    """The likeness of a call whose tokens cannot be read."""
    return likeness[:3] + likeness[6:]


def _of_first_steps(likeness: Mapping[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    """New likenesses for messages known as one call that are copies of a message known by its steps.

    An undone copy is known from events only, which hold the cost of all its steps and the tokens of the last.
    """
    if not any(message_id(id) != id for id in likeness):  # as in most groups: there are no steps
        return {}
    messages: dict[str, list[str]] = defaultdict(list)
    for id in sorted(likeness, key=lambda id: (len(id), id)):
        messages[message_id(id)].append(id)
    wholes: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for steps in (steps for steps in messages.values() if len(steps) > 1):
        whole = (*likeness[steps[-1]][:-1], sum(likeness[step][-1] for step in steps))
        wholes[whole] = likeness[steps[0]]
    alone = (steps[0] for steps in messages.values() if len(steps) == 1)
    return {id: wholes[likeness[id]] for id in alone if likeness[id] in wholes}


def _origin(id: str, named: Mapping[str, str], members: Mapping[str, _Member]) -> str:
    """The oldest call that this one was copied from, following the origins that the store names."""
    way = [id]
    while (origin := named.get(way[-1], "")) in members and origin not in way:
        way.append(origin)
    return way[-1]


def _settle(connection: sqlite3.Connection, group: list[_Member]) -> None:
    if not any(member.copied for member in group):
        return
    ids = {member.id for member in group}
    if all(member.copied and not member.settled for member in group):
        residuals = [member.copied_from for member in group if member.copied_from and member.copied_from not in ids]
    else:
        residuals = []
    payers = residuals[:1] or _payers(group)
    paid = set(payers)
    for member in group:
        origin = None if member.id in paid else payers[0]
        if origin != member.copied_from:
            connection.execute("UPDATE call SET copied_from = ? WHERE id = ?", (origin, member.id))


def _payers(group: list[_Member]) -> list[str]:
    """The ids of the calls that pay, one for each real call."""
    originals = [member.id for member in group if not member.copied]
    settled = [member.id for member in group if member.settled]
    if settled:
        return settled + originals[len(settled) :]
    if originals:
        return originals
    by_session: dict[str, list[str]] = defaultdict(list)
    for copy in group:
        by_session[copy.session_id].append(copy.id)
    # A fork holds each call once, so the largest number in one session is the number of calls. The oldest comes first.
    return max(by_session.values(), key=len)
