"""What the scripted model has billed: the truth that the ledger is held to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tests.support.records import replace

Kind = Literal["step", "title", "compaction", "generate"]


@dataclass(frozen=True, slots=True)
class Price:
    """Nano-dollars a token. Whole ones, so that a bill has no rounding in it."""

    provider: str
    input: int
    output: int
    cache_read: int
    cache_write: int = 0
    context: int = 200_000
    """The model's context window, in tokens."""
    over_200k: int = 1
    """Every rate is multiplied by this where input and cache are more than 200,000 tokens, in 2.x."""


PRICES = {
    "kimi-k2.6": Price("opencode", input=950, output=4000, cache_read=160),
    "glm-5": Price("opencode", input=1000, output=3200, cache_read=200),
    "glm-5-long": Price("opencode", input=1000, output=3200, cache_read=200, context=1_000_000, over_200k=2),
    "qwen3.5-plus": Price("opencode", input=200, output=1200, cache_read=20, cache_write=250),
    "claude-sonnet-4-6": Price("anthropic", input=3000, output=15000, cache_read=300, cache_write=3750),
    "qwen3-coder:30b": Price("local", input=0, output=0, cache_read=0),
}


@dataclass(frozen=True, slots=True)
class Request:
    """One request that the model answered in full, with its disjoint token counts."""

    model: str
    kind: Kind
    session: str
    """The id that OpenCode sends in a header; empty where it sent none."""
    input: int
    output: int
    """Without the reasoning."""
    reasoning: int
    cache_read: int
    cache_write: int = 0
    reasoning_twice: bool = False
    """OpenCode up to 1.3.2 records reasoning once inside the output and once beside it, and charges both."""

    one_rate: bool = False
    """OpenCode 1.x takes no context tier from opencode.json."""

    @property
    def title(self) -> bool:
        return self.kind == "title"

    @property
    def nano(self) -> int:
        """What OpenCode has to record for it, in nano-dollars; reasoning is charged as output."""
        price = PRICES[self.model]
        written = self.output + self.reasoning * (2 if self.reasoning_twice else 1)
        cached = self.cache_read * price.cache_read + self.cache_write * price.cache_write
        above = self.input + self.cache_read + self.cache_write > 200_000 and not self.one_rate
        return (self.input * price.input + written * price.output + cached) * (price.over_200k if above else 1)


def as_charged_by(version: str, requests: Iterable[Request]) -> list[Request]:
    """The requests as that version of OpenCode charges them."""
    twice = tuple(int(part) for part in version.split(".")) <= (1, 3, 2)
    return [replace(request, reasoning_twice=twice) for request in requests]


def knowable(version: str, requests: Iterable[Request]) -> list[Request]:
    """The requests whose cost that version writes down somewhere, as it charges them.

    1.x has no place for titles. 2.x adds every answer to its session's cost but those to `generate`.
    """
    if version.partition(".")[0] == "2":
        return [request for request in requests if request.kind != "generate"]
    return [replace(request, one_rate=True) for request in requests if not request.title]


def moved(requests: Iterable[Request], session: str, heir: str) -> list[Request]:
    """The requests, with those of one session as another's: a fork has copies of them."""
    return [replace(request, session=heir) if request.session == session else request for request in requests]


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
        "cache_write": sum(request.cache_write for request in bill),
    }


def nano_by_model(requests: Iterable[Request]) -> dict[str, int]:
    """By `provider/model`."""
    sums: dict[str, int] = {}
    for request in requests:
        key = f"{PRICES[request.model].provider}/{request.model}"
        sums[key] = sums.get(key, 0) + request.nano
    return sums


def nano_by_session(requests: Iterable[Request]) -> dict[str, int]:
    """What each session has spent itself, without its subagents."""
    sums: dict[str, int] = {}
    for request in requests:
        sums[request.session] = sums.get(request.session, 0) + request.nano
    return sums
