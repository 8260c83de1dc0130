"""Collects what the report needs from each file that changed, and keeps the last good state of one that is broken."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from opencode_tui.clock import HOUR_MS, MINUTE_MS, Calendar, Span, short_day
from opencode_tui.config.team import TeamSeat
from opencode_tui.ledger.digests import days_between
from opencode_tui.money import format_usd
from opencode_tui.records.model_key import model_key
from opencode_tui.records.privacy.harmless import one_line
from opencode_tui.team.calls import AT_COST, AT_MODEL, AT_PROVIDER, AT_SESSION, SeatCall, SeatReader
from opencode_tui.team.collected import (
    ANY_DAY,
    CollectedFile,
    CollectedStore,
    DayStamp,
    FilePart,
    SummedPart,
    has_collected,
)
from opencode_tui.team.finding import SeatFile, file_in_folder
from opencode_tui.team.ledger_reader import without_titles
from opencode_tui.team.opening import UnreadableFile, file_identity, written_ms
from opencode_tui.team.reading import reading

_AHEAD_MS = 10 * MINUTE_MS
"""A call may be so much later than the moment at which its file was written: clocks differ by minutes."""
_LONGEST_CAUSE = 300
_encoded = msgspec.json.Encoder().encode


class SeatState(Struct, frozen=True):
    """A file of a seat, and what is collected of it."""

    file: SeatFile
    collected: CollectedFile | None
    """None if nothing could be read of it yet."""
    trouble: str = ""
    """What is wrong with it, in one sentence; empty if nothing is."""
    is_twice: bool = False
    """Whether another seat has the same file, which counts there."""


class Days(Struct, frozen=True):
    """The days that are collected, in a time zone."""

    first: date
    last: date
    calendar: Calendar
    zone: str
    """Equal for calendars whose days begin at the same moments."""

    @property
    def span(self) -> Span:
        return self.calendar.span(self.first, self.last)


def seat_days(first: date, last: date, calendar: Calendar) -> Days:
    starts = [calendar.start_of(date(year, month, 1)) for year in range(2015, 2045) for month in (1, 4, 7, 10)]
    return Days(first, last, calendar, hashlib.sha256(repr(starts).encode()).hexdigest()[:16])


def collect(
    store: CollectedStore, files: Sequence[SeatFile], seats: Mapping[str, TeamSeat], days: Days, now_ms: int
) -> tuple[SeatState, ...]:
    """The state of each file, after those were read that changed; a file that two seats name belongs to the first.

    `seats` are those of the settings, in whose folders files may have been.
    """
    known = store.files()
    owners: dict[str, SeatFile] = {}
    states = []
    for file in files:
        key = _key(file)
        if key in owners:
            if not file.group:
                said = f"{file.path.name} is a file of {owners[key].seat} already, and counts there"
                states.append(SeatState(file, None, said, is_twice=True))
            continue
        owners[key] = file
        states.append(_state(store, file, known.get(key), days, now_ms))
    return *states, *_gone(store, known, states, seats, days.calendar)


def _key(file: SeatFile) -> str:
    try:
        return str(file.path.resolve())
    except (OSError, RuntimeError):
        return str(file.path.absolute())


def _state(store: CollectedStore, file: SeatFile, known: CollectedFile | None, days: Days, now_ms: int) -> SeatState:
    try:
        current = file_identity(file.path)
        share = file.share
        if known is None or not _is_current(known, current, share, days):
            known = _read(store, file, known, current, days, now_ms)
    except UnreadableFile as problem:
        return SeatState(file, known, f"{file.path.name} {problem}; {_what_stands(known, days)}")
    return SeatState(file, known, _remarks(store, file, known, days.calendar))


def _is_current(known: CollectedFile, current: str, share: str, days: Days) -> bool:
    is_same = known.identity == f"{current} {share}" and known.zone == days.zone
    return is_same and has_collected(known, days.span)


def _what_stands(known: CollectedFile | None, days: Days) -> str:
    if known is None:
        return "nothing of it is counted"
    at = days.calendar.local(known.collected_ms)
    stands = f"what was read of it on {short_day(at)} {at:%H:%M} is counted"
    return stands if has_collected(known, days.span) else f"{stands}, as far as it goes"


def _remarks(store: CollectedStore, file: SeatFile, known: CollectedFile, calendar: Calendar) -> str:
    found = []
    if known.ahead_ms > _AHEAD_MS:
        ahead = (
            f"{round(known.ahead_ms / HOUR_MS)} h"
            if known.ahead_ms >= HOUR_MS
            else f"{known.ahead_ms // MINUTE_MS} min"
        )
        found.append(f"its clock is {ahead} ahead, or was: {_on_days_ahead(store, known, calendar)}")
    if known.remark:
        found.append(f"{file.path.name} {known.remark}")
    return "; ".join(found)


def _on_days_ahead(store: CollectedStore, known: CollectedFile, calendar: Calendar) -> str:
    """What stands on days that had not begun when the file was written, such as `$1.23 stands on Sat 28 Nov`."""
    last_ms = known.last_call_ms or 0
    written, last = calendar.day(last_ms - known.ahead_ms).toordinal(), calendar.day(last_ms).toordinal()
    spends: dict[int, int] = defaultdict(int)
    for each in store.parts(known.id, written + 1, last):
        spends[each.day] += each.part.spend_nano
    stands = [
        f"{format_usd(nano)} stands on {short_day(date.fromordinal(day))}" for day, nano in sorted(spends.items())
    ]
    return ", ".join(stands) or "its calls keep the times that it gave them"


def _read(
    store: CollectedStore, file: SeatFile, known: CollectedFile | None, current: str, days: Days, now_ms: int
) -> CollectedFile:
    """Reads the days, and of a file that has not changed those of before as well. Raises UnreadableFile."""
    whole = days
    if known is not None and known.zone == days.zone and known.identity == f"{current} {file.share}":
        first = min(days.first, days.calendar.day(known.from_ms))
        last = max(days.last, days.calendar.day(known.to_ms - 1))
        whole = replace(days, first=first, last=last)
    id = store.next_id()
    with reading(file) as reader:
        facts = reader.facts
        share = facts.share or file.share
        stamps, parts = _sums(reader, whole, id, with_sessions=share != "sums")
        ids = sorted({each.part.session for each in parts if each.part.session})
        titles = reader.titles(ids) if share == "titles" else {}
        unread = Counter(
            ANY_DAY if at_ms is None else days.calendar.day(at_ms).toordinal() for at_ms in reader.unread()
        )
        causes = [
            replace(each, sentence=one_line(_cause(each.sentence, share), _LONGEST_CAUSE))
            for each in reader.causes(whole.first.isoformat(), whole.last.isoformat())
        ]
    written = written_ms(file.path) if facts.exported_ms is None else facts.exported_ms
    ahead = max((facts.last_call_ms or 0) - min(written, now_ms), 0)
    span = whole.span
    fresh = CollectedFile(
        *(id, _key(file), f"{current} {file.share}", share, days.zone, span.start_ms, span.end_ms),
        *(facts.calls, facts.first_call, facts.first_call_ms, facts.last_call_ms),
        *(written, ahead, facts.remark, now_ms),
    )
    return store.put(fresh, stamps, parts, causes, {id: one_line(title) for id, title in titles.items()}, unread)


def _cause(sentence: str, share: str) -> str:
    return sentence if share == "titles" else without_titles(sentence)


def _sums(
    reader: SeatReader, days: Days, file_id: int, *, with_sessions: bool
) -> tuple[list[DayStamp], list[FilePart]]:
    """The stamps and the sums of the paid calls of each machine and day."""
    hashes: dict[tuple[str, int], hashlib._Hash] = {}
    counts: dict[tuple[str, int], int] = defaultdict(int)
    sums: dict[tuple[str, int, str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for day, call in _by_day(reader, days):
        fields = call.fields
        key = (call.machine, day)
        if key not in hashes:
            hashes[key] = hashlib.sha256()
        hashes[key].update(_encoded(fields) + b"\n")
        counts[key] += 1
        session = fields[AT_SESSION] if with_sessions else ""
        sum = sums[call.machine, day, model_key(fields[AT_PROVIDER], fields[AT_MODEL]), call.project, session]
        sum[0] += 1
        sum[1] += fields[AT_COST]
    stamps = [DayStamp(file_id, *key, counts[key], found.hexdigest()[:32]) for key, found in hashes.items()]
    parts = [
        FilePart(file_id, machine, day, SummedPart(model, project, session, *sum))
        for (machine, day, model, project, session), sum in sums.items()
    ]
    return stamps, parts


def _by_day(reader: SeatReader, days: Days) -> Iterator[tuple[int, SeatCall]]:
    """The paid calls with the ordinals of their days."""
    for day, span in days_between(days.calendar, days.first, days.last):
        for call in reader.calls(span):
            if not call.is_copy:
                yield day.toordinal(), call


def _gone(
    store: CollectedStore,
    known: Mapping[str, CollectedFile],
    states: Sequence[SeatState],
    folders: Mapping[str, TeamSeat],
    calendar: Calendar,
) -> list[SeatState]:
    """Files that were in a folder of the settings and are gone from it: what was read of them goes on counting.

    One whose calls a file that is there continues was renamed, and is forgotten, as are those of seats that are gone.
    """
    present = {_key(state.file) for state in states}
    there = {state.collected.first_call for state in states if state.collected is not None}
    kept, forgotten = [], []
    for path in known.keys() - present:
        file = _once_in(Path(path), folders)
        if file is None or known[path].first_call in there:
            forgotten.append(path)
            continue
        at = calendar.local(known[path].collected_ms)
        said = f"{file.path.name} is gone from its folder; what was read of it on {short_day(at)} {at:%H:%M} is counted"
        kept.append(SeatState(file, known[path], said))
    if forgotten:
        store.forget(forgotten)
    return sorted(kept, key=lambda state: state.file.seat)


def _once_in(path: Path, folders: Mapping[str, TeamSeat]) -> SeatFile | None:
    """The file as it was found in one of these folders; None if it is in none of them."""
    for order, (name, seat) in enumerate(folders.items()):
        root = seat.path.resolve()
        if path != root and path.is_relative_to(root):
            return file_in_folder(name, seat, path, root, order)
    return None
