"""Numbers of things, as people say them."""

from __future__ import annotations


def plural(count: int, noun: str) -> str:
    """Such as `1 call` and `2,140 calls`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def tokens_text(count: int) -> str:
    """A count of tokens in at most four characters below a trillion: 950, 1.2k, 34k, 1.2M, 8.1B."""
    for unit, size in (("B", 10**9), ("M", 10**6), ("k", 10**3)):
        if count >= size - size // 2000:  # what would round to 1000 of the smaller unit
            amount = count / size
            return f"{amount:.1f}{unit}" if amount < 9.95 else f"{amount:.0f}{unit}"
    return str(count)
