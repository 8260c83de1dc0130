"""The sums by task are those of the calls, whether they are taken over from the sums of quarters or not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from opencode_tui.ledger import task_sums
from opencode_tui.ledger.sums import GROUP, QUARTER, SUM_COLUMNS
from opencode_tui.readings.turn_settling import settle_turns
from tests.support.watched import NOON, Watched

COUNTS = [name for name in SUM_COLUMNS if name not in ("turns", "speeds")]
TOOLS = (("edit", "src/a.ts"), ("read", "src/b.ts"), ("bash", "npm test"), ("edit", "docs/a.md"))
COLUMNS = ", ".join(("quarter", *GROUP, "task", *COUNTS, *task_sums.EDIT_COUNTS))


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path / "ledger.db")
    yield watched
    watched.ledger.close()


def kept(watched: Watched) -> list[tuple[object, ...]]:
    return watched.ledger.connection.execute(f"SELECT {COLUMNS} FROM task_sum ORDER BY 1, 2, 3, 4, 5, 6, 7").fetchall()


def of_calls(watched: Watched) -> list[tuple[object, ...]]:
    """The same, each group summed from its calls."""
    group = f"{QUARTER}, {', '.join(f'c.{name}' for name in GROUP)}, c.task"
    sums = {"first_ms": "min(first_ms)", "last_ms": "max(last_ms)"}
    columns = ", ".join(sums.get(name, f"sum({name})") for name in (*COUNTS, *task_sums.EDIT_COUNTS))
    calls = f"({task_sums.CALL_OF_TASK} FROM call c JOIN {task_sums.TURN_OF_CALL} WHERE copied_from IS NULL)"
    query = f"SELECT {group}, {columns} FROM {calls} c GROUP BY {group} ORDER BY 1, 2, 3, 4, 5, 6, 7"
    return watched.ledger.connection.execute(query).fetchall()


def write_calls(watched: Watched, dice: Random, many: int) -> None:
    for _ in range(many):
        session, number = dice.choice("ab"), dice.randrange(8)
        watched.call(
            f"ses_{session}",
            f"0.{dice.randrange(1000):03}",
            turn=f"turn_{session}_{number}" if dice.random() < 0.9 or session == "a" else None,
            tools=[dice.choice(TOOLS)] if dice.random() < 0.7 else [],
            model=dice.choice(("opencode/kimi-k2.6", "opencode/glm-5.1")),
            agent=dice.choice(("build", "build", "title")),
            at=NOON + number * 600_000 + dice.randrange(900_000),
        )


@pytest.mark.parametrize("seed", range(8))
def test_they_are_the_sums_of_the_calls(watched: Watched, seed: int) -> None:
    dice = Random(seed)
    for many in (25, 10):
        write_calls(watched, dice, many)
        settle_turns(watched.ledger)
        assert kept(watched) == of_calls(watched) != []


def test_so_they_are_where_the_sums_of_quarters_are_behind(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    write_calls(watched, Random(1), 25)
    monkeypatch.setattr(task_sums, "is_unsummed", lambda _: True)
    with watched.ledger.writing() as connection:
        connection.execute("DELETE FROM call_sum")
    settle_turns(watched.ledger)
    assert kept(watched) == of_calls(watched) != []


def test_a_quarter_of_one_task_is_not_summed_again(watched: Watched) -> None:
    for number in range(4):
        watched.call("ses_1", turn=f"turn_{number}", tools=[("edit", "src/a.ts")], at=NOON + number * 1_000)
    with watched.ledger.writing() as connection:
        connection.execute("UPDATE call_sum SET cost_nano = 7")
    settle_turns(watched.ledger)
    assert [row[COLUMNS.split(", ").index("cost_nano")] for row in kept(watched)] == [7]
