"""What a day's or a period's calls cost, in total and in groups."""

from __future__ import annotations

from msgspec import Struct

from opencode_tui.records.calls import Tokens
from opencode_tui.records.requests import ProjectsRequest


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
    all_sessions: int
    """Sessions with a paid call of their own, subagents among them."""
    tokens: Tokens
    input_nano: int
    output_nano: int
    cache_nano: int
    running: int
    """Calls that have not completed and began recently enough to be still running."""
    aborted: int
    """Calls that were aborted or never completed; what they streamed is not recorded."""


class Projects(Struct, frozen=True):
    """A day's cost by project."""

    request: ProjectsRequest
    taken_ms: int
    groups: tuple[Slice, ...]
    """Most expensive first; the keys are paths."""
