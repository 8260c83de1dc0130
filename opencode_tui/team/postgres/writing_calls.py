"""The statements of a push: which calls are known, the calls, and then the sums of their days.

The calls go as one array a column, which PostgreSQL makes rows of: COPY, a third faster, is refused for tables with
row-level security, and the way around it, a temporary table, is not to be had everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Connection,
    Date,
    Select,
    Subquery,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by, distinct_on, insert

from opencode_tui.ledger.early_calls import EarlyCall
from opencode_tui.team.postgres.arrays import rows_of_arrays
from opencode_tui.team.postgres.batches import PushedRow
from opencode_tui.team.postgres.ledger_day import LedgerDay
from opencode_tui.team.postgres.tables import TEAM_CALLS, TEAM_DAYS, TEAM_FIRSTS, TEAM_PARTS, TEAM_PUSHES, TEAM_SESSIONS

_SENT = PushedRow.__struct_fields__
_DAY_MS = 86_400_000
_MOST_NANO = 9_000_000_000_000_000_000
_SEAT, _REVISION = bindparam("seat_", type_=Text), bindparam("revision_", type_=BigInteger)

_BETWEEN = TEAM_CALLS.c.created_ms.between(bindparam("first_", type_=BigInteger), bindparam("last_", type_=BigInteger))


class LastPush(Struct, frozen=True):
    revision: int
    last_ms: int | None
    """The moment of the last call that the seat ever pushed."""


CallKey = tuple[int, str]
"""A moment and an id."""


class CallThere(Struct, frozen=True, gc=False):
    """A call as the database has it."""

    content: int
    day: date


def last_revision(connection: Connection, seat: str) -> LastPush:
    """The last revision of a seat, or 0."""
    c = TEAM_PUSHES.c
    query = select(c.revision, c.last_ms).where(c.seat == seat).order_by(c.revision.desc()).limit(1)
    row = connection.execute(query).first()
    return LastPush(0, None) if row is None else LastPush(*row)


def begin_revision(connection: Connection, **values: str | int) -> None:
    """Takes a revision by its row of `team_push`, or waits for who has it; fails if that one keeps it."""
    connection.execute(TEAM_PUSHES.insert().values(values))


def calls_there(connection: Connection, seat: str, calls: Sequence[CallKey]) -> dict[CallKey, CallThere]:
    """Of calls in order of time, those that the database has, as their newest revision."""
    values = {"seat_": seat, "first_": calls[0][0], "last_": calls[-1][0], "ids_": [call_id for _, call_id in calls]}
    return {(row[0], row[1]): CallThere(row[2], row[3]) for row in connection.execute(_KNOWN, values)}


def insert_firsts(connection: Connection, seat: str, firsts: Iterable[EarlyCall]) -> None:
    """Writes the first calls of a ledger's months; what is there stays."""
    rows = [{"seat": seat, "month": each.month, "call": each.call, "first_ms": each.first_ms} for each in firsts]
    if rows:
        connection.execute(insert(TEAM_FIRSTS).on_conflict_do_nothing(), rows)


def insert_calls(connection: Connection, seat: str, revision: int, columns: Mapping[str, list[Any]]) -> None:
    """Writes calls, a list a column of PushedRow."""
    values = {"seat_": seat, "revision_": revision, **{f"{name}_": each for name, each in columns.items()}}
    connection.execute(_WRITE_CALLS, values)


def keeps_sessions(connection: Connection) -> bool:
    """Whether there is a table for the sums of sessions, which an older version did not make."""
    return connection.scalar(select(func.to_regclass(TEAM_SESSIONS.name))) is not None


def insert_sums(connection: Connection, seat: str, revision: int, ledger_days: Mapping[date, LedgerDay]) -> None:
    """Writes the sums of these days as the database has them now.

    A day on which the database has other calls as well, of another machine of the seat, gets no digest.
    """
    days = sorted(ledger_days)
    values: dict[str, Any] = {"seat_": seat, "revision_": revision, "day_": days}
    for name in LedgerDay.__struct_fields__:
        values[f"{name}_"] = [getattr(ledger_days[day], name) for day in days]
    values |= _moments(days)
    connection.execute(_WRITE_DAYS, values)
    connection.execute(_WRITE_PARTS, values)


def insert_sessions(connection: Connection, seat: str, revision: int, days: Iterable[date]) -> None:
    """Writes the sums of the sessions of these days, as far as the database has calls with their ids."""
    ordered = sorted(days)
    values: dict[str, Any] = {"seat_": seat, "revision_": revision, "day_": ordered}
    connection.execute(_WRITE_SESSIONS, values | _moments(ordered))


