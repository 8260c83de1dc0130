"""The rule `guard`: what keeps the guard from holding is an alert, once for each time that it comes about."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC

from opencode_tui.clock import MINUTE_MS, Calendar
from opencode_tui.guard.troubles import Trouble
from opencode_tui.records.alerts import Cause, Crossing

RULE = "guard"


def guard_crossings(troubles: Iterable[Trouble], now_ms: int) -> tuple[Crossing, ...]:
    """A warning for each trouble that lets calls pass; a notice for one that has weakened the guard for a minute."""
    return tuple(
        Crossing(
            rule=RULE,
            kind="guard",
            level="notice" if trouble.held else "warning",
            subject=trouble.cause,
            period=Calendar(UTC).local(trouble.at_ms).isoformat(timespec="milliseconds"),
            value=0,
            line=0,
            at_ms=trouble.at_ms if trouble.noted else now_ms,
            about=f"{trouble.sentence}; {trouble.remedy}",
        )
        for trouble in troubles
        if not trouble.held or not trouble.noted or now_ms - trouble.at_ms >= MINUTE_MS
    )


def guard_cause(crossing: Crossing) -> Cause:
    return Cause(crossing.about)
