"""Tools by task are read from the sums by tool wherever these are of one task, and are the same as from the calls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from opencode_tui.clock import EVER, HOUR_MS, Span
from opencode_tui.ledger import turns
from opencode_tui.ledger.breakdown_queries import breakdown
from opencode_tui.ledger.selection import NamedSpan, Selection
from opencode_tui.readings.turn_settling import settle_turns
from opencode_tui.records.breakdown import BreakdownRow
from opencode_tui.records.requests import Filter
from tests.ledger.test_task_sums import write_calls
from tests.support.watched import NOON, Watched

SPANS = (EVER, Span(NOON, NOON + HOUR_MS), Span(NOON + HOUR_MS, NOON + 3 * HOUR_MS))


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path / "ledger.db")
    yield watched
    watched.ledger.close()


def rows(watched: Watched) -> list[list[BreakdownRow]]:
    """The measures by tool and task, by each within a filter of the other, and by both with a filter, of each span."""
    selections = [
        (("tool", "task"), ()),
        (("tool",), (Filter("task", ("coding",)),)),
        (("task", "session"), (Filter("tool", ("edit", "bash")),)),
        (("tool", "task"), (Filter("model", ("opencode/glm-5.1",)),)),
    ]
    found = []
    for span in SPANS:
        for by, where in selections:
            selection = Selection((NamedSpan((), span),), by, where)
            some = breakdown(watched.ledger.connection, selection, root_of={}, details=True)
            found.append(sorted(some, key=lambda row: row.keys))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_they_are_the_same_from_sums_and_from_calls(
    watched: Watched, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_calls(watched, Random(seed), 40)
    for number in range(3):
        watched.call(
            "ses_a", turn=f"one_{number}", tools=[("edit", "src/a.ts"), ("edit", "src/b.ts")], at=NOON - HOUR_MS
        )
    settle_turns(watched.ledger)
    from_sums = rows(watched)
    monkeypatch.setattr(turns, "are_tasks_summed", lambda *_: False)
    assert rows(watched) == from_sums
    assert from_sums[0]


def test_of_a_quarter_of_one_task_no_call_is_read(watched: Watched) -> None:
    for number in range(4):
        watched.call("ses_1", turn=f"turn_{number}", tools=[("edit", "src/a.ts")], at=NOON + number * 1_000)
    settle_turns(watched.ledger)
    watched.ledger.connection.execute("UPDATE tool_sum SET cost_nano = 7")
    selection = Selection((NamedSpan((), EVER),), ("tool", "task"))
    (row,) = breakdown(watched.ledger.connection, selection, root_of={}, details=False)
    assert (row.keys, row.measures.spend_nano, row.measures.uses) == (("edit", "coding"), 7, 4)
