"""Controls of the guard: lift it for a while, or raise today's cutoff."""

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
    """Parse `30m`, `2h`, `90s` or `today` into the end of a lift, in Unix milliseconds.

    Raises ValueError with one sentence for other text, a duration of 0, and more than a week.
    """
    if text == "today":
        return day_end(calendar, now_ms)
    found = re.fullmatch(r"([0-9]{1,6})([smh])", text)
    seconds = int(found[1]) * _UNITS_S[found[2]] if found else 0
    if not 0 < seconds * 1000 <= LONGEST_LIFT_MS:
        raise ValueError(f"{text!r} is not a time to lift the guard for; write 90s, 30m, 2h or today, up to a week")
    return now_ms + seconds * 1000


def day_end(calendar: Calendar, now_ms: int) -> int:
    """The start of tomorrow, in Unix milliseconds."""
    return calendar.start_of(calendar.day(now_ms) + timedelta(days=1))


LIFTABLE = ("rate", "loop", "subagent", "budget")
"""What can be lifted by itself; a budget also by its name."""


def lift(file: Path, until_ms: int, what: str = "", now_ms: int = 0) -> GuardState:
    """Let all calls pass until a moment, or those past one kind of limit; 0 ends a lift. Raises StateError.

    `what` is one of LIFTABLE, or `budget NAME`. Raises ValueError for the name of a budget that is not held.
    """
    if not what:
        return change(file, lambda state: replace(state, lifted_until_ms=until_ms))

    def lifted(state: GuardState) -> GuardState:
        known = [str(budget["name"]) for budget in state.held.get("budgets", ())]
        name = what.removeprefix("budget ")
        if name != what and until_ms and name not in known:
            raise ValueError(
                f"there is no budget {name!r} here ({', '.join(known) or 'none is set'}); name one of them"
            )
        others = {each: until for each, until in state.lifts_at(now_ms).items() if each != what}
        return replace(state, lifts={**others, what: until_ms} if until_ms else others)

    return change(file, lifted)


def raise_cutoff(file: Path, cutoff_nano: int, spent_nano: int, calendar: Calendar, now_ms: int) -> GuardState:
    """Set a raised cutoff for today, which may be below an earlier raise.

    Raises ValueError with one sentence for an amount that is not above both the settings' cutoff and today's spend or
    that is out of range, and StateError if the state cannot be read or written.
    """
    if cutoff_nano >= TOO_MUCH_NANO:  # the plugin would ignore an unbounded limit
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
    """End the raise, so that the settings' cutoff is enforced again. Raises StateError."""
    return change(file, lambda state: replace(state, raised=None))
