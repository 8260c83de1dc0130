"""Why a team's spend changed against the period before: the seats that make up most of it, and on what."""

from __future__ import annotations

from collections.abc import Mapping

from opencode_tui.records.team import SeatPart, TeamChange, TeamReport

Parts = Mapping[str, Mapping[str, int]]
"""By seat, the change of each model or project in nano-dollars."""

_MOST = 3
_ENOUGH = 0.6
"""The share of a change that has to be explained, and by one model or project to be named."""


def team_changes(report: TeamReport, models: Parts, projects: Parts) -> tuple[TeamChange, ...]:
    """Up to three seats whose changes make up most of the team's, the largest first."""
    found = sorted(
        ((nano, seat) for seat in report.seats if (nano := report.change_of(seat))),
        key=lambda each: (-abs(each[0]), each[1].name),
    )
    all_nano = sum(abs(nano) for nano, _ in found)
    changes: list[TeamChange] = []
    for nano, seat in found[:_MOST]:
        if changes and sum(abs(each.nano) for each in changes) >= _ENOUGH * all_nano and len(changes) > 1:
            break
        changes.append(
            TeamChange(
                seat.name, _main(models.get(seat.name, {}), nano), _main(projects.get(seat.name, {}), nano), nano
            )
        )
    return tuple(changes)


def _main(changes: Mapping[str, int], whole: int) -> str:
    """The one that makes up most of a change; empty if none does."""
    key = max(changes, key=lambda each: (changes[each] * (1 if whole > 0 else -1), each), default="")
    return key if key and changes[key] * (1 if whole > 0 else -1) >= _ENOUGH * abs(whole) else ""


def ranked_parts(now: Mapping[str, tuple[int, int]], before: Mapping[str, int]) -> tuple[SeatPart, ...]:
    """The parts of a period, the costliest first; each of `now` has its spend and its calls."""
    parts = [SeatPart(key, spend, calls, before.get(key, 0)) for key, (spend, calls) in now.items()]
    return tuple(sorted(parts, key=lambda part: (-part.spend_nano, -part.calls, part.key)))
