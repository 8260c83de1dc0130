"""What a person does to a guard: lift it for a while, or raise the day's cutoff."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from msgspec.structs import replace

from opencode_tui.clock import Calendar
from opencode_tui.config.values import TOO_MUCH_NANO
from opencode_tui.guard.state import LONGEST_LIFT_MS, GuardState, Raised, change
from opencode_tui.money import format_usd

_UNITS_S = {"s": 1, "m": 60, "h": 3600}


def lift_end(text: str, calendar: Calendar, now_ms: int) -> int:
    """When a lift for `30m`, `2h`, `90s` or `today` ends, in Unix milliseconds.

    Raises ValueError with one sentence for another text, for nothing at all and for more than a week.
    """
    if text == "today":
        return day_end(calendar, now_ms)
    found = re.fullmatch(r"([0-9]{1,6})([smh])", text)
    seconds = int(found[1]) * _UNITS_S[found[2]] if found else 0
    if not 0 < seconds * 1000 <= LONGEST_LIFT_MS:
        raise ValueError(f"{text!r} is not a time to lift the guard for; write 90s, 30m, 2h or today, up to a week")
    return now_ms + seconds * 1000


def day_end(calendar: Calendar, now_ms: int) -> int:
    """The first moment of tomorrow, in Unix milliseconds."""
    return calendar.start_of(calendar.day(now_ms) + timedelta(days=1))


def lift(file: Path, until_ms: int) -> GuardState:
    """Refuse nothing until a moment; 0 ends a lift. Raises StateError."""
    return change(file, lambda state: replace(state, lifted_until_ms=until_ms))


def raise_cutoff(file: Path, cutoff_nano: int, spent_nano: int, calendar: Calendar, now_ms: int) -> GuardState:
    """Raise the cutoff for today; one that was raised already may be raised to less.

    Raises ValueError with one sentence for an amount that is not above the settings' cutoff and what is spent, and
    for one that no setting could be; StateError where the state cannot be read or written.
    """
    if cutoff_nano >= TOO_MUCH_NANO:  # one without end would be no limit to the plugin
        raise ValueError(f"a cutoff is below {format_usd(TOO_MUCH_NANO)}; name a lower amount")

    def raised(state: GuardState) -> GuardState:
        for line, nano in (("the cutoff", state.cutoff_nano), ("what is spent today,", spent_nano)):
            if cutoff_nano <= nano:
                raise ValueError(
                    f"{format_usd(cutoff_nano)} is not above {line} {format_usd(nano)}; name a higher amount"
                )
        return replace(state, raised=Raised(cutoff_nano, day_end(calendar, now_ms)))

    return change(file, raised)


def unraise(file: Path) -> GuardState:
    """Hold the settings' cutoff again. Raises StateError."""
    return change(file, lambda state: replace(state, raised=None))
