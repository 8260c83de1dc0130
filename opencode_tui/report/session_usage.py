"""What a session used, as a line with a line for each model, and as JSON."""

from __future__ import annotations

from typing import Any

from opencode_tui.clock import HOUR_MS, MINUTE_MS
from opencode_tui.money import format_usd, plural, tokens_text, usd
from opencode_tui.records.session_usage import ModelUse, SessionUsage
from opencode_tui.report.call_words import rate_text
from opencode_tui.report.json_values import SCHEMA_VERSION, tokens_json
from opencode_tui.report.turn_words import duration_text
from opencode_tui.report.words import amount_text

_KINDS = ("input", "output", "cache read", "cache write")
_NAMES = ("input", "output with reasoning", "cache read", "cache write")


def session_usage_text(usage: SessionUsage, *, full: bool = False) -> str:
    """Such as `Session: 283K tokens | $0.42 | 12 msgs | 23m`, and a line for each model.

    Subagents count in all of it, and the line says how many there are. `full` adds the rate and the amount of each
    kind of token, with a subtotal for each model.
    """
    took_ms = usage.last_ms - usage.first_ms
    took = f"{took_ms // MINUTE_MS}m" if MINUTE_MS <= took_ms < HOUR_MS else duration_text(took_ms)
    amount = amount_text(usage.spend_nano, usage.lower_bound)
    below = f" | with {plural(usage.sessions - 1, 'subagent')}" if usage.sessions > 1 else ""
    lines = [
        f"Session: {tokens_text(usage.tokens.total).upper()} tokens | {amount} | {usage.calls} msgs | {took}{below}"
    ]
    for use in usage.models:
        tokens = tokens_text(use.tokens.total).upper()
        lines.append(f"  {use.model}: {tokens} tokens | {format_usd(use.spend_nano)} | {use.calls} msgs")
        if full:
            lines += _full(use)
    return "\n".join(lines)


def _full(use: ModelUse) -> list[str]:
    if use.rates is None:
        return ["    no rates are known"]
    tokens = use.tokens
    counts = (tokens.input, tokens.output + tokens.reasoning, tokens.cache_read, tokens.cache_write)
    parts = use.parts or (0, 0, 0, 0)
    lines = [
        f"    {kind:<24}{count:>14,} at {rate_text(rate):>9}{format_usd(part):>12}"
        for kind, count, rate, part in zip(_NAMES, counts, use.rates, parts, strict=True)
        if count
    ]
    if use.list_nano and not use.spend_nano:
        lines.append(f"    not billed; {format_usd(use.list_nano)} at list price")
    return [*lines, f"    {'subtotal':<24}{tokens.total:>14,}{format_usd(use.spend_nano):>25}"]


def session_usage_json(usage: SessionUsage) -> dict[str, Any]:
    """The JSON contract: amounts are USD, rates USD per million tokens; what forks copied is left out."""
    return {
        "schema_version": SCHEMA_VERSION,
        "session_id": usage.id,
        "title": usage.title,
        "sessions": usage.sessions,
        "subagents": usage.sessions - 1,
        "calls": usage.calls,
        "spend_usd": usd(usage.spend_nano),
        "lower_bound": usage.lower_bound,
        "tokens": tokens_json(usage.tokens),
        "seconds": (usage.last_ms - usage.first_ms) / 1000,
        "models": [
            {
                "model": use.model,
                "calls": use.calls,
                "spend_usd": usd(use.spend_nano),
                "list_usd": usd(use.list_nano),
                "tokens": tokens_json(use.tokens),
                "rates_usd_per_million": _by_kind(use.rates),
                "amounts_usd": _by_kind(use.parts),
            }
            for use in usage.models
        ],
    }


def _by_kind(nanos: tuple[int, int, int, int] | None) -> dict[str, float] | None:
    names = (kind.replace(" ", "_") for kind in _KINDS)
    return None if nanos is None else dict(zip(names, map(usd, nanos), strict=True))
