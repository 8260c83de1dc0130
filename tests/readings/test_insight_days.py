"""Days written by hand into a store of OpenCode's, each with one cause: it stands first, with what it cost."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from opencode_tui.analysis.insights import unused_servers
from opencode_tui.clock import HOUR_MS, MINUTE_MS
from opencode_tui.config.settings import Settings
from opencode_tui.readings.context import context_of
from opencode_tui.readings.finding_settling import settle_findings
from opencode_tui.readings.insights import read_insights, settle_insights
from opencode_tui.records.insights import Insight
from opencode_tui.records.requests import InsightsRequest
from tests.stores import V1, Tokens, Tool, tool
from tests.stores.recorder import START_MS
from tests.support.ledgers import reader
from tests.support.records import replace

OPUS, KIMI = "anthropic/claude-opus-4-6", "opencode/kimi-k2.6"
SETTINGS = Settings(timezone="UTC")
EDIT = (tool("edit", "/home/dev/shop/src/theme.css"),)
Day = Callable[[], tuple[Insight, ...]]


@pytest.fixture
def store(tmp_path: Path) -> V1:
    return V1(tmp_path)


@pytest.fixture
def day(store: V1, tmp_path: Path) -> Iterator[Day]:
    """The insights of the day when the store stands as it does now."""
    read = reader(store.data_dir, settings=SETTINGS, clock=lambda: store.now + MINUTE_MS)

    def insights() -> tuple[Insight, ...]:
        while read.poll():
            pass
        settle_insights(read.ledger, {}, read.sync.book, live=read.sync.answers)
        context = context_of(read.sync, read.ledger.connection, store.now + MINUTE_MS, SETTINGS, ())
        return read_insights(InsightsRequest("today"), replace(context, stores=None)).insights

    yield insights
    read.close()


def cheap_work(store: V1) -> None:
    """An ordinary session on the cheaper model, so that it is in use."""
    session = store.session("Sort the imports")
    store.call(session, cost="0.004", model=KIMI, tokens=Tokens(input=3000, output=300))


def test_small_edits_on_the_expensive_model(store: V1, day: Day) -> None:
    cheap_work(store)
    session = store.session("Nudge the colours")
    for file in "abcde":
        turn = store.prompt(session, model=OPUS)
        for tools in ((tool("edit", f"/home/dev/shop/src/{file}.css"),), ()):
            store.call(session, turn=turn, cost="0.110000001", model=OPUS, tokens=Tokens(20_000, 300), tools=tools)
    first, *others = day()
    assert (first.rule, first.cost_nano, first.calls, first.lever) == ("small_edits", 1_100_000_010, 10, "routing")
    assert first.saves_nano == 1_100_000_010 - 10 * (20_000 * 950 + 300 * 4_000)
    assert not others


def test_a_model_that_comes_into_use_later_is_compared_with_what_was_looked_at_before(store: V1, day: Day) -> None:
    session = store.session("Nudge the colours")
    for file in "abcde":
        turn = store.prompt(session, model=OPUS)
        edit = [tool("edit", f"/home/dev/shop/src/{file}.css")]
        store.call(session, turn=turn, cost="0.110000001", model=OPUS, tokens=Tokens(20_000, 300), tools=edit)
    assert not day()
    cheap_work(store)
    (first,) = day()
    assert (first.rule, first.cost_nano) == ("small_edits", 550_000_005)
    assert first.saves_nano == 550_000_005 - 5 * (20_000 * 950 + 300 * 4_000)


def test_a_call_of_a_model_in_use_has_no_other_session_looked_at_again(store: V1) -> None:
    for _ in range(3):
        cheap_work(store)
    read = reader(store.data_dir, settings=SETTINGS, clock=lambda: store.now + MINUTE_MS)
    while read.poll():
        pass
    settle_findings(read.ledger, {}, read.sync.book)
    last = store.session("Sort them again")
    store.call(last, cost="0.004", model=KIMI, tokens=Tokens(input=3000, output=300))
    while read.poll():
        pass
    notes: list[str] = []
    read.ledger.connection.set_trace_callback(notes.append)
    settle_findings(read.ledger, {}, read.sync.book)
    read.close()
    kept = [each for each in notes if each.startswith("DELETE FROM finding")]
    assert len(kept) == 1 and f'["{last}"]' in kept[0]


def test_a_day_has_its_own_part_of_a_session_that_began_the_day_before(store: V1, day: Day) -> None:
    cheap_work(store)
    session = store.session("Nudge the colours", created=START_MS - 30 * HOUR_MS)
    for number, file in enumerate("abcdef"):
        at = START_MS + (number - 4) * 6 * HOUR_MS
        edit = [tool("edit", f"/home/dev/shop/src/{file}.css")]
        store.call(session, at=at, cost="0.11", model=OPUS, tokens=Tokens(20_000, 300), tools=edit)
    (first,) = [each for each in day() if each.rule == "small_edits"]
    assert (first.cost_nano, first.calls, first.title) == (330_000_000, 3, "3 small edits on claude-opus-4-6")
    assert first.sum_shown.startswith("$0.33 on claude-opus-4-6; the same tokens on kimi-k2.6")


def explorer(store: V1, parent: str, *files: str, model: str = KIMI, cost: str = "0.02", calls: int = 2) -> str:
    child = store.session("Look around", parent=parent)
    turn = store.prompt(child, model=model)
    for number in range(calls):
        uses = [tool("read", f"/home/dev/shop/{file}") for file in files] if not number else ()
        store.call(child, turn=turn, cost=cost, model=model, tokens=Tokens(12_000, 200), tools=uses)
    return child


def test_subagents_that_only_read_on_the_expensive_model(store: V1, day: Day) -> None:
    cheap_work(store)
    session = store.session("Where are orders made")
    for turn in (store.prompt(session) for _ in range(3)):
        child = explorer(store, session, "a.ts", "b.ts", model=OPUS, cost="0.0700000003")
        store.call(session, turn=turn, cost="0.01", tools=[tool("task", "Look around", child=child)])
    first = next(each for each in day() if each.rule == "subagent_model")
    assert (first.cost_nano, first.calls, len(first.sessions)) == (6 * 70_000_000, 6, 3)
    assert '"explore": {"model": "opencode/kimi-k2.6"}' in first.how


def test_a_turn_that_starts_eight_subagents(store: V1, day: Day) -> None:
    session = store.session("Audit everything")
    turn = store.prompt(session)
    children = [explorer(store, session, f"{name}.ts", cost="0.030000001") for name in "abcdefgh"]
    store.call(session, turn=turn, cost="0.05", tools=[tool("task", "Look", child=child) for child in children])
    first, *others = day()
    assert (first.rule, first.cost_nano, first.calls) == ("fan_out", 16 * 30_000_001, 16)
    assert first.saves_nano == 4 * 30_000_001
    assert [each.title for each in first.sessions] == ["Audit everything"]
    assert not others


def test_siblings_that_read_the_same_files(store: V1, day: Day) -> None:
    session = store.session("Plan the move")
    turn = store.prompt(session)
    files = [f"src/{name}.ts" for name in "abcde"]
    children = [explorer(store, session, *files, cost=cost) for cost in ("0.02", "0.03", "0.04")]
    store.call(session, turn=turn, cost="0.5", tools=[tool("task", "Look", child=child) for child in children])
    first, *_ = day()
    assert (first.rule, first.cost_nano, first.saves_nano) == ("repeated_exploration", 140_000_000, 140_000_000)


def test_an_orchestrator_that_works_as_much_as_its_fixer(store: V1, day: Day) -> None:
    session = store.session("Ship the settings page", agent="orchestrator")
    for name in "abc":
        turn = store.prompt(session, model=OPUS)
        child = store.session("Do it", parent=session, agent="fixer")
        given = store.prompt(child, model=KIMI)
        for tools in ([tool("edit", f"src/{name}.ts")], ()):
            store.call(child, turn=given, cost="0.02", model=KIMI, tokens=Tokens(20_000, 500), tools=tools)
        for cost, use in (
            ("0.050000001", tool("task", "Do it", child=child, agent="fixer")),
            ("0.150000001", tool("bash", "npm test", exit=0)),
            ("0.150000001", tool("edit", f"src/{name}.css")),
        ):
            store.call(session, turn=turn, cost=cost, model=OPUS, tokens=Tokens(15_000, 2000), tools=[use])
    first, *_ = day()
    assert (first.rule, first.cost_nano, first.calls) == ("equal_orchestrator", 6 * 150_000_001, 6)
    assert first.saves_nano == 6 * 150_000_001 - 6 * (15_000 * 950 + 2000 * 4_000)


def test_a_build_that_fills_the_context(store: V1, day: Day) -> None:
    session = store.session("Fix the build")
    for number in range(3):
        turn = store.prompt(session)
        before = 10_000 + 15_000 * number
        build = [tool("bash", "npm run build", exit=1)]
        store.call(session, turn=turn, cost="0.01", tokens=Tokens(0, 0, 0, before), tools=build)
        store.call(session, turn=turn, cost="0.02", tokens=Tokens(12_000, 0, 0, before))
    (first,) = [each for each in day() if each.rule == "loud_commands"]
    assert (first.calls, first.sure) == (5, "estimated"), "two calls read the output of others from the cache"
    assert first.cost_nano == 3 * 12_000 * 950 + 12_000 * 160 * (4 + 2)


@pytest.mark.parametrize(
    ("used", "line"),
    [
        (tool("read", "/home/dev/shop/package-lock.json"), "package-lock.json"),
        (tool("bash", "cd web && cat node_modules/react/index.js 2>/dev/null | head -400"), "node_modules/"),
        (tool("bash", "grep -rn 'useState' vendor/"), "vendor/"),
    ],
)
def test_what_nobody_wrote_in_the_context(store: V1, day: Day, used: Tool, line: str) -> None:
    session = store.session("Upgrade React")
    turn = store.prompt(session)
    store.call(session, turn=turn, cost="0.0099", tokens=Tokens(10_000, 100), tools=[used])
    for _ in range(3):
        store.call(session, turn=turn, cost="0.05", tokens=Tokens(20_000, 100, 0, 10_000))
    (first,) = [each for each in day() if each.rule == "large_inputs"]
    assert (first.cost_nano, first.sure) == (19_900 * 950, "estimated")
    assert f": {line};" in first.how


def test_work_that_runs_on_after_everybody_has_left(store: V1, day: Day) -> None:
    session = store.session("Migrate the tests")
    turn = store.prompt(session, at=START_MS)
    for minutes in (0, 30, 90, 150, 210):
        store.call(session, turn=turn, cost="0.100000007", at=START_MS + minutes * MINUTE_MS)
    store.call(store.session("Back again"), cost="0.01", at=START_MS + 5 * HOUR_MS)
    (first,) = [each for each in day() if each.rule == "unattended"]
    assert first.cost_nano == 3 * 100_000_007
    assert first.calls == 3


def test_a_turn_that_was_undone(store: V1, day: Day) -> None:
    session = store.session("Try a grid")
    store.call(session, cost="0.20")
    turn = store.prompt(session)
    store.call(session, turn=turn, cost="0.300000009", tools=EDIT)
    assert not [each for each in day() if each.rule == "undone_calls"]
    store.revert(session, turn)
    first, *_ = day()
    assert (first.rule, first.cost_nano, first.saves_nano) == ("undone_calls", 300_000_009, 300_000_009)


def test_what_a_model_did_before_the_session_went_on_with_another_one(store: V1, day: Day) -> None:
    session = store.session("Tune the prompt")
    turn = store.prompt(session)
    for read in (0, 60_000, 60_000, 0, 60_000):
        tokens = Tokens(10, 200, 0, read, 60_000 - read)
        store.call(session, turn=turn, cost="0.380000003", model=OPUS, tokens=tokens)
    store.call(session, turn=turn, cost="0.01", model=KIMI, tokens=Tokens(20_000, 300))
    (first,) = day()
    assert (first.rule, first.cost_nano, first.calls) == ("cache_break", 380_000_003, 1)


def test_attempts_that_were_undone_are_no_redesign_of_the_file_that_each_of_them_edited(store: V1, day: Day) -> None:
    session = store.session("Try a grid")
    store.call(session, cost="0.110000001", tools=EDIT)
    for _ in range(3):
        turn = store.prompt(session)
        store.call(session, turn=turn, cost="0.090000003", tools=EDIT)
        day()
        store.revert(session, turn)
    store.call(session, cost="0.02")
    (first,) = day()
    assert (first.rule, first.cost_nano, first.calls) == ("undone_calls", 270_000_009, 3)
    for _ in range(3):
        store.call(session, cost="0.100000007", tools=EDIT)
    first, *_ = day()
    assert (first.rule, first.cost_nano) == ("redesign_loop", 680_000_031), "of all seven, fewer than half were undone"


def test_a_deleted_session_and_a_fork(store: V1, day: Day) -> None:
    kept, lost = store.session("Keep this"), store.session("Drop this")
    for session, cost in ((kept, "0.30"), (lost, "0.200000005")):
        store.call(session, cost=cost)
    store.call(store.fork(kept), cost="0.400000003")
    day()
    store.delete(lost)
    found = {each.rule: each for each in day()}
    assert found["deleted_sessions"].cost_nano == 200_000_005
    assert found["forks"].cost_nano == 400_000_003


def test_an_mcp_server_that_nobody_uses(store: V1, tmp_path: Path, day: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unused_servers, "_LEAST_CALLS", 5)
    config = tmp_path / "ours/none/opencode/opencode.json"
    config.parent.mkdir(parents=True)
    config.write_text(json.dumps({"mcp": {"github": {"type": "local", "command": ["x"]}}}))
    os.utime(config, (1_700_000_000, 1_700_000_000))
    session = store.session("A long day")
    for _ in range(30):
        store.call(session, cost="0.02", tokens=Tokens(19_000, 10))
    (first,) = [each for each in day() if each.rule == "unused_servers"]
    assert (first.sure, first.calls) == ("estimated", 30)
    assert "github" in first.what
