"""Ten days of a person's work, each with ordinary sessions around one cause: it stands first, with what it cost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from opencode_tui.clock import HOUR_MS, MINUTE_MS
from opencode_tui.records.insights import Insight
from tests.readings.test_insight_days import KIMI, OPUS, Day, day, store
from tests.stores import V1, Tokens, tool
from tests.stores.recorder import START_MS
from tests.stores.tools import Tool

__all__ = ["day", "store"]

SHOP = "/home/dev/shop"
ODD = "0.100000003"
"""An amount that no rounding hits."""
NANO = 100_000_003


def edit(file: str = "src/Button.tsx", *, ok: bool = True) -> Tool:
    return tool("edit", f"{SHOP}/{file}", ok=ok)


def read(file: str) -> Tool:
    return tool("read", f"{SHOP}/{file}")


def ordinary_work(store: V1) -> None:
    """Sessions that did what they had to: a feature, a question, a commit; $0.30 in all."""
    feature = store.session("Add a size filter")
    for name in "abc":
        turn = store.prompt(feature)
        store.call(feature, turn=turn, cost="0.03", tools=[read(f"src/{name}.ts")])
        store.call(feature, turn=turn, cost="0.04", tools=[edit(f"src/{name}.ts")])
    question = store.session("Which port does the gateway use")
    store.call(question, cost="0.05", tools=[tool("grep", "port")])
    commit = store.session("Commit it")
    store.call(commit, cost="0.04", tools=[tool("bash", "git commit -am filter", exit=0)])


def work(store: V1, *tools: tuple[Tool, ...], title: str = "Fix header", same_turn: bool = False) -> str:
    """A session with a call of an odd amount for each tuple of tools, in turns of their own or in one."""
    session = store.session(title)
    turn = store.prompt(session) if same_turn else None
    for uses in tools:
        store.call(session, turn=turn, cost=ODD, tools=uses)
    return session


def a_redesign(store: V1) -> None:
    work(store, *([(edit(),)] * 5))


def an_old_file(store: V1) -> None:
    work(store, *([(read("schema.sql"),)] * 6), same_turn=True)


def a_loop(store: V1) -> None:
    work(store, *([(tool("bash", "npm test", exit=0),)] * 7), same_turn=True)


def failing_edits(store: V1) -> None:
    work(store, *([(edit(ok=False),)] * 4), same_turn=True)


def retries(store: V1) -> None:
    test = (tool("bash", "npm test", exit=1),)
    work(store, (edit(),), *([test, (edit(),)] * 4), same_turn=True)


def failed_calls(store: V1) -> None:
    session = store.session("Translate the docs")
    for _ in range(3):
        store.call(session, cost=ODD, error="APIError")


def a_stop(store: V1) -> None:
    session = store.session("Rewrite everything")
    turn = store.prompt(session)
    store.call(session, turn=turn, cost=ODD, tools=[read("a.ts")])
    store.call(session, turn=turn, cost=ODD, tools=[read("b.ts")], error="MessageAbortedError")


def a_pause(store: V1) -> None:
    session = store.session("After lunch")
    held = Tokens(input=1000, output=100, cache_read=80_000)
    store.call(session, cost="0.02", tokens=held, at=START_MS)
    for hour in (1, 2):
        at = START_MS + hour * HOUR_MS
        store.call(session, cost=ODD, tokens=Tokens(input=82_000, output=100), at=at)
        store.call(session, cost="0.02", tokens=held, at=at + MINUTE_MS)


def a_broken_cache(store: V1) -> None:
    session = store.session("Switch the agent")
    held = Tokens(input=1000, output=100, cache_read=80_000)
    for minute in range(0, 8, 2):
        at = START_MS + minute * MINUTE_MS
        store.call(session, cost="0.02", tokens=held, at=at)
        store.call(session, cost=ODD, tokens=Tokens(input=82_000, output=100), at=at + MINUTE_MS)


def small_edits(store: V1) -> None:
    session = store.session("Nudge the colours")
    for name in "defgh":
        turn = store.prompt(session, model=OPUS)
        store.call(session, turn=turn, cost=ODD, model=OPUS, tokens=Tokens(20_000, 300), tools=[edit(f"{name}.css")])


DAYS: dict[str, tuple[Callable[[V1], None], int, int, str]] = {
    "redesign_loop": (a_redesign, 5, 4, "Button.tsx edited in 5 turns"),
    "repeated_reads": (an_old_file, 6, 5, "schema.sql read 6 times"),
    "identical_calls": (a_loop, 7, 6, "npm test: 7 identical calls"),
    "failed_edits": (failing_edits, 4, 4, "4 calls of kimi-k2.6 with failed edits"),
    "retried_edits": (retries, 8, 4, "Button.tsx edited again 4 times after failures"),
    "failed_calls": (failed_calls, 3, 3, "3 failed calls of kimi-k2.6"),
    "aborted_turns": (a_stop, 2, 2, "1 turn stopped before the end"),
    "cache_pause": (a_pause, 2, -1, "2 pauses that outlived the cache of kimi-k2.6"),
    "cache_break": (a_broken_cache, 4, -1, "the cache of kimi-k2.6 broke 4 times"),
    "small_edits": (small_edits, 5, -1, "5 small edits on claude-opus-4-6"),
}
"""What was done, how many odd amounts it cost, how many of them it would save (-1: not a whole number), the title."""


@pytest.mark.parametrize("rule", DAYS)
def test_the_cause_stands_first_with_its_cost_to_the_nano_dollar(rule: str, store: V1, day: Day) -> None:
    happen, costs, saves, title = DAYS[rule]
    with store.database.connection():
        ordinary_work(store)
        store.call(store.session("Sort the imports"), cost="0.004", model=KIMI, tokens=Tokens(input=3000, output=300))
    assert day() == (), "what had to be done is no insight"
    with store.database.connection():
        happen(store)
    first, *others = day()
    assert (first.rule, first.title) == (rule, title)
    assert (first.cost_nano, first.calls) == (costs * NANO, costs)
    assert first.saves_nano == saves * NANO if saves >= 0 else 0 < first.saves_nano < first.cost_nano
    assert not others, "one cause is one insight"


def test_of_ten_causes_on_one_day_the_costliest_stands_first(store: V1, day: Day) -> None:
    with store.database.connection():
        ordinary_work(store)
        for happen, *_ in DAYS.values():
            happen(store)
    found: dict[str, Insight] = {each.rule: each for each in day()}
    costs = [each.cost_nano for each in found.values()]
    assert costs == sorted(costs, reverse=True) and next(iter(found)) == "retried_edits"
    for rule in ("redesign_loop", "repeated_reads", "identical_calls", "failed_calls", "aborted_turns", "small_edits"):
        assert found[rule].cost_nano == DAYS[rule][1] * NANO, rule
