"""Texts of a snapshot, for the screen and the command line.

Functions that return a tuple give their text from the longest variant to the shortest; `fitting` picks one.
"""

from __future__ import annotations

from datetime import date
from itertools import accumulate
from unicodedata import combining, east_asian_width

from opencode_tui.clock import Calendar, short_day
from opencode_tui.money import format_usd, plural
from opencode_tui.records.day import Band, Snapshot, Week

JUST_NOW_MS = 2_000
"""A state that began no longer ago than this is said without its time: the process has only just looked."""
_GLYPHS: dict[Band, str] = {"calm": "●", "warning": "▲", "cutoff": "■"}


def fitting(variants: tuple[str, ...], width: int) -> str:
    """The first variant that takes at most `width` cells, else the last one cut to it with an ellipsis.

    Empty if there are no variants.
    """
    for variant in variants:
        if text_cells(variant) <= width:
            return variant
    if not variants or width <= 0:
        return ""
    ends = accumulate(map(text_cells, variants[-1]))
    return "".join(letter for letter, end in zip(variants[-1], ends, strict=True) if end < width) + "…"


def text_cells(text: str) -> int:
    """The text's width in terminal cells: a letter of Chinese takes two, a combining mark none.

    Without the tables of `wcwidth`, which would slow down every command.
    """
    if text.isascii():
        return len(text)
    return sum(2 if east_asian_width(letter) in "WF" else not combining(letter) for letter in text)


def band_glyph(band: Band) -> str:
    return _GLYPHS[band]


def day_title(day: date) -> tuple[str, ...]:
    """Such as `Wed 13 May 2026 · W20`."""
    week = f"W{day.isocalendar().week}"
    return (f"{short_day(day)} {day.year} · {week}", f"{short_day(day)} · {week}", short_day(day))


def clock_time(ms: int, calendar: Calendar) -> str:
    """Such as `16:02`."""
    return calendar.local(ms).strftime("%H:%M")


