"""Merges the calls of all files by machine and call, so that each counts once, whatever arrived how often.

Most days of a machine are in one file, or in copies that agree: their sums are taken as they were collected. Only where
files differ about a machine's day are its calls read from each, and what comes of that is kept.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct

from opencode_tui.records.model_key import model_key
from opencode_tui.team.calls import AT_COST, AT_ID, AT_MODEL, AT_PROVIDER, AT_SESSION, SeatCall
from opencode_tui.team.collected import CollectedFile, CollectedStore, DayStamp, FilePart, SummedPart
from opencode_tui.team.collecting import Days, SeatState
from opencode_tui.team.opening import UnreadableFile
from opencode_tui.team.reading import reading

MachineDay = tuple[str, int]
"""A machine and the ordinal of a day."""
_MOST_CALLS = 100_000
"""So many calls are in memory at a time, or those of one day."""


class Merged(Struct, frozen=True):
    """What counts of each file."""

    parts: tuple[FilePart, ...]
    whole: Mapping[MachineDay, int]
    """The file that a machine's day is taken from, where one has all its calls."""
    contested: Mapping[MachineDay, tuple[DayStamp, ...]]
    """The others, with the files that differ; the newest first."""
    shared: Mapping[tuple[int, int], int]
    """How many calls of a file count in another one instead."""
    not_compared: frozenset[int]
    """Files that could not be read to compare their calls with those of the other files of a day."""


def ranked(states: Iterable[SeatState]) -> list[SeatState]:
    """The files with calls, the one that goes furthest first: of a ledger and its older copy, the ledger."""
    return sorted(
        (state for state in states if state.collected is not None),
        key=lambda state: (
            *_furthest(state.collected),
            state.file.order,
            len(state.file.path.name),
            state.file.path.name,
        ),
    )


def _furthest(file: CollectedFile | None) -> tuple[int, int]:
    assert file is not None
    return -(file.last_call_ms or 0), -file.calls


def merge(store: CollectedStore, states: Sequence[SeatState], days: Days, now_ms: int) -> Merged:
    order = ranked(states)
    files = {state.collected.id: state for state in order if state.collected is not None}
    rank = {id: place for place, id in enumerate(files)}
    first, last = days.first.toordinal(), days.last.toordinal()
    by_day: dict[MachineDay, list[DayStamp]] = defaultdict(list)
    for stamp in store.stamps(first, last):
        if stamp.file_id in rank:
            by_day[stamp.machine, stamp.day].append(stamp)
    whole: dict[MachineDay, int] = {}
    contested: dict[MachineDay, tuple[DayStamp, ...]] = {}
    shared: dict[tuple[int, int], int] = defaultdict(int)
    for key, found in by_day.items():
        found.sort(key=lambda each: rank[each.file_id])
        if all(each.stamp == found[0].stamp for each in found):
            whole[key] = found[0].file_id
            for each in found[1:]:
                shared[each.file_id, found[0].file_id] += each.calls
        else:
            contested[key] = tuple(found)
    parts = [each for id in files for each in store.parts(id, first, last) if whole.get((each.machine, each.day)) == id]
    not_compared: set[int] = set()
    for key, result in _settled(store, contested, files, days, now_ms, not_compared):
        parts += (FilePart(id, *key, SummedPart(*rest)) for id, *rest in result["parts"])
        for loser, winner, count in result["shared"]:
            shared[loser, winner] += count
    return Merged(tuple(parts), whole, contested, shared, frozenset(not_compared))


def _settled(
    store: CollectedStore,
    contested: Mapping[MachineDay, tuple[DayStamp, ...]],
    files: Mapping[int, SeatState],
    days: Days,
    now_ms: int,
    not_compared: set[int],
) -> Iterator[tuple[MachineDay, dict[str, list[list[Any]]]]]:
    """What counts of each file on the days on which they differ; worked out once for the same calls."""
    left: dict[MachineDay, tuple[DayStamp, ...]] = {}
    for key, stamps in sorted(contested.items()):
        known = store.worked_out(_name(key, stamps))
        if known is None:
            left[key] = stamps
        else:
            yield key, json.loads(known)
    fresh: dict[str, str] = {}
    for chunk in _chunks(left):
        found, broken = read_days(chunk, files, days)
        not_compared |= broken
        for key, stamps in chunk.items():
            if broken.isdisjoint(each.file_id for each in stamps):
                result = _result(best_calls(stamps, found[key]), files)
                fresh[_name(key, stamps)] = json.dumps(result)
            else:
                result = _without_comparing(store, key, stamps, files)
            yield key, result
    store.keep(fresh, now_ms)


