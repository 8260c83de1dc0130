"""Names the calls that a period's findings are about, where other findings are about the same sessions.

A finding of a period is a whole session's or that of some quarters of an hour, so that it needs no call to be read. In
a session that another finding is about as well, they have to be known, to count their money once (see `claims.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from msgspec import Struct
from msgspec.structs import replace

from opencode_tui.analysis.call_figures import NIGHT, SHARE, listed, named
from opencode_tui.clock import MINUTE_MS
from opencode_tui.money import apportion
from opencode_tui.records.insights import Finding, QuarterCost

_QUARTER_MS = 15 * MINUTE_MS


class SharedCall(Struct, frozen=True, gc=False):
    """A paid call of a period."""

    id: str
    session_id: str
    created_ms: int
    nano: int
    is_undone: bool = False
    """It was taken back in OpenCode."""


def shared_sessions(findings: Iterable[Finding], session_of: Mapping[str, str]) -> set[str]:
    """The sessions that several findings are about, at least one of which names no calls.

    `session_of` has the session of each call that is not of its finding's session, as those of subagents are.
    """
    seen: set[str] = set()
    shared: set[str] = set()
    unnamed: set[str] = set()
    for finding in findings:
        touched = {finding.session_id, *(each.session_id for each in finding.quarters)}
        touched |= {session_of[id] for id in finding.calls if id in session_of}
        if not finding.calls:
            unnamed |= touched
        shared |= touched & seen
        seen |= touched
    return (shared & unnamed) - {""}


def with_their_calls(findings: Iterable[Finding], calls: Iterable[SharedCall]) -> Iterator[Finding]:
    """The findings of a period, each with those of these calls that it is about and what it has of each one's cost.

    The calls are those of the sessions that are shared, in order of time.
    """
    of_session: dict[str, list[SharedCall]] = defaultdict(list)
    in_quarter: dict[tuple[str, int], list[SharedCall]] = defaultdict(list)
    for call in calls:
        of_session[call.session_id].append(call)
        in_quarter[call.session_id, call.created_ms // _QUARTER_MS].append(call)
    for finding in findings:
        night: dict[str, int] = {}
        if finding.quarters:
            shares, night = _shares_of_quarters(finding.quarters, in_quarter)
        else:
            own = of_session.get(finding.session_id, ())
            shares = {each.id: each.nano for each in own if each.is_undone == finding.is_undone}
        if not shares:
            yield finding
            continue
        figures = {**finding.figures, named(SHARE): listed(shares.values())}
        if night:
            figures[named(NIGHT)] = listed(night.get(id, 0) for id in shares)
        yield replace(finding, calls=tuple(shares), figures={**figures, "count": len(shares)})


def _shares_of_quarters(
    quarters: Iterable[QuarterCost], in_quarter: Mapping[tuple[str, int], Sequence[SharedCall]]
) -> tuple[dict[str, int], dict[str, int]]:
    """(what some quarters of an hour have of each call, what of that was spent at night), in nano-dollars by call."""
    costs: dict[tuple[str, int], int] = defaultdict(int)
    nights: set[tuple[str, int]] = set()
    for part in quarters:
        costs[part.session_id, part.start_ms] += part.nano
        if part.is_night:
            nights.add((part.session_id, part.start_ms))
    shares: dict[str, int] = {}
    night: dict[str, int] = {}
    for (session_id, start_ms), nano in costs.items():
        calls = in_quarter.get((session_id, start_ms // _QUARTER_MS), ())
        of_part = _shares([each for each in calls if each.created_ms >= start_ms], nano)
        shares |= of_part
        night |= of_part if (session_id, start_ms) in nights else {}
    return shares, night


def _shares(calls: Sequence[SharedCall], nano: int) -> dict[str, int]:
    """The first calls that cost just so much, as of a piece of a quarter; else such a part of each of them."""
    nanos = tuple(each.nano for each in calls)
    for many, cost in enumerate(accumulate(nanos), 1):
        if cost == nano:
            return {each.id: each.nano for each in calls[:many]}
    return dict(zip((each.id for each in calls), apportion(min(nano, sum(nanos)), nanos), strict=True))
