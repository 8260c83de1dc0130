"""What is kept of the lists over all sessions is what is read without it, whatever changed in between."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from opencode_tui.clock import EVER
from opencode_tui.config.settings import Settings
from opencode_tui.ledger import session_changes
from opencode_tui.ledger.buckets import make_bucket
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.readings import keeping
from opencode_tui.readings.answering import answer
from opencode_tui.readings.context import Context
from opencode_tui.readings.keeping import keep_ahead
from opencode_tui.readings.kept import Kept
from opencode_tui.readings.turn_settling import settle_task_sums, settle_turns
from opencode_tui.records.answers import Answer
from opencode_tui.records.breakdown import Breakdown, Measures
from opencode_tui.records.requests import BreakdownRequest, Request, SessionsRequest
from opencode_tui.records.sessions import SessionList
from tests.support.kept import in_order
from tests.support.ledgers import lay_out
from tests.support.watched import DAY_START, MINUTE, NOON, Watched

FIRST = SessionsRequest.first("all")
FULL = SessionsRequest("all")
BY_SESSION = BreakdownRequest(("session",), "all")
FIRST_BY_SESSION = replace(BY_SESSION, details=False)
REQUESTS: tuple[Request, ...] = (
    *(FIRST, FULL, replace(FULL, sparks=False), BY_SESSION, FIRST_BY_SESSION),
    *(SessionsRequest(period) for period in ("today", "week")),
    *(replace(BY_SESSION, period=period) for period in ("today", "yesterday")),
)
DETAILS = ("errors", "retries", "turns", "seconds", "speed", "edit_turns", "one_shots", "edit_retries")
IDS = [f"ses_{number}" for number in range(6)]

_ID = st.sampled_from(IDS)
_MINUTES = st.integers(-50, 50)
_AT = _MINUTES | st.integers(-5, 5).map(lambda day: day * 720)
_CALL = st.tuples(
    st.just("call"),
    st.integers(0, 30),
    _ID,
    _AT,
    st.sampled_from([None, 0, 1, 45]),
    st.sampled_from(["kimi", "glm"]),
    st.integers(0, 10**9),
    st.sampled_from([None, None, "MessageAbortedError", "APIError"]),
    st.sampled_from([None, None, 0, 1]),
)
_SESSION = st.tuples(
    st.just("session"),
    _ID,
    st.sampled_from([None, None, "ses_0", "ses_1", "ses_2", "ses_5", "gone"]),
    st.sampled_from(["", "A title", "Another"]),
    st.sampled_from([None, NOON]),
    st.booleans(),
    st.integers(-60, 60),
)
_STEP = st.lists(
    _CALL
    | _CALL
    | _SESSION
    | _SESSION
    | st.tuples(st.sampled_from(["forget session", "forget calls", "miss"]), _ID)
    | st.tuples(st.just("time"), _MINUTES | st.sampled_from([-720, 720]))
    | st.tuples(st.sampled_from(["turns", "tasks", "buckets", "limit", "zone", "raw", "vacuum"])),
    max_size=4,
)


class _Limits:
    def __init__(self) -> None:
        self.limit = 100_000

    def context_limit(self, provider: str, model: str, directory: str = "") -> int | None:
        return self.limit if model == "kimi" else None


class _Place:
    """A ledger, and a reader of it that keeps what it read."""

    def __init__(self, file: Path) -> None:
        lay_out(file)
        self.ledgers = [Ledger(file), Ledger(file)]
        self.now, self.limits, self.settings = NOON, _Limits(), Settings(timezone="UTC")
        self.kept = Kept()
        with self.ledgers[0].writing() as connection:
            connection.execute("INSERT INTO machine VALUES (1, 'm')")
            connection.execute("INSERT INTO store (id, key) VALUES (1, 'k')")

    def take(self, step: tuple[Any, ...]) -> None:
        kind, *values = step
        if kind == "time":
            self.now += values[0] * MINUTE
        elif kind == "limit":
            self.limits.limit += 1
        elif kind == "zone":
            self.settings = replace(self.settings, timezone="Asia/Tokyo")
        elif kind == "turns":
            settle_turns(self.ledgers[1])
        elif kind == "tasks":
            settle_task_sums(self.ledgers[1])
        elif kind == "buckets":
            make_bucket(self.ledgers[1], NOON + 10**11)
        elif kind == "raw":  # another program
            self.ledgers[0].connection.execute("UPDATE call SET amount_nano = amount_nano + 1")
        elif kind == "vacuum":
            self.ledgers[0].connection.execute("VACUUM")
        else:
            with self.ledgers[1].writing() as connection:
                _write(connection, kind, values)

    def read(self, request: Request, kept: Kept | None) -> Answer:
        with self.ledgers[0].reading() as connection:
            context = Context(connection, self.now, self.settings, limits=self.limits, kept=kept)
            return in_order(answer(request, context))

    def close(self) -> None:
        for ledger in self.ledgers:
            ledger.close()


def _write(connection: sqlite3.Connection, kind: str, values: list[Any]) -> None:
    if kind == "call":
        number, session, at, took, model, nano, error, copy_of = values
        created = NOON + at * MINUTE
        call = {
            "id": f"msg_{number}",
            "session_id": session,
            "machine_id": 1,
            "store_id": 1,
            "turn_id": f"t{at % 5}",
            "provider": "opencode",
            "model": model,
            "agent": "build",
            "directory": f"/{model}",
            "error": error,
            "created_ms": created,
            "completed_ms": None if took is None else created + took * MINUTE,
            "input": nano % 7,
            "output": 5,
            "reasoning": 0,
            "cache_read": 0,
            "cache_write": 0,
            "basis": "recorded",
            "recorded_nano": nano,
            "amount_nano": nano,
            "copied": int(copy_of is not None),
            "copied_from": None if copy_of is None else f"msg_{copy_of}",
        }
        marks = ", ".join("?" * len(call))
        connection.execute("DELETE FROM call WHERE id = ?", (call["id"],))
        connection.execute(f"INSERT INTO call ({', '.join(call)}) VALUES ({marks})", tuple(call.values()))
    elif kind == "session":
        id, parent, title, archived, present, began = values
        connection.execute(
            "INSERT INTO session (id, parent_id, title, directory, project, version, created_ms, updated_ms,"
            " archived_ms, store_id, rank, present) VALUES (?, ?, ?, '/d', '/p', '', ?, 0, ?, 1, 1, ?)"
            " ON CONFLICT (id) DO UPDATE SET (parent_id, title, created_ms, archived_ms, present)"
            " = (excluded.parent_id, excluded.title, excluded.created_ms, excluded.archived_ms, excluded.present)",
            (id, parent, title, NOON + began * MINUTE, archived, present),
        )
    elif kind == "forget session":
        connection.execute("DELETE FROM session WHERE id = ?", values)
    elif kind == "miss":
        connection.execute("UPDATE call SET missing = 'cost' WHERE session_id = ?", values)
    else:
        connection.execute("DELETE FROM call WHERE session_id = ?", values)


@given(st.lists(_STEP, min_size=1, max_size=12))
def test_it_is_what_is_read_without_it(steps: list[list[tuple[Any, ...]]]) -> None:
    with TemporaryDirectory() as folder, closing(_Place(Path(folder) / "ledger.db")) as place:
        for step in steps:
            for each in step:
                place.take(each)
            for request in REQUESTS:
                assert place.read(request, place.kept) == place.read(request, None)
            assert _without_details(place.read(BY_SESSION, None)) == place.read(FIRST_BY_SESSION, None)


def _without_details(found: Answer) -> Answer:
    assert isinstance(found, Breakdown)
    rows = (replace(row, measures=_plain(row.measures)) for row in found.rows)
    return replace(found, request=FIRST_BY_SESSION, totals=_plain(found.totals), rows=tuple(rows))


def _plain(measures: Measures) -> Measures:
    return replace(measures, **dict.fromkeys(DETAILS))


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path / "ledger.db")
    for number in range(12):
        id, parent = f"ses_{number}", f"ses_{number - number % 3}" if number % 3 else None
        watched.session(id, parent=parent)
        watched.call(session=id, at=DAY_START + number * MINUTE, cost="0.10")
    settle_turns(watched.ledger)
    yield watched
    watched.ledger.close()


@contextmanager
def _context(watched: Watched, kept: Kept) -> Iterator[Context]:
    with watched.ledger.reading() as connection:
        yield Context(connection, NOON, watched.settings, kept=kept)


def _read(watched: Watched, kept: Kept, request: Request) -> Answer:
    with _context(watched, kept) as context:
        return answer(request, context)


def _rows_by_id(answer: Answer) -> dict[str, object]:
    assert isinstance(answer, SessionList | Breakdown)
    return {getattr(row, "id", None) or row.keys[0]: row for row in answer.rows}  # type: ignore[union-attr]


@pytest.mark.parametrize(("request_", "read_again"), [(FULL, {"ses_3"}), (BY_SESSION, {"ses_3", "ses_4", "ses_5"})])
def test_only_what_changed_is_read_again(watched: Watched, request_: Request, read_again: set[str]) -> None:
    kept = Kept()
    before = _rows_by_id(_read(watched, kept, request_))
    watched.call(session="ses_4", at=DAY_START, cost="0.50")
    settle_turns(watched.ledger)
    after = _rows_by_id(_read(watched, kept, request_))
    assert {id for id, row in after.items() if row is not before[id]} == read_again


@pytest.mark.parametrize("request_", [FULL, BY_SESSION])
def test_after_too_many_changes_all_is_read(
    watched: Watched, request_: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_changes, "MOST_CHANGES", 2)
    kept = Kept()
    _read(watched, kept, request_)
    for id in ("ses_0", "ses_3", "ses_7"):
        watched.call(session=id, at=DAY_START, cost="0.50")
    settle_turns(watched.ledger)
    assert _read(watched, kept, request_) == _read(watched, Kept(), request_)


def test_a_change_is_seen_whoever_wrote_it(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an older version does that was left open: the sums are made again, and nothing else is said."""
    kept = Kept()
    _read(watched, kept, FULL)
    monkeypatch.setattr("opencode_tui.ledger.sums.forget_oldest", lambda _: None)
    watched.call(session="ses_4", at=DAY_START, cost="0.50")
    assert in_order(_read(watched, kept, FULL)) == in_order(_read(watched, Kept(), FULL))


