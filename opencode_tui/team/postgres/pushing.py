"""Sends what a team's database lacks of a ledger: in batches, each one transaction there, and then noted here.

If a process or the database ends between the two, the next push sends that batch again, and the database finds that it
has it. Two pushes of one seat, from two machines, follow each other: each takes a revision first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DBAPIError, ProgrammingError

from opencode_tui.clock import Calendar, Clock
from opencode_tui.config.database_values import DatabaseAddress
from opencode_tui.ledger import unpushed_calls
from opencode_tui.ledger.bounds import unread_by_day
from opencode_tui.ledger.early_calls import EarlyCall, early_calls
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.records.pushes import PushResult, PushTarget, WaitingCall
from opencode_tui.records.team_choices import SeatShare
from opencode_tui.team.postgres import writing_calls
from opencode_tui.team.postgres.batches import PushedRow, RowMaker, columns_of
from opencode_tui.team.postgres.connecting import NO_TABLE
from opencode_tui.team.postgres.engines import code_behind, connected
from opencode_tui.team.postgres.errors import DatabaseError, DatabaseGone
from opencode_tui.team.postgres.gaps import Gaps, day_gaps, gaps_there, insert_gaps
from opencode_tui.team.postgres.ledger_day import LedgerDay, ledger_days
from opencode_tui.team.postgres.special_values import NO_CALL_MS

CALLS_AT_ONCE = 5_000
_TRIES = 8
_AGAIN = {"23505", "40001", "40P01"}
"""PostgreSQL's codes of what another push of the same seat can cause."""


class PushRequest(Struct, frozen=True):
    ledger: Ledger
    address: DatabaseAddress
    password_file: Path | None
    calendar: Calendar
    share: SeatShare
    machine: str
    clock: Clock
    keep_going: Callable[[], bool] = lambda: True
    """Asked before each batch; the next push sends the rest."""


def push_calls(request: PushRequest) -> PushResult:
    """Send all that the database lacks. Raises DatabaseError, and DatabaseGone with what was done until then."""
    with request.ledger.writing() as connection:
        target = unpushed_calls.push_target(connection, request.address.name)
    push = _Push(request, target)
    with push.leased():
        try:
            with connected(request.address, request.password_file) as engine:
                push.send(engine)
        except DatabaseGone as error:
            raise DatabaseGone(f"{error}; {push.so_far()}") from None
    return push.result


def _behind_others(write: Callable[[], tuple[int, int]]) -> tuple[int, int]:
    """What `write` returns, once no other push of the seat comes between."""
    for left in reversed(range(_TRIES)):
        try:
            return write()
        except DBAPIError as error:
            if not left or code_behind(error) not in _AGAIN:
                raise
    raise AssertionError