def _moments(days: Sequence[date]) -> dict[str, int]:
    """Between which the calls of these days lie, in whatever time zone."""
    return {"first_": _start_ms(days[0]) - _DAY_MS, "last_": _start_ms(days[-1]) + 2 * _DAY_MS}


def _start_ms(day: date) -> int:
    """The day's start in UTC."""
    return (day - date(1970, 1, 1)).days * _DAY_MS


def _known_calls() -> Select[Any]:
    c = TEAM_CALLS.c
    ids = c.id == func.any(bindparam("ids_", type_=ARRAY(Text)))
    # In this order the newest revision of a call comes last, and is the one that a dict keeps.
    return select(c.created_ms, c.id, c.content, c.day).where(c.seat == _SEAT, _BETWEEN, ids).order_by(c.revision)


def _insert_calls() -> Any:
    sent = rows_of_arrays("sent", {name: TEAM_CALLS.c[name].type for name in _SENT})
    rows = select(cast(_SEAT, Text), cast(_REVISION, BigInteger), *(sent.c[name] for name in _SENT))
    return insert(TEAM_CALLS).from_select(("seat", "revision", *_SENT), rows).on_conflict_do_nothing()


def _newest_calls() -> Subquery:
    """The seat's calls between two moments, each as its newest revision has it, gone ones among them."""
    of_call = (TEAM_CALLS.c.created_ms, TEAM_CALLS.c.id)
    newest = select(TEAM_CALLS).where(TEAM_CALLS.c.seat == _SEAT, _BETWEEN).ext(distinct_on(*of_call))
    return newest.order_by(*of_call, TEAM_CALLS.c.revision.desc()).subquery("newest")


def _exact(values: Any) -> Any:
    """The sum of integers, which is not limited, as one that is."""
    return cast(func.least(func.greatest(func.coalesce(func.sum(values), 0), -_MOST_NANO), _MOST_NANO), BigInteger)


def _insert_days() -> Any:
    calls = _newest_calls()
    types: dict[str, Any] = {"day": Date, "calls": BigInteger, "digest": Text, "week_digest": Text, "cause": Text}
    days = rows_of_arrays("days", types)
    count = func.count(calls.c.id)
    rows = (
        select(
            *(cast(_SEAT, Text), days.c.day, cast(_REVISION, BigInteger), _exact(calls.c.cost_nano), count),
            *(case((count == days.c.calls, days.c[name]), else_="") for name in ("digest", "week_digest")),
            days.c.cause,
        )
        .select_from(days.outerjoin(calls, and_(calls.c.day == days.c.day, calls.c.content != 0)))
        .group_by(*days.c)
    )
    names = ("seat", "day", "revision", "spend_nano", "calls", "digest", "week_digest", "cause")
    return insert(TEAM_DAYS).from_select(names, rows).on_conflict_do_nothing()


def _insert_parts() -> Any:
    calls = _newest_calls()
    keys = (calls.c.provider, calls.c.model, calls.c.project)
    rows = (
        select(
            cast(_SEAT, Text),
            calls.c.day,
            cast(_REVISION, BigInteger),
            *keys,
            _exact(calls.c.cost_nano),
            func.count(literal(1)),
        )
        .where(calls.c.content != 0, calls.c.day == func.any(bindparam("day_", type_=ARRAY(Date))))
        .group_by(calls.c.day, *keys)
    )
    names = ("seat", "day", "revision", "provider", "model", "project", "spend_nano", "calls")
    return insert(TEAM_PARTS).from_select(names, rows).on_conflict_do_nothing()


def _insert_sessions() -> Any:
    calls = _newest_calls()
    newest_first = calls.c.created_ms.desc()
    rows = (
        select(
            *(cast(_SEAT, Text), calls.c.day, cast(_REVISION, BigInteger), calls.c.session_id),
            func.array_agg(aggregate_order_by(calls.c.title, newest_first))[1],
            func.array_agg(aggregate_order_by(calls.c.project, newest_first))[1],
            *(_exact(calls.c.cost_nano), func.count(literal(1))),
        )
        .where(calls.c.content != 0, calls.c.session_id != "")
        .where(calls.c.day == func.any(bindparam("day_", type_=ARRAY(Date))))
        .group_by(calls.c.day, calls.c.session_id)
    )
    names = ("seat", "day", "revision", "session_id", "title", "project", "spend_nano", "calls")
    return insert(TEAM_SESSIONS).from_select(names, rows).on_conflict_do_nothing()


_KNOWN, _WRITE_CALLS = _known_calls(), _insert_calls()
_WRITE_DAYS, _WRITE_PARTS, _WRITE_SESSIONS = _insert_days(), _insert_parts(), _insert_sessions()
