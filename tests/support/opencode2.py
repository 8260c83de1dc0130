"""What the tests of OpenCode 2's sums share: a ledger after its first look, and what stands in no row."""

from __future__ import annotations

from tests.stores import V1, V2, Tokens
from tests.stores.database import dumps
from tests.stores.tools import Json
from tests.support.ledgers import Reader, reader

TITLE_TOKENS = Tokens(input=3011, output=203, cache_write=501)
MIGRATION = "UPDATE kv SET value = ? WHERE key = 'migration.v1-v2'"


def synced(store: V1 | V2) -> Reader:
    ours = reader(store.data_dir)
    ours.poll()
    return ours


def unlisted(ours: Reader) -> list[tuple[str, int]]:
    """(agent, nano-dollars) of the calls that stand in no row."""
    return ours.rows("SELECT agent, cost_nano FROM call WHERE id LIKE '%.unlisted.%' ORDER BY rowid")


def add_to_sum(store: V2, session_id: str, cost: str, tokens: int) -> None:
    """What OpenCode does a moment before a compaction's row completes."""
    sql = "UPDATE session_v2 SET cost = cost + ?, tokens_input = tokens_input + ? WHERE id = ?"
    store.database.run(sql, float(cost), tokens, session_id)


def add_row(store: V2, session_id: str, kind: str, id: str | None = None, data: Json | None = None) -> None:
    """A row that is neither a prompt nor an answer, such as a switch of the model."""
    at = store.now
    row: Json = {"id": id or f"msg_{kind}_{at}", "session_id": session_id, "type": kind}
    row |= {"seq": store.database.pass_events(session_id, 1), "time_created": at, "time_updated": at}
    store.database.put("session_message", row | {"data": dumps(data or {})})


def undo(store: V2, session_id: str, cost: str, *, then: bool = True) -> int:
    """A prompt that is undone and, where `then`, followed by another; when that was asked."""
    asked = store.prompt(session_id)
    store.call(session_id, cost=cost, turn=asked)
    store.revert(session_id, asked)
    if not then:
        return store.now
    at = store.now + 1000
    store.call(session_id, cost="0.01", at=at)
    return at


def assert_totals(ours: Reader, store: V2) -> None:
    assert ours.totals.spend_nano == store.truth.total_nano
    assert ours.spend_by("session") == {id: nano for id, nano in store.truth.own.items() if nano}
