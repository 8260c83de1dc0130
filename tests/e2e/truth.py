"""What these tests assert: the ledger says what the scripted model billed, to the nano-dollar."""

from __future__ import annotations

from collections.abc import Iterable

from tests.e2e.answer import Json
from tests.e2e.bill import Request, nano_by_model, nano_by_session, total_nano, total_tokens
from tests.e2e.ours import Ledger, nano


def assert_ledger_equals_bill(
    ledger: Ledger, bill: Iterable[Request], *, copied_calls: int | None = None, unbilled_calls: int = 0
) -> None:
    """Spend in all and by model, tokens, calls. Reads the store first.

    `unbilled_calls` are in the store without being on the bill: the model refused them, or was hung up on.
    """
    bill = list(bill)
    usage = ledger.usage(by="model")
    assert nano(usage["spend_usd"]) == total_nano(bill)
    assert {group["key"]: nano(group["spend_usd"]) for group in usage["groups"]} == nano_by_model(bill)
    assert usage["tokens"] == total_tokens(bill)
    assert usage["calls"] == len(bill) + unbilled_calls
    assert copied_calls is None or usage["copied_calls"] == copied_calls
    assert usage["unreadable_rows"] == 0


def assert_sessions_equal_bill(ledger: Ledger, bill: Iterable[Request]) -> None:
    """Spend and tokens, in all and session by session. Reads the store first.

    A session that has spent nothing may be in the ledger or not.
    """
    bill = list(bill)
    usage = ledger.usage(by="session")
    sessions = {request.session for request in bill}
    spent = {group["key"]: nano(group["spend_usd"]) for group in usage["groups"]}
    assert {key: value for key, value in spent.items() if value} == {
        k: v for k, v in nano_by_session(bill).items() if v
    }
    assert nano(usage["spend_usd"]) == total_nano(bill)
    tokens = {group["key"]: group["tokens"] for group in usage["groups"] if any(group["tokens"].values())}
    assert tokens == {key: total_tokens(r for r in bill if r.session == key) for key in sessions}
    assert usage["tokens"] == total_tokens(bill)
    assert usage["unreadable_rows"] == 0


def answers(messages: list[Json]) -> int:
    """How many of a session's messages are model calls."""
    return sum(message["role"] == "assistant" for message in messages)
