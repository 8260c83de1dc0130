"""State lines: what is wrong, how fresh the snapshot is, and what an empty screen says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal

from msgspec import Struct

from opencode_tui.alerts.rules import rule_of
from opencode_tui.clock import Calendar, short_day
from opencode_tui.config.settings import Settings
from opencode_tui.money import format_usd, plural
from opencode_tui.paths import opencode_data_dir, tilde
from opencode_tui.records.alerts import Alert
from opencode_tui.records.day import Snapshot
from opencode_tui.records.stores import StoreState
from opencode_tui.report.alert_words import level_glyph
from opencode_tui.report.words import amount_text, band_glyph, clock_time, fitting, meter, week_line

LineStyle = Literal["calm", "note", "warning", "cutoff"]
"""The look of a state line."""

POLL_MS = 2_000
"""The time between two polls, unless the settings have another."""
_LIVE_POLLS = 2
"""A snapshot is live if a poll has succeeded within the time of so many."""
_STALE_MS, _STALE_POLLS = 60_000, 5
"""A snapshot is stale if none has for both of these, even if none failed."""


class StateLine(Struct, frozen=True):
    """A state as text, from the longest variant to the shortest."""

    level: LineStyle
    variants: tuple[str, ...]

    def text(self, width: int) -> str:
        return fitting(self.variants, width)


class Failure(Struct, frozen=True):
    """The last poll failed, for this reason; polls have failed since `since_ms`."""

    reason: str
    since_ms: int


class EmptyState(Struct, frozen=True):
    """The text of a screen without data: what is the case, and what to do."""

    title: str
    lines: tuple[str, ...]


def band_banner(snapshot: Snapshot) -> StateLine | None:
    """The line for a day past its warning or cutoff; None for a calm one."""
    if snapshot.band == "calm":
        return None
    line = snapshot.warning_nano if snapshot.band == "warning" else snapshot.cutoff_nano
    spent, limit, glyph = (
        amount_text(snapshot.spent_nano, snapshot.lower_bound),
        format_usd(line),
        band_glyph(snapshot.band),
    )
    verb = ("is" if snapshot.is_today else "was") + " past"
    name = "warning" if snapshot.band == "warning" else "cutoff"
    return StateLine(
        snapshot.band,
        (
            f"{glyph} {spent} {verb} the {name} {limit}",
            f"{glyph} {verb} the {name} {limit}",
            f"{glyph} {name}",
        ),
    )


def store_banner(store: StoreState, today_ms: int | None = None) -> StateLine | None:
    """What is wrong with a store; None if it is live. `today_ms` is when today began, if it is the only store."""
    if store.state == "live":
        return None
    if store.state == "importing":
        bar, share = meter(store.imported, store.total, 12), importing_share(store.imported, store.total)
        count = f"{store.imported:,} of {plural(store.total, 'message')}"
        left = store.left_from_ms
        right = today_ms is not None and left is not None and left < today_ms
        today = "today is already right" if right else "today is not complete yet"
        return StateLine(
            "note",
            (
                f"◌ Importing OpenCode's history {bar} {share} · {count} · newest first, {today}",
                f"◌ Importing {bar} {share} · {today}",
                f"◌ Importing OpenCode's history {bar} {share} · {count}",
                f"◌ Importing history {bar} {share}",
                f"◌ Importing {bar} {share}",
                f"◌ Importing {share}",
            ),
        )
    sentence = store.detail or f"The store {store.path} is {store.state}."
    return StateLine("warning", (f"▲ {sentence}",))


def price_banner(problems: tuple[str, ...]) -> StateLine | None:
    """What cannot be read of OpenCode's prices; None if all can."""
    if not problems:
        return None
    more = f" (+{len(problems) - 1} more: `opencode-tui sync` lists them)" if problems[1:] else ""
    short = f"▲ {plural(len(problems), 'price source')} cannot be read in full"
    return StateLine("warning", (f"▲ {problems[0]}{more}", f"{short}: `opencode-tui sync` says why", short, "▲ prices"))