def meter(part: int, whole: int, cells: int) -> str:
    """A bar of ▰ and ▱; any part above 0 shows one ▰, and only a whole shows all of them."""
    if whole <= 0 or part <= 0:
        return "▱" * cells
    filled = min(max(part * cells // whole, 1), cells)
    return "▰" * filled + "▱" * (cells - filled)


def amount_text(nano: int, lower_bound: bool = False) -> str:
    """An amount, with `≥` before a lower bound."""
    return f"≥{format_usd(nano)}" if lower_bound else format_usd(nano)


def remedy_text(remedy: str) -> tuple[str, ...]:
    """What to do, from the longest variant to the shortest; empty if nothing is known."""
    return (f"→ {remedy}", f"→ {remedy.partition(': ')[0]}") if remedy else ()


def limits(snapshot: Snapshot) -> tuple[str, str]:
    """The warning and the cutoff, such as `$0.80 warn` and `$1.50 cut`."""
    return f"{format_usd(snapshot.warning_nano)} warn", f"{format_usd(snapshot.cutoff_nano)} cut"


def crossing_text(snapshot: Snapshot, calendar: Calendar) -> tuple[str, ...]:
    """When the lines that are still ahead are crossed at the current rate."""
    if snapshot.band == "cutoff":
        return ("past the cutoff",)
    ahead = snapshot.cutoff_at_ms
    cutoff = f"cutoff {clock_time(ahead, calendar)}" if ahead is not None else ""
    if snapshot.band == "warning":
        return (cutoff or "cutoff not today",)
    if snapshot.warning_at_ms is None:
        return ("warning not today",)
    warning = f"warning {clock_time(snapshot.warning_at_ms, calendar)}"
    return (f"{warning} · {cutoff}", warning) if cutoff else (warning,)


def crossing_sign(snapshot: Snapshot, calendar: Calendar) -> str:
    """When the next line is crossed, in seven cells: such as `▲ 18:03`; empty if it is not crossed today."""
    name: Band = "warning" if snapshot.band == "calm" else "cutoff"
    at_ms = snapshot.warning_at_ms if name == "warning" else snapshot.cutoff_at_ms
    return f"{band_glyph(name)} {clock_time(at_ms, calendar)}" if at_ms is not None and snapshot.band != name else ""


def is_unknown(snapshot: Snapshot) -> bool:
    """Whether the day's spend is not known to its end, because a store cannot be read."""
    return snapshot.is_today and any(store.state not in ("live", "importing") for store in snapshot.stores)


def unknown_since(snapshot: Snapshot, calendar: Calendar) -> str:
    """Such as `unknown since 14:02`; without the time if it is not known or just now."""
    times = [each.since_ms for each in snapshot.stores if each.since_ms is not None and each.state != "importing"]
    if not times or snapshot.taken_ms - min(times) < JUST_NOW_MS:
        return "unknown"
    return f"unknown since {calendar.moment(min(times), snapshot.taken_ms)}"


def spent_text(snapshot: Snapshot, calendar: Calendar) -> str:
    """The day's spend; `unknown since 14:02` if there is none that is known and a store cannot be read."""
    if is_unknown(snapshot) and not snapshot.spent_nano:
        return unknown_since(snapshot, calendar)
    return amount_text(snapshot.spent_nano, snapshot.lower_bound)


def shown_band(snapshot: Snapshot) -> Band:
    """The band to show: a day that is not known to its end, or without a store, is at least a warning."""
    doubtful = is_unknown(snapshot) or (snapshot.is_today and not snapshot.stores and snapshot.lower_bound)
    return "warning" if snapshot.band == "calm" and doubtful else snapshot.band


def pace(snapshot: Snapshot, calendar: Calendar) -> tuple[str, ...]:
    """The run rate and the next crossings; empty for a past day."""
    if not snapshot.is_today:
        return ()
    if not snapshot.calls and not snapshot.spent_nano:
        return ("nothing known of today yet" if snapshot.lower_bound else "nothing spent yet today",)
    if not snapshot.rate_nano:
        return (f"nothing in the last hour · {crossing_text(snapshot, calendar)[-1]}", "nothing in the last hour")
    rate = amount_text(snapshot.rate_nano, snapshot.rate_lower_bound)
    ahead = crossing_text(snapshot, calendar)
    long = tuple(f"{rate} in the last hour · {text}" for text in ahead)
    return (*long, f"{rate}/h · {ahead[-1]}")


def money_line(snapshot: Snapshot | None, calendar: Calendar) -> tuple[str, ...]:
    """Today's figure for a header, its line, rate and next crossing, from the longest variant to the shortest.

    Empty before the first snapshot and while another day is shown. Such as `▲ $0.74 of $1.50 · $0.07/h · cutoff 22:50`.
    """
    if snapshot is None or not snapshot.is_today:
        return ()
    figure = f"{band_glyph(shown_band(snapshot))} {spent_text(snapshot, calendar)}"
    if is_unknown(snapshot):
        since = unknown_since(snapshot, calendar)
        return (f"{figure} · {since}", figure) if snapshot.spent_nano else (figure,)
    line = f"{figure} of {format_usd(snapshot.cutoff_nano)}"
    if not snapshot.rate_nano:
        return line, figure
    pace = f"{line} · {amount_text(snapshot.rate_nano, snapshot.rate_lower_bound)}/h"
    sign = crossing_sign(snapshot, calendar)
    signed = (f"{pace} · {sign}", f"{pace} {sign}") if sign else ()
    return f"{pace} · {crossing_text(snapshot, calendar)[-1]}", *signed, pace, line, figure


def activity_text(snapshot: Snapshot) -> tuple[str, ...]:
    """The numbers of sessions, subagents, active sessions and calls."""
    if not snapshot.calls:
        return ("no calls",)
    sessions, calls = plural(snapshot.sessions, "session"), plural(snapshot.calls, "call")
    active = f", {snapshot.active_sessions} active" if snapshot.active_sessions else ""
    subagents = f" + {plural(snapshot.subagents, 'subagent')}" if snapshot.subagents else ""
    return (
        f"{sessions}{subagents}{active} · {calls}",
        f"{sessions}{active} · {calls}",
        f"{sessions} · {calls}",
        calls,
    )


def notes(snapshot: Snapshot) -> tuple[str, ...]:
    """What the total excludes: aborted, running and copied calls; empty if there are none."""
    aborted, running, copied = snapshot.aborted_calls, snapshot.running_calls, snapshot.copied_calls
    rest = [f"{running:,} running"] if running else []
    rest += [f"{copied:,} copied, counted once"] if copied else []
    short = [f"{running:,} running"] if running else []
    short += [f"{copied:,} copied"] if copied else []
    if not aborted:
        return (" · ".join(rest), " · ".join(short)) if rest else ()
    least = f"at least: {plural(aborted, 'aborted call')}"
    brief = f"at least: {aborted:,} aborted"
    return tuple(" · ".join([head, *tail]) for head, tail in ((least, rest), (brief, short), (brief, [])))


def unreadable_text(snapshot: Snapshot) -> tuple[str, ...]:
    """How many rows could not be read, and why; empty if all could."""
    if not snapshot.unreadable_rows:
        return ()
    head = f"{plural(snapshot.unreadable_rows, 'row')} unreadable"
    reasons = ", ".join(f"{reason} ({count:,})" for reason, count in snapshot.unreadable_reasons)
    first = snapshot.unreadable_reasons[0][0] if snapshot.unreadable_reasons else ""
    return (f"{head}: {reasons}", f"{head}: {first}", head) if reasons else (head,)


def list_price(snapshot: Snapshot) -> tuple[str, ...]:
    """The list price of what was not billed; empty if everything was."""
    if snapshot.list_nano <= 0:
        return ()
    listed = format_usd(snapshot.list_nano)
    return (f"+{listed} at list price, not billed", f"+{listed} list, not billed", f"+{listed} not billed")


def verdict(week: Week) -> str:
    """The week's verdict, with a glyph unless it is on pace."""
    if week.lower_bound and week.verdict == "on pace":
        return "on pace as far as known"
    return {"on pace": "on pace", "over pace": "▲ over pace", "over target": "■ over target"}[week.verdict]


def week_line(week: Week) -> tuple[str, ...]:
    """Such as `week $3.18 of $7.00 ▰▰▰▰▱▱▱▱ on pace`."""
    spent, target, judged = amount_text(week.spend_nano, week.lower_bound), format_usd(week.target_nano), verdict(week)
    bar = meter(week.spend_nano, week.target_nano, 8)
    return (
        f"week {spent} of {target} {bar} {judged}",
        f"week {spent} of {target} · {judged}",
        f"week {spent} · {judged}",
        f"week {judged}",
    )
