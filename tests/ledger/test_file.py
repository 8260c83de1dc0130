"""The ledger's file: private, never opened beside SQLite, noticed when it is replaced, imported by one at a time."""

from __future__ import annotations

import gc
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from opencode_tui.clock import monotonic_s, now_ms
from opencode_tui.config.settings import Settings
from opencode_tui.feed import LedgerFeed
from opencode_tui.ledger import ledger as ledger_file
from opencode_tui.ledger.ledger import Ledger, LedgerError
from opencode_tui.records.day import Snapshot
from tests.stores import V1
from tests.support.ledgers import reader
from tests.support.opens import forget_opens

CENT = 10_000_000
ANOTHER_PROCESS = (
    "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT count(*) FROM call'); c.close()"
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def collected() -> None:
    """No connection is open that an earlier test left to an exception's traceback."""
    gc.collect()


def deleted_descriptors() -> list[str]:
    names = []
    for each in Path("/proc/self/fd").iterdir():
        try:
            names.append(str(each.readlink()))
        except OSError:
            continue
    return [name for name in names if name.endswith(" (deleted)") and "ledger" in name]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "ours" / "ledger.db"


@pytest.fixture
def store(tmp_path: Path) -> V1:
    store = V1(tmp_path)
    store.call(store.session("Fix header"), cost="0.20")
    return store


@pytest.fixture
def feed(store: V1, place: Path) -> LedgerFeed:
    environ = {"XDG_CONFIG_HOME": str(place.parent / "none"), "XDG_CACHE_HOME": str(place.parent / "none")}
    return LedgerFeed(lambda: Ledger(place), Settings(data_dirs=(store.data_dir,)), environ, lambda: store.now)


def polled(feed: LedgerFeed) -> Snapshot | None:
    return feed.poll(lambda _: None)


@pytest.mark.usefixtures("collected")
def test_a_second_ledger_in_one_process_leaves_the_locks_of_the_first(place: Path) -> None:
    first = Ledger(place)
    for _ in range(3):
        Ledger(place).close()
        # Were it the last to hold the ledger, this process would delete the -wal as it leaves.
        subprocess.run([sys.executable, "-c", ANOTHER_PROCESS, str(place)], check=True)
        assert place.with_name("ledger.db-wal").exists()
        assert deleted_descriptors() == []
    first.close()


def test_an_open_beside_sqlite_is_noticed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(place)
    monkeypatch.setattr(ledger_file, "create_private", lambda path: os.close(os.open(path, os.O_RDWR)))
    monkeypatch.setattr("tests.support.opens.PACKAGE", str(Path(__file__).parent))
    Ledger(place).close()
    assert [each.split(" at ")[0] for each in forget_opens()] == [str(place)]
    ledger.close()


def test_a_new_ledger_and_an_open_one_are_readable_by_their_owner_alone(place: Path) -> None:
    Ledger(place).close()
    assert mode(place) == 0o600
    place.chmod(0o644)
    ledger = Ledger(place)
    assert [mode(each) for each in sorted(place.parent.iterdir())] == [0o600] * 3
    ledger.close()


def test_a_ledger_is_created_where_files_cannot_be_linked(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_: object, **__: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("os.link", link)
    Ledger(place).close()
    assert mode(place) == 0o600
    assert [each.name for each in place.parent.iterdir()] == ["ledger.db"]


def test_one_that_meets_the_lock_at_each_step_does_not_wait_each_time(place: Path) -> None:
    Ledger(place).close()
    ledger, other = Ledger(place, 0.5), sqlite3.connect(place, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began_s = monotonic_s()
    for _ in range(4):
        with pytest.raises(sqlite3.OperationalError, match="locked"), ledger.writing():
            pass
    assert 0.5 <= monotonic_s() - began_s < 1.5
    other.execute("ROLLBACK")
    with ledger.writing() as connection:
        assert connection.execute("PRAGMA busy_timeout").fetchone() == (500,)
    other.close()
    ledger.close()


def test_what_is_not_a_file_is_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "ledger.db"
    os.mkfifo(pipe)
    with pytest.raises(LedgerError, match=r"cannot be opened \(not a file\); name another file"):
        Ledger(pipe)


def restored(place: Path, backup: Path) -> None:
    backup.rename(place)


def restored_in_place(place: Path, backup: Path) -> None:
    shutil.copyfile(backup, place)


def restored_in_place_and_cleaned(place: Path, backup: Path) -> None:
    shutil.copyfile(backup, place)
    for suffix in ("-wal", "-shm"):
        place.with_name(place.name + suffix).unlink()


@pytest.mark.parametrize("restore", [restored, restored_in_place, restored_in_place_and_cleaned])
def test_a_ledger_restored_under_a_running_process_is_noticed_and_gone_on_with(
    feed: LedgerFeed, store: V1, place: Path, restore: Callable[[Path, Path], None]
) -> None:
    polled(feed)
    polled(feed)  # nothing is new: what stood in the -wal is in the file now
    backup = place.with_name("backup.db")
    shutil.copyfile(place, backup)
    store.call(next(iter(store.sessions)), cost="0.05")
    polled(feed)
    polled(feed)
    restore(place, backup)
    seen = polled(feed)
    assert seen is not None
    assert seen.spent_nano == 25 * CENT
    assert seen.notices == (f"The ledger {place} was replaced; what only the old one held is no longer shown",)
    store.call(next(iter(store.sessions)), cost="0.01")
    after = polled(feed)
    assert after is not None
    assert after.notices == ()
    other = reader(store.data_dir, place)
    assert other.totals.spend_nano == 26 * CENT
    assert other.rows("PRAGMA integrity_check") == [("ok",)]
    other.close()
    feed.close()


@pytest.mark.usefixtures("collected")
def test_a_ledger_deleted_under_a_running_process_is_made_again(feed: LedgerFeed, store: V1, place: Path) -> None:
    polled(feed)
    for each in list(place.parent.iterdir()):
        each.unlink()
    seen = polled(feed)
    assert seen is not None
    assert seen.spent_nano == 20 * CENT
    assert len(seen.notices) == 1
    assert deleted_descriptors() == []
    assert polled(feed) is None
    other = sqlite3.connect(f"file:{place}?mode=ro", uri=True)
    assert other.execute("SELECT sum(cost_nano) FROM call").fetchone() == (20 * CENT,)
    other.close()
    feed.close()


def test_a_checkpoint_of_another_process_is_no_replacement(feed: LedgerFeed, store: V1, place: Path) -> None:
    polled(feed)
    polled(feed)
    other = reader(store.data_dir, place)
    store.call(next(iter(store.sessions)), cost="0.05")
    other.poll()
    other.ledger.tidy()
    seen = polled(feed)
    assert seen is not None
    assert (seen.spent_nano, seen.notices) == (25 * CENT, ())
    assert polled(feed) is None
    other.close()
    feed.close()


def test_what_was_written_stands_in_the_file_once_nothing_new_comes(feed: LedgerFeed, place: Path) -> None:
    polled(feed)
    assert place.with_name("ledger.db-wal").stat().st_size
    polled(feed)
    assert not place.with_name("ledger.db-wal").stat().st_size
    feed.close()


def test_one_process_imports_while_the_others_wait(store: V1, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opencode_tui.sync.batch_writer._LARGE", 0)
    monkeypatch.setattr("opencode_tui.source.sqlite_store._FIRST_STEP", 10)
    monkeypatch.setattr("opencode_tui.source.sqlite_store._STEP", 10)
    for _ in range(60):
        store.call(next(iter(store.sessions)), cost="0.01")
    slept: list[float] = []
    monkeypatch.setattr("opencode_tui.sync.sleep_s", slept.append)
    first, second = reader(store.data_dir, place), reader(store.data_dir, place)
    states: list[str] = []

    def meanwhile() -> None:
        if not slept and not states:
            moves = second.rows("SELECT turns FROM store")
            monkeypatch.setattr("opencode_tui.sync.sleep_s", lambda _: (_ for _ in ()).throw(TimeoutError))
            with pytest.raises(TimeoutError):
                second.poll(lambda: states.append(second.sync.states[0].detail))
            assert second.rows("SELECT turns FROM store") == moves

    first.poll(meanwhile)
    assert states == [f"another opencode-tui is importing {store.path}"]
    assert first.rows("SELECT lease_ms FROM store") == [(None,)]
    second.poll()
    assert second.totals.spend_nano == first.totals.spend_nano == store.truth.total_nano
    first.close()
    second.close()


@pytest.mark.parametrize("left_ms", [-1, 3_600_000], ids=["run out", "given by a clock since set back"])
def test_a_lease_that_nobody_renews_keeps_nobody_waiting(store: V1, place: Path, left_ms: int) -> None:
    ours = reader(store.data_dir, place)
    ours.poll()
    ours.ledger.connection.execute("UPDATE store SET lease_ms = ?", (now_ms() + left_ms,))
    store.call(next(iter(store.sessions)), cost="0.05")
    ours.poll()
    assert ours.totals.spend_nano == 25 * CENT
    assert ours.rows("SELECT lease_ms FROM store") == [(None,)]
    ours.close()


def test_a_long_import_leaves_the_connection_as_it_was(place: Path) -> None:
    ledger = Ledger(place)
    names = ("cache_size", "wal_autocheckpoint", "synchronous", "journal_mode")

    def settings() -> list[object]:
        return [ledger.connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    before = settings()
    with pytest.raises(ZeroDivisionError), ledger.long_import():
        assert settings()[:2] != before[:2] and settings()[2:] == before[2:]
        with ledger.writing() as connection:
            connection.executemany("INSERT INTO machine (name) VALUES (?)", [(f"m{n}",) for n in range(9_000)])
        1 / 0  # noqa: B018
    assert settings() == before
    assert ledger.changed_outside() == "no"
    assert place.stat().st_size > 200_000  # and not only its -wal
    ledger.close()