def test_a_reading_that_fails_leaves_what_is_kept(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept()
    watched.call(session="ses_6", at=NOON - MINUTE, cost="0.50")
    _read(watched, kept, FULL)
    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr("opencode_tui.readings.session_rows.sum_of", lambda parts: 1 // 0)
        _read(watched, kept, FULL)
    assert in_order(_read(watched, kept, FULL)) == in_order(_read(watched, Kept(), FULL))


def test_the_oldest_changes_are_forgotten_and_numbers_go_on(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = watched.ledger.connection
    before = session_changes.last_change(connection)
    monkeypatch.setattr(session_changes, "_FORGET", session_changes._FORGET.replace("10000", "3"))
    for _ in range(5):
        watched.call(session="ses_4", at=DAY_START)
    last = session_changes.last_change(connection)
    assert last >= before + 5
    assert connection.execute("SELECT count(*) FROM session_change").fetchone() == (3,)
    assert session_changes.changed_since(connection, last - 1) == frozenset(("ses_4",))


@pytest.mark.parametrize(
    "change",
    [
        lambda watched: watched.session("ses_4", "ses_4", parent="ses_3"),
        lambda watched: watched.ledger.connection.execute("UPDATE session SET updated_ms = updated_ms + 1"),
    ],
)
def test_a_session_written_as_it_was_is_no_change(watched: Watched, change: Callable[[Watched], object]) -> None:
    before = session_changes.last_change(watched.ledger.connection)
    change(watched)
    assert session_changes.last_change(watched.ledger.connection) == before


def test_long_lists_are_read_ahead_one_at_a_time_and_once(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, done = Kept(), []
    with _context(watched, kept) as context:
        assert not keep_ahead(context)
    monkeypatch.setattr(keeping, "MANY", 12)
    for _ in range(5):
        with _context(watched, kept) as context:
            done.append((keep_ahead(context), len(kept.trees), len(kept.sessions)))
    assert done == [(True, 1, 0), (True, 1, 1), (True, 2, 1), (True, 2, 2), (False, 2, 2)]
    rows = kept.trees[EVER, FIRST.parts].rows
    read = _read(watched, kept, FIRST)
    assert isinstance(read, SessionList)
    assert all(row is rows[row.id] for row in read.rows)


def _call(session: str, at: int, *, model: str = "kimi", took: int | None = 0) -> tuple[object, ...]:
    return "call", at, session, at, took, model, 10**8, None, None


def _session(id: str, parent: str | None) -> tuple[object, ...]:
    return "session", id, parent, "", None, True, 0


@pytest.mark.parametrize(
    "steps",
    [
        # a subagent without calls moves to another tree with its own subagent's, which has some
        [
            [_session("ses_0", None), _session("ses_1", None), _session("ses_3", "ses_0"), _session("ses_4", "ses_3")],
            [_session("ses_5", "ses_4"), _call("ses_5", -41), _call("ses_0", -42), _call("ses_1", -43)],
            [_session("ses_3", "ses_1")],
        ],
        # a root that has only a copy, whose context is the tree's
        [
            [_session("ses_0", None), _session("ses_1", "ses_0"), _call("ses_1", -41)],
            [("call", 7, "ses_0", -40, 0, "kimi", 10**8 + 5, None, -41)],
        ],
        # parents that form a cycle, whose root is another one then
        [
            [_call("ses_0", -41), _session("ses_0", "ses_5"), _session("ses_5", "ses_1")],
            [_call("ses_1", -40), _session("ses_1", "ses_0")],
        ],
        [[_call("ses_0", 20)], [("time", 21)], [("time", 9)]],  # becomes active, and idle again
        [[_call("ses_0", -1)], [("time", 20)], [("time", -20)]],
        [[_call("ses_0", -20, took=None)], [("time", 11)]],
        [[_call("ses_0", -40)], [("limit",)]],
        [[_call("ses_0", -40)], [("zone",)]],
    ],
)
def test_what_moves_and_what_time_changes_is_seen(tmp_path: Path, steps: list[list[tuple[Any, ...]]]) -> None:
    with closing(_Place(tmp_path / "ledger.db")) as place:
        for step in steps:
            for each in step:
                place.take(each)
            before = place.read(FULL, place.kept)
            assert before == place.read(FULL, None)
            assert place.read(FIRST_BY_SESSION, place.kept) == place.read(FIRST_BY_SESSION, None)
        assert isinstance(before, SessionList)
        assert before.rows


def test_nothing_is_kept_of_lower_bounds(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MANY", 12)
    with watched.ledger.writing() as connection:
        connection.execute("UPDATE call SET missing = 'cost' WHERE session_id = 'ses_4'")
    kept = Kept()
    read = _read(watched, kept, FULL)
    assert isinstance(read, SessionList)
    assert {row.id for row in read.rows if row.lower_bound} == {"ses_3"}
    assert not kept.trees
    with _context(watched, kept) as context:
        assert [keep_ahead(context) for _ in range(3)] == [True, True, False]
    assert not kept.trees
    assert len(kept.sessions) == 2
