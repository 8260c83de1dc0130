"""Reads what a session and its subagents used, by model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opencode_tui.clock import EVER
from opencode_tui.ledger import session_usage_queries
from opencode_tui.ledger.bounds import bounded_sessions
from opencode_tui.ledger.session_list_queries import session_facts
from opencode_tui.ledger.session_queries import tree_ids
from opencode_tui.money import apportion
from opencode_tui.readings.context import Context, UnknownSession
from opencode_tui.records.calls import Tokens
from opencode_tui.records.privacy.harmless import shown_id
from opencode_tui.records.session_usage import ModelUse, SessionUsage


def read_session_usage(session_id: str, context: Context) -> SessionUsage:
    """The session over its whole life, with its subagents. Raises UnknownSession."""
    connection = context.connection
    ids = tree_ids(connection, session_id)
    facts = session_facts(connection, ids)
    uses = session_usage_queries.model_uses(connection, ids)
    if session_id not in facts and not uses:
        raise UnknownSession(f"no session {shown_id(session_id)} is in the ledger")
    models = tuple(_use(*row) for row in uses)
    first_ms, last_ms = min((row[6] for row in uses), default=0), max((row[7] for row in uses), default=0)
    return SessionUsage(
        id=session_id,
        title=facts[session_id].title if session_id in facts else "",
        sessions=len(ids),
        calls=sum(use.calls for use in models),
        spend_nano=sum(use.spend_nano for use in models),
        tokens=sum((use.tokens for use in models), Tokens()),
        first_ms=first_ms,
        last_ms=last_ms,
        models=models,
        lower_bound=bool(bounded_sessions(connection, ids, lambda _: (first_ms, last_ms), context.whole, EVER)),
    )


def _use(model: str, *values: Any) -> ModelUse:
    *rates, calls, _, _, spend, listed, input, output, reasoning, read, write = values
    tokens = Tokens(input, output, reasoning, read, write)
    known: tuple[int, int, int, int] | None = None
    parts: tuple[int, int, int, int] | None = None
    if None not in rates:
        known = (rates[0], rates[1], rates[2], rates[3])
        parts = _parts(spend, tokens, known)
    return ModelUse(model, calls, spend, listed, tokens, known, parts)


def _parts(spend_nano: int, tokens: Tokens, rates: Sequence[int]) -> tuple[int, int, int, int] | None:
    """The spend by input, output (with reasoning), cache read and cache write, in proportion to what each costs."""
    counts = (tokens.input, tokens.output + tokens.reasoning, tokens.cache_read, tokens.cache_write)
    split = apportion(spend_nano, tuple(count * rate for count, rate in zip(counts, rates, strict=True)))
    return (split[0], split[1], split[2], split[3]) if sum(split) == spend_nano else None
