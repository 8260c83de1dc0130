"""What a store can be or contain: a state of the screen or a counted row, never an end and never a wrong sum."""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from opencode_tui.clock import monotonic_s
from opencode_tui.ledger import queries
from opencode_tui.ledger.ledger import Ledger, LedgerError
from tests.stores import V1, V2, Files
from tests.support.ledgers import EVER, Reader, assert_truth, reader

NOBODY = 65534
as_root = pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="needs to become another user")


def small_store(root: Path) -> V1:
    store = V1(root)
    session = store.session("Fix header")
    store.call(session, cost="0.20")
    store.call(session, cost="0.11")
    return store


def states(ours: Reader) -> list[str]:
    return [state.state for state in ours.sync.states]


HOSTILE = {
    "not JSON": "{",
    "empty": "",
    "an array": "[1]",
    "deep": "[" * 5000,
    "no role": "{}",
    "unknown role": '{"role":"oracle"}',
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=list(HOSTILE))
def test_a_row_that_cannot_be_read_is_counted_with_its_reason(data: str, tmp_path: Path) -> None:
    store = small_store(tmp_path)
    session = next(iter(store.sessions))
    row = {"id": "msg_bad", "session_id": session, "time_created": 1, "time_updated": 1, "data": data}
    store.database.put("message", row)
    store.call(session, cost="0.05")
    ours = reader(store.data_dir)
    ours.poll()
    assert states(ours) == ["live"]
    assert_truth(ours, store.truth)
    ((kind, id, reason),) = ours.rows("SELECT kind, id, reason FROM unreadable")
    assert (kind, id) == ("message", "msg_bad")
    assert reason and len(reason) < 60


PARTLY = {
    "cost is text": ('"cost":"0.20","tokens":{"input":7}', 0, 7, "cost"),
    "cost is NaN": ('"cost":NaN,"tokens":{"input":7}', 0, 7, "cost"),
    "cost was NaN": ('"cost":null,"tokens":{"input":7}', 0, 7, "cost"),
    "cost is infinite": ('"cost":1e999,"tokens":{"input":7}', 0, 7, "cost"),
    "cost is true": ('"cost":true,"tokens":{"input":7}', 0, 7, "cost"),
    "cost is absurd": ('"cost":1e300,"tokens":{"input":7}', 0, 7, "cost"),
    "cost is negative": ('"cost":-1,"tokens":{"input":7}', 0, 7, None),
    "cost is infinitely negative": ('"cost":-1e999,"tokens":{"input":7}', 0, 7, "cost"),
    "a count of 310 digits": (
        '"cost":0.0425,"tokens":{"input":' + "9" * 310 + ',"output":7}',
        42_500_000,
        7,
        "tokens.input",
    ),
    "a cost of 5000 digits": ('"tokens":{"input":7},"cost":' + "9" * 5000, 0, 7, "cost"),
    "tokens are absurd": ('"cost":0.0425,"tokens":{"input":1e30,"output":7}', 42_500_000, 7, "tokens.input"),
    "tokens are negative": ('"cost":0.0425,"tokens":{"input":-5,"output":7}', 42_500_000, 7, "tokens.input"),
    "tokens are true": ('"cost":0.0425,"tokens":{"input":true,"output":7}', 42_500_000, 7, "tokens.input"),
    "tokens were NaN": ('"cost":0.0425,"tokens":{"input":null,"output":7}', 42_500_000, 7, "tokens.input"),
    "tokens are text": ('"cost":0.0425,"tokens":{"input":"many","output":7}', 42_500_000, 7, "tokens.input"),
    "all tokens are text": ('"cost":0.0425,"tokens":"many"', 42_500_000, 0, "tokens"),
    "no tokens": ('"cost":0.0425', 42_500_000, 0, "tokens"),
    "tokens are a list": ('"cost":0.0425,"tokens":[1,2]', 42_500_000, 0, "tokens"),
    "cache is a number": ('"cost":0.0425,"tokens":{"input":7,"cache":3}', 42_500_000, 7, "tokens.cache"),
}


