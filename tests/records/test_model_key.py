"""A provider and a model as one text, which no two different pairs share."""

from __future__ import annotations

import sqlite3
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opencode_tui.analysis.matching import matching
from opencode_tui.config.settings import CustomPrice
from opencode_tui.ledger import alert_queries, session_list_queries, session_queries
from opencode_tui.ledger.breakdown_queries import breakdown
from opencode_tui.ledger.selection import NamedSpan, Selection
from opencode_tui.records import model_key as keys
from opencode_tui.records.facts import CallScope
from opencode_tui.records.model_key import model_key, short_name, split_key
from opencode_tui.records.requests import Filter
from tests.stores import V1
from tests.support.ledgers import EVER, reader
from tests.support.prices import book_with, models_json

names = st.text(st.sampled_from("ab/%25F"), max_size=6)
PAIRS = [("a", "b/c/d"), ("a/b", "c/d"), ("a/b/c", "d"), ("a%2Fb", "c/d"), ("a%252Fb", "c/d")]


def test_an_ordinary_key_is_what_a_person_writes() -> None:
    assert model_key("openrouter", "anthropic/claude-sonnet-4.5") == "openrouter/anthropic/claude-sonnet-4.5"
    assert short_name("openrouter/anthropic/claude-sonnet-4.5") == "anthropic/claude-sonnet-4.5"


@given(names, names)
@example("a/b", "c")
def test_a_key_gives_back_what_it_was_made_of(provider: str, model: str) -> None:
    assert split_key(model_key(provider, model)) == (provider, model)


@given(names, names)
def test_the_ledger_makes_the_same_key(provider: str, model: str) -> None:
    connection = sqlite3.connect(":memory:")
    query = f"SELECT {keys.SQL} FROM (SELECT ? AS provider, ? AS model)"
    (made,) = connection.execute(query, (provider, model)).fetchone()
    connection.close()
    assert made == model_key(provider, model)


@pytest.mark.parametrize("pair", combinations(PAIRS, 2), ids=lambda pair: " and ".join(map("+".join, pair)))
def test_two_models_of_the_same_text_are_two_everywhere(tmp_path: Path, pair: tuple[tuple[str, str], ...]) -> None:
    store = V1(tmp_path)
    session = store.session("One")
    for (provider, model), price in zip(pair, ("0.01", "0.02"), strict=True):
        call = store.call(session, cost=price)
        with store.database.connection() as connection:
            named = "json_set(data, '$.providerID', ?, '$.modelID', ?)"
            connection.execute(f"UPDATE message SET data = {named} WHERE id = ?", (provider, model, call))
    one = reader(store.data_dir)
    one.poll()
    connection, names = one.ledger.connection, [model_key(*each) for each in pair]
    spent = dict(zip(names, (10_000_000, 20_000_000), strict=True))
    assert one.spend_by("model") == spent
    assert dict(alert_queries.sums_by(connection, EVER, "model")) == spent
    assert {part.model: part.spend_nano for part in session_list_queries.session_parts(connection, EVER)} == spent
    assert {key: nano for _, key, _, nano, _ in session_queries.main_keys(connection, [session])} == spent
    assert {call.model for call in session_queries.session_calls(connection, session)} == set(names)
    for name in names:
        selection = Selection((NamedSpan((), EVER),), where=(Filter("model", (name,)),))
        (row,) = breakdown(connection, selection, root_of={}, details=False)
        assert row.measures.spend_nano == spent[name]
        ((_, nano),) = alert_queries.costs_in(connection, CallScope(EVER, by="model", key=name))
        assert nano == spent[name]
        assert matching(name, names) == [name]
    one.close()


def test_a_limit_and_an_own_price_are_those_of_the_one_model(tmp_path: Path) -> None:
    limits: dict[str, dict[str, object]] = {
        "a/b": {"c": {"limit": {"context": 7}}},
        "a": {"b/c": {"limit": {"context": 9}}},
    }
    models_json(tmp_path, **limits)
    prices = book_with(tmp_path, {"a/b/c": CustomPrice(input=1), "a%2Fb/c": CustomPrice(input=2)})
    for (provider, model), limit, price in ((("a", "b/c"), 9, 1), (("a/b", "c"), 7, 2)):
        assert prices.context_limit(*split_key(model_key(provider, model))) == limit
        own = prices.custom(provider, model)
        assert own and own.input == price
