"""Subagents and periods written down in few words, for tests of insight rules; see also work.py."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from typing import Any

from opencode_tui.analysis.insights.rule import PeriodRule
from opencode_tui.clock import DAY_MS, HOUR_MS, MINUTE_MS, Calendar, Span
from opencode_tui.money import nano_from_usd
from opencode_tui.records.calls import Tokens
from opencode_tui.records.insights import Finding
from opencode_tui.records.work import ChildWork, PeriodWork, QuarterShare, SessionShare
from tests.support.watched import DAY_START, NOON
from tests.support.work import KIMI, RATES


def child(cost: str = "0.10", *, id: str = "ses_a", parent: str = "ses_1", depth: int = 1, **fields: Any) -> ChildWork:
    """A subagent that explored; its first call cost a tenth of it."""
    nano = nano_from_usd(cost)
    known = {"title": f"Look at {id}", "agent": "explore", "model": KIMI, "task": "exploration", "calls": 4}
    times = {"started_ms": NOON, "last_ms": NOON + MINUTE_MS, "tokens": Tokens(input=10_000, output=1000)}
    more = {"first_nano": nano // 10, "call_ids": (f"{id}.c1", f"{id}.c2")}
    return ChildWork(
        **{"id": id, "parent_id": parent, "depth": depth, "nano": nano, **known, **times, **more, **fields}
    )


def share(id: str = "ses_1", cost: str = "1.00", **fields: Any) -> SessionShare:
    """What a session spent in the period."""
    known = {"title": f"Title of {id}", "parent_id": None, "fork_of": None, "project": "/home/dev/shop"}
    times = {"calls": 10, "first_ms": NOON, "last_ms": NOON + HOUR_MS, "kind_of_use": "interactive"}
    return SessionShare(**{"id": id, "nano": nano_from_usd(cost), "is_deleted": False, **known, **times, **fields})


def quarter(at: str, cost: str = "0.10", *, id: str = "ses_1", **fields: Any) -> QuarterShare:
    """What a session spent from `hour:minute` on, of the first day or, with `+1` before it, of the second."""
    day, _, clock = at.rpartition(" ")
    hours, minutes = map(int, clock.split(":"))
    start = DAY_START + int(day or 0) * DAY_MS + hours * HOUR_MS + minutes * MINUTE_MS
    known = {"model": KIMI, "agent": "build", "calls": 2, "tokens": Tokens(input=2000, output=100)}
    return QuarterShare(**{"start_ms": start, "session_id": id, "nano": nano_from_usd(cost), **known, **fields})


def period(
    shares: Iterable[SessionShare] = (), quarters: Iterable[QuarterShare] = (), days: int = 7, **fields: Any
) -> PeriodWork:
    """A period in UTC from the Wednesday of `watched.NOON` on."""
    span = Span(DAY_START, DAY_START + days * DAY_MS)
    return PeriodWork(span, Calendar(UTC), tuple(shares), tuple(quarters), **{"rates": RATES, **fields})


def found_in(rule: PeriodRule, work: PeriodWork, **settings: int) -> list[Finding]:
    """What a rule finds in a period with these thresholds; the others have their defaults."""
    return list(rule.find(work, settings)) if rule.is_on(settings) else []
