"""Which files make up a seat: those of a name in the settings, and in a folder the copies of one ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from opencode_tui.team.collecting import SeatState
from opencode_tui.team.merging import ranked


def seats_of(states: Sequence[SeatState]) -> dict[str, list[SeatState]]:
    """The files of each seat, the one that goes furthest first; a folder with one seat lends it its name.

    Two files of a folder whose first calls are the same are copies of one ledger, whatever they are called.
    """
    order = {id(state): place for place, state in enumerate(ranked(states))}
    seats: dict[str, list[SeatState]] = defaultdict(list)
    lineages: dict[tuple[str, str], str] = {}
    for state in sorted(states, key=lambda state: order.get(id(state), len(states))):
        file, name = state.file, state.file.seat
        if file.group and state.collected is not None and state.collected.first_call:
            name = lineages.setdefault((file.group, state.collected.first_call), name)
        seats[name].append(state)
    return _short(seats)


def _short(seats: Mapping[str, list[SeatState]]) -> dict[str, list[SeatState]]:
    of_group: dict[str, list[str]] = defaultdict(list)
    for name, states in seats.items():
        of_group[states[0].file.group].append(name)
    alone = {names[0]: group for group, names in of_group.items() if group and len(names) == 1 and group not in seats}
    return {alone.get(name, name): states for name, states in seats.items()}
