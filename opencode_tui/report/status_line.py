"""The day in one line for tmux's status bar, with tmux's colour codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from string import Formatter

from opencode_tui.clock import Calendar
from opencode_tui.money import format_usd
from opencode_tui.records.day import Band, Snapshot
from opencode_tui.records.privacy.harmless import for_tmux
from opencode_tui.report.guard_words import guard_words
from opencode_tui.report.words import amount_text, band_glyph, is_unknown, shown_band, spent_text

UNKNOWN_FORMAT = "{color}{glyph} {spent}#[default]"
"""Replaces the default while nothing is known of the day."""
DEFAULT_FORMAT = "{color}{glyph} {spent}#[default] of {cutoff} · {rate}/h"
_COLOURS: Mapping[Band, str] = {"calm": "#[fg=green]", "warning": "#[fg=yellow]", "cutoff": "#[fg=red]"}

PLACEHOLDERS: Mapping[str, Callable[[Snapshot, Calendar], str]] = {
    "spent": lambda now, calendar: spent_text(now, calendar),
    "warning": lambda now, _: format_usd(now.warning_nano),
    "cutoff": lambda now, _: format_usd(now.cutoff_nano),
    "band": lambda now, _: now.band,
    "rate": lambda now, _: amount_text(now.rate_nano, now.rate_lower_bound),
    "week": lambda now, _: amount_text(now.week.spend_nano, now.week.lower_bound),
    "target": lambda now, _: format_usd(now.week.target_nano),
    "sessions": lambda now, _: f"{now.sessions:,}",
    "active": lambda now, _: f"{now.active_sessions:,}",
    "calls": lambda now, _: f"{now.calls:,}",
    "glyph": lambda now, _: band_glyph(shown_band(now)),
    "color": lambda now, _: _COLOURS[shown_band(now)],
    "guard": lambda now, calendar: for_tmux(guard_words(now.guard, calendar, now.taken_ms)),
    "model": lambda now, _: for_tmux(now.models[0].key if now.models else ""),
    "alert": lambda now, _: for_tmux(now.alerts[0].text if now.alerts else ""),
}
"""The text of each placeholder, by its name."""


def placeholders(format: str) -> set[str]:
    """The placeholders of a format. Raises ValueError with one sentence for an invalid format."""
    try:
        parts = [(name, spec, conversion) for _, name, spec, conversion in Formatter().parse(format)]
    except ValueError as error:
        raise ValueError(f"{str(error).lower()}; write {{{{ and }}}} for a brace that stands for itself") from None
    names = {name for name, _, _ in parts if name is not None}
    odd = [name for name, spec, conversion in parts if name is not None and (spec or conversion)]
    if unknown := sorted(names - PLACEHOLDERS.keys()):
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise ValueError(f"there is no {{{unknown[0]}}}; there are {known}")
    if odd:
        raise ValueError(f"{{{odd[0]}}} stands by itself; leave out what follows its name, after : or !")
    return names


def status_line(snapshot: Snapshot, calendar: Calendar, format: str = DEFAULT_FORMAT) -> str:
    """Fill the format; `≥` marks amounts that are lower bounds."""
    if format == DEFAULT_FORMAT and is_unknown(snapshot) and not snapshot.spent_nano:
        format = UNKNOWN_FORMAT
    return "".join(
        text + (PLACEHOLDERS[name](snapshot, calendar) if name is not None else "")
        for text, name, _, _ in Formatter().parse(format)
    )
