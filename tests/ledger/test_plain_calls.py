"""Which rows of a store agree with the ledger's calls, so that most take no further comparison."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from opencode_tui.ledger.holdings import read_holdings
from opencode_tui.ledger.plain_calls import PlainCalls
from opencode_tui.records.reconciliation import StandingCall
from tests.stores import V1, Tokens
from tests.support.ledgers import Reader, reader
from tests.support.records import replace

CENT = 10_000_000


@pytest.fixture
def store(tmp_path: Path) -> V1:
    return V1(tmp_path)


@pytest.fixture
def ours(store: V1) -> Iterator[Reader]:
    ours = reader(store.data_dir)
    yield ours
    ours.close()


def test_calls_that_are_alike_are_summed_and_the_others_listed(store: V1, ours: Reader) -> None:
    first = store.session("one")
    for cost in ("0.02", "0.03"):
        store.call(first, cost=cost)
    store.fork(first)
    ours.poll()
    with ours.ledger.reading() as connection:
        plain = PlainCalls(connection)
        ((found,), _) = ours.sync.answers.standing(plain)
        holdings = read_holdings(connection, plain)
    assert {id: (each.calls, each.nano) for id, each in found.agreed.items()} == {first: (2, 5 * CENT)}
    assert [(call.nano, call.session_id != first) for call in found.calls] == [(2 * CENT, True), (3 * CENT, True)]
    assert {call.id for call in holdings.calls} == {call.id for call in found.calls}, "the copies, which cost nothing"
    assert found.count == 4 and found.agreed_nano == 5 * CENT


def test_at_most_one_row_agrees_and_none_after_one_that_did_not(store: V1, ours: Reader) -> None:
    session = store.session("one")
    kept, other = (store.call(session, cost="0.02") for _ in range(2))
    ours.poll()
    with ours.ledger.reading() as connection:
        plain = PlainCalls(connection)
    row = StandingCall(kept, session, 2 * CENT)
    assert plain.agrees(row, is_counted=True) and kept in plain
    assert not plain.agrees(row, is_counted=True), "a second store has it again"
    plain.take_back()
    assert kept not in plain and sorted(plain.others()) == sorted((kept, other))
    assert plain.agrees(row, is_counted=True), "the store is read again"
    plain.keep()
    plain.take_back()
    assert kept in plain and plain.others() == [other]
    assert not plain.agrees(replace(row, id=other, nano=CENT), is_counted=True)
    assert not plain.agrees(replace(row, id=other), is_counted=True)
    assert not plain.agrees(replace(row, id="msg_unknown"), is_counted=True)


@pytest.mark.parametrize(
    ("changes", "is_counted"),
    [
        ({"left_out": "fork"}, True),
        ({"in_sum": False}, True),
        ({"final": False}, True),
        ({"readable": False}, True),
        ({"output": 50}, True),
        ({}, False),
    ],
)
def test_a_row_that_some_figure_counts_otherwise_does_not_agree(
    store: V1, ours: Reader, changes: dict[str, object], is_counted: bool
) -> None:
    session = store.session("one")
    call = store.call(session, cost="0.02", tokens=Tokens(input=100, output=30, reasoning=20))
    ours.poll()
    with ours.ledger.reading() as connection:
        plain = PlainCalls(connection)
    row = StandingCall(call, session, 2 * CENT, output=30)
    assert not plain.agrees(replace(row, **changes), is_counted=is_counted)
    assert plain.others() == [call]
