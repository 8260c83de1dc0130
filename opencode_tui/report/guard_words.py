"""The guard's condition in two or three words, and what installing it does."""

from __future__ import annotations

from pathlib import Path

from opencode_tui.clock import Calendar
from opencode_tui.money import format_usd
from opencode_tui.paths import tilde
from opencode_tui.records.day import Guard


def guard_words(guard: Guard | None, calendar: Calendar, now_ms: int) -> str:
    """`guarded`, `not guarded` or `lifted until 15:02`; empty if not known."""
    if guard is None:
        return ""
    if guard.condition == "lifted" and guard.lifted_until_ms is not None:
        return f"lifted until {calendar.moment(guard.lifted_until_ms, now_ms)}"
    return "guarded" if guard.condition == "guarded" else "not guarded"


def guard_line(guard: Guard | None, calendar: Calendar, now_ms: int) -> str:
    """`guarded`, `not guarded` or `guard lifted until 15:02`, with the cutoff if it is raised."""
    words = guard_words(guard, calendar, now_ms)
    words = f"guard {words}" if words.startswith("lifted") else words
    return f"{words}, cutoff {format_usd(guard.cutoff_nano)}" if guard is not None and guard.raised else words


def is_installable(guard: Guard | None) -> bool:
    """Whether installing the guard would change anything."""
    return guard is not None and guard.condition not in ("guarded", "lifted")


def install_sentences(plugin: Path, cutoff_nano: int) -> tuple[str, ...]:
    """What installing the guard does, for the person who is asked for it."""
    return (
        f"The guard is a plugin in OpenCode: past {format_usd(cutoff_nano)} a day it refuses each further model call,"
        " those of subagents as well.",
        f"It is written to {tilde(plugin)}, and its limits beside the ledger. A running OpenCode 2 is held within a"
        " second, OpenCode 1 once it is started again.",
        "The palette (ctrl+p) lifts it for half an hour and raises today's cutoff; `opencode-tui guard remove` takes"
        " it out.",
    )
