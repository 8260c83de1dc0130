"""Stores that hold anything: a fault of a row is that row's, and no reading ends in a traceback or goes on for ever."""

from __future__ import annotations

import json
import math
import os
import random
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opencode_tui.ledger import queries
from opencode_tui.source import cursor, sqlite_store
from opencode_tui.source.decode import BadRow, call_from_v1, call_from_v2, json_object
from opencode_tui.source.text import identifier
from opencode_tui.source.tool_uses import tool_use
from tests.stores import V1, V2, Files
from tests.support.ledgers import EVER, assert_truth, reader

LAST = cursor.LAST
DATE = 1_778_666_400_000


SCALARS: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 7, 0.1, -0.5, 1e308, math.inf, -math.inf, math.nan, 2**31, 2**53, 2**63),
    *(2**64, -(2**63), 10**19, 10**40, int("9" * 310), DATE, -DATE, 253_402_300_799_999, 10**18, 1, 86_400_000),
    *("", " ", "x", "0.2", "NaN", "a\0b", "\ud800", "\udfff\ud800", "\u202e\x1b[31m", "💥" * 50, "x" * 5_000),
    *("assistant", "user", "msg_1", "ses_1", "../..", "/", "completed", "MessageAbortedError"),
)


def odd(dice: random.Random, depth: int = 0) -> Any:
    """Any value that JSON can hold, and some that it should not."""
    if depth < 4 and dice.random() < 0.35:
        number = dice.randrange(4)
        if dice.random() < 0.5:
            return [odd(dice, depth + 1) for _ in range(number)]
        names = ("input", "read", "name", "id", "created", "x", "providerID")
        return {dice.choice(names): odd(dice, depth + 1) for _ in range(number)}
    return dice.choice(SCALARS)


def message(dice: random.Random) -> dict[str, Any]:
    """An assistant message of which some fields are anything."""
    cache = {"read": 5, "write": 0}
    data: dict[str, Any] = {
        "role": "assistant",
        "cost": dice.choice([0, 0.0425, 1.5]),
        "tokens": {"input": 7, "output": 9, "reasoning": 2, "cache": cache, "total": 23},
        "time": {"created": DATE + dice.randrange(10**9), "completed": DATE},
        "modelID": "m",
        "providerID": "p",
        "path": {"cwd": "/x", "root": "/x"},
        "error": {"name": "APIError"},
        "model": {"id": "m", "providerID": "p"},
        "content": [
            {"type": "tool", "id": "t", "name": "edit", "state": {"status": "completed", "input": {"path": "a"}}}
        ],
    }
    for _ in range(dice.randrange(4)):
        place = dice.choice([data, data, data["tokens"], data["time"], cache])
        if isinstance(place, dict):
            place[dice.choice(list(place) or ["role"])] = odd(dice)
        if not isinstance(data.get("tokens"), dict) or not isinstance(data.get("time"), dict):
            break
    return data


def text_of(dice: random.Random) -> Any:
    """A message's data as a column can hold it."""
    whole = json.dumps(message(dice))
    return dice.choice(
        [
            *([whole] * 12),
            *(None, b"", whole.encode(), b"\xff\xfe{", 5, 0.5, "", "{", "[]", "null", "1", whole[: dice.randrange(99)]),
            *("[" * 3000 + "]" * 3000, '{"a":' * 900 + "1" + "}" * 900, '{"role":"assistant",' + whole[1:]),
            '{"role":"assistant","cost":0.1,"cost":0.2,"time":{"created":1,"created":2}}',
        ]
    )


def column(dice: random.Random, usual: Any) -> Any:
    return (
        usual if dice.random() < 0.7 else dice.choice([None, "", "x", b"\xff\x00", -5, 0, 2**62, 1.5, "é\0", "y" * 999])
    )


ROWS = 30 * int(os.environ.get("TESTS_EXAMPLES", "40"))


@pytest.mark.parametrize("seed", range(6))
def test_decoders_give_a_call_a_bad_row_or_nothing(seed: int) -> None:
    dice = random.Random(seed)
    seen = 0
    for _ in range(ROWS):
        text = text_of(dice)
        for decode in (_decode_v1, _decode_v2):
            try:
                call = decode(text, dice)
            except BadRow as bad:
                assert 0 < len(str(bad)) < 60
                continue
            if call is None:
                continue
            seen += 1
            assert 0 <= call.recorded_nano <= 10**13
            assert all(0 <= count <= 10**9 for count in (call.tokens.input, call.tokens.output, call.tokens.cache_read))
            assert 0 < call.created_ms < 253_402_300_800_000
            assert all(label.isprintable() for label in (call.model, call.provider, call.agent, call.directory))
        usual = ["edit", *[odd(dice) for _ in range(12)]]
        tool_use(odd(dice), "c", "s", usual, odd(dice), odd(dice))
    assert seen > ROWS / 3


