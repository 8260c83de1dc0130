"""Messages of OpenCode 0.x that hold several model calls: each is a call, with its own tokens and price."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from opencode_tui.config.settings import CustomPrice, Pricing, Settings
from tests.stores import V1
from tests.support.ledgers import Reader, reader
from tests.support.paths import SAMPLES

MESSAGE = "msg_214be29f7001oGaL4X3nQVmnIH"


def sample(name: str, tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLES / name, tmp_path / "opencode", dirs_exist_ok=True))


def sqlite_of(name: str, tmp_path: Path) -> Path:
    """The sample as 1.x's import takes it into SQLite: the same ids, the data without them."""
    source = SAMPLES / name / "storage"
    store = V1(tmp_path, version="1.18.34")
    for file in sorted(source.glob("session/*/*.json")):
        data = json.loads(file.read_text())
        time = {"time_created": data["time"]["created"], "time_updated": data["time"]["updated"]}
        project = {"id": "p", "worktree": "/home/dev/project", "sandboxes": "[]"}
        store.database.put("project", project | time)
        row = {"id": data["id"], "project_id": "p", "slug": "x", "directory": "", "title": data["title"]}
        store.database.put("session", row | {"version": data["version"]} | time)
    for kind, columns in (("message", ("sessionID",)), ("part", ("sessionID", "messageID"))):
        for file in sorted(source.glob(f"{kind}/*/*.json")):
            data = json.loads(file.read_text())
            row = {"id": data.pop("id"), "time_created": 1795644336631, "time_updated": 1795644336631}
            row |= {name.replace("ID", "_id"): data.pop(name) for name in columns}
            store.database.put(kind, row | {"data": json.dumps(data)})
    return store.data_dir


def read(data_dir: Path, **how: Settings) -> Reader:
    ours = reader(data_dir, **how)  # type: ignore[arg-type]
    ours.poll()
    assert {state.state for state in ours.sync.states} == {"live"}
    return ours


MAKERS: dict[str, Callable[[Path], Path]] = {
    "files of 1.0": lambda root: sample("opencode-0.5-by-1.0", root),
    "imported by 1.x": lambda root: sqlite_of("opencode-0.5-by-1.0", root),
    "files of both": lambda root: (sample("opencode-0.5", root), sample("opencode-0.5-by-1.0", root))[1],
    "all three": lambda root: (
        sample("opencode-0.5", root),
        sample("opencode-0.5-by-1.0", root),
        sqlite_of("opencode-0.5-by-1.0", root),
    )[2],
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=list(MAKERS))
def test_five_calls_in_two_messages_count_as_what_they_were(make: Callable[[Path], Path], tmp_path: Path) -> None:
    totals = read(make(tmp_path)).totals
    assert (totals.spend_nano, totals.calls) == (108_785_500, 5)
    assert (totals.tokens.input, totals.tokens.cache_read, totals.tokens.cache_write) == (27_498, 9_915, 0)
    # What the provider called output holds the reasoning.
    assert (totals.tokens.output + totals.tokens.reasoning, totals.tokens.reasoning) == (3_331, 199)


def test_the_layout_of_before_1_0_is_found_with_its_sessions(tmp_path: Path) -> None:
    ours = read(sample("opencode-0.5", tmp_path))
    assert (ours.totals.spend_nano, ours.totals.calls) == (86_394_500, 4)
    assert ours.rows("SELECT count(*), min(version) FROM session") == [(5, "0.5.29")]
    assert ours.rows("SELECT id, recorded_nano FROM call ORDER BY id") == [
        (MESSAGE, 20_549_000),
        (f"{MESSAGE}#2", 22_589_700),
        (f"{MESSAGE}#3", 20_174_100),
        (f"{MESSAGE}#4", 23_081_700),
    ]
    assert ours.rows("SELECT count(*) FROM tool") == [(3,)] or ours.rows("SELECT count(*) > 0 FROM tool") == [(1,)]
    assert not ours.poll()


@pytest.mark.parametrize("make", MAKERS.values(), ids=list(MAKERS))
def test_the_list_price_is_that_of_each_step(make: Callable[[Path], Path], tmp_path: Path) -> None:
    price = CustomPrice(3_000_000_000, 7_000_000_000, 300_000_000, 0)
    settings = Settings(pricing=Pricing(custom={"gw/m1": (price,)}))
    assert read(make(tmp_path), settings=settings).totals.spend_nano == 108_785_500


