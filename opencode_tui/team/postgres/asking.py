"""Asks a database all that a report needs: what models and projects cost on one connection, and the rest beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime
from threading import Thread
from typing import Any, Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace
from psycopg import Connection

from opencode_tui.records.team import TOP_SESSIONS
from opencode_tui.team.postgres.connecting import Database
from opencode_tui.team.postgres.reading_sums import (
    DayRow,
    DaySpan,
    PartRow,
    PushRow,
    SharedSession,
    costly_sessions,
    day_rows,
    first_days,
    last_pushes,
    part_rows,
    seat_gaps,
    spent_days,
)
from opencode_tui.team.postgres.sharing import SharedRow, first_moments, shared_calls

Found = TypeVar("Found")
_MORE_TRIES = 3


class AskedDays(Struct, frozen=True):
    """Which days a report is about."""

    days: DaySpan
    before: DaySpan
    """Of these, what is held against the period."""
    compared_last: date
    """The last day of the period that is held against the one before."""
    wide: DaySpan
    """All days that the forecast needs."""
    since: datetime
    """A seat that pushed nothing since then may be left out."""
    is_week: bool


class SeatSums(Struct, frozen=True):
    """What the database knows of all seats; calls that count for another seat are in the sums of both."""

    days: list[DayRow]
    parts: list[PartRow]
    spent_nano: dict[date, int]
    """By day, of the whole team."""
    gaps: list[tuple[str, date, int]]
    pushes: list[PushRow]
    first_ms: dict[str, int]
    """The moment of the first call of each seat's ledgers, but for seats that push with an older version."""
    first_days: dict[str, date]
    """The first day that each of these ever pushed."""
    shared: list[SharedRow]
    sessions: list[SharedSession]
    """The costliest of each seat that shares them, and all of one with calls that count for another seat."""


def seat_sums(database: Database, asked: AskedDays) -> SeatSums:
    """The sums, asked for again where a push came between, so that the days and the parts of a seat agree.

    Raises DatabaseError.
    """
    sums = _asked_once(database, asked)
    for _ in range(_MORE_TRIES):
        if _agree(sums):
            break
        sums = _asked_once(database, asked)
    return sums


def _asked_once(database: Database, asked: AskedDays) -> SeatSums:
    with database.troubles():
        beside = _Beside(database, lambda connection: _by_day(connection, asked))
        with database.connect() as connection:
            parts = list(part_rows(connection, asked.days, asked.before, asked.compared_last))
        return replace(beside.found(), parts=parts)


def _agree(sums: SeatSums) -> bool:
    left: dict[str, int] = defaultdict(int)
    for day in sums.days:
        left[day.seat] += day.spend_nano
    for part in sums.parts:
        left[part.seat] -= part.spend_nano
    return not any(left.values())


def _by_day(connection: Connection[Any], asked: AskedDays) -> SeatSums:
    days = list(day_rows(connection, asked.days, is_week=asked.is_week))
    pushes, first_ms = list(last_pushes(connection, asked.since)), first_moments(connection)
    with_calls = {*(day.seat for day in days), *(push.seat for push in pushes if push.last_ms is not None)}
    silent = with_calls - first_ms.keys()
    shared = shared_calls(connection, asked.wide, all_say_firsts=not silent)
    return SeatSums(
        days,
        [],
        spent_days(connection, asked.wide),
        list(seat_gaps(connection, asked.days)),
        pushes,
        first_ms,
        first_days(connection, silent) if silent else {},
        shared,
        costly_sessions(connection, asked.days, TOP_SESSIONS, {row.seat for row in shared}),
    )


class _Beside(Thread, Generic[Found]):
    """Asks on a connection of its own, in a thread that a program need not wait for."""

    def __init__(self, database: Database, ask: Callable[[Connection[Any]], Found]) -> None:
        super().__init__(name="beside", daemon=True)
        self._database, self._ask = database, ask
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            with self._database.connect() as connection:
                self._answer = self._ask(connection)
        except BaseException as error:
            self._error = error

    def found(self) -> Found:
        """The sums. Raises what went wrong."""
        self.join()
        if self._error is not None:
            raise self._error
        return self._answer