def _decode_v1(text: Any, dice: random.Random) -> Any:
    created = column(dice, DATE)
    return call_from_v1(
        json_object(text), id="m", session_id="s", created_ms=created, session_created_ms=DATE, version="1.0"
    )


def _decode_v2(text: Any, dice: random.Random) -> Any:
    names: dict[str, Any] = {"id": "m", "session_id": "s", "turn_id": None, "copied": False}
    names |= {"kind": dice.choice(["assistant", "compaction"]), "directory": "/x", "session_model": {}}
    return call_from_v2(json_object(text), created_ms=column(dice, DATE), **names)


def test_ids_that_differ_stay_different(seed: int = 1) -> None:
    dice = random.Random(seed)
    ids = {"".join(dice.choice("ab\n\0\ud800\udc80é💥") for _ in range(dice.choice([1, 3, 250]))) for _ in range(3_000)}
    safe = {identifier(id) for id in ids}
    assert len(safe) == len(ids)
    assert all(id is not None and len(id.encode()) < 900 and id.isprintable() for id in safe)


def loose(store: V1 | V2) -> sqlite3.Connection:
    """The store's file, with its tables made to take anything in any column."""
    connection = sqlite3.connect(store.path, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = OFF")
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for name in {"session", "message", "part", "event", "session_v2", "session_message", "project"} & set(names):
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({name})")]
        connection.execute(f"ALTER TABLE {name} RENAME TO old_{name}")
        connection.execute(f"CREATE TABLE {name} ({', '.join(columns)})")
        connection.execute(f"INSERT INTO {name} SELECT * FROM old_{name}")
        connection.execute(f"DROP TABLE old_{name}")
        connection.execute(f"CREATE INDEX by_id_{name} ON {name} (id)")
    for index in (
        "message (session_id)",
        "part (message_id)",
        "session_message (session_id, seq)",
        "event (aggregate_id)",
    ):
        if index.split(" ")[0] in names:
            connection.execute(f"CREATE INDEX by_{index.split(' ')[0]} ON {index}")
    return connection


@pytest.mark.parametrize("kind", [V1, V2])
@pytest.mark.parametrize("seed", range(4))
def test_a_store_of_anything_is_read_and_the_calls_that_are_sound_count(
    kind: type[V1 | V2], seed: int, tmp_path: Path
) -> None:
    dice = random.Random(seed)
    store = kind(tmp_path)
    session = store.session("Fix header")
    store.call(session, cost="0.20")
    store.call(session, cost="0.11")
    with loose(store) as connection:
        connection.execute("BEGIN")
        rowid = 1_000
        for number in range(400):
            rowid += dice.choice([1, 1, 1, 2**20, 2**40])
            put_anything(connection, dice, kind, number, rowid if dice.random() < 0.8 else -rowid)
        connection.execute("COMMIT")
    connection.close()
    ours = reader(store.data_dir)
    for _ in range(2):
        ours.poll()
        assert [(state.state, state.detail) for state in ours.sync.states] == [("live", "")]
    counted = ours.rows("SELECT sum(recorded_nano) FROM call WHERE session_id = ?", session)
    assert counted == [(store.truth.total_nano,)] == [(310_000_000,)]
    assert queries.missing_rows(ours.ledger.connection, EVER) > 0
    ours.sync.answers.message_ids(session)
    ours.close()


def put_anything(connection: sqlite3.Connection, dice: random.Random, kind: type, number: int, rowid: int) -> None:
    id, session = column(dice, f"msg_{number}"), column(dice, "ses_1")
    times = (column(dice, DATE), column(dice, DATE))
    if kind is V1:
        row: tuple[object, ...] = (rowid, id, session, *times, text_of(dice))
        connection.execute(
            "INSERT INTO message (rowid, id, session_id, time_created, time_updated, data) VALUES (?,?,?,?,?,?)", row
        )
        part = json.dumps({"type": dice.choice(["tool", "step-finish"]), **message(dice), "state": odd(dice)})
        row = (rowid, column(dice, f"prt_{number}"), id, session, *times, dice.choice([part, text_of(dice)]))
        connection.execute(
            "INSERT INTO part (rowid, id, message_id, session_id, time_created, time_updated, data)"
            " VALUES (?,?,?,?,?,?,?)",
            row,
        )
    else:
        kinds = dice.choice(["assistant", "compaction", "user", None, 5])
        row = (rowid, id, session, kinds, column(dice, number), *times, text_of(dice))
        connection.execute(
            "INSERT INTO session_message (rowid, id, session_id, type, seq, time_created, time_updated, data)"
            " VALUES (?,?,?,?,?,?,?,?)",
            row,
        )
    table = "session" if kind is V1 else "session_v2"
    row = (rowid, column(dice, f"ses_{number}"), column(dice, "x"), column(dice, "t"), *times)
    connection.execute(
        f"INSERT INTO {table} (rowid, id, parent_id, title, time_created, time_updated) VALUES (?,?,?,?,?,?)", row
    )
    info = json.dumps({"info": {"id": f"msg_gone_{number}", **message(dice)}})
    event = dice.choice(["message.updated.1", "session.usage.recorded.1", "session.step.ended.1", 7, None])
    row = (
        rowid,
        column(dice, f"evt_{number}"),
        session,
        column(dice, number),
        event,
        dice.choice([info, text_of(dice)]),
    )
    connection.execute("INSERT INTO event (rowid, id, aggregate_id, seq, type, data) VALUES (?,?,?,?,?,?)", row)


FAR: dict[str, Callable[[int], int]] = {
    "at 2^62": lambda number: 2**62 + number,
    "at the last rowid but some": lambda number: LAST - 100 + number,
    "at the last rowid": lambda number: LAST if number == 0 else number * 2**40,
    "below zero": lambda number: -(10**6) + number,
    "at the first rowid": lambda number: -(2**63) + number,
    "2^40 apart": lambda number: number * 2**40 + 1,
}


@pytest.mark.parametrize("far", FAR.values(), ids=list(FAR))
@pytest.mark.parametrize("table", ["message", "event", "session"])
def test_rows_anywhere_are_read_in_a_bounded_number_of_steps(
    table: str, far: Callable[[int], int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header")
    kept, undone = store.call(session, cost="0.20"), store.prompt(session)
    store.call(session, cost="0.07", turn=undone)
    store.revert(session, undone)
    assert kept
    for number, (rowid,) in enumerate(_query(store, f"SELECT rowid FROM {table} ORDER BY rowid")):
        _query(store, f"UPDATE {table} SET rowid = {far(number)} WHERE rowid = {rowid}")
    reads: list[int] = []
    real = sqlite_store.SqliteStore._stamped

    def counted(*args: Any) -> Any:
        reads.append(1)
        return real(*args)

    monkeypatch.setattr(sqlite_store.SqliteStore, "_stamped", counted)
    ours = reader(store.data_dir)
    ours.poll()
    for cost in ("0.01", "0.02", "0.03"):
        store.call(store.session("New"), cost=cost)
        ours.poll()
        assert_truth(ours, store.truth)
    assert len(reads) < 40
    assert ours.rows("SELECT count(*) FROM session") == [(4,)]


def _query(store: V1, sql: str) -> list[Any]:
    connection = sqlite3.connect(store.path)
    with connection:
        rows = connection.execute(sql).fetchall()
    connection.close()
    return rows


def at(number: int, text: Any) -> Any:
    """A message's data with a time of its own, as far as it has a sound one: no store has hundreds at one moment."""
    return re.sub(r'(?<="created": )177[89]\d{9}', str(DATE + number * 9_973), text) if type(text) is str else text


def test_twelve_thousand_hostile_rows_are_read_in_bounded_steps(tmp_path: Path) -> None:
    dice = random.Random(7)
    store = V1(tmp_path)
    store.call(store.session("Fix header"), cost="0.20")
    texts = [text_of(dice) for _ in range(499)]
    with sqlite3.connect(store.path) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.executemany(
            "INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES (?, 'ses_1', ?, 0, ?)",
            ((f"msg_{number}", DATE + number, at(number, texts[number % 499] or "")) for number in range(12_000)),
        )
    connection.close()
    ours = reader(store.data_dir)
    steps: list[int] = []
    ours.poll(lambda: steps.append(1))
    assert [state.state for state in ours.sync.states] == ["live"]
    assert 5 < len(steps) < 15
    seen, unread = ours.rows("SELECT (SELECT count(*) FROM call), (SELECT count(*) FROM unreadable)")[0]
    assert seen > 5_000 and unread > 4_000
    assert ours.totals.spend_nano > store.truth.total_nano
    assert not ours.poll()


def test_files_of_anything_are_read(tmp_path: Path) -> None:
    dice = random.Random(3)
    files = Files(tmp_path)
    session = files.session("Fix header")
    files.call(session, cost="0.20")
    for number in range(300):
        for kind in ("message", "part", "session", "project"):
            folder = files.storage / kind / dice.choice([session, f"msg_{number - 1}", "é", f"p{number % 9}"])
            folder.mkdir(parents=True, exist_ok=True)
            text = text_of(dice)
            content = text if isinstance(text, bytes) else str(text).encode("utf-8", "surrogatepass")
            (folder / f"msg_{number}.json").write_bytes(content)
    ours = reader(files.data_dir)
    for _ in range(2):
        ours.poll()
        assert [state.state for state in ours.sync.states] == ["live"]
    assert ours.totals.spend_nano > 200_000_000
    assert queries.missing_rows(ours.ledger.connection, EVER) > 0
