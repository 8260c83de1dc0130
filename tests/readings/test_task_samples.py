"""Turns of stores that the real OpenCode 1.x and 2.x wrote are classified by what they did."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from opencode_tui.ledger.ledger import Ledger
from opencode_tui.readings.turn_settling import settle_turns
from tests.stores import V1, V2, Files, MakeStore, tool
from tests.support.ledgers import Reader, reader

SAMPLES = Path(__file__).parents[1] / "samples"
WORK = {"coding": 2, "exploration": 2, "delegation": 1, "compaction": 1}
EXPECTED = {
    "opencode-1.18.34-before-upgrade": {**WORK, "conversation": 17},
    "opencode-2.0.15-just-upgraded": {**WORK, "conversation": 15},
    "opencode-2.0.15-fresh": {"coding": 3, "exploration": 6, "delegation": 5, "conversation": 33, "compaction": 2},
}


@pytest.fixture(params=EXPECTED)
def sample(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Reader]]:
    data_dir = tmp_path / "opencode"
    data_dir.mkdir()
    with gzip.open(SAMPLES / f"{request.param}.db.gz") as packed:
        (data_dir / "opencode.db").write_bytes(packed.read())
    ours = reader(data_dir)
    ours.poll()
    yield request.param, ours
    ours.close()


def test_a_turn_of_the_real_opencode_has_its_class_and_the_classes_add_up(sample: tuple[str, Reader]) -> None:
    name, ours = sample
    settle_turns(ours.ledger)
    found = Counter(dict(ours.rows("SELECT task, count(*) FROM turn GROUP BY 1")))
    assert ours.rows("SELECT sum(cost_nano), sum(calls) FROM task_sum") == [(ours.totals.spend_nano, ours.totals.calls)]
    assert found == EXPECTED[name]


def compacted(make: MakeStore, place: Path) -> Reader:
    """Three turns that edit, a `/compact`, and a turn that reads."""
    store = make(place)
    root = store.session("Long")
    for _ in range(3):
        store.call(root, turn=store.prompt(root), cost="0.01", tools=[tool("edit", "a.ts")])
    store.compaction(root, cost="0.110000001")
    store.call(root, turn=store.prompt(root), cost="0.02", tools=[tool("read", "b.ts")])
    ours = reader(store.data_dir)
    ours.poll()
    return ours


COMPACTED = [("coding", 30_000_000, 3), ("compaction", 110_000_001, 1), ("exploration", 20_000_000, 1)]
CLASSES = "SELECT task, sum(cost_nano), count(*) FROM turn GROUP BY 1 ORDER BY 1"


@pytest.mark.parametrize("make", [V1, V2, Files])
def test_a_compaction_is_a_turn_of_its_own_in_every_generation(make: MakeStore, tmp_path: Path) -> None:
    ours = compacted(make, tmp_path / "opencode")
    settle_turns(ours.ledger)
    assert ours.rows(CLASSES) == COMPACTED
    ours.close()


def test_a_compaction_that_an_older_version_read_from_opencode_2_becomes_one(tmp_path: Path) -> None:
    ours = compacted(V2, tmp_path / "opencode")
    with ours.ledger.writing() as connection:
        before = (
            "(SELECT b.turn_id FROM call b WHERE b.created_ms < call.created_ms ORDER BY b.created_ms DESC LIMIT 1)"
        )
        connection.execute(f"UPDATE call SET turn_id = {before} WHERE agent = 'compaction'")
    settle_turns(ours.ledger)
    assert ours.rows(CLASSES)[0] == ("coding", 140_000_001, 3)
    with ours.ledger.writing() as connection:
        connection.execute("DROP TABLE undone_call")
        connection.execute("ALTER TABLE tool DROP COLUMN files")
        connection.execute("DROP TABLE session_change")
        noted = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%_noted%'")
        for (trigger,) in noted.fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute("DELETE FROM _sqlite_migrations WHERE name GLOB 'm018*' OR name GLOB 'm02*'")
        connection.execute("PRAGMA user_version = 17")
    ours.close()
    ledger = Ledger(ours.ledger.path)
    settle_turns(ledger)
    assert ledger.connection.execute(CLASSES).fetchall() == COMPACTED
    ledger.close()


@pytest.mark.parametrize("make", [V1, V2, Files])
def test_a_command_that_ends_with_an_exit_code_has_failed(make: MakeStore, tmp_path: Path) -> None:
    store = make(tmp_path / "opencode")
    root = store.session("Fix")
    used = [tool("bash", "npm test", exit=1), tool("bash", "npm test", exit=0), tool("edit", "a.py", exit=1)]
    store.call(root, cost="0.20", tools=[*used, tool("bash", "npm test")])
    ours = reader(store.data_dir)
    ours.poll()
    rows = ours.rows("SELECT name, ok FROM tool ORDER BY name, ok")
    assert rows == [("bash", 0), ("bash", 1), ("bash", 1), ("edit", 1)]
    ours.close()
