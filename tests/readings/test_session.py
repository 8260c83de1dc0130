"""Sessions, their trees, turns and forks, as readers get them: each figure is traced to the calls it is made of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opencode_tui.analysis.sparks import spark_of
from opencode_tui.clock import Calendar
from opencode_tui.config.settings import Privacy, Settings
from opencode_tui.ledger import session_list_queries
from opencode_tui.readings.breakdown import read_breakdown
from opencode_tui.readings.context import Context
from opencode_tui.readings.session import read_session, read_turn
from opencode_tui.readings.sessions import read_sessions
from opencode_tui.records.requests import BreakdownRequest, SessionRequest, SessionsRequest, TurnRequest
from opencode_tui.records.session import SessionView
from opencode_tui.records.sessions import SessionList
from opencode_tui.report.session_facts import session_counts
from tests.stores import V1, V2, Files, MakeStore, Store, Tokens, tool
from tests.support.ledgers import Reader, reader
from tests.support.pictures import OPUS
from tests.support.records import replace
from tests.support.watched import Watched

DAYS = Calendar(UTC)
GENERATIONS = [V1, V2, Files]

Asked = TypeVar("Asked")
Found = TypeVar("Found")


def answered(ours: Reader, read: Callable[[Asked, Context], Found], request: Asked, now_ms: int = 0) -> Found:
    with ours.ledger.reading() as connection:
        settings = Settings(timezone="UTC")
        return read(request, Context(connection, now_ms, settings, limits=ours.sync.book, live=ours.sync.answers))


def view(ours: Reader, id: str, now_ms: int = 0) -> SessionView:
    return answered(ours, read_session, SessionRequest(id), now_ms)


def listed(ours: Reader, period: str = "all", now_ms: int = 0) -> SessionList:
    return answered(ours, read_sessions, SessionsRequest(period), now_ms)


def synced(store: Store, **options: Settings) -> Reader:
    ours = reader(store.data_dir, **options)  # type: ignore[arg-type]
    ours.poll()
    return ours


def grow(store: Store, parents: list[int]) -> list[str]:
    """Sessions each with a call of its own price: number n is a subagent of number parents[n - 1]."""
    ids = [store.session("root")]
    store.call(ids[0], cost="0.000001")
    for number, parent in enumerate(parents, 1):
        ids.append(store.session(f"child {number}", parent=ids[parent % number]))
        store.call(ids[-1], cost=f"0.{number:06d}")
    return ids


@pytest.mark.parametrize("generation", [V1, V2], ids=["v1", "v2"])
@given(parents=st.lists(st.integers(0, 50), max_size=12), forked=st.booleans())
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_root_costs_what_the_calls_of_its_descendants_cost(
    generation: type[V1 | V2], parents: list[int], forked: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = generation(tmp_path_factory.mktemp("tree"))
    with store.database.connection():
        ids = grow(store, parents)
        if forked:
            store.call(store.fork(ids[0]), cost="0.9")
    ours = synced(store)
    for id in ids:
        tree = view(ours, id).tree
        assert {node.id: node.own_nano for node in tree} == {node.id: store.truth.own[node.id] for node in tree}
        assert {node.id: node.total_nano for node in tree} == {node.id: store.truth.rolled[node.id] for node in tree}
    totals = {row.id: row.total_nano for row in listed(ours).rows}
    assert totals == {id: nano for id, nano in store.truth.rolled.items() if store.truth.parents[id] is None}
    ours.close()


@pytest.mark.parametrize("generation", GENERATIONS)
def test_turns_hold_their_calls_tools_and_files(generation: MakeStore, tmp_path: Path) -> None:
    store = generation(tmp_path)
    root = store.session("Fix header")
    first = store.prompt(root)
    tokens = Tokens(input=1000, output=300, reasoning=100, cache_read=3000)
    uses = [tool("edit", "src/Button.tsx"), tool("edit", "src/Button.tsx", ok=False), tool("read", "src/a.ts")]
    store.call(root, cost="0.20", turn=first, tokens=tokens, took=2000, tools=uses)
    store.call(root, cost="0.10", turn=first, tokens=tokens, took=2000)
    store.call(root, cost="0.05", model="opencode/glm-5", tokens=tokens)
    one, two = view(synced(store), root).turns
    assert (one.id, one.number, one.calls, one.cost_nano) == (first, 1, 2, 300_000_000)
    assert [(count.name, count.uses, count.failures) for count in one.tools] == [("edit", 2, 1), ("read", 1, 0)]
    assert one.files == ("src/Button.tsx", "src/a.ts")
    assert one.tokens == tokens + tokens
    streamed_s = 4 - 3 * 0.040 if generation is V2 else 4  # OpenCode 2 tells when the tools began
    assert one.tokens_per_second == pytest.approx(800 / streamed_s)
    assert (one.context_tokens, one.context_limit) == (4000, 262144)
    assert (one.switched, two.switched, two.models) == (False, True, ("opencode/glm-5",))


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_sessions_causes_are_shown_and_their_turns_marked(generation: MakeStore, tmp_path: Path) -> None:
    store = generation(tmp_path)
    root = store.session("Fix header")
    store.call(root, cost="0.05", turn=store.prompt(root))
    for _ in range(4):
        store.call(root, cost="0.20", turn=store.prompt(root), tools=[tool("edit", "src/Button.tsx")])
    shown = view(synced(store), root)
    (cause,) = shown.causes
    assert cause.sentence == '4× edits of Button.tsx in "Fix header", about $0.20 a round'
    assert (cause.cost_nano, cause.turn_id) == (800_000_000, shown.turns[-1].id)
    assert [turn.causes for turn in shown.turns] == [(), *[("same file",)] * 4]


@pytest.mark.parametrize("kind", ["New", "Child"])
def test_a_session_that_has_only_opencodes_placeholder_is_called_by_project_and_time(kind: str, tmp_path: Path) -> None:
    store = V1(tmp_path)
    root = store.session(f"{kind} session - 2026-05-13T14:23:31.588Z")
    store.call(root, cost="0.01", turn=store.prompt(root))
    named = store.session(f"{kind} session - notes")
    store.call(named, cost="0.01", turn=store.prompt(named))
    ours = synced(store, settings=Settings(timezone="UTC"))
    assert view(ours, root).title == "shop, 10:00"
    assert view(ours, named).title == f"{kind} session - notes"


def test_what_explains_less_than_a_tenth_of_a_session_is_not_its_cause(tmp_path: Path) -> None:
    store = V1(tmp_path)
    root = store.session("Fix header")
    for cost in ("0.01", "0.01", "0.01"):
        store.call(root, cost=cost, turn=store.prompt(root), tools=[tool("edit", "src/Button.tsx")])
    store.call(root, cost="0.30", turn=store.prompt(root))
    shown = view(synced(store), root)
    assert [cause.turn_id for cause in shown.causes] == [shown.turns[3].id], "the last turn made most of it"
    assert [turn.causes for turn in shown.turns] == [(), (), (), ("most of the cost",)]


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_turn_opens_to_calls_with_the_rates_that_made_them(generation: MakeStore, tmp_path: Path) -> None:
    store = generation(tmp_path)
    root = store.session("Fix header")
    turn = store.prompt(root)
    tokens = Tokens(input=5436, output=642, reasoning=27)
    call = store.call(
        root, cost="0.0078402", turn=turn, tokens=tokens, tools=[tool("bash", "npm run test -- --secret", took=321)]
    )
    ours = synced(store)
    (opened,) = answered(ours, read_turn, TurnRequest(root, turn)).calls
    assert (opened.id, opened.cost_nano, opened.basis, opened.tokens) == (call, 7_840_200, "recorded", tokens)
    assert opened.rates is not None
    rates = opened.rates
    exact = tokens.input * rates.input + (tokens.output + tokens.reasoning) * rates.output
    assert exact == opened.cost_nano * 1_000_000
    assert [(use.name, use.target, use.duration_ms) for use in opened.tools] == [("bash", "npm run test", 321)]


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_fork_says_what_it_inherited_and_from_whom(generation: MakeStore, tmp_path: Path) -> None:
    store = generation(tmp_path)
    root = store.session("Fix header")
    store.call(root, cost="0.0186")
    fork = store.fork(root)
    store.call(fork, cost="0.05")
    ours = synced(store)
    forked, origin = view(ours, fork), view(ours, root)
    assert (forked.own_nano, forked.inherited_nano, forked.copied_calls) == (50_000_000, 18_600_000, 1)
    assert forked.fork_of is not None and forked.fork_of.id == root
    assert [each.id for each in origin.forks] == [fork]
    assert [(turn.cost_nano, turn.inherited_nano) for turn in forked.turns] == [(0, 18_600_000), (50_000_000, 0)]
    assert session_counts(forked) == ("1 turn · 1 call",)  # as the list of sessions and Breakdown count them
    assert {row.id: row.turns for row in listed(ours).rows} == {root: 1, fork: 1}
    assert {row.id: row.is_fork for row in listed(ours).rows} == {root: False, fork: True}


@pytest.mark.parametrize("more", [1, 3], ids=["as many copies as sessions", "fewer copies than sessions"])
def test_a_fork_among_very_many_sessions_is_known_by_its_copies(
    more: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = V1(tmp_path)  # which does not record of what a session is a fork
    root = store.session("Fix header")
    for _ in range(3):
        store.call(root, cost="0.01")
    fork = store.fork(root)
    store.call(fork, cost="0.05")
    others = [store.session("Another") for _ in range(more)]
    for other in others:
        store.call(other, cost="0.02")
    monkeypatch.setattr(session_list_queries, "_FEW", 1)
    rows = listed(synced(store)).rows
    assert {row.id for row in rows if row.is_fork} == {fork}
    assert len(rows) == 2 + more


@pytest.mark.parametrize("generation", GENERATIONS)
def test_undone_calls_are_marked_and_spent_all_the_same(generation: MakeStore, tmp_path: Path) -> None:
    store = generation(tmp_path)
    root = store.session("Fix header")
    store.call(root, cost="0.20")
    undone = store.prompt(root)
    store.call(root, cost="0.11", turn=undone)
    ours = synced(store)
    store.revert(root, undone)
    store.call(root, cost="0.05")
    ours.poll()
    seen = view(ours, root)
    assert [turn.undone for turn in seen.turns] == [0, 1, 0]
    assert seen.own_nano == store.truth.total_nano
    (call,) = answered(ours, read_turn, TurnRequest(root, undone)).calls
    assert call.undone and call.cost_nano == 110_000_000


def test_titles_of_opencode_2_are_not_taken_for_undone(tmp_path: Path) -> None:
    store = V2(tmp_path)
    root = store.session("New session")
    store.call(root)
    store.title(root, cost="0.0004", tokens=Tokens(input=700, output=12), title="Fix header")
    (turn,) = view(synced(store), root).turns
    assert (turn.calls, turn.undone, turn.models) == (2, 0, ("opencode/kimi-k2.6",))


@pytest.mark.parametrize("generation", GENERATIONS)
def test_states_of_sessions(generation: MakeStore, tmp_path: Path) -> None:
    store = generation(tmp_path)
    ids = {name: store.session(name) for name in ("idle", "archived", "deleted")}
    for id in ids.values():
        store.call(id)
    store.archive(ids["archived"])
    ours = synced(store)
    store.delete(ids["deleted"])
    store.call(store.session("another"))
    ours.poll()
    later = store.now + 3_600_000
    states = {row.title: row.state for row in listed(ours, now_ms=later).rows}
    assert states == {"idle": "idle", "archived": "archived", "deleted": "deleted", "another": "idle"}
    assert {row.state for row in listed(ours, now_ms=store.now).rows} >= {"active", "deleted"}
    assert view(ours, ids["deleted"], later).state == "deleted"


def test_a_child_resumed_by_several_tasks_stands_once(tmp_path: Path) -> None:
    store = V1(tmp_path)
    root = store.session("Fix header")
    child = store.session("explore", parent=root)
    store.call(child, cost="0.02")
    for _ in range(3):
        store.call(root, tools=[tool("task", "", child=child, agent="explore")])
    store.fork(root)
    tree = view(synced(store), root).tree
    assert [(node.id, node.depth, node.tasks) for node in tree] == [(root, 0, 0), (child, 1, 3)]


def test_orphans_and_cycles_are_shown_and_not_followed(tmp_path: Path) -> None:
    store = V1(tmp_path)
    one = store.session("one")
    two = store.session("two", parent=one)
    three = store.session("three", parent=two)
    for id in (one, two, three):
        store.call(id, cost="0.01")
    store.database.run("UPDATE session SET parent_id = ? WHERE id = ?", three, one)
    lost = store.session("lost", parent=one)
    store.call(lost, cost="0.04")
    store.database.run("UPDATE session SET parent_id = 'ses_nowhere' WHERE id = ?", lost)
    ours = synced(store)
    tree = view(ours, two).tree
    assert [node.id for node in tree] == [two, three, one]
    assert tree[0].total_nano == 30_000_000
    assert tree[0].odd == "its parent is one of its own subagents"
    assert view(ours, lost).tree[0].odd == "its parent ses_nowhere is not known"
    assert sorted(row.total_nano for row in listed(ours).rows) == [30_000_000, 40_000_000]


def test_a_thousand_subagents_deep_are_no_recursion(tmp_path: Path) -> None:
    store = V1(tmp_path)
    with store.database.connection():
        id = root = store.session("root")
        for _ in range(1100):
            id = store.session("deeper", parent=id)
        store.call(id, cost="0.01")
    ours = synced(store)
    tree = view(ours, root).tree
    assert (len(tree), tree[-1].depth, tree[0].total_nano) == (1101, 1100, 10_000_000)
    from opencode_tui.clock import Calendar
    from opencode_tui.report.session import session_json, session_text

    seen = view(ours, root)
    assert len(session_text(seen, Calendar()).splitlines()) > 1100
    assert session_json(seen, {node.id: () for node in tree}, Calendar())["total_usd"] == 0.01


@pytest.mark.parametrize("generation", GENERATIONS)
def test_prompts_are_shown_only_if_the_person_wants_it_and_never_kept(generation: MakeStore, tmp_path: Path) -> None:
    store = generation(tmp_path)
    root = store.session("Fix header")
    store.call(root, turn=store.prompt(root, text="Make the header blue\nand more"))
    quiet = synced(store)
    assert [turn.prompt for turn in view(quiet, root).turns] == [None]
    asked = synced(store, settings=Settings(privacy=Privacy(show_prompts=True)))
    assert [turn.prompt for turn in view(asked, root).turns] == ["Make the header blue"]
    asked.close()
    quiet.close()
    kept = b"".join(file.read_bytes() for file in quiet.ledger.path.parent.iterdir())
    assert b"header blue" not in kept


def test_growth_adds_up_per_model_and_the_spark_to_the_total(tmp_path: Path) -> None:
    store = V1(tmp_path)
    root = store.session("Fix header")
    for model, cost in (("opencode/kimi-k2.6", "0.10"), ("opencode/glm-5", "0.30"), ("opencode/kimi-k2.6", "0.05")):
        store.call(root, cost=cost, model=model)
    ours = synced(store)
    growth = view(ours, root).growth
    assert [(model, [nano for _, nano in points]) for model, points in growth] == [
        ("opencode/glm-5", [300_000_000]),
        ("opencode/kimi-k2.6", [100_000_000, 150_000_000]),
    ]
    (row,) = listed(ours).rows
    assert sum(spark_of(row)) == row.total_nano == 450_000_000


def test_what_the_cache_saved_is_the_difference_of_the_rates(tmp_path: Path) -> None:
    store = V1(tmp_path)
    root = store.session("Fix header")
    store.call(root, cost="1.43", tokens=Tokens(input=1_000_000, cache_read=3_000_000))
    ours = synced(store)
    seen = view(ours, root)
    rates = ours.sync.book.lookup("opencode", "kimi-k2.6")
    assert rates is not None
    assert seen.cache_saved_nano == 3 * (rates.input - rates.cache_read)
    assert seen.cache_hit_rate == 0.75


def test_what_the_cache_saved_is_less_what_writing_it_cost_as_in_a_breakdown(tmp_path: Path) -> None:
    store = V1(tmp_path)
    root = store.session("Fix header")
    store.call(root, cost="0.64025", model=OPUS, tokens=Tokens(input=3_000, output=10, cache_write=100_000))
    ours = synced(store)
    rates = ours.sync.book.lookup("anthropic", "claude-opus-4-5")
    assert rates is not None and rates.cache_write > rates.input, "a price with a premium for writing"
    saved = view(ours, root).cache_saved_nano
    assert saved is not None and saved < 0
    store.call(root, cost="0.01", model=OPUS, tokens=Tokens(input=300, cache_read=90_000))
    store.call(store.session("dig", parent=root), cost="0.01", model=OPUS, tokens=Tokens(cache_read=50_000))
    ours.poll()
    rows = answered(ours, read_breakdown, BreakdownRequest(("session",), "all")).rows
    assert {row.keys: row.measures.saved_nano for row in rows}[(root,)] == view(ours, root).cache_saved_nano != saved


def test_periods_and_days_of_the_list(tmp_path: Path) -> None:
    store = V1(tmp_path)
    root = store.session("Fix header")
    store.call(root, cost="0.10")
    day = store.now
    store.call(root, cost="0.20", at=day + 86_400_000)
    ours = synced(store)
    totals = {
        period: [row.total_nano for row in listed(ours, period, day + 86_400_000).rows]
        for period in ("today", "yesterday", "2026-05-13", "all", "2020-01-01")
    }
    assert totals == {
        "today": [200_000_000],
        "yesterday": [100_000_000],
        "2026-05-13": [100_000_000],
        "all": [300_000_000],
        "2020-01-01": [],
    }


def test_a_session_that_is_not_known_is_one_sentence(tmp_path: Path) -> None:
    store = V1(tmp_path)
    with pytest.raises(LookupError, match="no session ses_nowhere is in the ledger"):
        view(synced(store), "ses_nowhere")


def test_one_session_reads_its_own_rows_by_index(tmp_path: Path) -> None:
    store = V1(tmp_path)
    root = store.session("Fix header")
    store.call(root, tools=[tool("edit", "a.py")])
    store.fork(root)
    ours = synced(store)
    asked: list[str] = []
    ours.ledger.connection.set_trace_callback(asked.append)
    view(ours, root)
    answered(ours, read_turn, TurnRequest(root, view(ours, root).turns[0].id))
    ours.ledger.connection.set_trace_callback(None)
    selects = [sql for sql in asked if sql.lstrip().startswith(("SELECT", "WITH"))]
    assert len(selects) > 10
    for sql in selects:
        for *_, step in ours.rows(f"EXPLAIN QUERY PLAN {sql}"):
            assert not step.startswith(("SCAN call", "SCAN c ", "SCAN tool", "SCAN t", "SCAN session", "SCAN s ")), (
                step,
                sql,
            )


def test_a_turn_says_what_it_was_for_and_whether_it_was_done_at_the_first_go(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "work.db")
    watched.call(turn="fix", tools=[("edit", "a.ts"), ("bash", "npm test")])
    watched.call(turn="fix", tools=[("edit", "a.ts")])
    watched.call(turn="more", tools=[("edit", "b.ts")])
    watched.call(turn="talk")
    context = Context(watched.ledger.connection, watched.now, Settings())
    turns = read_session(SessionRequest("ses_1"), context).turns
    assert [(turn.task, turn.is_one_shot, turn.edit_retries) for turn in turns] == [
        ("coding", False, 1),
        ("coding", True, 0),
        ("conversation", None, 0),
    ]
    watched.ledger.close()


def test_a_list_without_what_takes_longer_has_the_same_rest(tmp_path: Path) -> None:
    store = V1(tmp_path)
    root = store.session("Fix header")
    for _ in range(2):
        turn = store.prompt(root)
        for model in (OPUS, "opencode/glm-5"):
            store.call(root, cost="0.20", turn=turn, model=model, tokens=Tokens(input=1000, output=300))
    ours = synced(store)
    full, first = (
        answered(ours, read_sessions, SessionsRequest("all", sparks=rest, contexts=rest, turns=rest)).rows[0]
        for rest in (True, False)
    )
    assert (full.turns, full.context_tokens, bool(full.costs)) == (2, 1000, True)
    assert replace(full, turns=None, costs=None, context_tokens=0, context_limit=None) == first
