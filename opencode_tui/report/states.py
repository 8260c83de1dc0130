"""What to say when something is the matter: banners, how fresh the picture is, empty screens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

from msgspec import Struct

from opencode_tui.alerts.rules import rule_of
from opencode_tui.clock import Calendar, short_day
from opencode_tui.config.settings import Settings
from opencode_tui.counts import plural
from opencode_tui.money import format_usd
from opencode_tui.paths import opencode_data_dir, tilde
from opencode_tui.records.alerts import Alert
from opencode_tui.records.day import Snapshot
from opencode_tui.records.stores import StoreState
from opencode_tui.report.words import amount, band_glyph, clock_time, fit, meter

LineStyle = Literal["calm", "note", "warning", "cutoff"]
"""How a line should look; its words carry the meaning."""

STALE_AFTER_MS = 60_000
"""A poll that has not come back for so long is not live any more, even if nothing failed."""


class StateLine(Struct, frozen=True):
    """Something to say, from the longest variant to the shortest."""

    level: LineStyle
    variants: tuple[str, ...]

    def text(self, width: int) -> str:
        return fit(self.variants, width)


class Failure(Struct, frozen=True):
    """The last poll failed: why, and since when polls have."""

    reason: str
    since_ms: int


class EmptyState(Struct, frozen=True):
    """A screen without numbers: what is the case, and what to do about it."""

    title: str
    lines: tuple[str, ...]


def band_banner(snapshot: Snapshot) -> StateLine | None:
    """The sentence for a day past its warning or its cutoff; None for a calm one."""
    if snapshot.band == "calm":
        return None
    line = snapshot.warning_nano if snapshot.band == "warning" else snapshot.cutoff_nano
    spent, limit, glyph = amount(snapshot.spent_nano, snapshot.lower_bound), format_usd(line), band_glyph(snapshot.band)
    verb = ("is" if snapshot.is_today else "was") + " past"
    if spent == limit:
        verb = "has reached" if snapshot.is_today else "reached"
    name = "warning" if snapshot.band == "warning" else "cutoff"
    return StateLine(
        snapshot.band,
        (
            f"{glyph} {spent} {verb} the {name} {limit}",
            f"{glyph} {verb} the {name} {limit}",
            f"{glyph} {name}",
        ),
    )


def store_banner(store: StoreState) -> StateLine | None:
    """What is the matter with a store; None when it is live."""
    if store.state == "live":
        return None
    if store.state == "importing":
        bar, share = meter(store.imported, store.total, 12), importing_share(store.imported, store.total)
        count = f"{store.imported:,} of {plural(store.total, 'message')}"
        return StateLine(
            "note",
            (
                f"◌ Importing OpenCode's history {bar} {share} · {count} · newest first, today is already right",
                f"◌ Importing OpenCode's history {bar} {share} · {count}",
                f"◌ Importing history {bar} {share}",
                f"◌ Importing {bar} {share}",
                f"◌ Importing {share}",
            ),
        )
    sentence = store.detail or f"The store {store.path} is {store.state}."
    return StateLine("warning", (f"▲ {sentence}",))


def price_banner(problems: tuple[str, ...]) -> StateLine | None:
    """What of OpenCode's prices cannot be read; None where all can."""
    if not problems:
        return None
    more = f" (+{len(problems) - 1} more: `opencode-tui sync` lists them)" if problems[1:] else ""
    short = f"▲ {plural(len(problems), 'price source')} cannot be read in full"
    return StateLine("warning", (f"▲ {problems[0]}{more}", f"{short}: `opencode-tui sync` says why", short, "▲ prices"))


def failure_banner(failure: Failure, calendar: Calendar) -> StateLine:
    """Why the numbers stand still."""
    since = clock_time(failure.since_ms, calendar)
    return StateLine("warning", (f"▲ Stale since {since}: {failure.reason}. Trying again; r tries now.",))


def says_the_band(alert: Alert | None, snapshot: Snapshot) -> bool:
    """Whether an alert says already that the shown day is past its line."""
    rule = rule_of(alert.crossing) if alert else None
    if alert is None or rule is None or not rule.is_days_budget or alert.crossing.period != snapshot.day.isoformat():
        return False
    return alert.crossing.level == snapshot.band


