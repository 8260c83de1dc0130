"""Only a model that does somebody's work is one to switch to, and what is found does not depend on when one looked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from opencode_tui.clock import DAY_MS, MINUTE_MS
from opencode_tui.config.settings import Settings
from opencode_tui.ledger.session_work_queries import latest_rates
from opencode_tui.readings.context import context_of
from opencode_tui.readings.finding_settling import settle_findings
from opencode_tui.readings.insights import read_insights
from opencode_tui.records.model_key import split_key
from opencode_tui.records.requests import InsightsRequest
from tests.stores import V1, Tokens, tool
from tests.stores.recorder import START_MS
from tests.support.ledgers import Reader, reader
from tests.support.records import replace

OPUS, KIMI = "anthropic/claude-opus-4-6", "opencode/kimi-k2.6"
SETTINGS = Settings(timezone="UTC")
SMALL = [("small_edits", 550_000_005, 550_000_005 - 5 * (20_000 * 950 + 300 * 4_000))]


@pytest.fixture
def store(tmp_path: Path) -> V1:
    return V1(tmp_path)


@pytest.fixture
def looking(store: V1) -> Iterator[Reader]:
    read = reader(store.data_dir, settings=SETTINGS, clock=lambda: store.now + MINUTE_MS)
    yield read
    read.close()


def small_edits(store: V1) -> None:
    session = store.session("Nudge the colours", created=START_MS)
    for number, file in enumerate("abcde"):
        at = START_MS + number * MINUTE_MS
        edit = [tool("edit", f"/home/dev/shop/src/{file}.css")]
        store.call(session, at=at, cost="0.110000001", model=OPUS, tokens=Tokens(20_000, 300), tools=edit)


def cheap(store: V1, days: int, agent: str = "build", calls: int = 1) -> None:
    """A session on the cheaper model, so many days after the small edits."""
    at = START_MS + days * DAY_MS
    session = store.session("Sort the imports", created=at)
    for number in range(calls):
        store.call(session, at=at + number, cost="0.004", model=KIMI, tokens=Tokens(3000, 300), agent=agent)


def worked(read: Reader, calls: dict[str, int]) -> None:
    """Sums up so many calls for each of the models, as if their one session had had them."""
    while read.poll():
        pass
    with read.ledger.writing() as connection:
        values = [(count, *split_key(model)) for model, count in calls.items()]
        connection.executemany("UPDATE session_sum SET calls = ? WHERE provider = ? AND model = ?", values)


def found(store: V1, read: Reader) -> list[tuple[str, int, int]]:
    while read.poll():
        pass
    settle_findings(read.ledger, {}, read.sync.book)
    context = context_of(read.sync, read.ledger.connection, store.now + MINUTE_MS, SETTINGS, ())
    insights = read_insights(InsightsRequest("all"), replace(context, stores=None)).insights
    return [(each.rule, each.cost_nano, each.saves_nano) for each in insights]


@pytest.mark.parametrize(
    ("days", "is_in_use"), [(-70, False), (-29, False), (-28, True), (-1, True), (1, True), (70, True)]
)
def test_one_is_in_use_that_worked_in_the_four_weeks_before_or_after_it(
    store: V1, looking: Reader, days: int, is_in_use: bool
) -> None:
    cheap(store, days)
    small_edits(store)
    assert found(store, looking) == (SMALL if is_in_use else [])


@pytest.mark.parametrize(
    ("tried", "others", "is_in_use"),
    [(1, 49, True), (1, 50, False), (2, 50, True), (19, 1_000, False), (20, 1_000, True)],
)
def test_one_that_was_only_tried_out_is_none_to_switch_to(
    store: V1, looking: Reader, tried: int, others: int, is_in_use: bool
) -> None:
    cheap(store, -1)
    small_edits(store)
    worked(looking, {KIMI: tried, OPUS: others})
    assert found(store, looking) == (SMALL if is_in_use else [])


def test_one_that_was_used_long_ago_and_is_tried_again_is_none_to_switch_to(store: V1, looking: Reader) -> None:
    cheap(store, -70, calls=30)
    small_edits(store)
    cheap(store, 1)
    worked(looking, {OPUS: 1_000})
    assert found(store, looking) == []


@pytest.mark.parametrize("agent", ["title", "compaction", "summary"])
def test_one_that_only_opencode_uses_is_none_to_switch_to(store: V1, looking: Reader, agent: str) -> None:
    cheap(store, 0, agent)
    small_edits(store)
    assert found(store, looking) == []


def test_one_that_is_used_again_is_compared_with_what_was_looked_at_before(store: V1, looking: Reader) -> None:
    cheap(store, -70)
    small_edits(store)
    assert found(store, looking) == []
    cheap(store, 1)
    assert found(store, looking) == SMALL


def test_one_that_is_no_longer_used_was_in_use_for_what_came_before(store: V1, looking: Reader) -> None:
    cheap(store, -1)
    small_edits(store)
    assert found(store, looking) == SMALL
    at = START_MS + 70 * DAY_MS
    store.call(store.session("Much later", created=at), at=at, cost="0.01", model=OPUS, tokens=Tokens(500, 10))
    assert found(store, looking) == SMALL


def test_a_model_that_its_sessions_went_on_without_has_its_rates(store: V1, looking: Reader) -> None:
    for days in range(2):
        session = store.session("Think, then type", created=START_MS + days * DAY_MS)
        for number, model in enumerate((OPUS, OPUS, KIMI)):
            at = START_MS + days * DAY_MS + number
            store.call(session, at=at, cost="0.11", model=model, tokens=Tokens(20_000, 300))
    while looking.poll():
        pass
    rates = latest_rates(looking.ledger.connection)
    assert {model: each.input for model, each in rates.items()} == {OPUS: 5_000_000_000, KIMI: 950_000_000}
