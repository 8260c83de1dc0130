"""The sums kept with the calls are those of the calls, whoever wrote them, and every reading is the same from both."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import astuple

from opencode_tui.analysis.history import days_of_calls
from opencode_tui.analysis.time_spans import time_spans
from opencode_tui.clock import DAY_MS, EVER, HOUR_MS, Span, calendar_for
from opencode_tui.ledger import queries, session_list_queries, sums
from opencode_tui.ledger.breakdown_queries import breakdown
from opencode_tui.ledger.buckets import make_bucket
from opencode_tui.ledger.history_queries import paid_by_day
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.ledger.selection import DaysOf, NamedSpan, Selection
from opencode_tui.readings.day import days_with_calls
from opencode_tui.readings.finding_settling import settle_findings
from opencode_tui.readings.session_parts import read_parts
from opencode_tui.readings.turn_settling import settle_turns
from opencode_tui.records.breakdown import BreakdownRow
from opencode_tui.records.facts import SessionPart
from opencode_tui.records.requests import Filter
from tests.support.hostile import MOST
from tests.support.ledgers import lay_out
from tests.support.old_ledgers import old_call, old_ledger
from tests.support.sums import QUARTER_MS, kept_session_sums, kept_sums, true_sums, wrong_sums
from tests.support.watched import DAY_START, NOON, Watched

_IDS = st.sampled_from([f"msg_{number}" for number in range(9)])
_AT = st.integers(-3, 40).map(lambda step: step * QUARTER_MS // 3 + (NOON if step >= 0 else 0))
_CALL = st.fixed_dictionaries(
    {
        "session_id": st.sampled_from(["ses_1", "ses_2"]),
        "turn_id": st.sampled_from([None, "turn", 'a "quoted", turn']),
        "provider": st.sampled_from(["opencode", "a/b"]),
        "model": st.sampled_from(["kimi", "glm"]),
        "agent": st.sampled_from(["build", "title"]),
        "created_ms": _AT,
        "completed_ms": st.none() | _AT,
        "streamed_ms": st.none() | _AT,
        "finish": st.sampled_from([None, "stop", "tool-calls"]),
        "output": st.integers(0, 10**4),
        "cache_read": st.integers(0, 10**6),
        "cache_nano": st.none() | st.integers(0, 10**9),
        "rates_id": st.sampled_from([None, 1]),
        "error": st.sampled_from([None, "MessageAbortedError", "APIError"]),
        "copied_from": st.sampled_from([None, None, "msg_0"]),
        "amount_nano": st.integers(0, 10**15),
        "list_nano": st.none() | st.integers(0, 10**9),
        "input": st.integers(0, 10**6),
        "input_nano": st.none() | st.integers(0, 10**9),
    }
)
_WRITE = st.tuples(st.sampled_from(["insert", "update", "delete", "upsert", "use", "end use", "move"]), _IDS, _CALL)
_STEP = st.tuples(
    st.sampled_from(
        ["first", "second", "raw", "rolled back", "vacuum", "reopen", "settle", "look", "buckets", "buckets"]
    ),
    st.lists(_WRITE, max_size=4),
)
BERLIN = calendar_for("Europe/Berlin")
SPANS = (
    *(EVER, Span(0, NOON + HOUR_MS), Span(DAY_START, DAY_START + DAY_MS)),
    *(Span(NOON, NOON + HOUR_MS), Span(NOON + 1, NOON + HOUR_MS - 7)),
)


def _write(connection: sqlite3.Connection, write: tuple[str, str, dict[str, Any]]) -> None:
    kind, id, call = write
    names, marks = ", ".join(call), ", ".join("?" * len(call))
    if kind == "delete":
        connection.execute("DELETE FROM call WHERE id = ?", (id,))
    elif kind == "use":  # tools are written with their calls
        connection.execute("UPDATE call SET finish = 'tool-calls' WHERE id = ?", (id,))
        for name in ("bash", "bash", "read"):
            number = connection.execute("SELECT coalesce(max(rowid), 0) + 1 FROM tool").fetchone()[0]
            connection.execute(
                "INSERT INTO tool (id, call_id, session_id, name, target, ok, duration_ms)"
                " VALUES (?, ?, '', ?, '', ?, ?)",
                (f"prt_{number}", id, name, number % 2, call["output"] - 9),
            )
    elif kind == "end use":
        connection.execute("UPDATE tool SET ok = 0, duration_ms = 700 WHERE call_id = ?", (id,))
        connection.execute("DELETE FROM tool WHERE call_id = ? AND name = 'read'", (id,))
    elif kind == "move":  # its session is found late, or is another's from now on
        connection.execute(
            "INSERT INTO session (id, parent_id, title, directory, project, version, created_ms, updated_ms,"
            " store_id, rank, unattended) VALUES (?, ?, '', '', ?, '', 0, 0, 1, 1, ?) ON CONFLICT (id) DO UPDATE"
            " SET (parent_id, project, unattended) = (excluded.parent_id, excluded.project, excluded.unattended)",
            (call["session_id"], call["turn_id"], call["model"], call["input"] % 2),
        )
    elif kind == "update":
        connection.execute(f"UPDATE call SET ({names}) = ({marks}) WHERE id = ?", (*call.values(), id))
    else:
        then = "NOTHING" if kind == "insert" else "UPDATE SET agent = excluded.agent, created_ms = excluded.created_ms"
        fixed = dict.fromkeys(("machine_id", "store_id"), 1) | dict.fromkeys(("reasoning", "copied"), 0)
        fixed |= dict.fromkeys(("cache_write", "recorded_nano"), 0)
        values = {"id": id, "directory": "/shop", "basis": "recorded", **fixed, **call}
        connection.execute(
            f"INSERT INTO call ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})"
            f" ON CONFLICT (id) DO {then}",
            tuple(values.values()),
        )


def _readings(connection: sqlite3.Connection, span: Span) -> list[object]:
    """What is read from sums, each in an order of its own."""
    return [
        queries.totals(connection, span, NOON + HOUR_MS),
        queries.spend(connection, span),
        *(queries.slices(connection, span, by) for by in ("model", "project")),
        *(_sorted_rows(connection, (span, SPANS[-3]), by) for by in (("task", "kind"), ("project", "tool"))),
        *(_sorted_rows(connection, (span,), by) for by in (("task", "model"), ("tool", "kind"), ("task", "tool"))),
        *(_sorted_rows(connection, (span,), by) for by in (("project",), ("tool", "task"))),
        session_list_queries.newest_contexts(connection, span, ["ses_1", "ses_2"]),
        {id: sorted(map(_figures, parts)) for id, parts in read_parts(connection, span, costs=True).items()},
    ]


def _sorted_rows(connection: sqlite3.Connection, spans: tuple[Span, ...], by: tuple[str, ...]) -> list[BreakdownRow]:
    where = (Filter("agent", ("build",)),)
    selection = Selection(tuple(NamedSpan((), span) for span in spans), by, where)
    rows = breakdown(connection, selection, root_of={}, details=True)
    return sorted(rows, key=lambda row: row.keys)


def _over_time(connection: sqlite3.Connection) -> list[object]:
    """What is read from the sums by day and by hour."""
    days = days_with_calls(connection, BERLIN, EVER)
    found: list[object] = [days_of_calls(paid_by_day(connection, BERLIN), BERLIN)]
    for by in ("hour", "day"):
        spans = (NamedSpan(*each) for each in time_spans(BERLIN, days, (by,), (), whole_days=True))
        selection = Selection(tuple(spans), (by,), (), DaysOf(EVER, BERLIN))
        found.append(sorted(breakdown(connection, selection, root_of={}, details=True), key=lambda row: row.keys))
    return found


def _figures(part: SessionPart) -> tuple[object, ...]:
    """All that a part says, its turns and costs in an order of their own."""
    turns = sorted(set(json.loads(f"[{part.turns or ''}]")))
    costs = json.loads(f"[{part.costs or ''}]")
    return *astuple(part)[:7], turns, sorted(zip(costs[::2], costs[1::2], strict=True)), part.tokens.counts


def _of_calls(read: Callable[..., list[object]], *of: object) -> list[object]:
    with pytest.MonkeyPatch.context() as patch:
        for module in ("queries", "session_list_queries", "turns", "history_queries"):
            patch.setattr(f"opencode_tui.ledger.{module}.paid_calls", lambda *_: sums.each_call())
        return read(*of)


@given(st.lists(_STEP, max_size=12))
def test_the_sums_are_those_of_the_calls_whoever_wrote_them(steps: list[tuple[str, list[Any]]]) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.db"
        lay_out(file)
        ledgers = {"first": Ledger(file), "second": Ledger(file)}
        _add_store(ledgers["first"])
        for who, writes in steps:
            connection = ledgers["first"].connection
            if who in ledgers:
                with ledgers[who].writing() as writing:
                    for write in writes:
                        _write(writing, write)
                assert wrong_sums(connection) == []
            elif who == "raw":  # another program: readings go by the calls until one of ours has written
                for write in writes:
                    _write(connection, write)
            elif who == "rolled back":
                with pytest.raises(ZeroDivisionError), ledgers["second"].writing() as writing:
                    for write in writes:
                        _write(writing, write)
                    raise ZeroDivisionError
            elif who == "settle":
                settle_turns(ledgers["second"])
            elif who == "look":  # classifies, and leaves the sums by task
                settle_findings(ledgers["second"], {})
            elif who == "buckets":
                while make_bucket(ledgers["second"], NOON + 99 * DAY_MS, BERLIN):
                    pass
            elif who == "vacuum":
                connection.execute("VACUUM")
            else:
                ledgers["second"].close()
                ledgers["second"] = Ledger(file)
                assert wrong_sums(connection) == []
            for span in SPANS:
                assert _readings(connection, span) == _of_calls(_readings, connection, span)
            assert _over_time(connection) == _of_calls(_over_time, connection)
        for ledger in ledgers.values():
            ledger.close()


def _add_store(ledger: Ledger) -> None:
    with ledger.writing() as connection:
        connection.execute("INSERT INTO machine VALUES (1, 'm')")
        connection.execute("INSERT INTO store (id, key) VALUES (1, 'k')")
        connection.execute("INSERT INTO rates VALUES (1, 3000000000, 15000000000, 300000000, 3750000000, 'list')")


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path / "ledger.db")
    yield watched
    watched.ledger.close()


def test_absurd_amounts_are_summed_to_the_most_that_there_is(watched: Watched) -> None:
    connection = watched.ledger.connection
    for at in (NOON, NOON, NOON + DAY_MS):
        watched.call(at=at)
    with watched.ledger.writing():
        connection.execute("UPDATE call SET amount_nano = ?, input = ?, cache_read = ?", (MOST, MOST, MOST))
    assert len(kept_sums(connection)) == 2
    assert queries.totals(connection, EVER, 0).spend_nano >= 9 * 10**18
    assert session_list_queries.session_parts(connection, EVER)[0].tokens.input >= 9 * 10**18
    for span in (EVER, Span(NOON, NOON + 1)):
        assert session_list_queries.newest_contexts(connection, span, ["ses_1"])["ses_1"][0] == MOST


def test_absurd_times_of_tools_of_one_call_are_summed_as_well(watched: Watched) -> None:
    watched.call(at=NOON)
    with watched.ledger.writing() as connection:
        (id,) = connection.execute("UPDATE call SET finish = 'tool-calls' RETURNING id").fetchone()
        for number in range(3):
            connection.execute(
                "INSERT INTO tool (id, call_id, session_id, name, target, duration_ms)"
                " VALUES (?, ?, '', 'bash', '', ?)",
                (f"prt_{number}", id, MOST),
            )
    ((uses, took),) = watched.ledger.connection.execute("SELECT uses, tool_ms FROM tool_sum").fetchall()
    assert uses == 3
    assert took >= 9 * 10**18


def test_a_call_that_takes_the_row_of_a_deleted_one_is_summed(watched: Watched) -> None:
    for number in range(3):
        watched.call(at=NOON + number * HOUR_MS)
    with watched.ledger.writing() as connection:
        connection.execute("DELETE FROM call WHERE created_ms >= ?", (NOON + HOUR_MS,))
        columns = ", ".join(row[1] for row in connection.execute("PRAGMA table_info(call)"))
        other = columns.replace("id,", "id || 'x',", 1).replace("created_ms", f"created_ms + {DAY_MS}", 1)
        connection.execute(f"INSERT INTO call ({columns}) SELECT {other} FROM call")
    assert wrong_sums(watched.ledger.connection) == []
    assert len(kept_sums(watched.ledger.connection)) == 2


def test_rows_numbered_anew_hide_no_call_from_the_sums(watched: Watched) -> None:
    connection = watched.ledger.connection
    for number in range(6):
        watched.call(at=NOON + number * HOUR_MS)
    with watched.ledger.writing():
        connection.execute("DELETE FROM call WHERE created_ms < ?", (NOON + 3 * HOUR_MS,))
    connection.execute("UPDATE call SET rowid = rowid - 3")  # as a dump that is read in again does
    for number in range(3):
        watched.call(at=NOON + number * HOUR_MS)
        assert wrong_sums(connection) == []


def test_the_calls_of_a_ledger_of_before_are_summed_in_steps_and_a_kill_between_them_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ledger.db"
    with closing(old_ledger(file, 4)) as connection:
        for number in range(40):
            old_call(connection, f"msg_{number}", NOON + number * QUARTER_MS // 3, 1000 + number)
    monkeypatch.setattr(sums, "_ROWS_AT_ONCE", 7)
    settle, asked = sums.settle, []

    def killed(connection: sqlite3.Connection, most: int | None = None) -> None:
        asked.append(most)
        if len(asked) == 3:
            raise KeyboardInterrupt
        settle(connection, most)

    monkeypatch.setattr(sums, "settle", killed)
    with pytest.raises(KeyboardInterrupt):
        Ledger(file)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        assert 0 < len(kept_sums(connection)) < len(true_sums(connection))
        assert queries.spend(connection, EVER) == sum(range(1000, 1040))
    ledger = Ledger(file)
    assert len(asked) == 3 + 4
    assert wrong_sums(ledger.connection) == []
    assert not sums.is_unsummed(ledger.connection)
    ledger.close()


def test_what_is_not_summed_yet_is_read_from_the_calls(watched: Watched) -> None:
    watched.call(cost="0.10")
    connection = watched.ledger.connection
    assert sums.paid_calls(connection, EVER) != sums.each_call()
    connection.execute("UPDATE call SET amount_nano = 7")
    assert sums.paid_calls(connection, EVER) == sums.each_call()
    assert queries.spend(connection, EVER) == 7


def test_a_ledger_with_some_sums_of_sessions_gets_all(watched: Watched) -> None:
    connection = watched.ledger.connection
    for number in range(6):
        watched.call(session=f"ses_{number % 2}", at=NOON + number * HOUR_MS)
    connection.execute("DROP TABLE session_sum")
    connection.execute("CREATE TABLE session_sum (session_id TEXT NOT NULL, provider TEXT NOT NULL)")
    connection.execute("DELETE FROM _sqlite_migrations WHERE name = 'm021_all_sums_of_sessions'")
    connection.execute("PRAGMA user_version = 20")
    with closing(Ledger(watched.path)) as ledger:
        assert len(kept_session_sums(ledger.connection)) == 2
        assert wrong_sums(ledger.connection) == []


def test_a_session_that_a_span_cuts_is_read_from_the_quarters_of_an_hour_in_it(watched: Watched) -> None:
    for session, hours in {"within": (1, 2), "begun before": (-1, 1), "over": (2, 9), "all around": (-1, 9)}.items():
        for hour in hours:
            watched.call(session=session, at=NOON + hour * HOUR_MS, cost="0.01")
    parts = session_list_queries.session_parts(watched.ledger.connection, Span(NOON, NOON + 8 * HOUR_MS), costs=True)
    assert {part.session_id: part.calls for part in parts} == {"within": 2, "begun before": 1, "over": 1}
    assert all(part.costs and part.costs.count(",") == 2 * part.calls - 1 for part in parts)


def test_many_sessions_are_looked_up_in_one_pass_and_a_few_one_by_one(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [watched.session(f"ses_{number}") for number in range(4)]
    for number, id in enumerate(ids):
        watched.call(session=id, at=NOON + number * HOUR_MS, context=1000 + number)
        watched.call(session=id, at=NOON + number * HOUR_MS, context=2000)

    def found() -> tuple[object, ...]:
        connection, span = watched.ledger.connection, Span(NOON, NOON + 2 * HOUR_MS)
        contexts = session_list_queries.newest_contexts(connection, span, ids[1:])
        return session_list_queries.session_facts(connection, ids[1:]), contexts

    one_by_one = found()
    assert one_by_one[1] == {"ses_1": (1001, "opencode", "kimi-k2.6", "/home/dev/shop")}
    monkeypatch.setattr(session_list_queries, "_FEW", 2)
    assert found() == one_by_one