def banners(
    snapshot: Snapshot | None, failure: Failure | None, calendar: Calendar, alert: Alert | None = None
) -> tuple[StateLine, ...]:
    """All that stands above the panels beside the alert that is shown there, most important first."""
    lines = [failure_banner(failure, calendar)] if failure else []
    if snapshot is not None:
        band = None if says_the_band(alert, snapshot) else band_banner(snapshot)
        lines += [band] if band else []
        if snapshot.guard and snapshot.guard.trouble:
            lines.append(StateLine("warning", (f"▲ {snapshot.guard.trouble}",)))
        lines += [line for store in snapshot.stores if (line := store_banner(store))]
        prices = price_banner(snapshot.price_problems)
        lines += [prices] if prices else []
    return tuple(lines)


def importing_share(imported: int, total: int) -> str:
    """Such as `34%`; 100% only when all of it is there."""
    return f"{min(imported * 100 // total, 100)}%" if total > 0 else "0%"


def ago(ms: int) -> str:
    """How long ago, in one unit."""
    seconds = max(ms, 0) // 1000
    if seconds < 60:
        return f"{seconds} s ago"
    return f"{seconds // 60} min ago" if seconds < 3600 else f"{seconds // 3600} h ago"


def freshness(
    snapshot: Snapshot | None,
    polled_ms: int | None,
    failure: Failure | None,
    now: int,
    calendar: Calendar,
    stale_after_ms: int = STALE_AFTER_MS,
) -> StateLine:
    """How far the numbers can be trusted to be of now. `polled_ms` is when a poll last came back well."""
    if failure is not None:
        return StateLine("warning", (f"▲ stale since {clock_time(failure.since_ms, calendar)}", "▲ stale"))
    if snapshot is None:
        return StateLine("note", ("◌ reading", "◌"))
    if not snapshot.stores:
        return StateLine("note", ("○ no store found", "○ no store"))
    importing = [store for store in snapshot.stores if store.state == "importing"]
    if importing:
        share = importing_share(sum(s.imported for s in importing), sum(s.total for s in importing))
        return StateLine("note", (f"◌ importing {share}", f"◌ {share}"))
    troubled = [store for store in snapshot.stores if store.state != "live"]
    if troubled:
        worst = troubled[0]
        since = f" since {clock_time(worst.since_ms, calendar)}" if worst.since_ms is not None else ""
        return StateLine("warning", (f"▲ {worst.state}{since}", f"▲ {worst.state}"))
    read = max(polled_ms or 0, snapshot.read_ms or 0)
    if now - read > stale_after_ms:
        return StateLine("warning", (f"▲ stale since {clock_time(read, calendar)}", "▲ stale"))
    return StateLine("calm", (f"● live, {ago(now - read)}", "● live"))


def looked_in(settings: Settings, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The directories in which OpenCode's stores are looked for, home written as ~."""
    return tuple(tilde(path) for path in settings.data_dirs or (opencode_data_dir(environ),))


def empty_screen(snapshot: Snapshot | None, places: tuple[str, ...]) -> EmptyState | None:
    """What stands in place of the panels: before the first picture, and on a first run; None otherwise.

    `places` are the directories that were looked in.
    """
    if snapshot is None:
        return EmptyState("Reading OpenCode's store", ("The first look takes a moment.",))
    if snapshot.has_calls:
        return None
    if not snapshot.stores:
        return EmptyState(
            "No OpenCode store found",
            (
                "Looked in:",
                *(f"  {place}" for place in places),
                "",
                "Run OpenCode once and it appears here by itself.",
                "If it is elsewhere, set OPENCODE_TUI_DATA_DIRS or data_dirs in config.toml.",
                "To see this with made-up numbers: opencode-tui --demo",
            ),
        )
    if any(store.state != "live" for store in snapshot.stores):
        return None
    paths = tuple(f"  {store.path}" for store in snapshot.stores)
    return EmptyState(
        "No model calls yet",
        (
            "OpenCode's store is there, but no model has been called:",
            *paths,
            "",
            "Ask OpenCode something; it shows here within seconds.",
        ),
    )


def quiet_day(day: date, is_today: bool, lower_bound: bool = False) -> str:
    """For a day without spend, or without any that is known."""
    if lower_bound:
        return "Nothing known of today yet" if is_today else f"Nothing known of {short_day(day)}"
    return "Nothing spent yet today" if is_today else f"Nothing spent on {short_day(day)}"
