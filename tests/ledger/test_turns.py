"""Tasks are kept with the calls, right to the nano-dollar whatever was interrupted, and cheaply."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from opencode_tui.analysis import turn_work
from opencode_tui.clock import DAY_MS, EVER, HOUR_MS, Span
from opencode_tui.ledger import changed_work, queries, turns
from opencode_tui.ledger.breakdown_queries import breakdown
from opencode_tui.ledger.changed_work import is_behind, sessions_behind
from opencode_tui.ledger.selection import NamedSpan, Selection
from opencode_tui.readings import turn_settling
from opencode_tui.readings.finding_settling import settle_findings
from opencode_tui.readings.turn_settling import settle_turns
from opencode_tui.records.breakdown import Measures
from opencode_tui.records.requests import Filter
from opencode_tui.records.work import NOT_KNOWN
from tests.support.watched import DAY_START, NOON, Watched

DAY = Span(DAY_START, DAY_START + DAY_MS)
EDIT, TEST = ("edit", "src/a.ts"), ("bash", "npm test")


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path / "ledger.db")
    yield watched
    watched.ledger.close()


def measured(
    watched: Watched, *by: str, where: tuple[Filter, ...] = (), span: Span = EVER
) -> dict[tuple[str, ...], Measures]:
    selection = Selection((NamedSpan((), span),), by, where)
    return {row.keys: row.measures for row in breakdown(watched.ledger.connection, selection, root_of={}, details=True)}


def spent(watched: Watched, *by: str, where: tuple[Filter, ...] = (), span: Span = EVER) -> dict[tuple[str, ...], int]:
    return {keys: of.spend_nano for keys, of in measured(watched, *by, where=where, span=span).items()}


def a_day(watched: Watched, session: str = "ses_1") -> None:
    watched.call(session, "0.03", turn="look", tools=[("read", "src/a.ts")])
    watched.call(session, "0.20", turn="fix", tools=[EDIT])
    watched.call(session, "0.10", turn="fix", tools=[TEST])
    watched.call(session, "0.15", turn="fix", tools=[EDIT], model="opencode/glm-5.1")
    watched.call(session, "0.05", turn="more", tools=[EDIT], model="opencode/glm-5.1")
    watched.call(session, "0.01", turn="look", agent="title")


def test_the_tasks_add_up_to_the_total_and_so_do_they_within_each_model(watched: Watched) -> None:
    a_day(watched)
    settle_turns(watched.ledger)
    assert spent(watched, "task") == {("exploration",): 40_000_000, ("coding",): 500_000_000}
    assert spent(watched, "task", "model", span=DAY)["coding", "opencode/glm-5.1"] == 200_000_000
    assert sum(spent(watched, "task", "model").values()) == queries.spend(watched.ledger.connection, EVER)
    assert spent(watched, "model", where=(Filter("task", ("exploration",)),)) == {("opencode/kimi-k2.6",): 40_000_000}
    assert spent(watched, "task", "tool")["coding", "bash"] == 100_000_000
    assert spent(watched, "task", where=(Filter("tool", ("bash",)),)) == {("coding",): 100_000_000}


def test_a_turn_with_edits_counts_once_at_its_first_edit(watched: Watched) -> None:
    a_day(watched)
    settle_turns(watched.ledger)
    found = measured(watched, "model")
    kimi, glm = found["opencode/kimi-k2.6",], found["opencode/glm-5.1",]
    assert (kimi.edit_turns, kimi.one_shots, kimi.edit_retries, kimi.one_shot_rate) == (1, 0, 1, 0.0)
    assert (glm.edit_turns, glm.one_shots, glm.edit_retries, glm.one_shot_rate) == (1, 1, 0, 1.0)
    assert measured(watched)[()].edit_turns == 2
    assert measured(watched, "tool")["edit",].edit_turns is None


def test_while_they_are_behind_the_total_is_right_all_the_same(watched: Watched) -> None:
    a_day(watched)
    settle_turns(watched.ledger)
    watched.call("ses_1", "0.02", turn="new", tools=[EDIT])
    watched.call("ses_1", "0.07", turn="fix", tools=[TEST])
    assert spent(watched, "task") == {
        ("coding",): 570_000_000,
        ("exploration",): 40_000_000,
        (NOT_KNOWN,): 20_000_000,
    }
    assert measured(watched)[()].edit_turns is None
    settle_turns(watched.ledger)
    assert spent(watched, "task") == {("coding",): 590_000_000, ("exploration",): 40_000_000}
    assert measured(watched)[()].edit_turns == 3


def test_while_their_sums_are_behind_all_is_right_from_the_calls(watched: Watched) -> None:
    a_day(watched)
    settle_findings(watched.ledger, {})
    connection = watched.ledger.connection
    assert (is_behind(connection, "turns"), sessions_behind(connection, "tasks")) == (False, ["ses_1"])
    from_calls = measured(watched, "task"), measured(watched, "model"), queries.spend(connection, EVER)
    assert from_calls[0]["coding",].edit_turns == 2
    assert connection.execute("SELECT count(*) FROM task_sum").fetchone() == (0,)
    settle_turns(watched.ledger)
    assert not is_behind(connection, "tasks")
    assert connection.execute("SELECT sum(calls) FROM task_sum").fetchone() == (6,)
    assert (measured(watched, "task"), measured(watched, "model"), queries.spend(connection, EVER)) == from_calls


def test_copies_cost_nothing_and_have_no_turn(watched: Watched) -> None:
    a_day(watched)
    with watched.ledger.writing() as connection:
        connection.execute(
            "UPDATE call SET session_id = 'ses_2', copied = 1, copied_from = 'msg_000001' WHERE id = 'msg_000002'"
        )
    settle_turns(watched.ledger)
    assert sum(spent(watched, "task").values()) == queries.spend(watched.ledger.connection, EVER) == 340_000_000
    assert watched.ledger.connection.execute("SELECT count(*) FROM turn WHERE session_id = 'ses_2'").fetchone() == (0,)


def test_what_is_deleted_is_in_no_sum(watched: Watched) -> None:
    a_day(watched, "ses_1")
    a_day(watched, "ses_2")
    settle_turns(watched.ledger)
    with watched.ledger.writing() as connection:
        connection.execute("DELETE FROM call WHERE session_id = 'ses_2'")
    for _ in range(2):
        assert sum(spent(watched, "task", span=DAY).values()) == 540_000_000
        settle_turns(watched.ledger)


def test_a_kill_between_two_steps_loses_nothing(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn_settling, "_AT_ONCE", 2)
    for number in range(5):
        a_day(watched, f"ses_{number}")
    keep, steps = turns.keep_turns, []

    def killed(connection: sqlite3.Connection, *given: object) -> None:
        steps.append(1)
        keep(connection, *given)  # type: ignore[arg-type]
        if len(steps) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(turn_settling, "keep_turns", killed)
    with pytest.raises(KeyboardInterrupt):
        settle_turns(watched.ledger)
    assert len(sessions_behind(watched.ledger.connection, "turns")) == 3
    assert sum(spent(watched, "task").values()) == 5 * 540_000_000
    again = watched.restarted()
    settle_turns(again.ledger)
    assert len(steps) == 4
    assert spent(again, "task") == {("exploration",): 5 * 40_000_000, ("coding",): 5 * 500_000_000}


def test_other_rules_classify_again(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    a_day(watched)
    settle_turns(watched.ledger)
    assert not is_behind(watched.ledger.connection, "turns")
    monkeypatch.setattr(turn_settling, "VERSION", "of a later version")
    monkeypatch.setattr(turn_work, "task_of", lambda turn: "review")
    settle_turns(watched.ledger)
    assert spent(watched, "task") == {("review",): 540_000_000}


def test_only_the_sessions_around_the_span_are_settled_and_at_most_so_many(watched: Watched) -> None:
    for number in range(4):
        watched.call(f"ses_{number}", at=NOON + number * DAY_MS)
    settle_turns(watched.ledger, Span(NOON + DAY_MS, NOON + DAY_MS + HOUR_MS))
    assert sessions_behind(watched.ledger.connection, "turns") == ["ses_0", "ses_2", "ses_3"]
    assert not is_behind(watched.ledger.connection, "turns", Span(NOON + DAY_MS, NOON + 2 * DAY_MS - HOUR_MS))
    settle_turns(watched.ledger, most=2)
    assert len(sessions_behind(watched.ledger.connection, "turns")) == 1


def steps_of(connection: sqlite3.Connection, work: Callable[[], object]) -> int:
    """The steps of SQLite's machine, in hundreds, which grow with the rows that are read."""
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    connection.set_progress_handler(step, 100)
    work()
    connection.set_progress_handler(None, 0)
    return count