@pytest.mark.parametrize(("data", "nano", "tokens", "missing"), PARTLY.values(), ids=list(PARTLY))
@pytest.mark.parametrize("kind", [V1, Files])
def test_what_can_be_read_of_a_row_counts(
    kind: type[V1 | Files], data: str, nano: int, tokens: int, missing: str | None, tmp_path: Path
) -> None:
    store = kind(tmp_path)
    session = store.session("Fix header")
    store.call(session, cost="0.20")
    text = f'{{"role":"assistant","time":{{"created":{store.now},"completed":{store.now}}},{data}}}'
    put_message(store, session, "msg_zzz", text)
    ours = reader(store.data_dir)
    ours.poll()
    assert states(ours) == ["live"]
    query = "SELECT cost_nano, input + output + reasoning + cache_read + cache_write, missing FROM call WHERE id = ?"
    assert ours.rows(query, "msg_zzz") == [(nano, tokens, missing)]
    assert ours.totals.spend_nano == store.truth.total_nano + nano
    assert queries.missing_rows(ours.ledger.connection, EVER) == (missing is not None)


def put_message(store: V1 | Files, session: str, id: str, data: str) -> None:
    if isinstance(store, Files):
        store.path_of("message", session, id).write_text(data)
    else:
        row = {"id": id, "session_id": session, "time_created": store.now, "time_updated": store.now, "data": data}
        store.database.put("message", row)


ODD = {
    "nothing known": '{"role":"assistant","time":{"created":1778666400000,"completed":1778666401000}}',
    "wrong kinds": '{"role":"assistant","modelID":7,"providerID":[],"agent":{},"path":3,"finish":{},"error":[1],'
    '"tokens":[],"time":{"created":1778666400000,"completed":1778666401000}}',
    "negative tokens": '{"role":"assistant","tokens":{"input":-5},"time":{"created":1778666400000}}',
    "lone surrogate": '{"role":"assistant","modelID":"a\\ud800b","time":{"created":1778666400000}}',
    "control characters": '{"role":"assistant","modelID":"\\u001b[31m\\u202ex","time":{"created":1778666400000}}',
    "completed is text": '{"role":"assistant","time":{"created":1778666400000,"completed":"soon"}}',
    "the year 60000": '{"role":"assistant","time":{"created":1831000000000000}}',
}


@pytest.mark.parametrize("data", ODD.values(), ids=list(ODD))
def test_an_odd_row_is_a_call_all_the_same(data: str, tmp_path: Path) -> None:
    store = small_store(tmp_path)
    session = next(iter(store.sessions))
    row = {"id": "msg_odd", "session_id": session, "time_created": store.now, "time_updated": 1, "data": data}
    store.database.put("message", row)
    ours = reader(store.data_dir)
    ours.poll()
    ((model, provider, agent),) = ours.rows("SELECT model, provider, agent FROM call WHERE id = 'msg_odd'")
    assert all(text and text.isprintable() for text in (model, provider, agent))
    assert ours.rows("SELECT count(*) FROM unreadable") == [(0,)]


def test_bytes_that_are_not_utf8_are_no_end(tmp_path: Path) -> None:
    store = small_store(tmp_path)
    session = next(iter(store.sessions))
    store.database.run("UPDATE session SET title = CAST(X'4669FF78' AS TEXT) WHERE id = ?", session)
    ours = reader(store.data_dir)
    ours.poll()
    assert_truth(ours, store.truth)
    assert "Fi" in ours.rows("SELECT title FROM session")[0][0]


