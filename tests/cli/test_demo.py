"""The demo's store is a true OpenCode store, its day is believable, and its play crosses both lines."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from opencode_tui.cli.dashboard import _of_demo
from opencode_tui.cli.demo import demo_store
from opencode_tui.cli.demo.cast import LOOP_FILE, LOOP_TITLE
from opencode_tui.cli.demo.models import GLM, KIMI, SUBSCRIPTION
from opencode_tui.cli.demo.parts import Tool, text, tool_ended, tool_running
from opencode_tui.cli.demo.player import Player
from opencode_tui.cli.demo.scenario import DAYS, Desk, seed_history
from opencode_tui.cli.demo.store import V1Store
from opencode_tui.clock import HOUR_MS, Calendar
from opencode_tui.config.settings import Settings
from opencode_tui.config.team import Team
from opencode_tui.readings.context import context_of
from opencode_tui.readings.quotas import read_quotas
from opencode_tui.records.calls import Tokens
from opencode_tui.records.quotas import NEARLY_FULL
from opencode_tui.records.requests import QuotasRequest
from tests.support.ledgers import reader
from tests.support.records import replace

NOON = int(datetime(2026, 5, 13, 14, 23, tzinfo=UTC).timestamp() * 1000)
STEPS = 900
"""More than the play takes from the start to the cutoff, for any seed that was tried."""


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        yield db


def rows(path: Path, query: str, *values: object) -> list[tuple[object, ...]]:
    with reading(path) as db:
        return db.execute(query, values).fetchall()


def spent_on_day_of(path: Path, ms: int, zone: ZoneInfo | None = None) -> float:
    """USD of all calls of one day, straight from the store; a fork's copies are not counted again."""
    where = zone or UTC
    day = datetime.fromtimestamp(ms / 1000, where).date()
    total = 0.0
    for created, session_created, data in rows(
        path,
        "SELECT m.time_created, s.time_created, m.data FROM message m JOIN session s ON s.id = m.session_id"
        " WHERE abs(m.time_created - ?) < 36 * 3600 * 1000",
        ms,
    ):
        assert isinstance(created, int) and isinstance(session_created, int) and isinstance(data, str)
        same_day = datetime.fromtimestamp(created / 1000, where).date() == day
        if same_day and created >= session_created:
            total += json.loads(data).get("cost", 0)
    return total


def check_sums(path: Path) -> None:
    """Each session's cost is the sum of its messages', and none is negative."""
    sums = rows(
        path,
        "SELECT s.id, s.cost, (SELECT coalesce(sum(json_extract(data, '$.cost')), 0)"
        " FROM message m WHERE m.session_id = s.id) FROM session s",
    )
    assert sums
    for session, cost, total in sums:
        assert isinstance(cost, float)
        assert cost >= 0, session
        assert cost == pytest.approx(total, abs=1e-9), session


class Hand:
    """A clock that is turned by hand."""

    def __init__(self, ms: int) -> None:
        self.ms = ms

    def __call__(self) -> int:
        return self.ms


@contextmanager
def seeded(path: Path, ms: int, seed: int = 7) -> Iterator[tuple[V1Store, Desk]]:
    with closing(V1Store(path, seed=seed)) as store:
        yield store, seed_history(store, ms, UTC, seed=seed)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("history") / "opencode.db"
    with seeded(path, NOON):
        yield path


@pytest.fixture
def short_past(monkeypatch: pytest.MonkeyPatch) -> None:
    """For what happens on the day: most of the weeks before it are not made."""
    monkeypatch.setattr("opencode_tui.cli.demo.scenario.DAYS", 4)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[V1Store]:
    with closing(V1Store(tmp_path / "opencode.db", seed=1)) as made:
        yield made


def begin(store: V1Store, ms: int = 1_000) -> tuple[str, str]:
    """A session and its first user message."""
    session = store.add_session(store.add_project("/home/dev/shop", ms), "/home/dev/shop", ms, title="Tea")
    return session, store.add_user_message(session, ms, body="Make tea.", agent="build", model=KIMI)


def call(store: V1Store, session: str, user: str, ms: int, tokens: Tokens) -> str:
    message = store.start_call(session, user, ms, directory="/home/dev/shop", agent="build", model=KIMI)
    store.add_part(session, message, ms + 1, text("Tea.", ms + 1, ms + 2))
    store.finish_call(message, ms + 5, tokens=tokens, model=KIMI)
    return message


