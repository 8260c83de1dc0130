"""OpenCode 2: a store whose upgrade from OpenCode 1 cannot be followed says so, and its calls count all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stores import V1, V2, Tokens
from tests.support.ledgers import assert_truth, reader

MIGRATION = "UPDATE kv SET value = ? WHERE key = 'migration.v1-v2'"


@pytest.mark.parametrize("value", ["", "{", "[]", '"completed"', '{"phase": 7}', b"\xff\x00", 3])
def test_a_broken_note_of_the_upgrade_makes_the_sums_a_lower_bound(tmp_path: Path, value: object) -> None:
    old = V1(tmp_path)
    root = old.session("Fix header")
    old.call(root, cost="0.20")
    store = V2(tmp_path, upgraded=old)
    store.call(root, cost="0.05")
    store.title(root, cost="0.0004", tokens=Tokens(input=3011, output=203), title="Header")
    store.database.run(MIGRATION, value)
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.totals.spend_nano == 250_000_000
    assert [state.state for state in ours.sync.states] != ["live"] * len(ours.sync.states)
    assert "upgrade" in " ".join(state.detail for state in ours.sync.states)
    store.database.run(MIGRATION, '{"phase": "completed"}')
    store.call(root, cost="0.01")
    ours.poll()
    assert_truth(ours, store.truth)
    assert {state.state for state in ours.sync.states} == {"live"}
    ours.close()
