"""A team's report from the files of its seats."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

from msgspec.structs import replace

from opencode_tui.analysis.periods import days_of_month
from opencode_tui.analysis.report_periods import ReportPeriod
from opencode_tui.analysis.team_changes import ranked_parts, team_changes
from opencode_tui.analysis.team_forecast import LOOK_BACK_DAYS, known_until, month_forecast
from opencode_tui.clock import Calendar, calendar_for
from opencode_tui.config.settings import Settings
from opencode_tui.records.team import TOP_SESSIONS, Seat, SeatDay, SeatSession, TeamReport
from opencode_tui.team.checksums import checksums
from opencode_tui.team.collected import ANY_DAY, CollectedFile, CollectedStore, FilePart
from opencode_tui.team.collecting import Days, SeatState, collect, seat_days
from opencode_tui.team.finding import COLLECTED, seat_files
from opencode_tui.team.lateness import late_ms, sentences_of, unread_sentences
from opencode_tui.team.merging import Merged, merge
from opencode_tui.team.seat_names import seats_of

_WEEK_DAYS = 7


def team_report(period: ReportPeriod, settings: Settings, ledger: Path, now_ms: int) -> TeamReport:
    """The report on the settings' seats; what is collected is kept beside the ledger."""
    calendar = calendar_for(settings.timezone)
    files, lacking = seat_files(settings.team.seats, ledger)
    known_to = known_until(period.last, calendar.day(now_ms))
    before = compared_period(period, calendar.day(now_ms))
    first_of_month, last_of_month = days_of_month(period.last)
    first = min(before.first, first_of_month, known_to - timedelta(days=LOOK_BACK_DAYS - 1))
    wide = seat_days(first, max(period.last, last_of_month), calendar)
    with closing(CollectedStore(ledger.with_name(COLLECTED))) as store:
        states = collect(store, files, settings.team.seats, wide, now_ms)
        merged = merge(store, states, wide, now_ms)
        seats = seats_of(states)
        of_period = Days(period.first, period.last, calendar, wide.zone)
        digests = checksums(store, seats, merged, of_period, now_ms)
        book = _Book(store, merged, seats, period, before, settings)
        rows = [book.seat(name, digests[name], now_ms) for name in seats]
    rows += [_lacking(each.seat, each.sentence) for each in lacking if each.seat not in seats]
    return _summed(rows, book, known_to, calendar, now_ms)


def compared_period(period: ReportPeriod, today: date) -> ReportPeriod:
    """The period before; of one that is not over, only as many of its days as are over by now, if one is."""
    before, over = period.before(), compared_last(period, today)
    if over is None or over < period.first:
        return before
    return ReportPeriod(before.first, min(before.last, before.first + (over - period.first)), before.label)


def compared_last(period: ReportPeriod, today: date) -> date | None:
    """The last day that is over, if the period is not; it is the day before the period on its first day."""
    return today - timedelta(days=1) if period.first <= today <= period.last else None


def _lacking(name: str, sentence: str) -> Seat:
    return Seat(name, 0, 0, (), (), (), "", (), (), 0, None, None, "", sentence, is_missing=True)


class _Book:
    """The parts that count, by seat."""

    def __init__(
        self,
        store: CollectedStore,
        merged: Merged,
        seats: Mapping[str, Sequence[SeatState]],
        period: ReportPeriod,
        before: ReportPeriod,
        settings: Settings,
    ) -> None:
        self._store, self._merged, self._seats = store, merged, seats
        self.period, self.before, self.settings = period, before, settings
        owner = {state.collected.id: name for name, states in seats.items() for state in states if state.collected}
        self._parts: dict[str, list[FilePart]] = defaultdict(list)
        for part in merged.parts:
            self._parts[owner[part.file_id]].append(part)
        team, budget = settings.team, settings.budget
        self.warning_nano = budget.warning_nano if team.warning_nano is None else team.warning_nano
        self.cutoff_nano = budget.cutoff_nano if team.cutoff_nano is None else team.cutoff_nano

    def within(self, parts: Iterable[FilePart], period: ReportPeriod) -> list[FilePart]:
        first, last = period.first.toordinal(), period.last.toordinal()
        return [each for each in parts if first <= each.day <= last]

    @property
    def parts(self) -> tuple[FilePart, ...]:
        return self._merged.parts

    def compared_of(self, name: str, last: date | None) -> list[FilePart]:
        """The parts of a seat in the days that are held against the period before."""
        period = self.period if last is None else replace(self.period, last=last)
        return self.within(self._parts.get(name, ()), period)

    def before_of(self, name: str) -> list[FilePart]:
        return self.within(self._parts.get(name, ()), self.before)

    def seat(self, name: str, digest: str, now_ms: int) -> Seat:
        states = self._seats[name]
        now = self.within(self._parts[name], self.period)
        before = self.before_of(name)
        days = _days(now)
        over = tuple(each.day for each in days if each.spend_nano >= self.warning_nano)
        cut = tuple(each.day for each in days if each.spend_nano >= self.cutoff_nano)
        known = [state.collected for state in states if state.collected is not None]
        last_sync = max((each.sync_ms for each in known), default=None)
        unread = self._unread(states)
        calendar = calendar_for(self.settings.timezone)
        end_ms = calendar.span(self.period.last).end_ms
        return Seat(
            name,
            sum(each.spend_nano for each in days),
            sum(each.calls for each in days),
            days,
            over,
            cut,
            self._cause(states, days, over),
            ranked_parts(part_sums(now, "model"), spends_by(before, "model")),
            ranked_parts(part_sums(now, "project"), spends_by(before, "project")),
            sum(each.part.spend_nano for each in before),
            max((each.last_call_ms for each in known if each.last_call_ms is not None), default=None),
            last_sync,
            digest,
            "; ".join((*sentences_of(states, self._merged, self._seats), *unread_sentences(sum(unread.values())))),
            late_ms(last_sync, min(end_ms, now_ms)),
            self._sessions(now),
            is_missing=not known and not all(state.is_twice for state in states),
            since=_first_day(known, calendar),
            unread=sum(unread.values()),
            unread_days=unread_days(unread, self.period),
        )

    def _unread(self, states: Sequence[SeatState]) -> dict[date | None, int]:
        """What of the period was not read, by day; of copies of one ledger what the one knows that goes furthest."""
        found: dict[date | None, int] = defaultdict(int)
        seen: set[str] = set()
        for file in (state.collected for state in states):
            if file is None or file.first_call in seen:
                continue
            seen |= {file.first_call} - {""}
            within = self.period.first.toordinal(), self.period.last.toordinal()
            for day, count in self._store.unread(file.id, *within).items():
                found[None if day == ANY_DAY else date.fromordinal(day)] += count
        return found

    def _cause(self, states: Sequence[SeatState], days: Sequence[SeatDay], over: Sequence[date]) -> str:
        """That of the costliest day that ran over and has one."""
        for day in sorted((each for each in days if each.day in over), key=lambda each: -each.spend_nano):
            text = day.day.isoformat()
            for state in states:
                if state.collected and (found := self._store.causes(state.collected.id, text, text)):
                    return found[-1].sentence
        return ""

    def _sessions(self, parts: Iterable[FilePart]) -> tuple[SeatSession, ...]:
        sums: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])
        projects: dict[tuple[int, str], str] = {}
        for each in parts:
            if each.part.session:
                key = (each.file_id, each.part.session)
                sums[key][0] += each.part.spend_nano
                sums[key][1] += each.part.calls
                projects.setdefault(key, each.part.project)
        top = sorted(sums, key=lambda key: (-sums[key][0], key))[:TOP_SESSIONS]
        return tuple(SeatSession(key[1], self._store.title(*key), projects[key], *sums[key]) for key in top)


