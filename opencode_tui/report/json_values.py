"""Values of the JSON contracts: amounts in USD (`_usd`, exact to 1e-9), times as ISO 8601 with the offset (`_at`)."""

from __future__ import annotations

from typing import Any

from opencode_tui.clock import Calendar
from opencode_tui.money import usd
from opencode_tui.records.calls import Tokens

SCHEMA_VERSION = 1
"""The version of every command's JSON: raised when a key is removed or changes its meaning, not for new keys."""


def moment_or_none(ms: int | None, calendar: Calendar) -> str | None:
    return None if ms is None else calendar.iso(ms)


def saving_or_none(nano: int) -> float | None:
    """What would have been saved, in USD; None if that is not known, which rules write as 0."""
    return usd(nano) if nano else None


def tokens_json(tokens: Tokens) -> dict[str, Any]:
    return {
        "input": tokens.input,
        "output": tokens.output,
        "reasoning": tokens.reasoning,
        "cache_read": tokens.cache_read,
        "cache_write": tokens.cache_write,
    }
