"""A team's report from its database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from opencode_tui.analysis.periods import days_of_month
from opencode_tui.analysis.report_periods import ReportPeriod
from opencode_tui.analysis.team_changes import ranked_parts, team_changes
from opencode_tui.analysis.team_forecast import LOOK_BACK_DAYS, known_until, month_forecast
from opencode_tui.clock import DAY_MS, calendar_for
from opencode_tui.config.database_values import DatabaseAddress
from opencode_tui.config.settings import Settings
from opencode_tui.money import plural
from opencode_tui.records.collecting import paused_collection
from opencode_tui.records.model_key import model_key
from opencode_tui.records.team import TOP_SESSIONS, Seat, SeatDay, SeatPart, SeatSession, TeamReport
from opencode_tui.team.lateness import late_ms, unread_sentences
from opencode_tui.team.postgres.asking import AskedDays, SeatSums, seat_sums
from opencode_tui.team.postgres.connecting import Database
from opencode_tui.team.postgres.counting_once import counted_once
from opencode_tui.team.postgres.reading_sums import DayRow, PartRow, PushRow, SharedSession
from opencode_tui.team.postgres.special_values import EVERY_DAY
from opencode_tui.team.report import compared_last, compared_period, unread_days

SILENT_DAYS = 56
"""A seat that pushed nothing for so long, and has no calls in the period, is left out."""
_WEEK_DAYS = 7
_SKEW_MS = 10 * 60_000
"""So far from the server's clock a seat's may be before it is said."""


class DatabaseRequest(Struct, frozen=True):
    """Which database is asked about which days."""

    address: DatabaseAddress
    password_file: Path | None
    period: ReportPeriod
    settings: Settings
    now_ms: int


@paused_collection()
def database_report(request: DatabaseRequest) -> TeamReport:
    """The report on the seats that the database shows to this user. Raises DatabaseError."""
    calendar = calendar_for(request.settings.timezone)
    period, today = request.period, calendar.day(request.now_ms)
    before, known_to = compared_period(period, today), known_until(period.last, today)
    first_of_month, last_of_month = days_of_month(period.last)
    first = min(before.first, first_of_month, known_to - timedelta(days=LOOK_BACK_DAYS - 1))
    asked = AskedDays(
        days=(period.first, period.last),
        before=(before.first, before.last),
        compared_last=compared_last(period, today) or period.last,
        wide=(first, max(period.last, last_of_month)),
        since=datetime.fromtimestamp((request.now_ms - SILENT_DAYS * DAY_MS) / 1000, UTC),
        is_week=period.is_week,
    )
    sums = seat_sums(Database(request.address, request.password_file), asked)
    found = _Found(counted_once(sums, asked), request)
    seats = tuple(sorted(map(found.seat, found.names), key=lambda seat: (-seat.spend_nano, seat.name)))
    budget, spends = request.settings.team.week_budget_nano, found.spends
    report = TeamReport(
        period=period.label,
        first=period.first,
        last=period.last,
        seats=seats,
        total_nano=sum(seat.spend_nano for seat in seats),
        budget_nano=None if budget is None else budget * period.days // _WEEK_DAYS,
        before_nano=sum(seat.before_nano for seat in seats),
        models=_ranked(found.all_parts, _model),
        projects=_ranked(found.all_parts, _project),
        taken_ms=request.now_ms,
        warning_nano=found.warning_nano,
        cutoff_nano=found.cutoff_nano,
        before=before.label,
        before_last=None if before.last == period.before().last else before.last,
        before_first=before.first,
        compared_last=compared_last(period, today),
        month=month_forecast(spends, period.last, known_to, min(spends, default=None), spends.get(today, 0)),
    )
    changes = team_changes(report, _changes(found.parts, _model), _changes(found.parts, _project))
    return replace(report, changes=changes)


class _Found:
    """What the database answered, by seat."""

    def __init__(self, sums: SeatSums, request: DatabaseRequest) -> None:
        period, team, budget = request.period, request.settings.team, request.settings.budget
        self.warning_nano = budget.warning_nano if team.warning_nano is None else team.warning_nano
        self.cutoff_nano = budget.cutoff_nano if team.cutoff_nano is None else team.cutoff_nano
        self._days: dict[str, list[DayRow]] = defaultdict(list)
        self.spends = sums.spent_nano
        for day in sums.days:
            self._days[day.seat].append(day)
        self._shared: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for row in sums.shared:
            if period.first <= row.day <= period.last:
                self._shared[row.seat][row.owner] += row.calls
        self.all_parts = sums.parts
        self.parts: dict[str, list[PartRow]] = defaultdict(list)
        for part in sums.parts:
            self.parts[part.seat].append(part)
        self._unread: dict[str, dict[date, int]] = defaultdict(dict)
        for seat, gap_day, unread in sums.gaps:
            self._unread[seat][gap_day] = unread
        self._pushes = {each.seat: each for each in sums.pushes}
        self._sessions: dict[str, list[SharedSession]] = defaultdict(list)
        for session in sums.sessions:
            self._sessions[session.seat].append(session)
        self._first_ms, self._first_days = sums.first_ms, sums.first_days
        self._calendar = calendar_for(request.settings.timezone)
        end_ms = self._calendar.span(period.last).end_ms
        self._needed_ms = min(end_ms, request.now_ms)
        self._period = period

    @property
    def names(self) -> list[str]:
        with_gaps = (name for name, days in self._unread.items() if days.keys() - {EVERY_DAY})
        return sorted({*self._days, *self.parts, *self._pushes, *self._shared, *with_gaps})

    def seat(self, name: str) -> Seat:
        rows, parts, push = self._days.get(name, []), self.parts.get(name, []), self._pushes.get(name)
        synced_ms = None if push is None else push.received_ms
        unread = {None if day == EVERY_DAY else day: count for day, count in self._unread.get(name, {}).items()}
        return Seat(
            name=name,
            spend_nano=sum(row.spend_nano for row in rows),
            calls=sum(row.calls for row in rows),
            days=tuple(SeatDay(row.day, row.spend_nano, row.calls) for row in rows),
            over_warning=tuple(row.day for row in rows if row.spend_nano >= self.warning_nano),
            over_cutoff=tuple(row.day for row in rows if row.spend_nano >= self.cutoff_nano),
            cause=self._cause(rows),
            models=_ranked(parts, _model),
            projects=_ranked(parts, _project),
            before_nano=sum(part.before_nano for part in parts),
            last_call_ms=None if push is None else push.last_ms,
            last_sync_ms=synced_ms,
            digest="" if name in self._shared else _digest(rows, self._period),
            trouble="; ".join(
                [
                    *_clock_trouble(push),
                    *_shared_troubles(self._shared.get(name, {})),
                    *unread_sentences(sum(unread.values())),
                ]
            ),
            late_ms=late_ms(synced_ms, self._needed_ms),
            sessions=_costliest(self._sessions.get(name, ())),
            since=self._since(name),
            unread=sum(unread.values()),
            unread_days=unread_days(unread, self._period),
        )

    def _since(self, name: str) -> date | None:
        """The day of the first call of the seat's ledgers, or the first day that an older version pushed."""
        at_ms = self._first_ms.get(name)
        return self._first_days.get(name) if at_ms is None else self._calendar.day(at_ms)

    def _cause(self, rows: Sequence[DayRow]) -> str:
        """That of the costliest day that ran over and has one."""
        over = [row for row in rows if row.spend_nano >= self.warning_nano and row.cause]
        return max(over, key=lambda row: row.spend_nano).cause if over else ""


