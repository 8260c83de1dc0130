"""What a session and its subagents used, by model."""

from __future__ import annotations

from msgspec import Struct

from opencode_tui.records.calls import Tokens


class ModelUse(Struct, frozen=True):
    """The calls of one model at one rate."""

    model: str
    """Its `model_key`."""
    calls: int
    spend_nano: int
    list_nano: int
    tokens: Tokens
    rates: tuple[int, int, int, int] | None
    """Of input, output, cache read and cache write, in nano-dollars per million tokens; None if they are not known."""
    parts: tuple[int, int, int, int] | None
    """What each of these kinds of token cost, in nano-dollars; they add up to the spend. None without rates."""


class SessionUsage(Struct, frozen=True):
    """A session with all its subagents, without what forks copied."""

    id: str
    title: str
    sessions: int
    """The session and its subagents."""
    calls: int
    spend_nano: int
    tokens: Tokens
    first_ms: int
    last_ms: int
    """From the start of its first call to the end of its last, in Unix milliseconds; both 0 without a call."""
    models: tuple[ModelUse, ...]
    """Most expensive first."""
    lower_bound: bool = False
