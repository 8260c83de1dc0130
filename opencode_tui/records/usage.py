"""The cost of a period, in total and grouped by one key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from msgspec import Struct

from opencode_tui.records.calls import Tokens
from opencode_tui.records.requests import UsageRequest


class Slice(Struct, frozen=True):
    """One group of a period's spend: a model (as its `model_key`), a provider, an agent, …"""

    key: str
    spend_nano: int
    calls: int
    tokens: Tokens
    list_nano: int = 0
    lower_bound: bool = False
    """Part of it could not be read."""


class Totals(Struct, frozen=True):
    """Sums over a span; tokens and counts exclude copied calls."""

    spend_nano: int
    list_nano: int
    calls: int
    copied_calls: int
    sessions: int
    tokens: Tokens
    input_nano: int
    output_nano: int
    cache_nano: int
    running: int
    """Calls that have not completed and began recently enough to be still running."""
    aborted: int
    """Calls that were aborted or never completed; what they streamed is not recorded."""


class Usage(Struct, frozen=True):
    """A period's totals and its groups, most expensive first (days in their order)."""

    request: UsageRequest
    taken_ms: int
    first: date
    last: date
    label: str
    """One of analysis.periods.PERIODS, or `custom`."""
    by: str
    totals: Totals
    groups: tuple[Slice, ...]
    unreadable_rows: int
    titles: Mapping[str, str]
    """Titles by session id, where the groups are sessions."""
    lower_bound: bool = False
    """The totals are lower bounds: a row or a store could not be read."""
    known_models: tuple[str, ...] | None = None
    """Some of the period's models, if none matches the requested one; else None."""
