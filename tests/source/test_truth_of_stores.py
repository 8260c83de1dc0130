"""Every generation of store, and what happens to histories: the ledger equals what was billed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.stores import V1, V2, Files, MakeStore, Store, Tokens, tool
from tests.support.ledgers import Reader, assert_truth, reader

GENERATIONS: dict[str, MakeStore] = {
    "files 1.0.0": lambda root: Files(root, version="1.0.0"),
    "files 1.1.11": lambda root: Files(root, version="1.1.11"),
    "files 1.1.65": lambda root: Files(root, version="1.1.65"),
    "v1 1.2.27": lambda root: V1(root, version="1.2.27"),
    "v1 1.3.2": lambda root: V1(root, version="1.3.2"),
    "v1 1.14.48": lambda root: V1(root, version="1.14.48"),
    "v1 1.18.34": lambda root: V1(root, version="1.18.34"),
    "v1 channel": lambda root: V1(root, name="opencode-dev.db"),
    "v2": V2,
}


@pytest.fixture(params=GENERATIONS, ids=list(GENERATIONS))
def make(request: pytest.FixtureRequest) -> MakeStore:
    return GENERATIONS[request.param]


def day_of_work(store: Store) -> str:
    """A root session with nested subagents, a free local call, an error and an abort; returns its id."""
    root = store.session("Fix header")
    store.call(root, cost="0.20", tools=[tool("edit", "src/Button.tsx")])
    child = store.session("explore code", parent=root)
    store.call(child, cost="0.013297801", model="opencode/glm-5")
    grandchild = store.session("dig", parent=child)
    store.call(grandchild, cost="0.000000001", tokens=Tokens(input=1))
    store.call(root, cost="0", model="local/qwen3-coder:30b")
    store.call(root, error="APIError")
    store.call(root, error="MessageAbortedError")
    return root


def test_an_error_is_kept_by_its_name_and_a_call_that_went_well_has_none(make: MakeStore, tmp_path: Path) -> None:
    store = make(tmp_path)
    root = store.session("Fix header")
    well, failed = store.call(root, cost="0.20"), store.call(root, error="APIError")
    errors = dict(synced(store).rows("SELECT id, error FROM call"))
    assert errors == {well: None, failed: "provider.error" if isinstance(store, V2) else "APIError"}


def test_a_patch_is_an_edit_of_the_file_that_it_names(make: MakeStore, tmp_path: Path) -> None:
    store = make(tmp_path)
    patch = "*** Begin Patch\n*** Update File: src/Button.tsx\n@@\n-x = 1\n+x = 2\n*** End Patch"
    store.call(store.session("Fix header"), cost="0.20", tools=[tool("apply_patch", patch)])
    assert synced(store).rows("SELECT name, target FROM tool") == [("apply_patch", "src/Button.tsx")]


def synced(store: Store) -> Reader:
    ours = reader(store.data_dir)
    ours.poll()
    assert {state.state for state in ours.sync.states} == {"live"}
    return ours


def test_a_day_of_work(make: MakeStore, tmp_path: Path) -> None:
    store = make(tmp_path)
    day_of_work(store)
    ours = synced(store)
    assert_truth(ours, store.truth)
    assert ours.spend_by("model") == {key: nano for key, nano in store.truth.by_model.items() if nano}
    assert ours.rows("SELECT name, target, ok FROM tool") == [("edit", "src/Button.tsx", 1)]


def test_a_fork_and_a_fork_of_it_cost_nothing(make: MakeStore, tmp_path: Path) -> None:
    store = make(tmp_path)
    root = day_of_work(store)
    fork = store.fork(root)
    store.call(fork, cost="0.05", model="opencode/glm-5")
    second = store.fork(fork)
    store.call(second, cost="0.07")
    assert_truth(synced(store), store.truth)


def test_copies_stand_for_an_original_that_was_gone_before_the_first_look(make: MakeStore, tmp_path: Path) -> None:
    store = make(tmp_path)
    root = store.session("Fix header")
    store.call(root, cost="0.20")
    store.call(root, cost="0.11")
    forks = [store.fork(root), store.fork(root)]
    store.call(forks[0], cost="0.05")
    store.delete(root)
    ours = synced(store)
    left = store.truth.left
    assert (ours.totals.spend_nano, ours.totals.calls) == (left.total_nano, left.calls) == (360_000_000, 3)
    assert ours.totals.copied_calls == 2


def test_what_is_deleted_after_a_look_stays_spent(make: MakeStore, tmp_path: Path) -> None:
    store = make(tmp_path)
    root = day_of_work(store)
    ours = synced(store)
    store.delete(root)
    other = store.session("Something else")
    store.call(other, cost="0.03")
    ours.poll()
    assert_truth(ours, store.truth)
    assert ours.rows("SELECT present FROM session WHERE id = ?", root) == [(0,)]


def test_what_is_undone_after_a_look_stays_spent(make: MakeStore, tmp_path: Path) -> None:
    store = make(tmp_path)
    root = store.session("Fix header")
    store.call(root, cost="0.20")
    undone = store.prompt(root)
    store.call(root, cost="0.11", turn=undone)
    ours = synced(store)
    store.revert(root, undone)
    store.call(root, cost="0.05")
    ours.poll()
    assert_truth(ours, store.truth)


@pytest.mark.parametrize("generation", ["v1 1.18.34", "v2"])
def test_calls_undone_before_the_first_look_are_recovered(generation: str, tmp_path: Path) -> None:
    store = GENERATIONS[generation](tmp_path)
    root = store.session("Fix header")
    store.call(root, cost="0.0202")
    undone = store.prompt(root)
    store.call(root, cost="0.0195", turn=undone)
    store.revert(root, undone)
    store.call(root, cost="0.0202")
    assert_truth(synced(store), store.truth)


def test_compaction_is_a_call(make: MakeStore, tmp_path: Path) -> None:
    store = make(tmp_path)
    root = store.session("Fix header")
    store.call(root, cost="0.20")
    store.compaction(root, cost="0.03")
    store.compaction(root, cost="0.02", failed=True)
    ours = synced(store)
    assert_truth(ours, store.truth)
    assert ours.spend_by("agent")["compaction"] == 50_000_000


def test_titles_of_opencode_2_count_once(tmp_path: Path) -> None:
    store = V2(tmp_path)
    root = store.session("New session")
    store.call(root, cost="0.20")
    store.title(root, cost="0.0004", tokens=Tokens(input=700, output=12), title="Fix header")
    assert_truth(synced(store), store.truth)


def test_a_running_call_counts_when_it_completes(make: MakeStore, tmp_path: Path) -> None:
    store = make(tmp_path)
    root = store.session("Fix header")
    call = store.call(root, completed=False)
    ours = synced(store)
    assert (ours.totals.spend_nano, ours.totals.calls) == (0, 1)
    store.finish(call, cost="0.20", tools=[tool("edit", "src/Button.tsx")])
    assert ours.poll()
    assert_truth(ours, store.truth)
    assert ours.rows("SELECT count(*) FROM tool") == [(1,)]


def test_an_archived_session_still_costs(make: MakeStore, tmp_path: Path) -> None:
    store = make(tmp_path)
    root = day_of_work(store)
    store.archive(root)
    ours = synced(store)
    assert_truth(ours, store.truth)
    assert ours.rows("SELECT archived_ms IS NOT NULL FROM session WHERE id = ?", root) == [(1,)]


def test_an_upgrade_through_all_generations_counts_each_call_once(tmp_path: Path) -> None:
    files = Files(tmp_path, version="1.1.65")
    root = day_of_work(files)
    v1 = V1(tmp_path, version="1.3.2", imported=files)
    v1.call(root, cost="0.31")
    v1.fork(root)
    v2 = V2(tmp_path, upgraded=v1)
    v2.call(root, cost="0.09")
    fork = v2.fork(root)
    v2.call(fork, cost="0.01")
    ours = synced(v2)
    assert len(ours.sync.states) == 3
    assert_truth(ours, v2.truth)


def test_an_imported_call_that_is_undone_after_a_fork_copied_it_counts_once(tmp_path: Path) -> None:
    old = V1(tmp_path, version="1.18.34")
    root = old.session("Fix header")
    prompt = old.prompt(root)
    old.call(root, cost="0.20", turn=prompt)
    new = V2(tmp_path, upgraded=old)
    new.fork(root)
    new.revert(root, prompt)
    new.call(root, cost="0.05")
    assert_truth(synced(new), new.truth)


def test_a_call_that_completes_between_a_look_and_an_upgrade_takes_nothing_off_a_title(tmp_path: Path) -> None:
    old = V1(tmp_path, version="1.18.34")
    root = old.session("Fix header")
    call = old.call(root, completed=False)
    synced(old).close()
    old.finish(call, cost="0.20")
    new = V2(tmp_path, upgraded=old)
    title = "UPDATE session_v2 SET cost = cost + 0.05, tokens_input = tokens_input + 9, time_updated = time_updated + 1"
    new.database.run(title)
    assert synced(new).totals.spend_nano == 250_000_000


def test_an_upgrade_beside_us_changes_nothing(tmp_path: Path) -> None:
    v1 = V1(tmp_path, version="1.18.34")
    root = day_of_work(v1)
    v1.fork(root)
    ours = synced(v1)
    v2 = V2(tmp_path, upgraded=v1)
    v2.call(root, cost="0.09")
    ours.poll()
    assert_truth(ours, v2.truth)


def test_stores_in_one_directory_add_up(tmp_path: Path) -> None:
    v1, dev = V1(tmp_path), V1(tmp_path, name="opencode-dev.db")
    day_of_work(v1)
    day_of_work(dev)
    assert_truth(synced(v1), v1.truth + dev.truth)


def test_the_session_message_of_118_is_not_a_store_of_opencode_2(tmp_path: Path) -> None:
    store = V1(tmp_path)
    day_of_work(store)
    assert len(synced(store).sync.states) == 1


def test_the_recorded_cost_stays_where_reasoning_was_counted_twice(tmp_path: Path) -> None:
    store = V1(tmp_path, version="1.2.27")
    root = store.session("Fix header")
    true = Tokens(input=5568, output=177, reasoning=11)
    store.call(root, cost="0.0060856", tokens=true)
    ours = synced(store)
    assert ours.totals.tokens == true
    assert ours.totals.spend_nano == 6_085_600


@pytest.mark.parametrize("kind", [V1, V2])
@pytest.mark.parametrize("value", ["true", "false", "[1]", '{"a": 1}', '"1"'])
def test_a_cost_that_is_no_number_is_no_amount(kind: type[V1 | V2], value: str, tmp_path: Path) -> None:
    store = kind(tmp_path)
    session = store.session("Fix header")
    call = store.call(session, cost="0.20")
    table = "message" if kind is V1 else "session_message"
    big = "json_set(data, '$.cost', json(?), '$.text', hex(zeroblob(200000)))"
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute(f"UPDATE {table} SET data = {big} WHERE id = ?", (value, call))
        if kind is V1:
            connection.execute("DELETE FROM part")
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.rows("SELECT amount_nano, missing FROM call WHERE id = ?", call) == [(0, "cost")]