def everything(path: Path) -> list[list[tuple[object, ...]]]:
    """The schema, and all rows of all tables."""
    schema = rows(path, "SELECT * FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
    return [schema, *(rows(path, f'SELECT * FROM "{name}"') for kind, name, *_ in schema if kind == "table")]


def test_the_same_seed_and_clock_give_the_same_past(tmp_path: Path, history: Path) -> None:
    with seeded(tmp_path / "other.db", NOON):
        pass
    assert everything(tmp_path / "other.db") == everything(history)


@pytest.mark.usefixtures("short_past")
def test_the_same_seed_and_clock_give_the_same_play(tmp_path: Path) -> None:
    for name in ("one.db", "two.db"):
        with seeded(tmp_path / name, NOON) as (store, desk):
            hand = Hand(NOON)
            player = Player(store, desk, clock=hand, zone=UTC)
            for _ in range(60):
                hand.ms += int(player.step() * 1000)
    assert everything(tmp_path / "one.db") == everything(tmp_path / "two.db")


@pytest.mark.usefixtures("short_past")
def test_another_seed_gives_another_day(tmp_path: Path, history: Path) -> None:
    with seeded(tmp_path / "other.db", NOON, seed=8):
        pass
    titles = "SELECT title FROM session ORDER BY time_created DESC LIMIT 10"
    assert rows(tmp_path / "other.db", titles) != rows(history, titles)


@pytest.mark.parametrize("zone", ["UTC", "America/St_Johns"])
@pytest.mark.parametrize("at", ["00:00:00", "00:00:30", "03:10:00", "09:00:00", "14:23:00", "23:59:00"])
def test_today_begins_just_under_the_warning_and_nothing_lies_ahead(
    tmp_path: Path, at: str, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if (at, zone) != ("14:23:00", "UTC"):  # which has the whole past before it
        monkeypatch.setattr("opencode_tui.cli.demo.scenario.DAYS", 4)
    now = int(datetime.fromisoformat(f"2026-05-13T{at}").replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)
    path = tmp_path / "opencode.db"
    with closing(V1Store(path)) as store:
        seed_history(store, now, ZoneInfo(zone))
    assert 0.60 < spent_on_day_of(path, now, ZoneInfo(zone)) < 0.78
    for table in ("project", "session", "message", "part"):
        assert rows(path, f"SELECT max(max(time_created), max(time_updated)) FROM {table}") <= [(now,)]
    ends = "SELECT max(json_extract(data, '$.time.completed')) FROM message"
    assert rows(path, ends) <= [(now,)]


def test_the_past_days_are_believable(history: Path) -> None:
    calendar = Calendar(UTC)
    spends = [spent_on_day_of(history, NOON - back * 24 * HOUR_MS) for back in range(1, DAYS + 1)]
    weekend = [calendar.day(NOON - back * 24 * HOUR_MS).weekday() >= 5 for back in range(1, DAYS + 1)]
    assert all(0.35 < spend < 1.8 for spend in spends if spend < 2)
    assert sum(spend > 2 for spend in spends) == 1
    assert max(spend for spend, free in zip(spends, weekend, strict=True) if free) < 0.65


def test_the_history_has_forks_subagents_an_archived_session_and_an_undone_turn(history: Path) -> None:
    forks = "SELECT count(*) FROM session WHERE title LIKE '%(fork #1)' AND parent_id IS NULL"
    children = "SELECT count(*) FROM session WHERE parent_id IS NOT NULL AND title LIKE '% subagent)'"
    archived = "SELECT count(*) FROM session WHERE time_archived IS NOT NULL"
    assert rows(history, forks) >= [(3,)]
    assert rows(history, children) >= [(5,)]
    assert rows(history, archived) == [(1,)]
    undone = rows(
        history,
        "SELECT DISTINCT json_extract(data, '$.info.cost') FROM event WHERE type = 'message.updated.1'"
        " AND json_extract(data, '$.info.id') NOT IN (SELECT id FROM message)"
        " AND json_extract(data, '$.info.cost') > 0",
    )
    assert undone


def test_today_has_calls_of_a_subscription_that_cost_nothing(history: Path) -> None:
    unbilled = rows(
        history,
        "SELECT sum(json_extract(data, '$.cost')), sum(json_extract(data, '$.tokens.total')) FROM message"
        " WHERE json_extract(data, '$.providerID') = 'github-copilot' AND time_created > ?",
        NOON - 14 * HOUR_MS,
    )
    ((cost, tokens),) = unbilled
    assert cost == 0
    assert isinstance(tokens, int) and tokens > 10_000


def test_every_task_leads_to_the_child_that_it_began(history: Path) -> None:
    tasks = rows(
        history,
        "SELECT s.parent_id, json_extract(p.data, '$.state.metadata.parentSessionId')"
        " FROM part p LEFT JOIN session s ON s.id = json_extract(p.data, '$.state.metadata.sessionId')"
        " WHERE json_extract(p.data, '$.tool') = 'task'",
    )
    assert tasks
    assert all(parent is not None and parent == told for parent, told in tasks)


def test_a_forks_copies_were_made_before_it_was(history: Path) -> None:
    copies = rows(
        history,
        "SELECT s.id, count(*) FROM session s JOIN message m ON m.session_id = s.id"
        " WHERE s.title LIKE '%(fork #1)' AND m.time_created < s.time_created GROUP BY s.id",
    )
    forks = rows(history, "SELECT id FROM session WHERE title LIKE '%(fork #1)'")
    assert len(copies) == len(forks) > 0


def test_only_a_forks_messages_are_older_than_their_session(history: Path) -> None:
    older = rows(
        history,
        "SELECT count(*) FROM session s JOIN message m ON m.session_id = s.id"
        " WHERE s.title NOT LIKE '%(fork #1)' AND m.time_created < s.time_created",
    )
    assert older == [(0,)]


def test_the_history_is_sound_and_adds_up(history: Path) -> None:
    assert rows(history, "PRAGMA integrity_check") == [("ok",)]
    assert rows(history, "PRAGMA foreign_key_check") == []
    assert rows(history, "PRAGMA journal_mode") == [("wal",)]
    check_sums(history)


@pytest.mark.usefixtures("short_past")
@pytest.mark.parametrize("seed", [7, 11])
def test_the_play_crosses_the_warning_within_a_minute_and_later_the_cutoff(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "opencode.db"
    crossed: dict[float, float] = {}
    with seeded(path, NOON, seed) as (store, desk):
        hand = Hand(NOON)
        player = Player(store, desk, seed=seed, clock=hand, zone=UTC)
        for _ in range(STEPS):
            hand.ms += int(player.step() * 1000)
            spent = spent_on_day_of(path, NOON)
            for line in (0.80, 1.50):
                if spent >= line:
                    crossed.setdefault(line, (hand.ms - NOON) / 1000)
            if len(crossed) == 2:
                break
        assert 15 < crossed[0.80] < 60
        assert crossed[1.50] > 150
        check_sums(path)
        assert rows(path, "PRAGMA integrity_check") == [("ok",)]
        assert rows(path, "SELECT max(time_updated) FROM message") <= [(hand.ms,)]


@pytest.mark.usefixtures("short_past")
def test_the_play_loops_on_one_file_forks_sends_subagents_and_lets_sessions_go(tmp_path: Path) -> None:
    path = tmp_path / "opencode.db"
    with seeded(path, NOON) as (store, desk):
        hand = Hand(NOON)
        player = Player(store, desk, clock=hand, zone=UTC)
        before = {id for (id,) in rows(path, "SELECT id FROM session")}
        seen: set[object] = set()
        running = 0
        for _ in range(300):
            hand.ms += int(player.step() * 1000)
            seen |= {id for (id,) in rows(path, "SELECT id FROM session")}
            open_calls = (
                "time_created >= ? AND json_extract(data, '$.role') = 'assistant' AND data NOT LIKE '%\"completed\":%'"
            )
            ((count,),) = rows(path, f"SELECT count(*) FROM message WHERE {open_calls}", NOON)
            assert isinstance(count, int)
            running = max(running, count)
        edits = rows(
            path,
            "SELECT count(*) FROM part p JOIN session s ON s.id = p.session_id WHERE s.title = ?"
            " AND json_extract(p.data, '$.tool') = 'edit'"
            " AND json_extract(p.data, '$.state.input.filePath') LIKE ? AND p.time_created > ?",
            LOOP_TITLE,
            f"%/{LOOP_FILE}",
            NOON,
        )
        new = rows(path, "SELECT title, parent_id FROM session WHERE time_created > ?", NOON)
        assert edits >= [(5,)]
        assert running >= 1
        assert any(str(title).endswith("(fork #1)") for title, _ in new)
        assert any(parent for _, parent in new)
        assert rows(path, "SELECT 1 FROM session WHERE time_archived > ?", NOON)
        gone = seen - {id for (id,) in rows(path, "SELECT id FROM session")}
        assert len(gone) == 1
        assert not gone & before


@pytest.mark.usefixtures("short_past")
def test_past_the_cutoff_hardly_anything_is_spent(tmp_path: Path) -> None:
    path = tmp_path / "opencode.db"
    with seeded(path, NOON) as (store, desk):
        desk.spent_nano = 2_000_000_000
        hand = Hand(NOON)
        player = Player(store, desk, clock=hand, zone=UTC)
        for _ in range(60):
            hand.ms += int(player.step() * 1000)
        loop_round = spent_on_day_of(path, hand.ms)
        for _ in range(60):
            hand.ms += int(player.step() * 1000)
        assert spent_on_day_of(path, hand.ms) == pytest.approx(loop_round)


@pytest.mark.usefixtures("short_past")
def test_the_context_manager_plays_and_leaves_nothing_behind() -> None:
    with demo_store(speed=1_000, clock=lambda: NOON + 1, zone=UTC) as place:
        assert (place.data_dir / "opencode.db").is_file()
        assert not place.ledger.exists()
        assert [thread.name for thread in threading.enumerate()].count("demo-player") == 1
    assert not place.data_dir.exists()
    assert "demo-player" not in [thread.name for thread in threading.enumerate()]


@pytest.mark.usefixtures("short_past")
def test_without_play_the_day_is_there_and_no_thread_runs() -> None:
    with demo_store(play=False, clock=lambda: NOON, zone=UTC) as place:
        assert "demo-player" not in [thread.name for thread in threading.enumerate()]
        assert spent_on_day_of(place.data_dir / "opencode.db", NOON) > 0.6


@pytest.mark.usefixtures("short_past")
def test_a_play_whose_store_is_closed_ends_and_says_why(tmp_path: Path) -> None:
    with seeded(tmp_path / "opencode.db", NOON) as (store, desk):
        player = Player(store, desk, clock=Hand(NOON), zone=UTC)
    player.run()
    assert player.error is not None
    assert "cannot be written" in player.error


def test_a_call_costs_what_opencode_itself_wrote_for_the_same_tokens() -> None:
    assert KIMI.cost(Tokens(5434, 471, 83)) == 0.0073783
    assert KIMI.cost(Tokens(2203, 686, 12, 3304)) == 0.00541349
    assert GLM.cost(Tokens(5481, 140, 73)) == 0.0061626
    assert SUBSCRIPTION.cost(Tokens(5481, 140, 73)) == 0


def test_a_call_begins_without_cost_and_ends_with_it(store: V1Store, tmp_path: Path) -> None:
    path = tmp_path / "opencode.db"
    session, user = begin(store)
    message = store.start_call(session, user, 2_000, directory="/home/dev/shop", agent="build", model=KIMI)
    data = "SELECT data FROM message WHERE id = ?"
    ((begun,),) = rows(path, data, message)
    assert begun == (
        f'{{"parentID":"{user}","role":"assistant","mode":"build","agent":"build",'
        '"path":{"cwd":"/home/dev/shop","root":"/home/dev/shop"},"cost":0,'
        '"tokens":{"input":0,"output":0,"reasoning":0,"cache":{"write":0,"read":0}},'
        '"modelID":"kimi-k2.6","providerID":"opencode","time":{"created":2000}}'
    )
    store.finish_call(message, 2_500, tokens=Tokens(5434, 471, 83), model=KIMI)
    ((ended,),) = rows(path, data, message)
    assert json.loads(str(ended))["tokens"]["total"] == 5988
    assert json.loads(str(ended))["time"] == {"created": 2000, "completed": 2500}
    sums = "SELECT cost, tokens_input, tokens_output, tokens_reasoning, time_updated FROM session"
    assert rows(path, sums) == [(0.0073783, 5434, 471, 83, 2500)]


def test_a_broken_call_has_an_error_and_no_cost(store: V1Store, tmp_path: Path) -> None:
    session, user = begin(store)
    message = store.start_call(session, user, 2_000, directory="/home/dev/shop", agent="build", model=KIMI)
    store.break_call(message, 2_100, "aborted")
    ((data,),) = rows(tmp_path / "opencode.db", "SELECT data FROM message WHERE id = ?", message)
    assert json.loads(str(data))["error"]["name"] == "MessageAbortedError"
    assert json.loads(str(data))["cost"] == 0


def test_a_fork_has_new_ids_the_old_times_and_links_within_itself(store: V1Store, tmp_path: Path) -> None:
    path = tmp_path / "opencode.db"
    session, user = begin(store)
    message = call(store, session, user, 2_000, Tokens(1000, 100))
    copy = store.fork(session, 9_000)
    copied = rows(path, "SELECT id, time_created, data FROM message WHERE session_id = ? ORDER BY id", copy)
    (copied_user, user_created, _), (copied_call, call_created, data) = copied
    assert {copied_user, copied_call}.isdisjoint({user, message})
    assert (user_created, call_created) == (1_000, 2_000)
    assert json.loads(str(data))["parentID"] == copied_user
    assert rows(path, "SELECT title, parent_id, cost FROM session WHERE id = ?", copy) == [
        ("Tea (fork #1)", None, KIMI.cost(Tokens(1000, 100)))
    ]
    parts = "SELECT count(*) FROM part WHERE session_id = ?"
    assert rows(path, parts, copy) == rows(path, parts, session)


def test_an_undone_turn_is_gone_but_for_its_events(store: V1Store, tmp_path: Path) -> None:
    path = tmp_path / "opencode.db"
    session, user = begin(store)
    call(store, session, user, 2_000, Tokens(1000, 100))
    again = store.add_user_message(session, 3_000, body="Not tea.", agent="build", model=KIMI)
    undone = call(store, session, again, 3_100, Tokens(2000, 200))
    store.undo_turn(again, 4_000)
    assert rows(path, "SELECT count(*) FROM message") == [(2,)]
    check_sums(path)
    told = "SELECT count(*) FROM event WHERE type = ? AND data LIKE ?"
    assert rows(path, told, "message.updated.1", f"%{undone}%") == [(2,)]
    assert rows(path, told, "message.removed.1", f"%{undone}%") == [(1,)]


def test_a_deleted_session_takes_its_children_and_all_their_rows_along(store: V1Store, tmp_path: Path) -> None:
    path = tmp_path / "opencode.db"
    session, user = begin(store)
    call(store, session, user, 2_000, Tokens(1000, 100))
    project = store.add_project("/home/dev/shop", 1_000)
    child = store.add_session(project, "/home/dev/shop", 2_500, title="Boil (@general subagent)", parent=session)
    asked = store.add_user_message(child, 2_500, body="Boil.", agent="general", model=KIMI)
    call(store, child, asked, 2_600, Tokens(1000, 100))
    store.delete_session(session)
    for table in ("session", "message", "part", "event", "event_sequence"):
        assert rows(path, f"SELECT count(*) FROM {table}") == [(0,)], table


def test_a_transaction_that_fails_leaves_nothing(store: V1Store, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), store.transaction():
        begin(store)
        raise RuntimeError
    assert rows(tmp_path / "opencode.db", "SELECT count(*) FROM session") == [(0,)]


def test_a_failed_tool_carries_an_error_instead_of_an_output() -> None:
    tool = Tool("edit", "tea.py", ok=False)
    state = tool_ended(tool_running(tool, "call_1", "/home/dev/shop", 10), tool, 25)["state"]
    assert (state["status"], state["time"]) == ("error", {"start": 10, "end": 25})
    assert state["input"]["filePath"] == "/home/dev/shop/tea.py"
    assert "error" in state and "output" not in state


def test_the_demo_has_a_plan_with_meters_worth_seeing(history: Path) -> None:
    settings = replace(_of_demo(Settings(), history.parent, history, Team()), timezone="UTC")
    read = reader(history.parent, settings=settings, clock=lambda: NOON)
    while read.poll():
        pass
    context = context_of(read.sync, read.ledger.connection, NOON, settings, ())
    (plan,) = read_quotas(QuotasRequest(), context).plans
    read.close()
    assert plan.name == "opencode-go"
    assert [window.name for window in plan.windows] == ["5h", "week", "month"]
    percents = [window.percent_now for window in plan.windows]
    assert all(10 <= percent < NEARLY_FULL for percent in percents), percents
    assert all(window.sessions for window in plan.windows)