def unread_days(unread: Mapping[date | None, int], period: ReportPeriod) -> tuple[date, ...]:
    """The days of a period whose sums may lack what was not read on these days; None is any day."""
    days = (period.first + timedelta(number) for number in range(period.days))
    return tuple(day for day in days if unread.get(day) or unread.get(None))


def part_sums(parts: Iterable[FilePart], field: str) -> dict[str, tuple[int, int]]:
    """The spend and the calls by `model` or `project`."""
    found: dict[str, tuple[int, int]] = {}
    for each in parts:
        key = getattr(each.part, field)
        spend, calls = found.get(key, (0, 0))
        found[key] = (spend + each.part.spend_nano, calls + each.part.calls)
    return found


def spends_by(parts: Iterable[FilePart], field: str) -> dict[str, int]:
    return {key: spend for key, (spend, _) in part_sums(parts, field).items()}


def _first_day(files: Iterable[CollectedFile], calendar: Calendar) -> date | None:
    first = min((each.first_call_ms for each in files if each.first_call_ms is not None), default=None)
    return None if first is None else calendar.day(first)


def _days(parts: Iterable[FilePart]) -> tuple[SeatDay, ...]:
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for each in parts:
        sums[each.day][0] += each.part.spend_nano
        sums[each.day][1] += each.part.calls
    return tuple(SeatDay(date.fromordinal(day), *sums[day]) for day in sorted(sums))


def _summed(rows: Sequence[Seat], book: _Book, known_to: date, calendar: Calendar, now_ms: int) -> TeamReport:
    period, before = book.period, book.before
    seats = tuple(sorted(rows, key=lambda seat: (-seat.spend_nano, seat.name)))
    now, earlier = book.within(book.parts, period), book.within(book.parts, before)
    spends: dict[date, int] = defaultdict(int)
    for each in book.parts:
        spends[date.fromordinal(each.day)] += each.part.spend_nano
    today = calendar.day(now_ms)
    budget = book.settings.team.week_budget_nano
    report = TeamReport(
        period.label,
        period.first,
        period.last,
        seats,
        sum(seat.spend_nano for seat in seats),
        None if budget is None else budget * period.days // _WEEK_DAYS,
        sum(seat.before_nano for seat in seats),
        ranked_parts(part_sums(now, "model"), spends_by(earlier, "model")),
        ranked_parts(part_sums(now, "project"), spends_by(earlier, "project")),
        now_ms,
        book.warning_nano,
        book.cutoff_nano,
        before.label,
        None if before.last == period.before().last else before.last,
        before.first,
        compared_last(period, today),
        month_forecast(spends, period.last, known_to, min(spends, default=None), spends.get(today, 0)),
    )
    changes = team_changes(report, _changed(report, book, "model"), _changed(report, book, "project"))
    return replace(report, changes=changes)


def _changed(report: TeamReport, book: _Book, field: str) -> dict[str, dict[str, int]]:
    """By seat, the change of each model or project."""
    found = {}
    for seat in report.seats:
        changes: dict[str, int] = defaultdict(int)
        for sign, parts in ((1, book.compared_of(seat.name, report.compared_last)), (-1, book.before_of(seat.name))):
            for key, nano in spends_by(parts, field).items():
                changes[key] += sign * nano
        found[seat.name] = changes
    return found
