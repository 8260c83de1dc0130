"""The ledger's calls by their messages, and how the price of one differs from what OpenCode recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from opencode_tui.records import causes
from opencode_tui.records.calls import message_id
from opencode_tui.records.reconciliation import LedgerCall

_MILLION = 1_000_000


class Held(Struct, frozen=True, gc=False):
    """What the ledger has of one message: one call, or one for each step."""

    calls: tuple[LedgerCall, ...]
    recorded_nano: int
    amount_nano: int
    cost_nano: int

    @property
    def first(self) -> LedgerCall:
        return self.calls[0]

    @property
    def final(self) -> bool:
        return all(call.final for call in self.calls)

    @property
    def missing(self) -> bool:
        return any(call.missing for call in self.calls)


def held_calls(calls: Iterable[LedgerCall]) -> dict[str, Held]:
    """The calls by the id of their message."""
    found: dict[str, Held] = {}
    for call in calls:
        id = message_id(call.id)
        own = Held((call,), call.recorded_nano, call.amount_nano, call.cost_nano)
        found[id] = _together(found[id], own) if id in found else own
    return found


def _together(one: Held, other: Held) -> Held:
    return Held(
        one.calls + other.calls,
        one.recorded_nano + other.recorded_nano,
        one.amount_nano + other.amount_nano,
        one.cost_nano + other.cost_nano,
    )


def price_differences(held: Held, output: int | None) -> Iterator[tuple[str, int]]:
    """(cause, nano-dollars) of what the ledger's price adds to OpenCode's record.

    `output` is the message's count of output tokens in the store: if it has the reasoning in it, OpenCode charged that
    twice. An amount that its rates do not make has no cause.
    """
    for call in held.calls:
        if call.basis == "recorded" or call.amount_nano == call.recorded_nano:
            continue
        if call.rates is None or call.amount_nano != _cost(call, call.tokens.reasoning):
            continue
        twice = 0
        if is_doubled(call, output):
            twice = _cost(call, 2 * call.tokens.reasoning) - call.amount_nano
            yield causes.REASONING, -twice
        if nano := call.amount_nano + twice - call.recorded_nano:
            yield causes.CUSTOM_PRICE if call.basis == "custom" else causes.LIST_PRICE, nano


def is_doubled(call: LedgerCall, output: int | None) -> bool:
    """Whether the recorded output tokens have the reasoning in them, and so its price twice."""
    return call.tokens.reasoning > 0 and output == call.tokens.output + call.tokens.reasoning


def doubled_nano(call: LedgerCall) -> int:
    """What OpenCode charged for the reasoning a second time; 0 unless exactly that makes the recorded cost."""
    if call.rates is None or call.recorded_nano != _cost(call, 2 * call.tokens.reasoning):
        return 0
    return call.recorded_nano - _cost(call, call.tokens.reasoning)


def _cost(call: LedgerCall, reasoning: int) -> int:
    """The cost of a call's tokens with so much reasoning, rounded once, ties to even, as pricing does."""
    assert call.rates is not None
    fresh, output, read, written = call.rates
    tokens = call.tokens
    exact = tokens.input * fresh + (tokens.output + reasoning) * output
    exact += tokens.cache_read * read + tokens.cache_write * written
    whole, rest = divmod(exact, _MILLION)
    return whole + (rest * 2 > _MILLION or (rest * 2 == _MILLION and whole % 2 == 1))