def test_after_one_new_call_only_its_session_is_read(watched: Watched) -> None:
    def new_call() -> int:
        watched.call("ses_0", "0.02", turn="new", tools=[EDIT])
        return steps_of(watched.ledger.connection, lambda: settle_turns(watched.ledger))

    a_day(watched, "ses_0")
    settle_turns(watched.ledger)
    few = new_call()
    for number in range(1, 40):
        a_day(watched, f"ses_{number}")
    settle_turns(watched.ledger)
    assert new_call() <= few + 20
    assert steps_of(watched.ledger.connection, lambda: settle_turns(watched.ledger)) <= 2


def test_whether_a_day_is_behind_reads_none_of_the_other_days(watched: Watched) -> None:
    connection, today = watched.ledger.connection, Span(NOON, NOON + HOUR_MS)
    for number in range(200):
        watched.call(f"ses_{number}", at=NOON - (number + 2) * DAY_MS)
    watched.call("ses_today", at=NOON)
    assert steps_of(connection, lambda: is_behind(connection, "turns", today)) <= 2
    assert sessions_behind(connection, "turns", today) == ["ses_today"]
    settle_turns(watched.ledger, today)
    assert steps_of(connection, lambda: is_behind(connection, "turns", today)) <= 2
    assert not is_behind(connection, "turns", today)


@pytest.mark.parametrize("few", [0, 4, 5, 50])
def test_few_sessions_and_many_are_found_the_same(watched: Watched, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(changed_work, "_FEW", few)
    for number in range(5):
        for day in range(number + 1):
            watched.call(f"ses_{number}", at=NOON - day * DAY_MS, model=f"opencode/{day}")
    connection = watched.ledger.connection
    for day in range(6):
        span = Span(NOON - day * DAY_MS, NOON - day * DAY_MS + HOUR_MS)
        assert sessions_behind(connection, "turns", span) == [f"ses_{number}" for number in range(day, 5)]
        assert is_behind(connection, "turns", span) == (day < 5)
