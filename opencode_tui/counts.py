"""Numbers of things, as people say them."""

from __future__ import annotations


def plural(count: int, noun: str) -> str:
    """Such as `1 call` and `2,140 calls`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