def failure_banner(failure: Failure, calendar: Calendar) -> StateLine:
    """Why the snapshot is stale."""
    since = clock_time(failure.since_ms, calendar)
    return StateLine("warning", (f"▲ Stale since {since}: {failure.reason}. Trying again; r tries now.",))


def week_state(snapshot: Snapshot) -> StateLine:
    """How the week stands, for a pane that has no room for the panels; without a store what to do."""
    if not snapshot.stores:
        return StateLine("note", ("Run OpenCode once and it appears here by itself", "Run OpenCode once"))
    return StateLine("note", week_line(snapshot.week))


def others_line(alerts: Sequence[Alert]) -> StateLine:
    """How many alerts there are, the most severe first, none of which is about the shown session."""
    level = alerts[0].crossing.level
    count = f"{level_glyph(level)} {plural(len(alerts), 'alert')} elsewhere"
    return StateLine("note" if level == "notice" else level, (f"{count} · e opens the gravest", count))


def says_the_band(alert: Alert | None, snapshot: Snapshot) -> bool:
    """Whether an alert already says that the shown day is past its line."""
    rule = rule_of(alert.crossing) if alert else None
    if alert is None or rule is None or not rule.is_days_budget or alert.crossing.period != snapshot.day.isoformat():
        return False
    return alert.crossing.level == snapshot.band


def banners(
    snapshot: Snapshot | None, failure: Failure | None, calendar: Calendar, alert: Alert | None = None
) -> tuple[StateLine, ...]:
    """The lines above the panels besides the shown alert, the most important first."""
    lines = [failure_banner(failure, calendar)] if failure else []
    if snapshot is not None:
        band = None if says_the_band(alert, snapshot) else band_banner(snapshot)
        lines += [band] if band else []
        if snapshot.guard and snapshot.guard.trouble:
            lines.append(StateLine("warning", (f"▲ {snapshot.guard.trouble}",)))
        today_ms = calendar.start_of(calendar.day(snapshot.taken_ms)) if len(snapshot.stores) == 1 else None
        lines += [line for store in snapshot.stores if (line := store_banner(store, today_ms))]
        prices = price_banner(snapshot.price_problems)
        lines += [prices] if prices else []
    return tuple(lines)


def importing_share(imported: int, total: int) -> str:
    """Such as `34%`; 100% only when everything is imported."""
    return f"{min(imported * 100 // total, 100)}%" if total > 0 else "0%"


def ago(ms: int) -> str:
    """A duration in one unit, such as `5 min ago`."""
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
    poll_ms: int = POLL_MS,
) -> StateLine:
    """Whether the snapshot is current: live for two polls, then said to be older, and in the end stale.

    `polled_ms` is when a poll last succeeded, `poll_ms` the time between two.
    """
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
    if now - read > max(_STALE_MS, _STALE_POLLS * poll_ms):
        return StateLine("warning", (f"▲ stale since {clock_time(read, calendar)}", "▲ stale"))
    if now - read > _LIVE_POLLS * poll_ms:
        return StateLine("note", (f"◌ read {ago(now - read)}", f"◌ {ago(now - read)}"))
    return StateLine("calm", (f"● live, {ago(now - read)}", "● live"))


def looked_in(settings: Settings, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The directories that are searched for OpenCode's stores, with ~ for the home directory."""
    return tuple(tilde(path) for path in settings.data_dirs or (opencode_data_dir(environ),))


def empty_screen(snapshot: Snapshot | None, places: tuple[str, ...]) -> EmptyState | None:
    """What replaces the panels before the first snapshot and on a first run; else None.

    `places` are the directories that were searched.
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
    """The sentence for a day without known spend."""
    if lower_bound:
        return "Nothing known of today yet" if is_today else f"Nothing known of {short_day(day)}"
    return "Nothing spent yet today" if is_today else f"Nothing spent on {short_day(day)}"
