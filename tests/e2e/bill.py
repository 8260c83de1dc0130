"""What the scripted model has billed: the truth that the ledger is held to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Price:
    """Nano-dollars a token. Whole ones, so that a bill has no rounding in it."""

    provider: str
    input: int
    output: int
    cache_read: int


PRICES = {
    "kimi-k2.6": Price("opencode", input=950, output=4000, cache_read=160),
    "glm-5": Price("opencode", input=1000, output=3200, cache_read=200),
    "qwen3.5-plus": Price("opencode", input=200, output=1200, cache_read=20),
    "qwen3-coder:30b": Price("local", input=0, output=0, cache_read=0),
}


@dataclass(frozen=True, slots=True)
class Request:
    """One request that the model answered in full, with its disjoint token counts."""

    model: str
    title: bool
    """It asked for a session's title, which OpenCode records nowhere."""
    input: int
    output: int
    """Without the reasoning."""
    reasoning: int
    cache_read: int
    reasoning_twice: bool = False
    """OpenCode up to 1.3.2 records reasoning once inside the output and once beside it, and charges both."""

    @property
    def nano(self) -> int:
        """What OpenCode has to record for it, in nano-dollars; reasoning is charged as output."""
        price = PRICES[self.model]
        written = self.output + self.reasoning * (2 if self.reasoning_twice else 1)
        return self.input * price.input + written * price.output + self.cache_read * price.cache_read


def as_charged_by(version: str, requests: Iterable[Request]) -> list[Request]:
    """The requests as that version of OpenCode charges them."""
    twice = tuple(int(part) for part in version.split(".")) <= (1, 3, 2)
    return [replace(request, reasoning_twice=twice) for request in requests]


def total_nano(requests: Iterable[Request]) -> int:
    return sum(request.nano for request in requests)


def total_tokens(requests: Iterable[Request]) -> dict[str, int]:
    """The sums by the names that `usage --json` gives them."""
    bill = list(requests)
    return {
        "input": sum(request.input for request in bill),
        "output": sum(request.output for request in bill),
        "reasoning": sum(request.reasoning for request in bill),
        "cache_read": sum(request.cache_read for request in bill),
        "cache_write": 0,  # an OpenAI-compatible answer has no such count
    }


def nano_by_model(requests: Iterable[Request]) -> dict[str, int]:
    """By `provider/model`."""
    sums: dict[str, int] = {}
    for request in requests:
        key = f"{PRICES[request.model].provider}/{request.model}"
        sums[key] = sums.get(key, 0) + request.nano
    return sums
