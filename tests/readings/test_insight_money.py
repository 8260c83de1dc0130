"""Days written by hand on which findings could share money: each day has its own part, and each dollar is in one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from opencode_tui.clock import DAY_MS, HOUR_MS, MINUTE_MS
from opencode_tui.readings.context import context_of
from opencode_tui.readings.finding_settling import settle_findings
from opencode_tui.readings.insights import read_insights
from opencode_tui.records.answers import InsightList
from opencode_tui.records.insights import Insight
from opencode_tui.records.requests import InsightsRequest
from tests.readings.test_insight_days import KIMI, OPUS, SETTINGS, cheap_work, store
from tests.readings.test_insight_days_of_work import NANO, ODD, edit, ordinary_work, read
from tests.stores import V1, Tokens, tool
from tests.stores.recorder import START_MS
from tests.stores.tools import Tool
from tests.support.ledgers import reader
from tests.support.records import replace

__all__ = ["store"]

MIDNIGHT = (START_MS // DAY_MS + 1) * DAY_MS
TEST = (tool("bash", "npm test", exit=1),)
Of = Callable[[str], InsightList]


@pytest.fixture
def of(store: V1) -> Iterator[Of]:
    """The insights of a period when the store stands as it does now."""
    reading = reader(store.data_dir, settings=SETTINGS, clock=lambda: store.now + MINUTE_MS)

    def insights(period: str) -> InsightList:
        while reading.poll():
            pass
        settle_findings(reading.ledger, {}, reading.sync.book)
        context = context_of(reading.sync, reading.ledger.connection, store.now + MINUTE_MS, SETTINGS, ())
        return read_insights(InsightsRequest(period), replace(context, stores=None))

    yield insights
    reading.close()


def costs(found: InsightList) -> dict[str, int]:
    """What each insight costs; together no more than was spent."""
    assert sum(each.cost_nano for each in found.insights) <= found.spend_nano
    return {each.rule: each.cost_nano for each in found.insights}


def one(found: InsightList, rule: str) -> Insight:
    return next(each for each in found.insights if each.rule == rule)


def opus(input: int, read: int, write: int = 0, output: int = 100) -> tuple[str, Tokens]:
    """The cost in dollars of such a call on OPUS, and its tokens."""
    nano = input * 5_000 + output * 25_000 + read * 500 + write * 6_250
    return f"0.{nano:09}", Tokens(input, output, 0, read, write)


def library(store: V1, session: str, at: int, *, then: int, tools: Sequence[Tool] = ()) -> None:
    """Reads a library of 14,000 tokens, and goes on with so many calls, a minute each."""
    turn = store.prompt(session, model=OPUS, at=at)
    cost, tokens = opus(50, 0, 12_000)
    bundle = [read("node_modules/react/react.development.js")]
    store.call(session, turn=turn, model=OPUS, at=at, cost=cost, tokens=tokens, tools=bundle)
    cost, tokens = opus(50, 12_000, 14_100)
    store.call(session, turn=turn, model=OPUS, at=at + MINUTE_MS, cost=cost, tokens=tokens)
    for number in range(then):
        cost, tokens = opus(20, 26_100 + number * 200, 80)
        when = at + (2 + number) * MINUTE_MS
        turn = turn if tools else store.prompt(session, model=OPUS, at=when)
        store.call(session, turn=turn, model=OPUS, at=when, cost=cost, tokens=tokens, tools=tools)


def test_output_carried_on_costs_each_day_what_its_calls_paid(store: V1, of: Of) -> None:
    library(store, store.session("Upgrade react", created=MIDNIGHT - HOUR_MS), MIDNIGHT - 2 * MINUTE_MS, then=100)
    store.now = MIDNIGHT + 3 * HOUR_MS
    first, second = of("yesterday"), of("today")
    assert costs(first) == {"large_inputs": 14_000 * 6_250}
    assert costs(second) == {"large_inputs": 100 * 14_000 * 500}
    said = one(second, "large_inputs")
    assert (said.calls, said.saves_nano) == (100, said.cost_nano)
    assert said.sum_shown.endswith("$0.00 when first read, and $0.70 for 100 calls that read them again")
    assert costs(of("all")) == {"large_inputs": 14_000 * 6_250 + 100 * 14_000 * 500}


def test_a_loop_and_the_output_that_its_calls_carried_share_no_dollar(store: V1, of: Of) -> None:
    session = store.session("Upgrade react")
    library(store, session, START_MS, then=10, tools=TEST)
    loop = sum(20 * 5_000 + 100 * 25_000 + (26_100 + number * 200) * 500 + 80 * 6_250 for number in range(10))
    assert costs(of("today")) == {"identical_calls": loop, "large_inputs": 14_000 * 6_250}


def test_a_loop_of_a_machine_is_one_insight(store: V1, of: Of) -> None:
    ordinary_work(store)
    session = store.session("Nightly", directory="/home/runner/work/shop/shop")
    turn = store.prompt(session)
    for _ in range(20):
        store.call(session, turn=turn, cost=ODD, tools=TEST)
    assert costs(of("today")) == {"identical_calls": 20 * NANO}


def test_automation_has_what_a_closer_insight_leaves_and_says_so(store: V1, of: Of) -> None:
    ordinary_work(store)
    session = store.session("Nightly", directory="/home/runner/work/shop/shop")
    turn = store.prompt(session)
    for number in range(20):
        store.call(session, turn=turn, cost=ODD, tools=TEST if number < 6 else [read(f"src/{number}.ts")])
    found = of("today")
    assert costs(found) == {"automation": 14 * NANO, "identical_calls": 6 * NANO}
    said = one(found, "automation")
    assert (said.calls, said.title) == (14, "86% spent by automation")
    assert said.what.endswith("$1.40, beside $0.30 for people, without what closer insights count")


def test_a_measured_redesign_goes_before_the_estimate_of_small_edits(store: V1, of: Of) -> None:
    cheap_work(store)
    session = store.session("Hero banner")
    for number in range(5):
        turn, cost = store.prompt(session, model=OPUS), ODD if number else "0.300000009"
        for tools in ([edit("src/Hero.tsx")], []):
            store.call(session, turn=turn, model=OPUS, cost=cost, tokens=Tokens(20_000, 300), tools=tools)
    found = of("today")
    assert costs(found) == {"redesign_loop": 14 * NANO}
    assert found.insights[0].sure == "measured"


def test_a_loop_over_midnight_is_measured_on_both_days(store: V1, of: Of) -> None:
    session = store.session("Late", created=MIDNIGHT - HOUR_MS)
    turn = store.prompt(session, at=MIDNIGHT - HOUR_MS)
    for number in range(12):
        store.call(session, turn=turn, at=MIDNIGHT + (number - 5) * MINUTE_MS, cost=ODD, tools=TEST)
    store.now = MIDNIGHT + 3 * HOUR_MS
    first, second = (one(of(period), "identical_calls") for period in ("yesterday", "today"))
    assert (first.cost_nano, first.saves_nano, first.sure) == (5 * NANO, 4 * NANO, "measured")
    assert (second.cost_nano, second.saves_nano, second.sure) == (7 * NANO, 7 * NANO, "measured")
    assert second.sum_shown == "7 calls cost $0.70; all after the first of each run"


def test_a_fan_out_says_how_many_subagents_there_were_though_two_got_stuck(store: V1, of: Of) -> None:
    session = store.session("Audit")
    asking = store.prompt(session)
    children = [store.session(f"Part {number}", parent=session, agent="general") for number in range(6)]
    for number, child in enumerate(children):
        turn = store.prompt(child)
        for file in "abc":
            store.call(child, turn=turn, cost=ODD, tools=[edit(f"src/{number}{file}.ts")])
        for _ in range(6 if number < 2 else 0):
            store.call(child, turn=turn, cost=ODD, tools=TEST)
    asked = [tool("task", f"Part {number}", child=child, agent="general") for number, child in enumerate(children)]
    store.call(session, turn=asking, cost="0.012150001", tools=asked)
    found = of("today")
    assert costs(found) == {"fan_out": 18 * NANO, "identical_calls": 12 * NANO}
    assert one(found, "fan_out").what.startswith('one turn of "Audit" started 6 subagents, ')
    assert one(found, "fan_out").what.endswith(
        "which cost $1.80, as far as it lies in this period and no closer insight counts it; "
        "the asking cost $0.01 in all"
    )


def shown(file: str) -> Tool:
    return tool("bash", f"sed -n '1,200p' {file}", exit=0)


@pytest.mark.parametrize("look", [read, shown])
def test_of_two_causes_of_the_same_subagents_that_which_would_save_more_stands(
    store: V1, of: Of, look: Callable[[str], Tool]
) -> None:
    session = store.session("Audit everything")
    asking = store.prompt(session)
    children = [store.session(f"Look {number}", parent=session) for number in range(7)]
    for number, child in enumerate(children):
        turn = store.prompt(child, model=KIMI)
        store.call(child, turn=turn, model=KIMI, cost=ODD, tools=[look(f"src/core{each}.ts") for each in range(6)])
        store.call(child, turn=turn, model=KIMI, cost=ODD, tools=[look(f"src/own{number}.ts")])
    asked = [tool("task", f"Look {number}", child=child) for number, child in enumerate(children)]
    store.call(session, turn=asking, cost=ODD, tools=asked)
    found = of("today")
    assert costs(found) == {"repeated_exploration": 12 * NANO}
    assert found.insights[0].what.startswith('6 subagents of "Audit everything" read 36 files of 42 ')
