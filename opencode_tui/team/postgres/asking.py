"""Asks a database all that a report needs: what models and projects cost on one connection, and the rest beside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from threading import Thread
from typing import Any, Generic, TypeVar

from msgspec import Struct
from psycopg import Connection

from opencode_tui.team.postgres.connecting import Database
from opencode_tui.team.postgres.reading_sums import (
    DayRow,
    DaySpan,
    PartRow,
    PushRow,
    SpentDays,
    day_rows,
    last_pushes,
    part_rows,
    seat_gaps,
    spent_days,
)

Found = TypeVar("Found")


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
    days: list[DayRow]
    parts: list[PartRow]
    spent: SpentDays
    gaps: list[tuple[str, date, int]]
    pushes: list[PushRow]


def seat_sums(database: Database, asked: AskedDays) -> SeatSums:
    """What the database knows. Raises DatabaseError."""
    with database.troubles():
        beside = _Beside(database, lambda connection: _sums(connection, asked))
        with database.connect() as connection:
            parts = _parts(connection, asked, SpentDays({}, {}))
        days, spent, gaps, pushes = beside.found()
        if spent.twins:
            with database.connect() as connection:
                parts = _parts(connection, asked, spent)
    return SeatSums(days, parts, spent, gaps, pushes)


def _parts(connection: Connection[Any], asked: AskedDays, spent: SpentDays) -> list[PartRow]:
    first, last = min(asked.days[0], asked.before[0]), max(asked.days[1], asked.before[1])
    twins = {seat_day: owner for seat_day, owner in spent.twins.items() if first <= seat_day[1] <= last}
    return list(part_rows(connection, asked.days, asked.before, asked.compared_last, twins))


def _sums(
    connection: Connection[Any], asked: AskedDays
) -> tuple[list[DayRow], SpentDays, list[tuple[str, date, int]], list[PushRow]]:
    return (
        list(day_rows(connection, asked.days, is_week=asked.is_week)),
        spent_days(connection, asked.wide),
        list(seat_gaps(connection, asked.days)),
        list(last_pushes(connection, asked.since)),
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