def _name(key: MachineDay, stamps: Sequence[DayStamp]) -> str:
    text = repr((key, [(each.file_id, each.stamp) for each in stamps]))
    return f"day {hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _chunks(
    days: Mapping[MachineDay, tuple[DayStamp, ...]],
) -> Iterator[dict[MachineDay, tuple[DayStamp, ...]]]:
    chunk: dict[MachineDay, tuple[DayStamp, ...]] = {}
    calls = 0
    for key, stamps in days.items():
        many = sum(each.calls for each in stamps)
        if chunk and calls + many > _MOST_CALLS:
            yield chunk
            chunk, calls = {}, 0
        chunk[key] = stamps
        calls += many
    if chunk:
        yield chunk


def read_days(
    wanted: Mapping[MachineDay, Iterable[DayStamp]], files: Mapping[int, SeatState], days: Days
) -> tuple[dict[MachineDay, dict[int, list[SeatCall]]], set[int]]:
    """The calls of these machines' days by file, copies among them, and the files that cannot be read now."""
    by_file: dict[int, set[MachineDay]] = defaultdict(set)
    for key, stamps in wanted.items():
        for each in stamps:
            by_file[each.file_id].add(key)
    found: dict[MachineDay, dict[int, list[SeatCall]]] = defaultdict(dict)
    broken: set[int] = set()
    for id, keys in by_file.items():
        try:
            with reading(files[id].file) as reader:
                for day in sorted({day for _, day in keys}):
                    of_machine: dict[str, list[SeatCall]] = defaultdict(list)
                    for call in reader.calls(days.calendar.span(date.fromordinal(day))):
                        of_machine[call.machine].append(call)
                    for machine, calls in of_machine.items():
                        if (machine, day) in keys:
                            found[machine, day][id] = calls
        except UnreadableFile:
            broken.add(id)
    return found, broken


def best_calls(
    stamps: Sequence[DayStamp], found: Mapping[int, list[SeatCall]]
) -> list[tuple[int, SeatCall, list[int]]]:
    """Each call once: the file that it counts in, the call, and the other files that have it.

    It counts in the file that goes furthest, as that one has it, unless it had not completed there.
    """
    best: dict[str, tuple[int, SeatCall, list[int]]] = {}
    for stamp in stamps:
        for call in found.get(stamp.file_id, ()):
            id = call.fields[AT_ID]
            if id not in best:
                best[id] = (stamp.file_id, call, [])
                continue
            owner, known, others = best[id]
            others.append(stamp.file_id)
            if call.is_completed and not known.is_completed:
                best[id] = (owner, call, others)
    return [each for each in best.values() if not each[1].is_copy]


def _result(
    best: Sequence[tuple[int, SeatCall, list[int]]], files: Mapping[int, SeatState]
) -> dict[str, list[list[Any]]]:
    sums: dict[tuple[int, str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    shared: dict[tuple[int, int], int] = defaultdict(int)
    for owner, call, others in best:
        fields, file = call.fields, files[owner].collected
        session = fields[AT_SESSION] if file is not None and file.share != "sums" else ""
        added = sums[owner, model_key(fields[AT_PROVIDER], fields[AT_MODEL]), call.project, session]
        added[0] += 1
        added[1] += fields[AT_COST]
        for other in others:
            shared[other, owner] += 1
    parts: list[list[Any]] = [[*key, *added] for key, added in sums.items()]
    return {"parts": parts, "shared": [[*pair, count] for pair, count in shared.items()]}


def _without_comparing(
    store: CollectedStore, key: MachineDay, stamps: Sequence[DayStamp], files: Mapping[int, SeatState]
) -> dict[str, list[list[Any]]]:
    """The sums as they were collected: of copies of one ledger those of the furthest, of different ledgers all."""
    machine, day = key
    parts: list[list[Any]] = []
    shared: list[list[Any]] = []
    seen: dict[str, int] = {}
    for stamp in stamps:
        file = files[stamp.file_id].collected
        assert file is not None
        if file.first_call in seen:
            shared.append([stamp.file_id, seen[file.first_call], stamp.calls])
            continue
        seen[file.first_call] = stamp.file_id
        for each in store.parts(stamp.file_id, day, day):
            if each.machine == machine:
                part = each.part
                parts.append([stamp.file_id, part.model, part.project, part.session, part.calls, part.spend_nano])
    return {"parts": parts, "shared": shared}