def test_a_huge_row_gives_its_call_without_its_load(tmp_path: Path) -> None:
    store = small_store(tmp_path)
    session = next(iter(store.sessions))
    error = {"name": "APIError", "data": {"responseBody": "x" * 5_000_000}}
    store.call(session, cost="0.01", error=error)
    ours = reader(store.data_dir)
    ours.poll()
    assert_truth(ours, store.truth)
    assert ours.rows("SELECT error FROM call WHERE error IS NOT NULL") == [("APIError",)]
    assert ours.ledger.path.stat().st_size < 1_000_000


@pytest.mark.parametrize(
    ("field", "value", "spent", "missing"),
    [
        ("cost", "true", 310_000_000, "cost"),
        ("cost", "0.12345678901", 433_456_789, None),
        ("cost", "1e999", 310_000_000, "cost"),
        ("tokens", "7", 320_000_000, "tokens"),
        ("error", '"gone"', 320_000_000, None),
        ("error", '{"data": 1}', 320_000_000, None),
    ],
)
@pytest.mark.parametrize("make", [V1, V2])
def test_of_a_huge_row_is_read_what_stands_in_it(
    make: type[V1] | type[V2], field: str, value: str, spent: int, missing: str | None, tmp_path: Path
) -> None:
    store = make(tmp_path)
    session = store.session("Fix header")
    store.call(session, cost="0.31")
    huge = store.call(session, cost="0.01")
    table = "message" if make is V1 else "session_message"
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute("DELETE FROM part") if make is V1 else None
        (data,) = connection.execute(f"SELECT data FROM {table} WHERE id = ?", (huge,)).fetchone()
        fields = json.loads(data) | {"output": "x" * 1_200_000}
        fields.pop(field, None)
        text = json.dumps(fields)[:-1] + f', "{field}": {value}}}'
        connection.execute(f"UPDATE {table} SET data = ? WHERE id = ?", (text, huge))
        if make is V2:
            connection.execute("UPDATE session_v2 SET cost = 0, tokens_input = 0")
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.totals.spend_nano == spent
    assert ours.rows("SELECT missing FROM call WHERE id = ?", huge) == [(missing,)]