def _costliest(rows: Iterable[SharedSession]) -> tuple[SeatSession, ...]:
    top = sorted(rows, key=lambda row: (-row.spend_nano, row.id))[:TOP_SESSIONS]
    return tuple(SeatSession(row.id, row.title, row.project, row.spend_nano, row.calls) for row in top)


def _digest(rows: Sequence[DayRow], period: ReportPeriod) -> str:
    """That of a day or a week, where all of its calls are of one ledger; of other periods with calls none is known."""
    if not rows:
        return sha256().hexdigest()
    if not all(row.digest for row in rows) or not (period.is_week or period.days == 1):
        return ""
    return max(rows, key=lambda row: row.revision).digest


def _clock_trouble(push: PushRow | None) -> list[str]:
    off_ms = push.sent_ms - push.received_ms if push else 0
    if abs(off_ms) < _SKEW_MS:
        return []
    minutes = abs(off_ms) // 60_000
    much = f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
    return [f"its clock is {much} {'ahead of' if off_ms > 0 else 'behind'} the database's"]


def _shared_troubles(owners: Mapping[str, int]) -> list[str]:
    """What to say of a seat's calls, so many by seat, that count for that one."""
    return [
        f"it has {plural(count, 'call')} in common with {owner}, counted there: one ledger, or a copy of it, was pushed"
        " for both"
        for owner, count in sorted(owners.items())
    ]


def _model(part: PartRow) -> str:
    return model_key(part.provider, part.model)


def _project(part: PartRow) -> str:
    return part.project


def _ranked(parts: Iterable[PartRow], key: Callable[[PartRow], str]) -> tuple[SeatPart, ...]:
    now: dict[str, tuple[int, int]] = {}
    before: dict[str, int] = defaultdict(int)
    for part in parts:
        name = key(part)
        before[name] += part.before_nano
        if part.calls:
            spend, calls = now.get(name, (0, 0))
            now[name] = (spend + part.spend_nano, calls + part.calls)
    return ranked_parts(now, before)


def _changes(parts: Mapping[str, Sequence[PartRow]], key: Callable[[PartRow], str]) -> dict[str, dict[str, int]]:
    """By seat, the change of each model or project."""
    found: dict[str, dict[str, int]] = {}
    for seat, rows in parts.items():
        changes: dict[str, int] = defaultdict(int)
        for part in rows:
            changes[key(part)] += part.compared_nano - part.before_nano
        found[seat] = changes
    return found
