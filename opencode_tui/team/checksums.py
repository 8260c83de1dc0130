"""The checksum of a seat's calls: the SHA-256 that the seat's own `report` of that period gives."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from opencode_tui.team.calls import AT_CREATED, AT_ID, SeatCall
from opencode_tui.team.collected import CollectedStore, DayStamp
from opencode_tui.team.collecting import Days, SeatState
from opencode_tui.team.merging import MachineDay, Merged, best_calls, read_days

_encoded = msgspec.json.Encoder().encode


def checksums(
    store: CollectedStore,
    seats: Mapping[str, Sequence[SeatState]],
    merged: Merged,
    days: Days,
    now_ms: int,
) -> dict[str, str]:
    """By seat; empty for one whose files cannot be read now, without calls that of nothing."""
    files = {state.collected.id: state for states in seats.values() for state in states if state.collected is not None}
    by_file = _wanted(store, merged, days)
    found, fresh = {}, {}
    for name, states in seats.items():
        own = {state.collected.id for state in states if state.collected is not None}
        if not own:
            found[name] = ""
            continue
        wanted = {key: stamps for id in own for key, stamps in by_file.get(id, {}).items()}
        cached = _name(wanted, own)
        known = store.worked_out(cached)
        if known is None:
            known = _checksum(wanted, own, files, days)
            if known:
                fresh[cached] = known
        found[name] = known
    store.keep(fresh, now_ms)
    return found


def _wanted(store: CollectedStore, merged: Merged, days: Days) -> dict[int, dict[MachineDay, tuple[DayStamp, ...]]]:
    """By file, the days that it has calls of, with the files that their calls are to be read from."""
    first, last = days.first.toordinal(), days.last.toordinal()
    found: dict[int, dict[MachineDay, tuple[DayStamp, ...]]] = defaultdict(dict)
    for each in store.stamps(first, last):
        key = (each.machine, each.day)
        if merged.whole.get(key) == each.file_id:
            found[each.file_id][key] = (each,)
        elif key in merged.contested:
            found[each.file_id][key] = merged.contested[key]
    return found


def _name(wanted: Mapping[MachineDay, Sequence[DayStamp]], own: set[int]) -> str:
    days = [(key, [(each.file_id, each.stamp) for each in found]) for key, found in sorted(wanted.items())]
    text = repr((days, sorted(own)))
    return f"checksum {hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _checksum(
    wanted: Mapping[MachineDay, Sequence[DayStamp]], own: set[int], files: Mapping[int, SeatState], days: Days
) -> str:
    """A day's calls are in memory at a time; the files are read once for each week of days."""
    everything = hashlib.sha256()
    ordered = sorted({day for _, day in wanted})
    for start in range(0, len(ordered), 7):
        week = set(ordered[start : start + 7])
        calls, broken = read_days({key: found for key, found in wanted.items() if key[1] in week}, files, days)
        if broken:
            return ""
        for day in sorted(week):
            of_day: list[SeatCall] = []
            for key, found in wanted.items():
                if key[1] == day:
                    of_day += (call for id, call, _ in best_calls(found, calls[key]) if id in own)
            for call in sorted(of_day, key=lambda call: (call.fields[AT_CREATED], call.fields[AT_ID])):
                everything.update(_encoded(call.fields) + b"\n")
    return everything.hexdigest()