class _Push:
    def __init__(self, request: PushRequest, target: PushTarget) -> None:
        self._request, self._target, self._ledger = request, target, request.ledger
        self._maker = RowMaker(request.calendar, request.share)
        self._with_sessions = False
        self.result = PushResult("", 0, 0)

    @contextmanager
    def leased(self) -> Iterator[None]:
        self._keep_lease()
        try:
            yield
        finally:
            with self._ledger.writing() as connection:
                unpushed_calls.end_push_lease(connection, self._target)

    def send(self, engine: Engine) -> None:
        with engine.connect() as database:
            with database.begin():
                seat = str(database.scalar(select(func.current_user())))
                newest = writing_calls.last_revision(database, seat).revision
                self._with_sessions = self._request.share != "sums" and writing_calls.keeps_sessions(database)
            self.result = PushResult(seat, 0, 0)
            firsts = self._send_firsts(database, seat)
            if newest < self._target.revision:  # the database is an older copy of itself, or a new one
                with self._ledger.writing() as connection:
                    unpushed_calls.queue_all(connection, self._target)
            after = (-(2**63), "")
            while self._request.keep_going() and (calls := self._next(after)):
                self._send_batch(database, seat, calls)
                after = (calls[-1].created_ms, calls[-1].id)
                self._keep_lease()
            if self._request.keep_going():
                self._send_gaps(database, seat, firsts)

    def _send_firsts(self, database: Connection, seat: str) -> tuple[EarlyCall, ...]:
        """Say of which ledger the calls are, before they are there, in the words of the ones that it has first."""
        firsts = early_calls(self._ledger.connection)
        try:
            with database.begin():
                writing_calls.insert_firsts(database, seat, firsts)
        except ProgrammingError as error:
            if code_behind(error) != NO_TABLE:  # else an older version made the tables
                raise
        return firsts

    def so_far(self) -> str:
        waiting = unpushed_calls.waiting_count(self._ledger.connection, self._target)
        return f"{self.result.sent + self.result.known:,} of its calls were sent, {waiting:,} wait for the next push"

    def _next(self, after: tuple[int, str]) -> Sequence[WaitingCall]:
        return unpushed_calls.waiting_batch(self._ledger.connection, self._target, after, CALLS_AT_ONCE)

    def _send_batch(self, database: Connection, seat: str, calls: Sequence[WaitingCall]) -> None:
        revision, sent = self._written(database, seat, calls)
        with self._ledger.writing() as connection:
            unpushed_calls.note_pushed(connection, self._target, calls, revision, self._request.clock())
        self.result = PushResult(seat, self.result.sent + sent, self.result.known + len(calls) - sent)

    def _send_gaps(self, database: Connection, seat: str, firsts: tuple[EarlyCall, ...]) -> None:
        """Say which sums are lower bounds, where the database knows something else of this machine."""
        with self._ledger.reading() as connection:
            unread = unread_by_day(connection, self._request.calendar)
            known = unpushed_calls.known_target(connection, self._request.address.name)
        text = unpushed_calls.facts_text(unread, firsts)
        if known is not None and known.facts == text:
            return
        try:
            revision, changed = _behind_others(lambda: self._write_gaps(database, seat, day_gaps(unread)))
        except ProgrammingError as error:
            if unread or code_behind(error) != NO_TABLE:
                raise
            revision, changed = 0, 0  # nothing to say, and an older version made the tables
        with self._ledger.writing() as connection:
            unpushed_calls.note_facts(connection, self._target, text, revision)
        self.result = replace(self.result, gaps=changed)

    def _write_gaps(self, database: Connection, seat: str, gaps: Gaps) -> tuple[int, int]:
        """One transaction; returns its revision, and how many days changed, which are 0 and 0 where none did."""
        machine = self._request.machine
        with database.begin() as transaction:
            revision = self._begin(database, seat, ())
            known = gaps_there(database, seat, machine)
            changed = {day: gaps.get(day, 0) for day in {*gaps, *known} if gaps.get(day, 0) != known.get(day, 0)}
            if not changed:
                transaction.rollback()
                return 0, 0
            insert_gaps(database, seat, machine, revision, changed)
        return revision, len(changed)

    def _written(self, database: Connection, seat: str, calls: Sequence[WaitingCall]) -> tuple[int, int]:
        """Write a batch behind other pushes of the seat; returns its revision, and how many calls were new."""
        rows = [self._maker.row(each) for each in calls]
        return _behind_others(lambda: self._write(database, seat, rows))

    def _write(self, database: Connection, seat: str, rows: Sequence[PushedRow]) -> tuple[int, int]:
        """One transaction, which leaves nothing if the database knows all of these calls."""
        with database.begin() as transaction:
            revision = self._begin(database, seat, rows)
            known = writing_calls.calls_there(database, seat, [(row.created_ms, row.id) for row in rows])
            before = {row: known.get((row.created_ms, row.id)) for row in rows}
            new = [row for row, had in before.items() if row.content != (had.content if had else 0)]
            if not new:
                transaction.rollback()
                return 0, 0
            writing_calls.insert_calls(database, seat, revision, columns_of(new))
            days = {row.day for row in new} | {had.day for row in new if (had := before[row]) is not None}
            writing_calls.insert_sums(database, seat, revision, self._facts(days))
            if self._with_sessions:
                writing_calls.insert_sessions(database, seat, revision, days)
        return revision, len(new)

    def _begin(self, database: Connection, seat: str, rows: Sequence[PushedRow]) -> int:
        last = writing_calls.last_revision(database, seat)
        last_ms = rows[-1].created_ms if rows else NO_CALL_MS
        if last.last_ms is not None:
            last_ms = max(last.last_ms, last_ms)
        writing_calls.begin_revision(
            database,
            seat=seat,
            revision=last.revision + 1,
            machine=self._request.machine,
            sent_ms=self._request.clock(),
            calls=len(rows),
            last_ms=last_ms,
        )
        return last.revision + 1

    def _facts(self, days: Iterable[date]) -> dict[date, LedgerDay]:
        with self._ledger.reading() as connection:
            return ledger_days(connection, days, self._request.calendar, self._request.share)

    def _keep_lease(self) -> None:
        with self._ledger.writing() as connection:
            if not unpushed_calls.take_push_lease(connection, self._target, self._request.clock()):
                raise DatabaseError("another process is pushing this ledger; try again once that has ended")
