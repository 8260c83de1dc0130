"""The generated store says what its truth says, and has the shape of a real one."""

from __future__ import annotations

import json
import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.bench.appending import append_call, today_nano
from tests.bench.generate import generate
from tests.stores import V1, tool

NOON_MS = 1_778_673_600_000  # 2026-05-13 12:00 UTC


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[sqlite3.Connection, Any]:
    data_dir = tmp_path_factory.mktemp("bench")
    truth = generate(data_dir, 6_000, now=NOON_MS, events=True)
    assert json.loads((data_dir / "truth.json").read_text()) == truth
    return sqlite3.connect(data_dir / "opencode.db"), truth


def keys(db: sqlite3.Connection, table: str) -> set[tuple[str, tuple[str, ...]]]:
    found = set()
    for (text,) in db.execute(f"SELECT data FROM {table}"):
        data = json.loads(text)
        found.add((data.get("role") or data["type"], tuple(sorted(data))))
    return found


def test_the_rows_cost_what_the_truth_says(made: tuple[sqlite3.Connection, Any]) -> None:
    db, truth = made
    rows = db.execute(
        "SELECT json_extract(m.data, '$.cost'), m.time_created < s.time_created FROM message m"
        " JOIN session s ON s.id = m.session_id WHERE json_extract(m.data, '$.role') = 'assistant'"
    ).fetchall()
    billed = [Decimal(str(cost)) for cost, copied in rows if not copied]
    assert int(sum(billed) * 1_000_000_000) == truth["total_nano"]
    assert (len(billed), len(rows) - len(billed)) == (truth["calls"], truth["copies"])
    assert truth["copies"] > 0


def test_it_has_as_many_rows_as_asked_for_and_mostly_calls(made: tuple[sqlite3.Connection, Any]) -> None:
    db, truth = made
    for table, count in truth["rows"].items():
        assert db.execute(f"SELECT count(*) FROM {table}").fetchone() == (count,)
    assert 0.9 < truth["rows"]["message"] / 6_000 < 1.1
    assert 0.85 < (truth["calls"] + truth["copies"]) / truth["rows"]["message"] < 0.95
    assert 3 < truth["rows"]["part"] / truth["rows"]["message"] < 4


def test_some_sessions_are_subagents_that_a_task_names(made: tuple[sqlite3.Connection, Any]) -> None:
    db, _ = made
    children = {row for (row,) in db.execute("SELECT id FROM session WHERE parent_id IS NOT NULL")}
    named = "SELECT DISTINCT json_extract(data, '$.state.metadata.sessionId') FROM part WHERE data LIKE '%sessionId%'"
    assert children
    assert {row for (row,) in db.execute(named)} == children


def test_its_rows_have_the_keys_that_the_builders_write(made: tuple[sqlite3.Connection, Any], tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header")
    store.call(session, tools=[tool("read", "a.py")])
    store.call(session, error="APIError")
    built = sqlite3.connect(store.path)
    asked = ("text", ("text", "type"))
    assert keys(made[0], "message") == keys(built, "message")
    assert keys(made[0], "part") == keys(built, "part") | {asked}


def test_the_newest_calls_are_of_today(made: tuple[sqlite3.Connection, Any]) -> None:
    db, truth = made
    ((newest,),) = db.execute("SELECT max(time_created) FROM message").fetchall()
    assert NOON_MS - 1_800_000 < newest < NOON_MS
    assert truth["today_nano"] > 0


def test_the_same_seed_gives_the_same_story(tmp_path: Path) -> None:
    one, two, other = (generate(tmp_path / str(n), 500, seed=seed, now=NOON_MS) for n, seed in enumerate((7, 7, 8)))
    assert one == two != other


def test_an_appended_call_adds_its_cost_to_today(tmp_path: Path) -> None:
    generate(tmp_path, 500)
    before = today_nano(tmp_path / "opencode.db")
    cost = append_call(tmp_path / "opencode.db")
    assert today_nano(tmp_path / "opencode.db") == before + cost


def test_a_store_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    generate(tmp_path, 50, now=NOON_MS)
    with pytest.raises(FileExistsError):
        generate(tmp_path, 50)
