"""What is wrong with a seat's files, and how late they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from opencode_tui.clock import DAY_MS
from opencode_tui.money import plural
from opencode_tui.team.collected import CollectedFile
from opencode_tui.team.collecting import SeatState
from opencode_tui.team.merging import Merged


def late_ms(last_sync_ms: int | None, needed_ms: int) -> int:
    """For how long up to a moment nothing is known; 0 for less than a day, and without any data."""
    if last_sync_ms is None:
        return 0
    late = needed_ms - last_sync_ms
    return late if late >= DAY_MS else 0


def unread_sentences(unread: int) -> list[str]:
    """What to say of a seat whose ledger could not read so many rows and calls completely."""
    if not unread:
        return []
    return [f"{plural(unread, 'row')} of its OpenCode could not be read, so that it may have cost more"]


def sentences_of(
    states: Sequence[SeatState], merged: Merged, seats: Mapping[str, Sequence[SeatState]]
) -> Iterator[str]:
    """What is wrong with a seat's files."""
    owners = {state.collected.id: (name, state) for name, found in seats.items() for state in found if state.collected}
    first = states[0]
    for state in states:
        if state.trouble:
            yield state.trouble
        if state.collected is None:
            continue
        if state.collected.id in merged.not_compared:
            yield f"{state.file.path.name} could not be read to compare its calls with those of other files"
        yield from _shared(state, merged, owners)
        if state is not first and not any(loser == state.collected.id for loser, _ in merged.shared):
            yield from _old_copy(state, first)


def _shared(state: SeatState, merged: Merged, owners: Mapping[int, tuple[str, SeatState]]) -> Iterator[str]:
    """What of a file counts in another one instead."""
    assert state.collected is not None
    own, _ = owners[state.collected.id]
    for (loser, winner), count in sorted(merged.shared.items()):
        if loser != state.collected.id or not count:
            continue
        seat, other = owners[winner]
        assert other.collected is not None
        name, place = state.file.path.name, other.file.path.name
        whose = place if seat == own else f"{place} of {seat}"
        calls = f"{plural(count, 'call')} that both have"
        if _is_same(state.collected, other.collected):
            yield f"{name} is the same ledger as {whose}: the {calls} in these weeks are counted once"
        elif state.collected.first_call == other.collected.first_call:
            yield f"{name} is an older copy of {whose}: the {calls} in these weeks are counted once"
        else:
            yield f"{name} has {plural(count, 'call')} in common with {whose}, counted there"


def _old_copy(state: SeatState, first: SeatState) -> Iterator[str]:
    """About a copy that ends before the days of the report."""
    one, other = state.collected, first.collected
    if one is not None and other is not None and one.first_call and one.first_call == other.first_call:
        yield f"{state.file.path.name} is an older copy of {first.file.path.name}"


def _is_same(one: CollectedFile, other: CollectedFile) -> bool:
    return (one.first_call, one.calls, one.last_call_ms) == (other.first_call, other.calls, other.last_call_ms)
