"""The figures of a breakdown as text, for its table and for two rows side by side."""

from __future__ import annotations

from collections.abc import Callable

from opencode_tui.money import format_usd, plural, share, tokens_text
from opencode_tui.paths import last_part
from opencode_tui.records.breakdown import Breakdown, BreakdownRow, Measures, Percentiles
from opencode_tui.records.privacy.harmless import shown_id
from opencode_tui.records.repricing import RepricedWork
from opencode_tui.report.turn_words import duration_text
from opencode_tui.report.words import amount_text

NOTHING = "—"
"""A figure that is not known, or means nothing here."""


def row_name(breakdown: Breakdown, key: str, dimension: str) -> str:
    """What a row is called: a session's title, a project's last part, an hour's span."""
    if dimension == "session":
        return breakdown.titles.get(key) or shown_id(key)
    if dimension == "project":
        return last_part(key) or key
    return f"{key}:00" if dimension == "hour" else key or NOTHING


def share_text(part: int, whole: int) -> str:
    return f"{share(part, whole):.0%}"


def ratio_text(rate: float | None) -> str:
    return NOTHING if rate is None else f"{rate:.0%}"


def saved_text(measures: Measures) -> str:
    """What the cache saved; `—` where there was no cache, or no call has a known rate."""
    tokens = measures.tokens
    is_known = measures.saved_nano or measures.input_nano or measures.output_nano or measures.cache_nano
    return format_usd(measures.saved_nano) if is_known and (tokens.cache_read or tokens.cache_write) else NOTHING


def seconds_text(seconds: Percentiles | None) -> str:
    """The median and the 95th percentile, such as `8.2s · 14s`."""
    return NOTHING if seconds is None else f"{_second(seconds.median)} · {_second(seconds.high)}"


def median_text(seconds: Percentiles | None) -> str:
    """The median alone, such as `8.2s`."""
    return NOTHING if seconds is None else _second(seconds.median)


def speeds_text(speed: Percentiles | None) -> str:
    """The median and the 95th percentile of the tokens a second, such as `118 · 489`."""
    return NOTHING if speed is None else f"{speed.median:,.0f} · {speed.high:,.0f}"


def count_text(count: int | None) -> str:
    return NOTHING if count is None else f"{count:,}"


def per_turn_text(measures: Measures) -> str:
    return format_usd(measures.spend_nano // measures.turns) if measures.turns else NOTHING


def tool_time_text(measures: Measures) -> str:
    return NOTHING if measures.tool_ms is None else duration_text(measures.tool_ms)


def _second(seconds: float) -> str:
    return f"{seconds:.1f}s" if seconds < 10 else duration_text(round(seconds * 1000))


MEASURES: tuple[tuple[str, Callable[[Measures], str]], ...] = (
    ("spend", lambda of: amount_text(of.spend_nano)),
    ("not billed, at list price", lambda of: amount_text(of.list_nano)),
    ("calls", lambda of: count_text(of.calls)),
    ("sessions", lambda of: count_text(of.sessions)),
    ("subagents", lambda of: count_text(of.subagents)),
    ("turns", lambda of: count_text(of.turns)),
    ("cost a turn", per_turn_text),
    ("cost a call", lambda of: format_usd(of.spend_nano // of.calls) if of.calls else NOTHING),
    ("input", lambda of: tokens_text(of.tokens.input)),
    ("output", lambda of: tokens_text(of.tokens.output)),
    ("reasoning", lambda of: tokens_text(of.tokens.reasoning)),
    ("cache read", lambda of: tokens_text(of.tokens.cache_read)),
    ("cache write", lambda of: tokens_text(of.tokens.cache_write)),
    ("cache hit rate", lambda of: ratio_text(of.hit_rate)),
    ("saved by the cache", saved_text),
    ("seconds a call", lambda of: seconds_text(of.seconds)),
    ("tokens a second", lambda of: speeds_text(of.speed)),
    ("errors", lambda of: count_text(of.errors)),
    ("retries", lambda of: count_text(of.retries)),
    ("aborted", lambda of: count_text(of.aborted)),
    ("turns with edits", lambda of: count_text(of.edit_turns)),
    ("of them at the first go", lambda of: ratio_text(of.one_shot_rate)),
    ("files edited again", lambda of: count_text(of.edit_retries)),
)
"""The name and the text of each measure, in the order in which two rows are compared."""


def breakdown_status(breakdown: Breakdown, sort: str, descending: bool, period: str) -> tuple[str, ...]:
    """Such as `7 rows · $20.05 · 1,709 calls · sorted by spend ▼ · all · since 2026-04-14`, then shorter ones."""
    totals = breakdown.totals
    amount = amount_text(totals.spend_nano, breakdown.lower_bound)
    since = f"since {breakdown.since.isoformat()}" if breakdown.since is not None and period == "all" else ""
    tools = "a call counts for each of its tools" if "tool" in breakdown.request.by else ""
    order = f"{sort} {'▼' if descending else '▲'}"
    pieces = (plural(len(breakdown.rows), "row"), amount, plural(totals.calls, "call"), f"sorted by {order}", period)
    ways = ((*pieces, since, tools), (*pieces, since), pieces, (pieces[0], amount, order, period), (amount, period))
    return tuple(" · ".join(filter(None, way)) for way in ways)


def nothing_spent(breakdown: Breakdown) -> tuple[str, str]:
    """(what is the case, what to do) where there is no row."""
    if breakdown.since is None:
        return "No call is in the ledger yet.", "Prompt OpenCode once, and it stands here."
    if breakdown.request.by == ("tool",) and breakdown.totals.calls:
        return "No call asked for a tool.", "p goes on to a longer period, d to another dimension."
    return f"No call in this period ({breakdown.label}).", "p goes on to a longer period; * is all there is."


def on_the_other(works: tuple[RepricedWork | None, RepricedWork | None]) -> tuple[str, str, str]:
    """(measure, text of the one, text of the other): what the work of each would have cost on the other."""
    one, other = (_repriced(work) for work in works)
    return "on the other", one, other


def _repriced(work: RepricedWork | None) -> str:
    """A `≥` says that some of the calls could not be priced."""
    if work is None or not work.calls:
        return NOTHING
    return amount_text(work.repriced_nano, bool(work.no_tokens or work.no_price))


def compared(one: BreakdownRow, other: BreakdownRow) -> list[tuple[str, str, str]]:
    """(measure, text of the one, text of the other) for each measure."""
    return [(name, text(one.measures), text(other.measures)) for name, text in MEASURES]