def test_titles_come_without_control_characters_and_keep_their_markup(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("[/x] \x1b[31mred\x07 \u202eevil\u202c [bold]")
    store.call(session)
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.rows("SELECT title FROM session") == [("[/x] [31mred evil [bold]",)]


def test_nothing_that_was_said_is_kept(tmp_path: Path) -> None:
    store = small_store(tmp_path)
    session = next(iter(store.sessions))
    turn = store.prompt(session, text="the very secret prompt")
    store.call(session, turn=turn)
    store.database.run(
        "UPDATE part SET data = json_set(data, '$.text', 'the very secret answer')"
        " WHERE json_extract(data, '$.type') = 'text'"
    )
    ours = reader(store.data_dir)
    ours.poll()
    ours.close()
    held = b"".join(file.read_bytes() for file in ours.ledger.path.parent.iterdir())
    assert b"secret" not in held


def test_calls_of_a_clock_that_jumped_back_still_cost(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header")
    store.call(session, cost="0.20", at=store.now)
    ours = reader(store.data_dir)
    ours.poll()
    store.call(session, cost="0.11", at=store.now - 86_400_000)
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano


def test_a_clock_in_the_future_does_not_hide_later_changes(tmp_path: Path) -> None:
    store = small_store(tmp_path)
    session = next(iter(store.sessions))
    far = 32_503_680_000_000
    store.database.run("UPDATE session SET time_updated = ? WHERE id = ?", far, session)
    ours = reader(store.data_dir)
    ours.poll()
    other = store.session("Later")
    store.call(other)
    ours.poll()
    store.database.run("UPDATE session SET title = 'Renamed', time_updated = ? WHERE id = ?", far - 9, session)
    ours.poll()
    assert ours.rows("SELECT title FROM session WHERE id = ?", session) == [("Renamed",)]


def test_a_store_that_vanishes_is_said_and_its_money_stays(tmp_path: Path) -> None:
    store = small_store(tmp_path)
    ours = reader(store.data_dir)
    ours.poll()
    store.path.unlink()
    assert ours.poll()
    assert states(ours) == ["gone"]
    assert "is not there" in ours.sync.states[0].detail
    assert_truth(ours, store.truth)


@pytest.mark.parametrize("goes_on", [True, False])
def test_a_store_that_comes_back_is_live_again(goes_on: bool, tmp_path: Path) -> None:
    store = small_store(tmp_path)
    ours = reader(store.data_dir)
    ours.poll()
    away = store.path.with_name("away")
    store.path.rename(away)
    ours.poll()
    away.rename(store.path)
    if goes_on:
        store.call(next(iter(store.sessions)), cost="0.05")
    ours.poll()
    assert states(ours) == ["live"]
    assert_truth(ours, store.truth)


def test_a_store_replaced_by_an_older_copy_loses_nothing_and_goes_on(tmp_path: Path) -> None:
    store = small_store(tmp_path)
    backup = tmp_path / "backup.db"
    shutil.copyfile(store.path, backup)
    session = next(iter(store.sessions))
    store.call(session, cost="0.07")
    ours = reader(store.data_dir)
    ours.poll()
    backup.replace(store.path)
    store.call(session, cost="0.05")
    ours.poll()
    assert_truth(ours, store.truth)


@pytest.mark.parametrize("size", [0, 100, 5000])
def test_a_truncated_store_is_said_and_the_rest_goes_on(size: int, tmp_path: Path) -> None:
    store, other = small_store(tmp_path), V1(tmp_path, name="opencode-dev.db")
    other.call(other.session("Elsewhere"), cost="0.03")
    ours = reader(store.data_dir)
    ours.poll()
    os.truncate(store.path, size)
    other.call(other.session("More"), cost="0.04")
    ours.poll()
    assert sorted(states(ours)) == ["broken", "live"]
    assert_truth(ours, store.truth + other.truth)


def test_a_file_that_is_no_database_is_said_and_the_rest_goes_on(tmp_path: Path) -> None:
    store = small_store(tmp_path)
    (store.data_dir / "opencode-junk.db").write_bytes(b"not a database at all" * 99)
    ours = reader(store.data_dir)
    ours.poll()
    assert sorted(states(ours)) == ["broken", "live"]
    assert_truth(ours, store.truth)


def test_a_locked_store_is_said_and_read_when_it_is_free(tmp_path: Path) -> None:
    store = small_store(tmp_path)
    session = next(iter(store.sessions))
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("PRAGMA journal_mode = DELETE")
    other.execute("BEGIN EXCLUSIVE")
    other.execute("UPDATE session SET title = 'Locked'")
    ours = reader(store.data_dir)
    ours.poll()
    assert states(ours) == ["locked"]
    other.execute("COMMIT")
    other.close()
    store.call(session, cost="0.05")
    ours.poll()
    assert states(ours) == ["live"]
    assert_truth(ours, store.truth)


def test_many_locked_stores_are_not_waited_for_one_after_the_other(tmp_path: Path) -> None:
    store = small_store(tmp_path)
    store.close()
    others = []
    for name in ("", "-a", "-b", "-c", "-d", "-e"):
        place = store.path.with_name(f"opencode{name}.db")
        if name:
            shutil.copyfile(store.path, place)
        others.append(other := sqlite3.connect(place, isolation_level=None))
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("UPDATE session SET title = 'Locked'")
    ours = reader(store.data_dir)
    began_s = monotonic_s()
    ours.poll()
    assert monotonic_s() - began_s < 3
    assert states(ours) == ["locked"] * 6
    for other in others:
        other.close()


def test_a_store_whose_writer_keeps_it_for_itself_is_read(tmp_path: Path) -> None:
    store = small_store(tmp_path)
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("UPDATE session SET title = 'Locked'")
    ours = reader(store.data_dir)
    ours.poll()
    assert states(ours) == ["live"]
    assert ours.rows("SELECT title FROM session") == [("Locked",)]
    assert_truth(ours, store.truth)
    other.close()


def test_vacuum_of_the_store_misses_and_repeats_nothing(tmp_path: Path) -> None:
    store = V1(tmp_path)
    sessions = [store.session(f"s{number}") for number in range(6)]
    for session in sessions:
        store.call(session)
    ours = reader(store.data_dir)
    ours.poll()
    store.delete(sessions[0])
    store.delete(sessions[3])
    with sqlite3.connect(store.path) as other:
        other.execute("VACUUM")
    other.close()
    store.call(sessions[5], cost="0.05")
    ours.poll()
    assert_truth(ours, store.truth)


def test_rowids_given_out_again_after_an_undo_are_read(tmp_path: Path) -> None:
    store = V1(tmp_path, version="1.14.48")
    session = store.session("Fix header")
    store.call(session, cost="0.20")
    ours = reader(store.data_dir)
    for number in range(5):
        undone = store.prompt(session)
        store.call(session, cost="0.01", turn=undone)
        ours.poll()
        store.revert(session, undone)
        store.call(session, cost=f"0.1{number}")
        ours.poll()
    assert_truth(ours, store.truth)


def test_a_half_written_file_is_counted_until_it_can_be_read(tmp_path: Path) -> None:
    store = Files(tmp_path)
    session = store.session("Old one")
    call = store.call(session, cost="0.20")
    file = store.path_of("message", session, call)
    whole = file.read_text()
    file.write_text(whole[:50])
    ours = reader(store.data_dir)
    ours.poll()
    assert queries.unreadable_reasons(ours.ledger.connection) == (("message not JSON", 1),)
    file.write_text(whole)
    assert ours.poll()
    assert_truth(ours, store.truth)
    assert queries.unreadable_reasons(ours.ledger.connection) == ()


def test_the_store_is_never_written(tmp_path: Path) -> None:
    for store in (small_store(tmp_path / "v1"), V2(tmp_path / "v2"), Files(tmp_path / "files")):
        if not isinstance(store, V1):
            store.call(store.session("Fix header"))
        before = _fingerprint(store.data_dir)
        ours = reader(store.data_dir)
        ours.poll()
        ours.poll()
        ours.close()
        assert _fingerprint(store.data_dir) == before


def test_a_live_writer_can_checkpoint_and_truncate_beside_us(tmp_path: Path) -> None:
    store = small_store(tmp_path)
    store.keep_open()
    session = next(iter(store.sessions))
    store.call(session, cost="0.05")
    ours = reader(store.data_dir)
    ours.poll()
    with sqlite3.connect(store.path) as other:
        busy, _, _ = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    other.close()
    assert busy == 0
    store.call(session, cost="0.06")
    ours.poll()
    assert_truth(ours, store.truth)
    store.close()


@as_root
@pytest.mark.parametrize("leave_wal", [False, True], ids=["closed", "left over"])
def test_a_directory_that_cannot_be_written_is_read(leave_wal: bool, public_path: Path) -> None:
    store = small_store(public_path)
    if leave_wal:
        store.keep_open()
        store.call(next(iter(store.sessions)), cost="0.05")
        copy = public_path / "copy" / "opencode"
        copy.mkdir(parents=True)
        for name in ("opencode.db", "opencode.db-wal"):
            shutil.copyfile(store.data_dir / name, copy / name)
        store.close()
    data_dir = public_path / "copy" / "opencode" if leave_wal else store.data_dir
    ledger = public_path / "ours" / "ledger.db"
    ledger.parent.mkdir()
    ledger.parent.chmod(0o777)
    _open_to_all(public_path)
    data_dir.chmod(0o555)
    out = _usage_as(NOBODY, data_dir, ledger)
    assert out["spend_usd"] == store.truth.total_nano / 1e9
    assert out["calls"] == store.truth.calls


def _open_to_all(place: Path) -> None:
    for file in place.rglob("*"):
        file.chmod(0o755 if file.is_dir() else 0o644)
    (place / "ours").chmod(0o777)


def _usage_as(user: int, data_dir: Path, ledger: Path) -> dict[str, object]:
    """`usage` in a child that has given up its rights, after one that imported all that it needs.

    The child may have no right to read the modules.
    """
    from opencode_tui.cli import main

    command = ["usage", "--period", "all", "--json"]
    with TemporaryDirectory() as made, redirect_stdout(io.StringIO()):
        before = small_store(Path(made))
        assert main([*command, "--data-dir", str(before.data_dir), "--ledger", f"{made}/ledger.db"]) == 0
    read, write = os.pipe()
    child = os.fork()
    if not child:
        code = 1
        try:
            os.dup2(write, 1)
            sys.stdout = os.fdopen(1, "w")
            os.setuid(user)
            os.environ["HOME"] = str(ledger.parent)
            code = main([*command, "--data-dir", str(data_dir), "--ledger", str(ledger)])
            sys.stdout.flush()
        finally:
            os._exit(code)  # or this child would go on with the tests
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    assert os.waitpid(child, 0)[1] == 0
    answer: dict[str, object] = json.loads(text)
    return answer


def _fingerprint(place: Path) -> list[tuple[str, int, bytes]]:
    return [
        (str(file.relative_to(place)), file.stat().st_mtime_ns, file.read_bytes())
        for file in sorted(place.rglob("*"))
        if file.is_file()
    ]


def test_the_ledger_is_private(tmp_path: Path) -> None:
    ours = reader(small_store(tmp_path).data_dir)
    ours.poll()
    assert {oct(file.stat().st_mode & 0o777) for file in ours.ledger.path.parent.iterdir()} == {"0o600"}


def test_a_ledger_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(LedgerError, match="newer opencode-tui"):
        Ledger(path)


def test_a_ledger_that_is_something_else_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"dear diary, " * 400)
    done = subprocess.run(
        [sys.executable, "-m", "opencode_tui", "today", "--data-dir", str(tmp_path), "--ledger", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert f"the ledger {path} cannot be used" in done.stderr


@pytest.mark.parametrize(
    ("change", "is_whole"),
    [
        ("type = 7", True),
        ("type = x'00'", True),
        ("data = '{'", False),
        ("data = '7'", False),
        ("data = json_set(data, '$.info.id', 7)", False),
        ("data = json_remove(data, '$.info')", False),
    ],
)
def test_an_event_of_a_possibly_undone_call_is_read_or_reported(change: str, is_whole: bool, tmp_path: Path) -> None:
    store = small_store(tmp_path)
    session = next(iter(store.sessions))
    asked = store.prompt(session)
    store.call(session, cost="0.05", turn=asked)
    store.revert(session, asked)
    store.database.run(f"UPDATE event SET {change} WHERE type = 'message.updated.1'")
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.totals.spend_nano == (360_000_000 if is_whole else 310_000_000)
    said = ours.rows("SELECT kind, reason, at_ms FROM unreadable")
    if is_whole:
        assert said == []
    else:
        assert {(kind, reason) for kind, reason, _ in said} == {("event", "of a message cannot be read")}
        assert all(abs(at_ms - store.now) < 60_000 for *_, at_ms in said)


@pytest.mark.parametrize("name", ["-wal", "-journal", "-shm"])
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_beside_a_store_is_trouble_and_never_waited_for(
    name: str, make: Callable[[Path], None], tmp_path: Path
) -> None:
    store = small_store(tmp_path)
    store.close()
    beside = store.path.with_name(store.path.name + name)
    make(beside)
    if name == "-shm":
        store.path.with_name(f"{store.path.name}-wal").write_bytes(b"")
    ours = reader(store.data_dir)
    ours.poll()
    assert [(state.state, f"{beside.name} is no file" in state.detail) for state in ours.sync.states] == [
        ("broken", True)
    ]
