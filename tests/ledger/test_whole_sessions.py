"""Sessions that are wholly in a span are read from their own sums, others from their quarters of an hour."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pytest
from msgspec.structs import replace

from opencode_tui.clock import EVER, HOUR_MS, Span
from opencode_tui.ledger import buckets
from opencode_tui.ledger.breakdown_queries import breakdown, keys_of
from opencode_tui.ledger.selection import NamedSpan, Selection
from opencode_tui.readings.turn_settling import settle_turns
from opencode_tui.records.breakdown import BreakdownRow
from opencode_tui.records.requests import Filter
from tests.support.watched import NOON, Watched

KIMI, OPUS = "opencode/kimi-k2.6", "anthropic/opus"
PARTS = (
    EVER,
    Span(NOON, NOON + HOUR_MS),
    Span(NOON + HOUR_MS, NOON + 3 * HOUR_MS),
    Span(NOON + HOUR_MS, NOON + HOUR_MS),
)
BY = (*permutations(("session", "model", "agent"), 2), ("session",), ("session", "provider"), ("project", "session"))


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    """Three sessions of two models, of which each begins an hour later, with a call in each of three hours."""
    watched = Watched(tmp_path / "ledger.db")
    for number in range(3):
        watched.session(f"ses_{number}", parent="ses_0" if number == 1 else None)
        for hour in range(3):
            at, model = NOON + (number + hour) * HOUR_MS, OPUS if hour == 1 else KIMI
            watched.call(session=f"ses_{number}", at=at, model=model, cost=f"0.0{number + 1}", turn=f"turn {hour}")
    settle_turns(watched.ledger)
    yield watched
    watched.ledger.close()


def rows(watched: Watched, selection: Selection) -> list[BreakdownRow]:
    found = breakdown(watched.ledger.connection, selection, root_of={"ses_1": "ses_0"}, details=True)
    return sorted(found, key=lambda row: row.keys)


def of_quarters(watched: Watched, selection: Selection) -> list[BreakdownRow]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(buckets, "sources_by_session", lambda selection, paid: [])
        return rows(watched, selection)


@pytest.mark.parametrize("by", BY, ids="-".join)
@pytest.mark.parametrize("span", PARTS)
@pytest.mark.parametrize("where", [(), (Filter("model", (KIMI,)),), (Filter("session", ("ses_1", "ses_2")),)], ids=str)
def test_sessions_have_the_same_measures_from_their_own_sums(
    watched: Watched, by: tuple[str, ...], span: Span, where: tuple[Filter, ...]
) -> None:
    selection = Selection((NamedSpan((), span),), by, where)
    assert rows(watched, selection) == of_quarters(watched, selection)


@pytest.mark.parametrize("by", [*BY, ("tool",), ("task", "tool"), ()], ids="-".join)
def test_a_brief_selection_has_the_sums_that_it_asks_for(watched: Watched, by: tuple[str, ...]) -> None:
    watched.call(session="ses_2", at=NOON + HOUR_MS, tools=[("bash", "make"), ("read", "a.py")], turn="turn 1")
    settle_turns(watched.ledger)
    selection = Selection((NamedSpan((), PARTS[2]),), by)
    full, brief = (rows(watched, each) for each in (selection, replace(selection, brief=True)))
    assert [_asked(row) for row in brief] == [_asked(row) for row in full]
    assert {(row.measures.sessions, row.measures.saved_nano, row.measures.uses) for row in brief} == {(0, 0, None)}
    assert all(row.measures.sessions for row in full)


def _asked(row: BreakdownRow) -> tuple[object, ...]:
    of = row.measures
    return row.keys, of.spend_nano, of.list_nano, of.calls, of.tokens, of.aborted


def test_only_the_sessions_at_the_edges_of_a_span_are_read_by_quarter(watched: Watched) -> None:
    watched.ledger.connection.execute("DELETE FROM call_sum WHERE session_id = 'ses_1'")
    selection = Selection((NamedSpan((), Span(NOON + HOUR_MS, NOON + 4 * HOUR_MS)),), ("session",))
    assert [(row.keys[0], row.measures.calls) for row in rows(watched, selection)] == [
        ("ses_0", 2),
        ("ses_1", 3),
        ("ses_2", 2),
    ]
    assert keys_of(watched.ledger.connection, selection) == ["ses_1", "ses_2", "ses_0"]
