"""A ledger that is damaged, or locked by another process: one sentence and a documented exit code, in every command."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from opencode_tui.clock import now_ms
from opencode_tui.ledger.ledger import Ledger
from tests.stores import V1
from tests.support.alert_shell import spend
from tests.support.shell import Shell, assert_one_sentence

pytestmark = pytest.mark.usefixtures("stopped_clock")

COMMANDS = (
    ("status",),
    ("status", "--format", "{spent}{week}{rate}{guard}{model}{alert}"),
    ("today",),
    ("today", "--json"),
    ("why", "--period", "all", "--json"),
    ("usage", "--period", "all"),
    ("usage", "--period", "all", "--by", "day", "--json"),
    ("usage", "--period", "all", "--by", "session"),
    ("usage", "--period", "all", "--by", "project"),
    ("usage", "--period", "all", "--reprice", "openai/gpt-5.4"),
    ("prices",),
    ("levers", "--period", "all"),
    ("sessions", "--period", "all"),
    ("sessions", "--period", "all", "--json"),
    ("session", "ses_"),
    ("session", "SESSION"),
    ("session", "SESSION", "--json"),
    ("report", "--from", "2020-01-01", "--format", "html"),
    ("sync",),
    ("sync", "--json"),
    ("reconcile",),
    ("quota",),
    ("accounts",),
    ("check",),
    ("check", "--json"),
    ("watch", "--once"),
    ("alerts",),
    ("alerts", "--json"),
    ("alerts", "seen", "all"),
    ("guard", "status"),
)
ROUNDS = int(os.environ.get("TESTS_DAMAGE", "40"))
"""How many pages are damaged one at a time."""


def damaged(page: bytearray, dice: random.Random) -> bytearray:
    """A page with some of its bytes turned into others: all of it, its head, or a few."""
    how = dice.choice(("all", "head", "few", "text", "zero"))
    size = len(page)
    if how == "all":
        return bytearray(dice.randbytes(size))
    if how == "zero":
        return bytearray(size)
    if how == "head":
        page[:100] = dice.randbytes(100)
    for _ in range(dice.randint(1, 30)):
        page[dice.randrange(size)] = dice.choice((0xFF, 0xC3, 0, dice.randrange(256))) if how == "text" else 0x80
    return page


def ran(shell: Shell, argv: tuple[str, ...], session: str) -> None:
    code, out, err = shell.run(*(session if word == "SESSION" else word for word in argv))
    assert code in (0, 1, 2, 3), (argv, code)
    assert "Traceback" not in out + err, (argv, err)
    if code == 3 and argv[0] != "check":
        assert err.startswith("opencode-tui: "), (argv, err)


@pytest.fixture
def whole(shell: Shell, store: V1) -> bytes:
    """A ledger with calls, sessions, a subagent, tools and an alert, as the bytes of its file."""
    spend(store, "0.60")
    child = store.session("dig", parent=next(iter(store.sessions)))
    for n in range(40):
        store.call(child, cost="0.001", at=1_778_660_000_000 + n)
    shell.said("watch", "--once")
    with closing(Ledger(shell.ledger).connection) as connection:
        connection.execute("INSERT INTO unreadable SELECT id, 'message', 'msg_x', 'odd', NULL FROM store LIMIT 1")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return shell.ledger.read_bytes()


def test_a_damaged_page_is_no_traceback_in_any_command(shell: Shell, store: V1, whole: bytes) -> None:
    dice = random.Random(os.environ.get("TESTS_SEED", "pages"))
    session, pages = next(iter(store.sessions)), len(whole) // 4096
    for n in range(ROUNDS):
        place = (n % pages if pages <= ROUNDS else dice.randrange(pages)) * 4096
        broken = bytearray(whole)
        broken[place : place + 4096] = damaged(broken[place : place + 4096], dice)
        for argv in dice.sample(COMMANDS, len(COMMANDS) if ROUNDS > 1000 else 4):
            for left in shell.ledger.parent.iterdir():
                left.unlink()
            shell.ledger.write_bytes(broken)
            ran(shell, argv, session)


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0", b"\0" * 8192, b"{}" * 5000])
def test_a_ledger_that_is_cut_or_something_else(content: bytes, shell: Shell, store: V1) -> None:
    for argv in COMMANDS:
        for left in shell.ledger.parent.iterdir():
            left.unlink()
        shell.ledger.write_bytes(content)
        ran(shell, argv, next(iter(store.sessions)))


def test_damage_that_is_found_after_the_sync_is_one_sentence(shell: Shell, store: V1, whole: bytes) -> None:
    with closing(sqlite3.connect(shell.ledger)) as connection:
        root = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'session'").fetchone()[0]
    broken = bytearray(whole)
    broken[(root - 1) * 4096 : root * 4096] = b"\xff" * 4096
    shell.ledger.write_bytes(broken)
    code, out, err = shell.run("sessions", "--period", "all")
    assert (code, out) == (3, "")
    assert_one_sentence(err, str(shell.ledger), "malformed", "restore a backup")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process has the right to write, and does not end."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("common.WAIT_S", "status.STATUS_WAIT_S"):
        monkeypatch.setattr(f"opencode_tui.cli.{name}", 0.05)


def test_a_locked_ledger_is_shown_as_it_is_known(shell: Shell, store: V1) -> None:
    shell.said("sync")
    spend(store, "0.10")
    with locked(shell.ledger):
        code, out, err = shell.run("status", "--format", "{spent}")
    assert (code, out) == (0, "≥$0.50\n")
    assert_one_sentence(err, str(shell.ledger), "locked by another process")
    assert shell.said("status", "--format", "{spent}") == "$0.60\n"


@pytest.mark.usefixtures("impatient")
def test_check_of_a_locked_ledger_knows_only_that_the_cutoff_is_reached(shell: Shell, store: V1) -> None:
    spend(store, "0.40")
    shell.said("sync")
    with locked(shell.ledger):
        assert shell.run("check")[:2] == (3, "")
        assert shell.run("check", "--cutoff", "0.90")[0] == 2


def test_a_locked_ledger_is_waited_for_no_longer_than_it_is_worth(
    shell: Shell, store: V1, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.said("sync")
    waits: list[float] = []
    connect = sqlite3.connect

    class Impatient(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            name, _, milliseconds = sql.partition(" = ")
            if name == "PRAGMA busy_timeout":
                waits.append(int(milliseconds) / 1000)
                sql = "PRAGMA busy_timeout = 10"
            return super().execute(sql, *values)

    def asked(database: Any, timeout: float = 5.0, **options: Any) -> Any:
        if str(database) == str(shell.ledger):
            waits.append(timeout)
        return connect(database, timeout=0.01, factory=Impatient, **options)

    monkeypatch.setattr("sqlite3.connect", asked)
    with locked(shell.ledger):
        waits.clear()
        for argv in COMMANDS:
            ran(shell, argv, next(iter(store.sessions)))
            assert max(waits, default=0) <= 2.0, argv
            waits.clear()
        code, out, err = shell.run("sync")
    assert (code, out) == (3, "")
    assert_one_sentence(err, "locked by another process; try again")


def test_an_import_by_another_process_is_not_waited_for_until_it_ends(
    shell: Shell, store: V1, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.said("sync")
    spend(store, "0.10")
    monkeypatch.setattr("opencode_tui.cli.status.STATUS_WAIT_S", 0.1)
    with closing(sqlite3.connect(shell.ledger)) as connection, connection:
        connection.execute("UPDATE store SET lease_ms = ?", (now_ms() + 4_000,))
    code, out, err = shell.run("status", "--format", "{spent}")
    assert (code, out) == (0, "≥$0.50\n")
    assert_one_sentence(err, "another opencode-tui is importing")


def test_a_reader_of_a_locked_ledger_of_an_older_schema_says_so(shell: Shell, store: V1) -> None:
    shell.said("sync")
    copy = shell.home / "old.db"
    shutil.copy(shell.ledger, copy)
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("PRAGMA user_version = 1")
    with locked(copy):
        code, out, err = shell.run("status", places=("--data-dir", str(shell.data_dir), "--ledger", str(copy)))
    assert (code, out) == (3, "")
    assert_one_sentence(err, str(copy), "locked by another process")
