"""What was spent on calls that OpenCode no longer has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from opencode_tui.clock import Span
from opencode_tui.readings.undone_spend import with_undone
from opencode_tui.records.reconciliation import Agreement, Standing
from tests.support.periods import share
from tests.support.watched import DAY_START, NOON, Watched

DAY = Span(DAY_START, NOON + 3_600_000)
CENT = 10_000_000


class Store:
    """A store that still has some messages."""

    def __init__(self, **ids: set[str]) -> None:
        self._ids = ids

    def message_ids(self, session_id: str) -> frozenset[str] | None:
        return frozenset(self._ids[session_id]) if session_id in self._ids else None

    def prompts(self, session_id: str, turn_ids: Sequence[str]) -> Mapping[str, str]:
        return {}

    def standing(self, agreement: Agreement | None = None) -> tuple[tuple[Standing, ...], tuple[str, ...]]:
        return (), ()

    def store_keys(self) -> tuple[frozenset[str], frozenset[str]]:
        return frozenset(), frozenset()


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path / "ledger.db")
    for cost, at in (("0.10", NOON), ("0.20", NOON), ("0.40", DAY_START - 1)):
        watched.call("ses_1", cost, at=at)
    watched.call("ses_2", "0.05", at=NOON)
    yield watched
    watched.ledger.close()


def test_calls_that_the_store_lacks_are_undone_if_it_has_their_session(watched: Watched) -> None:
    store = Store(ses_1={"msg_000001"})
    shares = with_undone(watched.ledger.connection, (share("ses_1"), share("ses_2")), DAY, store)
    assert [(each.undone_nano, each.undone_calls) for each in shares] == [(20 * CENT, 1), (0, 0)]


def test_without_a_store_it_is_what_the_ledger_knows(watched: Watched) -> None:
    known = share("ses_1", undone_nano=5 * CENT, undone_calls=1)
    assert with_undone(watched.ledger.connection, (known,), DAY, None) == (known,)
    whole = Store(ses_1={"msg_000001", "msg_000002", "msg_000003"})
    assert with_undone(watched.ledger.connection, (known,), DAY, whole) == (known,)
