"""Several stores that have the same calls, and calls that are still running: each counts once, in full."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import nullcontext, suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from opencode_tui.ledger.residuals import unlisted_calls
from opencode_tui.records.stores import Bill, CopiedCalls
from opencode_tui.source import sqlite_store
from opencode_tui.source.discovery import is_copy_name
from opencode_tui.sync.batch_writer import BatchWriter
from tests.stores import V1, V2, Files, MakeStore, Tokens
from tests.support.ledgers import Reader, assert_truth, reader

COPIES = (
    *("opencode-backup.db", "opencode-2026-11-20.db", "opencode-20261120.db", "opencode-old.db", "opencode-bak2.db"),
    *("opencode-1795644501.db", "opencode-before-2.0.db", "opencode-dev.backup.db"),
)
CHANNELS = ("opencode-dev.db", "opencode-next.db", "opencode-local.db", "opencode-beta.db", "opencode-fix-scrolling.db")


@pytest.mark.parametrize("name", COPIES)
def test_a_backup_is_known_by_its_name(name: str) -> None:
    assert is_copy_name(name)


@pytest.mark.parametrize("name", [*CHANNELS, "opencode.db"])
def test_a_channel_is_no_backup(name: str) -> None:
    assert not is_copy_name(name)


def snapshot(store: V1 | V2, name: str) -> Path:
    """A consistent copy of a store beside it, as `sqlite3 .backup` makes one."""
    to = store.path.with_name(name)
    source, target = sqlite3.connect(store.path), sqlite3.connect(to)
    source.backup(target)
    source.close()
    target.close()
    return to


def states(ours: Reader) -> dict[str, str]:
    return {Path(state.path).name: state.state for state in ours.sync.states}


@pytest.mark.parametrize("kind", [V1, V2])
@pytest.mark.parametrize("name", ["opencode-backup.db", "opencode-laptop.db", "opencode-dev.db", "opencode-0.db"])
@pytest.mark.parametrize("when", ["before", "between", "after"])
def test_a_copy_made_while_a_call_ran_does_not_freeze_it(
    kind: type[V1 | V2], name: str, when: str, tmp_path: Path
) -> None:
    store = kind(tmp_path)
    session = store.session("Fix header")
    store.call(session, cost="0.0505")
    call = store.call(session, completed=False)
    ours = reader(store.data_dir)
    if when == "between":
        ours.poll()
    copy = snapshot(store, name)
    if when != "after":
        ours.poll()
    store.finish(call, cost="0.0152")
    ours.poll()
    assert_truth(ours, store.truth)
    copy.unlink()
    ours.poll()
    again = reader(store.data_dir, tmp_path / "again.db")
    again.poll()
    for each in (ours, again):
        assert_truth(each, store.truth)


def test_a_call_that_completes_in_the_other_of_two_stores_counts(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header")
    call = store.call(session, completed=False)
    other = snapshot(store, "opencode-dev.db")
    ours = reader(store.data_dir)
    ours.poll()
    store.finish(call, cost="0.20")
    done = sqlite3.connect(store.path)
    row = done.execute("SELECT data, time_updated FROM message WHERE id = ?", (call,)).fetchone()
    done.close()
    with sqlite3.connect(other) as connection:
        connection.execute("UPDATE message SET data = ?, time_updated = ? WHERE id = ?", (*row, call))
    connection.close()
    store.path.unlink()
    ours.poll()
    assert_truth(ours, store.truth)


def test_a_copy_does_not_put_a_running_call_back(tmp_path: Path) -> None:
    store = V1(tmp_path)
    call = store.call(store.session("Fix header"), completed=False)
    snapshot(store, "opencode-dev.db")
    data = f'{{"role":"assistant","cost":0.07,"tokens":{{"input":9}},"time":{{"created":{store.now}}}}}'
    store.database.run("UPDATE message SET data = ?, time_updated = time_updated + 9 WHERE id = ?", data, call)
    for _ in range(2):
        ours = reader(store.data_dir)
        ours.poll()
        assert ours.totals.spend_nano == 70_000_000
        ours.close()


def test_what_was_deleted_since_a_backup_was_made_is_still_spent(tmp_path: Path) -> None:
    store = V1(tmp_path)
    kept, deleted = store.session("Kept"), store.session("Deleted")
    store.call(kept, cost="0.20")
    store.call(deleted, cost="0.11")
    snapshot(store, "opencode-backup.db")
    store.delete(deleted)
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.totals.spend_nano == 310_000_000
    assert dict(ours.rows("SELECT title, present FROM session")) == {"Kept": 1, "Deleted": 0}


def test_a_backup_adds_nothing_to_a_session_that_its_store_has(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Before")
    store.call(session, cost="0.20")
    snapshot(store, "opencode-backup.db")
    store.database.run("UPDATE session SET title = 'After', time_updated = time_updated - 5 WHERE id = ?", session)
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.rows("SELECT title FROM session") == [("After",)]
    store.delete(session)
    ours.poll()
    assert ours.rows("SELECT present FROM session") == [(0,)]
    assert ours.sync.answers.message_ids(session) is None


def test_a_backup_that_is_broken_or_goes_away_is_no_trouble(tmp_path: Path) -> None:
    store = V1(tmp_path)
    store.call(store.session("Fix header"), cost="0.20")
    (store.data_dir / "opencode-bak.db").write_bytes(b"no database" * 999)
    copy = snapshot(store, "opencode-backup.db")
    ours = reader(store.data_dir)
    ours.poll()
    assert states(ours) == {"opencode.db": "live", "opencode-backup.db": "live"}
    copy.unlink()
    (store.data_dir / "opencode copy.db").write_bytes(b"no database" * 999)
    ours.poll()
    assert states(ours) == {"opencode.db": "live"}
    shutil.copyfile(store.path, copy)
    ours.poll()
    assert states(ours) == {"opencode.db": "live", "opencode-backup.db": "live"}
    assert_truth(ours, store.truth)


def test_a_file_that_opencode_never_writes_is_not_looked_at(tmp_path: Path) -> None:
    store = V1(tmp_path)
    store.call(store.session("Fix header"), cost="0.20")
    other = V1(tmp_path / "other")
    other.call(other.session("Somebody else's"), cost="5.00")
    for name in ("opencode copy.db", "opencode (1).db", "opencode.db.bak", "backup.db", "xopencode-dev.db"):
        shutil.copyfile(other.path, store.path.with_name(name))
    ours = reader(store.data_dir)
    ours.poll()
    assert states(ours) == {"opencode.db": "live"}
    assert_truth(ours, store.truth)


@pytest.mark.parametrize("kind", [V1, V2, Files])
@pytest.mark.parametrize("number", [60, 260])
def test_the_oldest_of_many_running_calls_complete_and_are_seen_at_the_next_poll(
    kind: MakeStore, number: int, tmp_path: Path
) -> None:
    store = kind(tmp_path)
    session = store.session("Fix header")
    with nullcontext() if isinstance(store, Files) else store.database.connection():  # type: ignore[attr-defined]
        calls = [store.call(session, completed=False) for _ in range(number)]
    ours = reader(store.data_dir)
    ours.poll()
    ours.poll()
    for call in calls[:10]:
        store.finish(call, cost="0.04")
    for _ in range(1 if number < 100 or not isinstance(store, Files) else 4):
        ours.poll()
    assert ours.totals.spend_nano == 400_000_000 == store.truth.total_nano


def _sessions(store: V1, count: int) -> list[str]:
    return [store.session("Stuck") for _ in range(count)]


def test_5000_calls_that_never_complete_cost_a_poll_a_seek_each_and_no_decoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header")
    stuck = store.call(store.session("Stuck"), completed=False)
    with store.database.connection() as db:
        names = [name for _, name, *_ in db.execute("PRAGMA table_info(message)")]
        made = ", ".join({"id": "id || '_' || n"}.get(name, name) for name in names)
        numbers = "WITH RECURSIVE numbers(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < 4999)"
        db.execute(
            f"{numbers} INSERT INTO message ({', '.join(names)}) SELECT {made} FROM message, numbers WHERE id = ?",
            (stuck,),
        )
    ours = reader(store.data_dir)
    ours.poll()
    store.call(session, cost="0.01")
    ours.poll()
    decoded: list[int] = []
    kind: Any = type(next(iter(ours.sync._known.stores.values())))
    fetch = kind._rows_by_id
    assert fetch is not sqlite_store.SqliteStore._rows_by_id

    def counted(self: object, connection: object, ids: list[str]) -> Any:
        decoded.append(len(ids))
        return fetch(self, connection, ids)

    monkeypatch.setattr(kind, "_rows_by_id", counted)
    statements: list[str] = []
    ours.ledger.connection.set_trace_callback(statements.append)
    store.call(session, cost="0.01")
    ours.poll()
    assert decoded == []
    assert len(statements) < 100
    store.finish(stuck, cost="0.05", tokens=Tokens(input=5))
    ours.poll()
    assert decoded == [1]
    assert ours.totals.spend_nano == 70_000_000 == store.truth.total_nano


@pytest.mark.parametrize("name", ["opencode-backup.db", "opencode-dev.db"])
@pytest.mark.parametrize("poll_first", [True, False])
def test_what_a_copy_still_has_of_an_undone_turn_is_not_worked_out_as_well(
    name: str, poll_first: bool, tmp_path: Path
) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    store.call(session, cost="0.0505")
    ours = reader(store.data_dir)
    if poll_first:
        ours.poll()
    asked = store.prompt(session)
    store.call(session, cost="0.07", turn=asked)
    snapshot(store, name)
    store.revert(session, asked)
    store.call(session, cost="0.01")
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano
    store.call(session, cost="0.02")
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano
    assert ours.rows("SELECT count(*) FROM call WHERE id LIKE '%.unlisted.%'") == [(0,)]


def test_the_sum_of_a_copy_counts_where_the_store_has_not_its_session(tmp_path: Path) -> None:
    store = V2(tmp_path)
    kept, deleted = store.session("Fix header"), store.session("Other")
    for session in (kept, deleted):
        store.call(session, cost="0.05")
        store.title(session, cost="0.001", tokens=Tokens(input=900, output=9), title="Title")
    snapshot(store, "opencode-backup.db")
    store.call(kept, cost="0.07")
    store.delete(deleted)
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano


def test_a_restored_store_adds_up_less_than_a_newer_copy_of_it_has(tmp_path: Path) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    store.call(session, cost="0.05")
    store.title(session, cost="0.001", tokens=Tokens(input=900, output=9), title="Title")
    before = store.path.read_bytes()
    store.call(session, cost="0.07")
    snapshot(store, "opencode-backup.db")
    store.path.write_bytes(before)
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano == 121_000_000


def test_what_was_undone_in_a_restored_store_counts_beside_what_only_its_newer_copy_has(tmp_path: Path) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    store.call(session, cost="0.05")
    before = store.path.read_bytes()
    store.call(session, cost="0.07")
    snapshot(store, "opencode-backup.db")
    store.path.write_bytes(before)
    later = store.now + 60_000
    undone = "UPDATE session_v2 SET cost = cost + 0.03, tokens_input = tokens_input + 9, time_updated = ? WHERE id = ?"
    store.database.run(undone, later, session)
    prompt = (
        "SELECT 'msg_next', session_id, 'user', max(seq) + 30, ?1, ?1, '{}' FROM session_message WHERE session_id = ?2"
    )
    row = "INSERT INTO session_message (id, session_id, type, seq, time_created, time_updated, data)"
    store.database.run(f"{row} {prompt}", later, session)
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.totals.spend_nano == 150_000_000


def test_of_two_backups_the_one_whose_calls_were_undone_in_the_restored_store_is_in_its_sum(tmp_path: Path) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    store.call(session, cost="0.05", tokens=Tokens(input=500))
    before, elsewhere = store.path.read_bytes(), deepcopy(store)
    elsewhere.now += 3_600_000
    elsewhere.call(session, cost="0.002", tokens=Tokens(input=20))
    elsewhere.call(session, cost="0.09", tokens=Tokens(input=900))
    snapshot(elsewhere, "opencode-backup.db")
    store.path.write_bytes(before)
    store.now += 7_200_000
    asked = store.prompt(session)
    store.call(session, cost="0.07", turn=asked, tokens=Tokens(input=700))
    store.call(session, cost="0.01", turn=asked, tokens=Tokens(input=100))
    snapshot(store, "opencode-2026-05-13.db")
    store.revert(session, asked)
    store.call(session, cost="0.03", tokens=Tokens(input=300))
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano + 92_000_000
    assert ours.rows("SELECT count(*) FROM call WHERE id LIKE '%.unlisted.%'") == [(0,)]


def test_the_calls_of_a_backup_with_the_same_cost_are_in_the_sum_of_the_store_that_undid_them(tmp_path: Path) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    before, elsewhere = store.path.read_bytes(), deepcopy(store)
    elsewhere.now += 3_600_000
    elsewhere.call(session, cost="0.048", tokens=Tokens(input=2600, cache_write=500))
    elsewhere.call(session, cost="0.009", tokens=Tokens(input=7700))
    snapshot(elsewhere, "opencode-2026-05-13.db")
    store.path.write_bytes(before)
    asked = store.prompt(session)
    store.call(session, cost="0.081", turn=asked, tokens=Tokens(input=14700))
    store.revert(session, asked)
    asked = store.prompt(session)
    store.call(session, cost="0.056", turn=asked, tokens=Tokens(input=1500, cache_write=500))
    snapshot(store, "opencode-backup.db")
    store.revert(session, asked)
    store.call(session, cost="0", tokens=Tokens(input=18000))
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano + 57_000_000 == 194_000_000


def test_a_call_that_ran_when_a_store_was_restored_is_in_the_sum_of_the_copy_alone(tmp_path: Path) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    asked = store.prompt(session)
    slow = store.call(session, turn=asked, completed=False)
    store.call(session, cost="0.02", turn=asked)
    before, elsewhere = store.path.read_bytes(), deepcopy(store)
    elsewhere.finish(slow, cost="0.09", took=60_000)
    snapshot(elsewhere, "opencode-backup.db")
    store.path.write_bytes(before)
    store.now += 3_600_000
    store.revert(session, asked)
    store.call(session, cost="0.03")
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano + 90_000_000
    assert ours.rows("SELECT count(*) FROM call WHERE id LIKE '%.unlisted.%'") == [(0,)]


def test_a_compaction_that_was_read_while_it_ran_and_then_undone_counts_once_when_a_backup_shows_it(
    tmp_path: Path,
) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    store.call(session, cost="0.05")
    store.title(session, cost="0.004", tokens=Tokens(input=900, output=9), title="Header")
    asked = store.prompt(session)
    running = store.compaction(session, completed=False)
    store.call(session, cost="0.02", turn=asked)
    ours = reader(store.data_dir)
    ours.poll()
    store.finish(running, cost="0.03")
    snapshot(store, "opencode-old.bak")
    store.revert(session, asked)
    store.call(session, cost="0.01")
    ours.poll()
    assert ours.totals.spend_nano == 114_000_000
    store.path.with_name("opencode-old.bak").rename(store.path.with_name("opencode-backup.db"))
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano == 114_000_000


def undone_beside_a_title(store: V2, cost: str) -> tuple[Reader, bytes]:
    """A ledger that has seen an undone call of this cost only in the residual of an earlier title of $0.004, and the
    store's file from before the undo.
    """
    session = store.session("Fix header")
    store.call(session, cost="0.05")
    asked = store.prompt(session)
    store.call(session, cost="0.03", turn=asked)
    ours = reader(store.data_dir)
    ours.poll()
    store.title(session, cost="0.004", tokens=Tokens(input=900, output=9), title="Header")
    store.call(session, cost=cost, turn=asked)
    before = store.path.read_bytes()
    store.revert(session, asked)
    store.call(session, cost="0.01")
    ours.poll()
    return ours, before


def test_an_undone_call_in_the_residual_of_an_earlier_title_counts_once_when_a_backup_shows_it(tmp_path: Path) -> None:
    store = V2(tmp_path)
    ours, before = undone_beside_a_title(store, "0.02")
    assert ours.rows("SELECT agent, cost_nano FROM call WHERE id LIKE '%.unlisted.%'") == [("title", 24_000_000)]
    store.path.with_name("opencode-backup.db").write_bytes(before)
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano == 114_000_000


def test_an_undone_call_in_the_residual_of_an_earlier_title_counts_once_when_a_restore_brings_it_back(
    tmp_path: Path,
) -> None:
    store = V2(tmp_path)
    ours, before = undone_beside_a_title(store, "0.07")
    assert ours.rows("SELECT agent, cost_nano FROM call WHERE id LIKE '%.unlisted.%'") == [("title", 74_000_000)]
    store.path.write_bytes(before)
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano == 164_000_000


def test_a_compaction_beside_a_call_that_ran_when_a_store_was_restored_is_in_both_sums(tmp_path: Path) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    asked = store.prompt(session)
    slow = store.call(session, turn=asked, completed=False)
    store.compaction(session, cost="0.02")
    before, elsewhere = store.path.read_bytes(), deepcopy(store)
    elsewhere.finish(slow, cost="0.09", took=60_000)
    elsewhere.call(session, cost="0.04", turn=asked)
    snapshot(elsewhere, "opencode-backup.db")
    store.path.write_bytes(before)
    store.now += 3_600_000
    store.revert(session, asked)
    store.call(session, cost="0.03")
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano + 130_000_000
    assert ours.rows("SELECT count(*) FROM call WHERE id LIKE '%.unlisted.%'") == [(0,)]


def test_what_a_restored_store_had_itself_is_left_out_of_its_sum_before_what_a_copy_has(tmp_path: Path) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    store.call(session, cost="0.05")
    asked = store.prompt(session)
    store.call(session, cost="0.07", turn=asked)
    snapshot(store, "opencode-backup.db")
    store.revert(session, asked)
    store.call(session, cost="0.01")
    ours = reader(store.data_dir)
    ours.poll()
    before, elsewhere = store.path.read_bytes(), deepcopy(store)
    elsewhere.now += 60_000
    elsewhere.call(session, cost="0.02", tokens=Tokens(input=40))
    ours.poll()
    store.path.write_bytes(before)
    store.now += 3_600_000
    asked = store.prompt(session)
    store.call(session, cost="0.03", turn=asked)
    ours.poll()
    store.revert(session, asked)
    store.call(session, cost="0.04")
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano + 20_000_000
    assert ours.rows("SELECT count(*) FROM call WHERE id LIKE '%.unlisted.%'") == [(0,)]


@pytest.mark.parametrize("running", [True, False])
@pytest.mark.parametrize("name", ["opencode-backup.db", "opencode-laptop.db", "opencode.db"])
def test_a_backup_that_is_found_later_takes_the_place_of_what_was_worked_out(
    name: str, running: bool, tmp_path: Path
) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    store.call(session, cost="0.05")
    ours = reader(store.data_dir)
    asked = store.prompt(session)
    first = store.call(session, turn=asked, completed=False)
    if running:
        ours.poll()
    store.finish(first, cost="0.07")
    backup = snapshot(store, "opencode.db.bak")
    store.call(session, cost="0.03", turn=asked)
    store.revert(session, asked)
    store.call(session, cost="0.01")
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano == 160_000_000
    backup.replace(store.path.with_name(name))
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano
    assert ours.rows("SELECT cost_nano FROM call WHERE id LIKE '%.unlisted.%'") == [(30_000_000,)]


@pytest.mark.parametrize("poll_first", [True, False])
def test_a_deleted_fork_in_a_backup_shows_an_undone_call_of_the_store(poll_first: bool, tmp_path: Path) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    asked = store.prompt(session)
    store.call(session, cost="0.07", turn=asked)
    fork = store.fork(session)
    store.revert(session, asked)
    store.call(session, cost="0.01")
    backup = snapshot(store, "opencode.db.bak")
    store.delete(fork)
    ours = reader(store.data_dir)
    if poll_first:
        ours.poll()
    backup.replace(store.path.with_name("opencode-backup.db"))
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano == 80_000_000
    assert ours.spend_by("session") == {session: 80_000_000}


def test_a_call_that_a_backup_shows_as_new_and_as_completed_is_taken_off_what_was_worked_out_once(
    tmp_path: Path,
) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    asked = store.prompt(session)
    store.call(session, cost="0.30", turn=asked, tokens=Tokens(input=3000))
    store.revert(session, asked)
    asked = store.prompt(session)
    call = store.call(session, turn=asked, completed=False)
    ours = reader(store.data_dir)
    ours.poll()
    store.finish(call, cost="0.02", tokens=Tokens(input=200))
    backup = snapshot(store, "opencode.db.bak")
    store.revert(session, asked)
    store.call(session, cost="0.01")
    ours.poll()
    backup.replace(store.path.with_name("opencode-backup.db"))
    for _ in range(2):
        ours.poll()
        assert ours.totals.spend_nano == store.truth.total_nano == 330_000_000


def test_what_was_undone_in_a_newer_copy_takes_nothing_off_a_title_of_the_restored_store(tmp_path: Path) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    store.call(session, cost="0.01")
    asked = store.prompt(session)
    call = store.call(session, turn=asked, completed=False)
    before = store.path.read_bytes()
    store.finish(call, cost="0.02")
    store.fork(session)
    store.revert(session, asked)
    snapshot(store, "opencode-backup.db")
    store.path.write_bytes(before)
    title = "UPDATE session_v2 SET cost = cost + 0.05, tokens_input = tokens_input + 90000, time_updated = ?"
    store.database.run(title, store.now)
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.totals.spend_nano == 80_000_000


def test_a_fork_shows_an_undone_call_before_a_backup_does(tmp_path: Path) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    asked = store.prompt(session)
    store.call(session, cost="0.07", turn=asked)
    backup = snapshot(store, "opencode.db.bak")
    store.fork(session)
    store.revert(session, asked)
    store.call(session, cost="0.01")
    ours = reader(store.data_dir)
    for name in ("opencode.db.bak", "opencode-backup.db"):
        backup = backup.replace(store.path.with_name(name))
        ours.poll()
        assert ours.totals.spend_nano == store.truth.total_nano == 80_000_000


def test_a_fork_that_only_a_backup_has_shows_an_undone_call_of_a_session_that_goes_on(tmp_path: Path) -> None:
    store = V2(tmp_path)
    root = store.session("Fix header")
    store.call(root, cost="0.20")
    asked = store.prompt(root)
    store.call(root, cost="0.50", turn=asked)
    fork = store.fork(root)
    store.revert(root, asked)
    store.call(root, cost="0.03")
    snapshot(store, "opencode-backup.db")
    store.delete(fork)
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano
    assert ours.spend_by("session") == {root: store.truth.total_nano}


def test_a_fork_of_a_fork_that_only_a_backup_has_does_not_pay_for_what_the_store_shows_as_undone(
    tmp_path: Path,
) -> None:
    store = V2(tmp_path)
    root = store.session("Fix header")
    asked = store.prompt(root)
    store.call(root, cost="0.50", turn=asked)
    between = store.fork(root)
    fork = store.fork(between)
    store.delete(between)
    store.revert(root, asked)
    store.call(root, cost="0.03")
    for id in (root, fork):
        store.database.run("UPDATE session_v2 SET title = ? WHERE id = ?", f"now {id}", id)
    snapshot(store, "opencode-backup.db")
    store.delete(fork)
    ours = reader(store.data_dir)
    for _ in range(2):
        ours.poll()
        assert ours.totals.spend_nano == store.truth.total_nano == 530_000_000
        assert ours.spend_by("session") == {root: 530_000_000}


def test_a_fork_does_not_pay_for_an_undone_call_because_a_backup_has_a_call_that_the_store_never_had(
    tmp_path: Path,
) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    before, elsewhere = store.path.read_bytes(), deepcopy(store)
    elsewhere.call(session, cost="0.01", tokens=Tokens(input=90, cache_write=2600))
    snapshot(elsewhere, "opencode-backup.db")
    store.path.write_bytes(before)
    store.now = elsewhere.now + 3_600_000
    asked = store.prompt(session)
    store.call(session, cost="0.05", turn=asked, tokens=Tokens(input=900, cache_write=2700))
    store.fork(session)
    store.call(session, cost="0.02", turn=asked, tokens=Tokens(input=400))
    store.revert(session, asked)
    store.call(session, cost="0.03", tokens=Tokens(input=19_000))
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano + 10_000_000 == 110_000_000
    assert ours.spend_by("session") == {session: 110_000_000}


def test_what_came_back_with_a_restore_is_taken_off_a_title_though_a_free_call_came_back_after_it(
    tmp_path: Path,
) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    asked = store.prompt(session)
    store.call(session, cost="0.07", turn=asked, tokens=Tokens(input=700))
    store.call(session, cost="0", turn=asked, tokens=Tokens())
    before = store.path.read_bytes()
    store.call(session, cost="0.02", turn=asked, tokens=Tokens(input=200))
    store.revert(session, asked)
    store.call(session, cost="0.01", tokens=Tokens(input=100))
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.totals.spend_nano == 100_000_000
    store.path.write_bytes(before)
    ours.poll()
    assert ours.totals.spend_nano == 100_000_000


@pytest.mark.parametrize("forks", [1, 2])
def test_a_copy_is_paid_by_the_undone_calls_of_its_origin_that_only_a_backup_has(forks: int, tmp_path: Path) -> None:
    store = V2(tmp_path)
    root = store.session("Fix header")
    store.call(root, cost="0.01", tokens=Tokens(input=50))
    asked = store.prompt(root)
    store.call(root, cost="0.50", turn=asked, tokens=Tokens(input=700))
    made = [store.fork(root) for _ in range(forks)]
    store.call(root, cost="0.20", turn=asked, tokens=Tokens(input=300))
    store.revert(root, asked)
    store.call(root, cost="0.03", tokens=Tokens(input=100))
    copy = snapshot(store, "opencode-backup.db")
    with sqlite3.connect(copy) as connection:
        for fork in made:
            connection.execute("DELETE FROM session_message WHERE session_id = ?", (fork,))
            connection.execute("DELETE FROM session_v2 WHERE id = ?", (fork,))
    connection.close()
    store.delete(root)
    ours = reader(store.data_dir)
    for _ in range(2):
        ours.poll()
        assert ours.totals.spend_nano == store.truth.total_nano == 740_000_000
        assert ours.spend_by("session") == {root: 740_000_000}


def test_a_running_call_keeps_what_it_has_cost_when_an_earlier_state_of_it_is_restored(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header")
    call = store.call(session, completed=False)
    ours = reader(store.data_dir)
    set_cost = "UPDATE message SET data = json_set(data, '$.cost', ?), time_updated = time_updated + 5 WHERE id = ?"
    for cost in (0.03, 0.01, 0):
        store.database.run(set_cost, cost, call)
        ours.poll()
        assert ours.totals.spend_nano == 30_000_000
    store.finish(call, cost="0.02")
    ours.poll()
    assert ours.totals.spend_nano == 30_000_000
    assert ours.rows("SELECT completed_ms IS NULL, finish FROM call WHERE id = ?", call) == [(0, "stop")]


@pytest.mark.parametrize("goes_on", [False, True])
@pytest.mark.parametrize("kind", [V1, V2])
def test_a_call_undone_before_anybody_looked_counts_when_a_restore_brings_it_back(
    kind: type[V1 | V2], goes_on: bool, tmp_path: Path
) -> None:
    store = V1(tmp_path, version="1.14.48") if kind is V1 else V2(tmp_path)
    session, other = store.session("Fix header"), store.session("Write tests")
    store.call(other, cost="0.01")
    ours = reader(store.data_dir)
    ours.poll()
    asked = store.prompt(session)
    store.call(session, cost="0.07", turn=asked)
    store.call(other, cost="0.02")
    before, elsewhere = store.path.read_bytes(), deepcopy(store)
    elsewhere.revert(session, asked)
    ours.poll()
    store.path.write_bytes(before)
    if goes_on:
        store.now = elsewhere.now + 60_000
        store.call(other, cost="0.03")
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano


def test_an_earlier_state_restored_at_another_place_replaces_what_was_worked_out_in_however_many_steps_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_store, "_FIRST_STEP", 1)
    monkeypatch.setattr(sqlite_store, "_STEP", 1)
    store = V2(tmp_path / "old")
    session = store.session("Fix header")
    asked = store.prompt(session)
    store.call(session, cost="0.07", turn=asked, tokens=Tokens(input=700))
    store.prompt(session)  # read first, and without a call
    before = store.path.read_bytes()
    store.revert(session, asked)
    store.call(session, cost="0.01", tokens=Tokens(input=100))
    ours = reader(store.data_dir, tmp_path / "ledger.db")
    ours.poll()
    assert ours.totals.spend_nano == 80_000_000
    ours.close()
    moved = tmp_path / "new" / store.path.name
    moved.parent.mkdir()
    moved.write_bytes(before)
    again = reader(moved.parent, tmp_path / "ledger.db")
    again.poll()
    assert again.totals.spend_nano == 80_000_000
    assert again.rows("SELECT count(*) FROM call WHERE id LIKE '%.unlisted.%'") == [(0,)]


@pytest.mark.parametrize("steps", range(1, 7))
def test_an_earlier_state_replaces_what_was_worked_out_though_its_reader_was_killed_half_way(
    steps: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_store, "_FIRST_STEP", 1)
    monkeypatch.setattr(sqlite_store, "_STEP", 1)
    store = V2(tmp_path / "old")
    session = store.session("Fix header")
    asked = store.prompt(session)
    store.call(session, cost="0.07", turn=asked, tokens=Tokens(input=700))
    store.prompt(session)
    before = store.path.read_bytes()
    store.revert(session, asked)
    store.call(session, cost="0.01", tokens=Tokens(input=100))
    ours = reader(store.data_dir, tmp_path / "ledger.db")
    ours.poll()
    ours.close()
    moved = tmp_path / "new" / store.path.name
    moved.parent.mkdir()
    moved.write_bytes(before)
    killed = reader(moved.parent, tmp_path / "ledger.db")
    write, left = BatchWriter.write, iter(range(steps))

    def write_some(*batch: Any) -> Any:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return write(*batch)

    with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
        patch.setattr(BatchWriter, "write", write_some)
        killed.poll()
    killed.close()
    again = reader(moved.parent, tmp_path / "ledger.db")
    again.poll()
    assert again.totals.spend_nano == 80_000_000
    assert again.rows("SELECT count(*) FROM call WHERE id LIKE '%.unlisted.%'") == [(0,)]


def test_a_forks_copy_of_an_undone_call_dated_before_its_session_is_in_the_undone_calls_of_that_session(
    tmp_path: Path,
) -> None:
    store = V2(tmp_path)
    root = store.session("Fix header")
    store.call(root, cost="0.01", tokens=Tokens(input=50))
    store.now += 86_400_000
    fork = store.fork(root)
    store.now -= 43_200_000
    asked = store.prompt(fork)
    store.call(fork, cost="0.50", turn=asked, tokens=Tokens(input=700))
    store.now += 86_400_000
    second = store.fork(fork)
    snapshot(store, "opencode-backup.db")
    store.delete(second)
    store.revert(fork, asked)
    store.title(fork, cost="0.03", tokens=Tokens(input=900, output=9), title="Header")
    store.call(fork, cost="0.02", tokens=Tokens(input=30))
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano == 560_000_000
    ours.close()


def test_a_compaction_that_ran_before_its_undo_counts_once_when_a_restore_brings_it_back(tmp_path: Path) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    store.call(session, cost="0.05")
    asked = store.prompt(session)
    running = store.compaction(session, completed=False)
    store.call(session, cost="0.02", turn=asked)
    ours = reader(store.data_dir)
    ours.poll()
    store.finish(running, cost="0.03")
    before = store.path.read_bytes()
    store.revert(session, asked)
    store.title(session, cost="0.004", tokens=Tokens(input=900, output=9), title="Header")
    store.call(session, cost="0.01")
    ours.poll()
    assert ours.totals.spend_nano == 114_000_000
    store.path.write_bytes(before)
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano == 114_000_000


def test_what_was_undone_in_a_copy_is_not_looked_for_in_the_sum_of_the_store_that_went_another_way(
    tmp_path: Path,
) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    store.call(session, cost="0.05", tokens=Tokens(input=500))
    before, elsewhere = store.path.read_bytes(), deepcopy(store)
    elsewhere.now += 3_600_000
    elsewhere.call(session, cost="0.03", tokens=Tokens(input=40))
    asked = elsewhere.prompt(session)
    elsewhere.call(session, cost="0.07", turn=asked, tokens=Tokens(input=700))
    elsewhere.fork(session)
    elsewhere.revert(session, asked)
    elsewhere.call(session, cost="0.002", tokens=Tokens(input=20))
    snapshot(elsewhere, "opencode-backup.db")
    store.path.write_bytes(before)
    store.now = elsewhere.now + 3_600_000
    for _ in range(9):
        store.call(session, cost="0.01", tokens=Tokens(input=100))
    store.title(session, cost="0.001", tokens=Tokens(input=900, output=9), title="Title")
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano + 102_000_000


def test_a_call_for_which_a_copys_own_sum_has_no_room_was_made_elsewhere(tmp_path: Path) -> None:
    store = V2(tmp_path)
    root = store.session("Fix header")
    store.call(root, cost="0.05")
    store.now += 60_000
    fork = store.fork(root)
    store.now -= 20_000
    asked = store.prompt(fork)
    store.call(fork, cost="0.03", turn=asked)  # dated after the root and before the fork
    store.now += 60_000
    second = store.fork(fork)
    store.call(second, cost="0.02")
    store.revert(fork, asked)
    store.call(fork, cost="0.01")
    snapshot(store, "opencode-backup.db")
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano
    assert ours.spend_by("session") == {id: nano for id, nano in store.truth.own.items() if nano}


def test_a_compaction_that_ended_in_a_copy_alone_is_in_no_sum_of_the_restored_store(tmp_path: Path) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    store.call(session, cost="0.05", tokens=Tokens(input=500))
    asked = store.prompt(session)
    running = store.compaction(session, completed=False)
    store.call(session, cost="0.07", turn=asked, tokens=Tokens(input=700))
    before, elsewhere = store.path.read_bytes(), deepcopy(store)
    elsewhere.finish(running, cost="0.09", tokens=Tokens(input=900))
    elsewhere.call(session, cost="0.03", tokens=Tokens(input=300))
    snapshot(elsewhere, "opencode-backup.db")
    store.path.write_bytes(before)
    store.now = elsewhere.now + 3_600_000
    store.revert(session, asked)
    store.call(session, cost="0.01", tokens=Tokens(input=100))
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano + 120_000_000
    assert ours.rows("SELECT count(*) FROM call WHERE id LIKE '%.unlisted.%'") == [(0,)]


def test_a_sum_with_a_later_compaction_of_a_copy_has_the_calls_that_had_ended_before_it_began(tmp_path: Path) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    asked = store.prompt(session)
    store.call(session, cost="0.82", turn=asked, tokens=Tokens(input=900))
    store.call(session, cost="0.15", turn=asked, tokens=Tokens(input=1800))
    before, elsewhere = store.path.read_bytes(), deepcopy(store)
    elsewhere.compaction(session, cost="0", tokens=Tokens(input=2700))
    elsewhere.call(session, cost="0.61", tokens=Tokens(input=1600))
    snapshot(elsewhere, "opencode-backup.db")
    store.path.write_bytes(before)
    store.now = elsewhere.now + 3_600_000
    store.call(session, cost="0.24", turn=asked, tokens=Tokens(input=1650))
    store.revert(session, asked)
    store.call(session, cost="0.34", tokens=Tokens(input=400))
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano + 610_000_000
    assert ours.rows("SELECT recorded_nano FROM call WHERE id LIKE '%.unlisted.%'") == [(240_000_000,)]
    ours.close()


def test_of_two_backups_that_went_apart_the_one_that_other_sessions_go_on_from_is_in_the_sum(tmp_path: Path) -> None:
    store = V2(tmp_path)
    session, other = store.session("Fix header"), store.session("Fix footer")
    asked = store.prompt(session)
    store.call(session, cost="0.01", turn=asked, tokens=Tokens(input=500))
    before, elsewhere = store.path.read_bytes(), deepcopy(store)
    elsewhere.call(session, cost="0.07", turn=asked, tokens=Tokens(input=17_000))
    snapshot(elsewhere, "opencode-copy.db")
    store.path.write_bytes(before)
    store.now = elsewhere.now + 3_600_000
    store.call(session, cost="0.09", turn=asked, tokens=Tokens(input=2_000))
    store.call(other, cost="0.02", tokens=Tokens(input=100))
    snapshot(store, "opencode-backup.db")
    store.call(session, cost="0.14", turn=asked, tokens=Tokens(input=16_000))
    store.revert(session, asked)
    store.call(session, cost="0.03", tokens=Tokens(input=300))
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano + 70_000_000
    assert ours.rows("SELECT recorded_nano FROM call WHERE id LIKE '%.unlisted.%'") == [(140_000_000,)]
    ours.close()


def test_a_free_call_that_the_restored_store_never_had_doubles_nothing(tmp_path: Path) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    asked = store.prompt(session)
    store.call(session, cost="0.05", turn=asked, tokens=Tokens(input=500))
    store.call(session, cost="0.03", turn=asked, tokens=Tokens(input=700))
    snapshot(store, "opencode-backup.db")
    before, elsewhere = store.path.read_bytes(), deepcopy(store)
    elsewhere.call(session, cost="0", turn=asked, tokens=Tokens(input=9_000))
    ours = reader(store.data_dir)
    ours.poll()
    store.path.write_bytes(before)
    store.now = elsewhere.now + 3_600_000
    store.call(session, cost="0", turn=asked, tokens=Tokens(input=100))
    store.revert(session, asked)
    store.call(session, cost="0.02", tokens=Tokens(input=30))
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano == 100_000_000
    ours.close()


def test_a_call_that_runs_again_after_a_restore_is_in_no_sum_with_what_it_had_cost(tmp_path: Path) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    slow = store.call(session, completed=False)
    asked = store.prompt(session)
    store.call(session, cost="0.05", turn=asked, tokens=Tokens(input=500))
    snapshot(store, "opencode-backup.db")
    before, elsewhere = store.path.read_bytes(), deepcopy(store)
    elsewhere.finish(slow, cost="0.03", tokens=Tokens(input=300))
    ours = reader(store.data_dir)
    ours.poll()
    store.path.write_bytes(before)
    store.now = elsewhere.now + 3_600_000
    store.revert(session, asked)
    store.call(session, cost="0.02", tokens=Tokens(input=30))
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano + 30_000_000 == 100_000_000
    ours.close()


def test_what_was_undone_counts_once_beside_a_backup_though_a_free_call_is_in_no_sum(tmp_path: Path) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    running = store.call(session, completed=False)
    before, elsewhere = store.path.read_bytes(), deepcopy(store)
    elsewhere.finish(running, cost="0", tokens=Tokens(input=19_000, output=60))
    ours = reader(store.data_dir)
    ours.poll()
    store.path.write_bytes(before)
    store.now = elsewhere.now + 3_600_000
    store.revert(session, store.sessions[session].messages[0].id)
    first = store.prompt(session)
    store.call(session, cost="0.19", turn=first, tokens=Tokens(input=16_000, output=30))
    store.revert(session, first)
    second = store.prompt(session)
    store.call(session, cost="0.07", turn=second, tokens=Tokens(input=11_000, output=9))
    snapshot(store, "opencode-backup.db")
    store.revert(session, second)
    store.call(session, cost="0.04", tokens=Tokens(input=40, output=4))
    third = store.prompt(session)
    store.call(session, cost="0.01", turn=third, tokens=Tokens(input=20, output=2))
    store.revert(session, third)
    store.call(session, cost="0.02", tokens=Tokens(input=30, output=3))
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano == 330_000_000
    ours.close()


@pytest.mark.parametrize(
    ("sum_now", "residuals"), [((80_000_000, 800, 80, 0, 0, 0), 1), ((20_000_000, 200, 20, 0, 0, 0), 0)]
)
def test_a_sum_that_was_read_just_before_a_restore_is_not_held_against_the_rows_of_after_it(
    sum_now: tuple[int, ...], residuals: int, tmp_path: Path
) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    store.call(session, cost="0.02", tokens=Tokens(input=200, output=20))
    ours = reader(store.data_dir)
    ours.poll()
    whole, tokens = (80_000_000, 800, 80, 0, 0, 0), Tokens(input=800, output=80)
    bill = Bill(session, "/home/dev", "opencode", "glm-5", whole[0], tokens, 0, 0, None, True, store.now, whole=whole)
    with ours.ledger.reading() as connection:
        found = unlisted_calls(
            connection, [bill], frozenset(), 0, ["backup"], foreign_calls=lambda _: CopiedCalls(sum_now=sum_now)
        )
    assert len(found) == residuals
    ours.close()


def test_a_backup_shows_which_deleted_fork_made_a_call_though_an_undo_in_its_origin_has_room_for_it(
    tmp_path: Path,
) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    store.call(session, cost="0.05", turn=store.prompt(session))
    middle = store.fork(session)
    store.call(middle, cost="0.07", turn=store.prompt(middle))
    late = store.fork(middle)
    store.delete(middle)
    snapshot(store, "opencode-backup.db")
    store.fork(late)
    store.delete(late)
    asked = store.prompt(session)
    store.call(session, cost="0.09", tokens=Tokens(*[90_000] * 5), turn=asked)
    store.revert(session, asked)
    store.call(session, cost="0.01", at=store.now + 60_000)
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano == 220_000_000


@pytest.mark.parametrize("deleted_since", [False, True])
@pytest.mark.parametrize("make", [V1, V2])
def test_a_session_that_was_deleted_before_the_first_look_is_known_when_a_restore_brings_it_back(
    make: type[V1] | type[V2], deleted_since: bool, tmp_path: Path
) -> None:
    store = make(tmp_path)
    first, root = store.session("First"), store.session("Fix header")
    child = store.session("Explore", parent=root)
    last = store.session("Last")
    for session in (first, root, child, last):
        store.call(session, cost="0.05")
    before = store.path.read_bytes()
    store.delete(child)
    ours = reader(store.data_dir)
    ours.poll()
    store.path.write_bytes(before)
    if deleted_since:  # as many sessions as before
        store.database.run("DELETE FROM message" if make is V1 else "DELETE FROM session_message")
        store.database.run(f"DELETE FROM {'session' if make is V1 else 'session_v2'} WHERE id = ?", first)
    ours.poll()
    assert ours.rows("SELECT parent_id, present FROM session WHERE id = ?", child) == [(root, 1)]
    assert ours.rows("SELECT present FROM session WHERE id = ?", first) == [(int(not deleted_since),)]
