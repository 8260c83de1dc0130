"""Ledgers of a team's seats, and what their own reports say."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from msgspec.structs import replace

from opencode_tui.analysis.report_periods import ReportPeriod
from opencode_tui.clock import DAY_MS, Calendar
from opencode_tui.config.settings import Settings
from opencode_tui.config.team import Team, TeamSeat
from opencode_tui.ledger.digests import days_between, digest_calls
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.records.team import Seat, TeamReport
from opencode_tui.records.team_choices import SeatShare
from opencode_tui.team.report import team_report
from tests.support.ledgers import lay_out
from tests.support.old_ledgers import insert

MONDAY = date(2026, 5, 11)
"""Of the week that the reports are about."""
NOW_MS = int(datetime(2026, 5, 18, 9, 0, tzinfo=UTC).timestamp() * 1000)
"""The Monday after it, at nine."""
UTC_DAYS = Calendar(UTC)


@dataclass(frozen=True)
class Paid:
    """A call of a seat."""

    id: str
    at: str
    """Such as `2026-05-13 10:00`, in UTC."""
    nano: int
    session: str = "ses_1"
    model: str = "opencode/kimi-k2.6"
    completed: bool = True
    copied_from: str | None = None

    @property
    def at_ms(self) -> int:
        return int(datetime.fromisoformat(self.at).replace(tzinfo=UTC).timestamp() * 1000)


def put_calls(
    file: Path,
    calls: Sequence[Paid],
    *,
    machine: str = "laptop",
    project: str = "/home/dev/shop",
    titles: dict[str, str] | None = None,
) -> Path:
    """A ledger with these calls, beside those that it has."""
    lay_out(file)
    with closing(Ledger(file)) as ledger, ledger.writing() as connection:
        connection.execute("INSERT OR IGNORE INTO machine (name) VALUES (?)", (machine,))
        connection.execute("INSERT OR IGNORE INTO store (key) VALUES ('a store')")
        (number,) = connection.execute("SELECT id FROM machine WHERE name = ?", (machine,)).fetchone()
        for session in {call.session for call in calls}:
            _put_session(connection, session, project, (titles or {}).get(session, f"The title of {session}"))
        for call in calls:
            _put_call(connection, call, number, project)
    return file


def _put_session(connection: sqlite3.Connection, id: str, project: str, title: str) -> None:
    values = {"id": id, "title": title, "directory": project, "project": project, "version": "1.18.34"}
    if not connection.execute("SELECT 1 FROM session WHERE id = ?", (id,)).fetchone():
        insert(connection, "session", values | {"created_ms": 0, "updated_ms": 0, "store_id": 1, "rank": 0})


def _put_call(connection: sqlite3.Connection, call: Paid, machine: int, project: str) -> None:
    provider, _, model = call.model.partition("/")
    values: dict[str, object] = {"id": call.id, "session_id": call.session, "turn_id": call.id, "agent": "build"}
    values |= {"provider": provider, "model": model, "directory": project, "basis": "recorded", "input": 1000}
    values |= dict.fromkeys(("output", "reasoning", "cache_read", "cache_write"), 7)
    values |= {"machine_id": machine, "store_id": 1, "recorded_nano": call.nano, "amount_nano": call.nano}
    values |= {"created_ms": call.at_ms, "completed_ms": call.at_ms + 500 if call.completed else None}
    values |= {"copied": int(call.copied_from is not None), "copied_from": call.copied_from}
    connection.execute("DELETE FROM call WHERE id = ?", (call.id,))
    insert(connection, "call", values)


def put_alert(file: Path, day: str, level: str, cause: str) -> None:
    """An alert of the day's spend, as the seat's own rules would have written it."""
    values: dict[str, object] = {"fired_ms": 1, "rule": "day", "kind": "spend", "level": level, "subject": ""}
    values |= {"period": day, "mark": 1, "value": 1, "line": 1, "at_ms": 1, "about": "", "cause": cause}
    with closing(Ledger(file)) as ledger, ledger.writing() as connection:
        insert(connection, "alert", values | {"cause_nano": 1, "cause_found": 1, "text": cause})


def week_of_calls(seat: str, nano: int, days: int = 5, first: date = MONDAY) -> list[Paid]:
    """Two calls on each of these days, of `nano` and of 1 nano-dollar."""
    found = []
    for number in range(days):
        day = date.fromordinal(first.toordinal() + number)
        found += [Paid(f"{seat}_{day}_{n}", f"{day} 1{n}:00", cost) for n, cost in enumerate((nano, 1))]
    return found


def own_digest(file: Path, period: ReportPeriod) -> str:
    """The checksum that the seat's own `report` of the period gives."""
    with closing(Ledger(file)) as ledger:
        return digest_calls(ledger.connection, days_between(UTC_DAYS, period.first, period.last)).sha256


@dataclass
class Addition:
    """A person who adds up a team's seats."""

    home: Path
    settings: Settings
    now_ms: int = NOW_MS

    def report(self, period: ReportPeriod, *, days_later: int = 0) -> TeamReport:
        return team_report(period, self.settings, self.home / "ledger.db", self.now_ms + days_later * DAY_MS)

    def share(self, share: SeatShare) -> None:
        """Allow the reader to see so much of all seats."""
        team = self.settings.team
        seats = {name: replace(seat, share=share) for name, seat in team.seats.items()}
        self.settings = replace(self.settings, team=replace(team, seats=seats))


def team_of(home: Path, **seats: Path) -> Addition:
    own = home / "own"
    own.mkdir(exist_ok=True)
    team = Team(seats={name: TeamSeat(path) for name, path in seats.items()})
    return Addition(own, Settings(timezone="UTC", team=team))


def seat(report: TeamReport, name: str) -> Seat:
    return next(each for each in report.seats if each.name == name)