def test_a_step_takes_the_tier_of_its_own_context(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Old")
    call = store.call(session, cost="0")
    parts = [(150_000, 10), (150_000, 10), (250_000, 10)]
    store.database.run("DELETE FROM part WHERE message_id = ?", call)
    for number, (read_tokens, written) in enumerate(parts):
        tokens = {"input": read_tokens, "output": written, "reasoning": 0, "cache": {"read": 0, "write": 0}}
        data = {"type": "step-finish", "tokens": tokens, "cost": 0}
        row = {"id": f"prt_{number}", "message_id": call, "session_id": session, "time_created": 1, "time_updated": 1}
        store.database.put("part", row | {"data": json.dumps(data)})
    ours = read(store.data_dir)
    assert [row[0] for row in ours.rows("SELECT input FROM call ORDER BY id")] == [150_000, 150_000, 250_000]


@pytest.mark.parametrize("cost", [0.05, 0.000000001, 0])
def test_the_calls_of_a_message_add_up_to_its_cost_whatever_its_steps_say(cost: float, tmp_path: Path) -> None:
    data_dir = sample("opencode-0.5-by-1.0", tmp_path)
    (file,) = data_dir.rglob(f"{MESSAGE}.json")
    file.write_text(json.dumps(json.loads(file.read_text()) | {"cost": cost}))
    assert read(data_dir).totals.spend_nano == 22_391_000 + round(cost * 1e9)


def test_steps_put_right_what_of_a_message_cannot_be_read(tmp_path: Path) -> None:
    data_dir = sqlite_of("opencode-0.5-by-1.0", tmp_path)
    with sqlite3.connect(data_dir / "opencode.db") as db:
        db.execute(
            "UPDATE message SET data = json_set(data, '$.cost', 'much', '$.tokens', 'many') WHERE data LIKE '%cost%'"
        )
    db.close()
    ours = read(data_dir)
    assert (ours.totals.spend_nano, ours.totals.tokens.input) == (108_785_500, 27_498)
    assert ours.rows("SELECT count(*) FROM call WHERE missing IS NOT NULL") == [(0,)]


def as_one_call_each(ours: Reader) -> None:
    """The ledger as a version left it that took each message for one call, of its last step's tokens."""
    with ours.ledger.writing() as db:
        for (message,) in db.execute("SELECT DISTINCT id FROM call WHERE instr(id, '#') = 0").fetchall():
            sums = "sum(recorded_nano), sum(amount_nano)"
            rows = db.execute(f"SELECT max(id), {sums} FROM call WHERE id = ?1 OR id LIKE ?1 || '#%'", (message,))
            last, recorded, amount = rows.fetchone()
            db.execute(
                "UPDATE call SET recorded_nano = ?1, amount_nano = ?2, (input, output, cache_read) ="
                " (SELECT input, output, cache_read FROM call o WHERE o.id = ?3) WHERE id = ?4",
                (recorded, amount, last, message),
            )
        db.execute("DELETE FROM call WHERE instr(id, '#')")
        for id, cursor in db.execute("SELECT id, cursor FROM store").fetchall():
            db.execute("UPDATE store SET cursor = ? WHERE id = ?", (json.dumps(json.loads(cursor)[:-1]), id))


@pytest.mark.parametrize("make", MAKERS.values(), ids=list(MAKERS))
def test_a_ledger_of_before_gets_the_tokens_of_all_steps_and_costs_the_same(
    make: Callable[[Path], Path], tmp_path: Path
) -> None:
    data_dir = make(tmp_path)
    ours = read(data_dir)
    whole = ours.contents()
    as_one_call_each(ours)
    assert (ours.totals.spend_nano, ours.totals.calls) == (108_785_500, 2)
    ours.close()
    again = read(data_dir)
    assert again.contents() == whole
    assert not again.poll()


def test_what_a_person_priced_stays_as_it_was(tmp_path: Path) -> None:
    data_dir = sample("opencode-0.5-by-1.0", tmp_path)
    ours = read(data_dir)
    as_one_call_each(ours)
    ours.ledger.connection.execute("UPDATE call SET basis = 'custom', amount_nano = 7")
    ours.close()
    again = read(data_dir)
    assert (again.totals.spend_nano, again.totals.calls) == (14, 2)


def test_steps_that_only_an_older_store_has_are_not_added_to_the_message(tmp_path: Path) -> None:
    sample("opencode-0.5-by-1.0", tmp_path)
    data_dir = sqlite_of("opencode-0.5-by-1.0", tmp_path)
    with sqlite3.connect(data_dir / "opencode.db") as db:
        db.execute("DELETE FROM part")
    db.close()
    totals = read(data_dir).totals
    assert (totals.spend_nano, totals.calls, totals.tokens.input) == (108_785_500, 5, 27_498)


def test_a_message_that_still_runs_grows_step_by_step(tmp_path: Path) -> None:
    data_dir = sample("opencode-0.5-by-1.0", tmp_path)
    (file,) = data_dir.rglob(f"{MESSAGE}.json")
    whole = json.loads(file.read_text())
    parts = sorted((data_dir / "storage" / "part" / MESSAGE).iterdir())
    last = next(part for part in reversed(parts) if "step-finish" in part.read_text())
    kept = last.read_text()
    last.unlink()
    time = {"created": whole["time"]["created"]}
    file.write_text(json.dumps(whole | {"cost": 0.0633128, "time": time}))
    ours = read(data_dir)
    assert (ours.totals.spend_nano, ours.totals.calls) == (63_312_800 + 22_391_000, 4)
    last.write_text(kept)
    file.write_text(json.dumps(whole))
    ours.poll()
    assert (ours.totals.spend_nano, ours.totals.calls, ours.totals.tokens.input) == (108_785_500, 5, 27_498)
    assert ours.rows("SELECT count(*) FROM call WHERE completed_ms IS NULL") == [(0,)]


def test_a_message_that_ends_as_a_whole_replaces_the_steps_that_it_had_while_it_ran(tmp_path: Path) -> None:
    data_dir = sample("opencode-0.5-by-1.0", tmp_path)
    (file,) = data_dir.rglob(f"{MESSAGE}.json")
    whole = json.loads(file.read_text())
    file.write_text(json.dumps(whole | {"time": {"created": whole["time"]["created"]}}))
    ours = read(data_dir)
    assert (ours.totals.spend_nano, ours.totals.calls) == (108_785_500, 5)
    for part in (data_dir / "storage" / "part" / MESSAGE).iterdir():
        part.unlink()
    file.write_text(json.dumps(whole))
    ours.poll()
    assert (ours.totals.spend_nano, ours.totals.calls) == (108_785_500, 2)
    assert ours.rows("SELECT count(*) FROM call WHERE completed_ms IS NULL") == [(0,)]
    assert ours.rows("SELECT count(*) FROM tool WHERE call_id NOT IN (SELECT id FROM call)") == [(0,)]


def test_a_free_message_that_still_runs_has_the_tokens_of_all_its_steps(tmp_path: Path) -> None:
    data_dir = sqlite_of("opencode-0.5-by-1.0", tmp_path)
    with sqlite3.connect(data_dir / "opencode.db") as db:
        db.execute("UPDATE message SET data = json_remove(json_set(data, '$.cost', 0), '$.time.completed')")
        db.execute("UPDATE part SET data = json_set(data, '$.cost', 0) WHERE data LIKE '%step-finish%'")
    db.close()
    assert read(data_dir).totals.tokens.input == 27_498


def test_a_fork_that_was_undone_is_known_as_a_whole_and_copies_all_steps(tmp_path: Path) -> None:
    store = V1(tmp_path, version="1.18.34")
    session = store.session("Fix header")
    asked = store.prompt(session)
    call = store.call(session, cost="0.05", turn=asked)
    for number, cost in enumerate((0.02, 0.03)):
        tokens = {"input": 100 + number, "output": 9, "reasoning": 0, "cache": {"read": 0, "write": 0}}
        row = {"id": f"prt_{number}", "message_id": call, "session_id": session, "time_created": 1, "time_updated": 1}
        data = {"type": "step-finish", "tokens": tokens, "cost": cost}
        store.database.run("DELETE FROM part WHERE message_id = ? AND id NOT LIKE 'prt__'", call)
        store.database.put("part", row | {"data": json.dumps(data)})
    store.database.run(
        "UPDATE message SET data = json_set(data, '$.tokens', json(?)) WHERE id = ?", json.dumps(tokens), call
    )
    fork = store.fork(session)
    for table, place in (("message", "$.tokens"), ("event", "$.info.tokens")):
        same = f"UPDATE {table} SET data = json_set(data, '{place}', json(?)) WHERE data LIKE '%0.05%'"
        store.database.run(same, json.dumps(tokens))
    store.revert(fork, store.sessions[fork].messages[0].id)
    ours = read(store.data_dir)
    assert ours.totals.spend_nano == 50_000_000
    assert ours.rows("SELECT cost_nano FROM call WHERE session_id = ?", fork) == [(0,)]
