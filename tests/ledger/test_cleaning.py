"""An existing ledger is cleaned of what must not be kept, down to the bytes of its files."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from opencode_tui.ledger import alert_log
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.ledger.schema import LATEST
from opencode_tui.source.digest import digest_of
from tests.support.old_ledgers import insert, old_call, old_ledger
from tests.support.watched import MINUTE, NOON, Watched, only

MARK = b"SEKRIT"
TARGETS = {
    "bash": ("curl https://admin:SEKRIT01@db.example.com", "git push", "sudo SEKRIT02", "SEKRIT03", "npm run", "echo"),
    "read": ("/home/dev/shop/a.py", "psql postgres://u:SEKRIT04@h/d", "KEY=SEKRIT05"),
    "webfetch": ("example.com", "SEKRIT06"),
    "task": ("explore", "token=SEKRIT07"),
    "vault_read": ("SEKRIT08",),
    "curl SEKRIT09": ("",),
}
ALERT = {"rule": "day", "kind": "spend", "level": "notice", "subject": "", "value": 8, "line": 8, "cause_nano": 1}


def fill(connection: sqlite3.Connection, copies: int = 1) -> None:
    """An old ledger with secrets in every place that had any."""
    for copy in range(copies):
        for tool, (name, targets) in enumerate(TARGETS.items()):
            for place, target in enumerate(targets):
                row = {"id": f"{copy}:{tool}:{place}", "call_id": "msg_1", "session_id": "ses_1", "name": name}
                digest = digest_of("ses_1", target.encode())
                insert(connection, "tool", row | {"target": target, "ok": 1, "digest": digest})
    old_call(connection, "msg_1", NOON, error="401 for SEKRIT10", finish="SEKRIT11", agent="key=SEKRIT12")
    old_call(connection, "msg_2", NOON, error="APIError", finish="tool-calls")
    loops = ("curl https://admin:SEKRIT01@db.example.com", "sudo SEKRIT02", "git push")
    for place, head in enumerate(loops):
        about = f'({head}) in "Fix header"'
        told = {"about": about, "text": f"8 identical calls {about}: they cost $0.20", "cause": "they cost $0.20"}
        subject = f"ses_1:bash:{head}:{digest_of('ses_1', head.encode()):x}"
        alert(connection, told | {"rule": "same_call", "kind": "loop", "subject": subject, "mark": place})
    file = "psql postgres://u:SEKRIT04@h/d"
    about = 'd in "Fix header"'
    told = {"about": about, "text": f"4 turns edited {about}: about $0.05 a round", "cause": "about $0.05 a round"}
    alert(connection, told | {"rule": "same_file", "kind": "edits", "subject": f"ses_1:{file}", "mark": 10})
    cause = '5 identical calls (sudo SEKRIT02) in "Fix header" cost $0.50'
    alert(connection, {"about": "", "cause": cause, "text": f"$0.83 is past the warning $0.80: {cause}", "mark": 11})
    by = {"about": "by key=SEKRIT12", "text": "$0.83 by key=SEKRIT12 is past", "cause": "x", "subject": "key=SEKRIT12"}
    alert(connection, by | {"rule": "spend.mine", "mark": 12})


def alert(connection: sqlite3.Connection, values: dict[str, object]) -> None:
    fixed = {"fired_ms": NOON, "at_ms": NOON, "period": "2026-05-13", "session_id": "ses_1", "cause_found": 1}
    insert(connection, "alert", ALERT | fixed | values)


def held(file: Path) -> bytes:
    return b"".join(path.read_bytes() for path in file.parent.iterdir())


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "ledger.db"
    with closing(old_ledger(file, 4)) as connection:
        fill(connection)
    assert MARK in held(file)
    yield file


def test_no_byte_of_a_secret_is_left_while_the_ledger_is_open_nor_after(file: Path) -> None:
    with closing(Ledger(file)) as ledger:
        assert ledger.connection.execute("PRAGMA user_version").fetchone() == (LATEST,)
        assert MARK not in held(file)
        assert ledger.connection.execute("SELECT * FROM chore").fetchall() == []
    assert MARK not in held(file)


def test_what_may_be_kept_stays(file: Path) -> None:
    with closing(Ledger(file)) as ledger:
        rows = ledger.connection.execute("SELECT name, target FROM tool ORDER BY rowid").fetchall()
        calls = ledger.connection.execute("SELECT id, agent, finish, error FROM call ORDER BY id").fetchall()
        alerts = alert_log.alerts(ledger.connection)
    assert rows == [
        *(("bash", head) for head in ("curl", "git push", "sudo", "", "npm run", "echo")),
        *(("read", path) for path in ("/home/dev/shop/a.py", "", "")),
        *(("webfetch", host) for host in ("example.com", "")),
        *(("task", agent) for agent in ("explore", "")),
        ("vault_read", ""),
        ("unknown", ""),
    ]
    assert calls == [("msg_1", "unknown", None, "error"), ("msg_2", "build", "tool-calls", "APIError")]
    assert {each.text for each in alerts} == {
        '8 identical calls (curl) in "Fix header": they cost $0.20',
        '8 identical calls (sudo) in "Fix header": they cost $0.20',
        '8 identical calls (git push) in "Fix header": they cost $0.20',
        '4 turns edited d in "Fix header": about $0.05 a round',
        '$0.83 is past the warning $0.80: 5 identical calls (sudo) in "Fix header" cost $0.50',
        "$0.83 by unknown is past",
    }


def test_a_large_ledger_with_free_pages_and_an_old_reader_is_cleaned(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    with closing(old_ledger(file, 4)) as connection:
        connection.execute("BEGIN")
        fill(connection, copies=400)
        connection.execute("COMMIT")
        connection.execute("DELETE FROM tool WHERE rowid % 7 = 0")  # its pages keep the text
    with closing(sqlite3.connect(file)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM tool").fetchone()[0] > 1000
        Ledger(file).close()  # a reader of the old state keeps the -wal
        assert MARK in held(file)
        reader.execute("ROLLBACK")
        Ledger(file).close()
        assert MARK not in held(file)


def test_a_clean_ledger_has_no_chore_and_is_cleaned_once(tmp_path: Path) -> None:
    Ledger(tmp_path / "ledger.db").close()
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        assert connection.execute("SELECT * FROM chore").fetchall() == []
    assert {path.name for path in tmp_path.iterdir()} == {"ledger.db"}


def test_a_loop_that_fired_before_is_recognised_after(tmp_path: Path) -> None:
    file, given = tmp_path / "ledger.db", '{"command":"git push"}'
    with closing(old_ledger(file, 4)) as connection:
        row = {
            "session_id": "ses_1",
            "name": "bash",
            "target": "git push",
            "digest": digest_of("ses_1", given.encode()),
            "ok": 1,
        }
        for n in range(8):
            old_call(connection, f"msg_{n}", NOON + n)
            insert(connection, "tool", row | {"id": f"prt_{n}", "call_id": f"msg_{n}"})
        subject = f"ses_1:bash:git push:{row['digest']:x}"
        told = {"about": '(git push) in "ses_1"', "text": "8 identical calls", "cause": "x", "subject": subject}
        alert(connection, told | {"rule": "same_call", "kind": "loop", "mark": 8})
    watched = Watched(file, only(same_call=8))
    try:
        assert watched.look(NOON + MINUTE) == ()
        with watched.ledger.writing() as connection:
            connection.execute("DELETE FROM alert")
        assert [each.crossing.rule for each in watched.look(NOON + MINUTE)] == ["same_call"]
    finally:
        watched.ledger.close()
