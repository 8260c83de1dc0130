"""OpenCode 2 on a machine whose clock goes back: its own calls are no copies, and what changes then is seen."""

from __future__ import annotations

import shutil
from copy import deepcopy
from pathlib import Path

import pytest

from opencode_tui import clock
from tests.stores import V1, V2, Tokens
from tests.support.ledgers import reader

DAY_MS = 86_400_000


def test_a_call_that_the_clock_dated_before_its_session_counts_once(tmp_path: Path) -> None:
    store = V2(tmp_path)
    store.call(store.session("Fix header"), cost="0.20")
    spent = store.truth.total_nano
    store.database.run("UPDATE session_v2 SET time_created = time_created + ?", DAY_MS)
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.totals.spend_nano == spent
    ours.close()


def test_a_title_that_is_made_after_the_clock_went_back_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = V2(tmp_path)
    first, second = store.session("First"), store.session("Second")
    store.call(first, cost="0.20")
    store.call(second, cost="0.30")
    spent = store.truth.total_nano
    ahead = clock.now_ms() + DAY_MS
    store.database.run("UPDATE session_v2 SET time_updated = ? WHERE id = ?", ahead, second)
    monkeypatch.setattr(clock, "now_ms", lambda: ahead)
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.totals.spend_nano == spent
    now = ahead - 2 * DAY_MS
    monkeypatch.setattr(clock, "now_ms", lambda: now)
    title = "UPDATE session_v2 SET cost = cost + 0.05, tokens_input = tokens_input + 9, time_updated = ? WHERE id = ?"
    store.database.run(title, now, first)
    ours.poll()
    assert ours.totals.spend_nano == spent + 50_000_000
    ours.close()


def test_an_upgrade_on_a_clock_that_had_gone_back_counts_no_message_twice(tmp_path: Path) -> None:
    old = V1(tmp_path)
    session = old.session("Fix header")
    old.call(session, cost="0.20")
    old.call(session, cost="0.31")
    store = V2(tmp_path, upgraded=old)
    store.database.run("UPDATE kv SET time_created = time_created - ?, time_updated = time_updated - ?", DAY_MS, DAY_MS)
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.totals.spend_nano == 510_000_000
    ours.close()


def test_an_imported_call_from_the_future_that_is_undone_counts_once(tmp_path: Path) -> None:
    old = V1(tmp_path)
    session = old.session("Fix header")
    old.call(session, cost="0.20")
    prompt = old.prompt(session)
    old.call(session, cost="0.31", turn=prompt)
    store = V2(tmp_path, upgraded=old)
    store.database.run("UPDATE kv SET time_created = time_created - ?, time_updated = time_updated - ?", DAY_MS, DAY_MS)
    store.revert(session, prompt)
    store.call(session, cost="0.05")
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.totals.spend_nano == 560_000_000
    ours.close()


def test_what_opencode_1_writes_after_the_upgrade_takes_nothing_off_a_title(tmp_path: Path) -> None:
    old = V1(tmp_path)
    session = old.session("Fix header")
    old.call(session, cost="0.20")
    store = V2(tmp_path, upgraded=old)
    old.call(session, cost="0.31")
    title = "UPDATE session_v2 SET cost = cost + 0.05, tokens_input = tokens_input + 9, time_updated = ?"
    store.database.run(title, clock.now_ms())
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.totals.spend_nano == 560_000_000
    ours.close()


def test_a_title_on_a_clock_that_went_back_after_the_upgrade_is_seen(tmp_path: Path) -> None:
    old = V1(tmp_path)
    old.call(old.session("Fix header"), cost="0.20")
    store = V2(tmp_path, upgraded=old)
    store.database.run("UPDATE kv SET time_created = time_created + ?, time_updated = time_updated + ?", DAY_MS, DAY_MS)
    title = "UPDATE session_v2 SET cost = cost + 0.05, tokens_input = tokens_input + 9, time_updated = time_updated + 1"
    store.database.run(title)
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.totals.spend_nano == 250_000_000
    ours.close()


def test_a_call_on_a_clock_that_went_back_after_a_restore_is_in_no_title(tmp_path: Path) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    store.call(session, cost="0.02")
    store.title(session, cost="0.08", tokens=Tokens(input=15_000, output=900), title="Header")
    ours = reader(store.data_dir)
    ours.poll()
    before, elsewhere = store.path.read_bytes(), deepcopy(store)
    elsewhere.call(session, cost="0.05", tokens=Tokens(input=3_000, output=90))
    ours.poll()
    store.path.write_bytes(before)
    store.now -= DAY_MS
    store.call(session, cost="0.03", tokens=Tokens(input=4_000, output=80))
    ours.poll()
    assert ours.totals.spend_nano == 180_000_000
    assert ours.rows("SELECT cost_nano FROM call WHERE agent = 'title'") == [(80_000_000,)]
    ours.close()


def test_a_call_dated_before_what_the_restored_store_has_is_in_no_title(tmp_path: Path) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    store.call(session, cost="0.02")
    store.title(session, cost="0.001", tokens=Tokens(input=900, output=9), title="Header")
    ours = reader(store.data_dir)
    ours.poll()
    store.now += 2 * DAY_MS
    store.call(session, cost="0.01")
    before, elsewhere = store.path.read_bytes(), deepcopy(store)
    elsewhere.title(session, cost="0.08", tokens=Tokens(input=15_000, output=900), title="The header")
    elsewhere.call(session, cost="0.05", tokens=Tokens(input=3_000, output=90))
    ours.poll()
    store.path.write_bytes(before)
    store.now -= DAY_MS  # a day after the session has begun, and a day before its last call
    store.call(session, cost="0.03", tokens=Tokens(input=4_000, output=80))
    ours.poll()
    assert ours.totals.spend_nano == 191_000_000
    assert ours.rows("SELECT cost_nano FROM call WHERE agent = 'title' ORDER BY 1") == [(1_000_000,), (80_000_000,)]
    ours.close()


def test_calls_that_were_undone_before_the_clock_went_back_count_once_when_a_restore_brings_them_back(
    tmp_path: Path,
) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    ours = reader(store.data_dir)
    asked = store.prompt(session)
    store.call(session, cost="0.02", turn=asked, tokens=Tokens(input=2_000))
    store.call(session, cost="0.08", turn=asked, tokens=Tokens(input=8_000))
    before = store.path.read_bytes()
    store.revert(session, asked)
    store.now -= DAY_MS // 2
    store.call(session, cost="0.05", tokens=Tokens(input=3_000))
    ours.poll()
    store.path.write_bytes(before)
    ours.poll()
    assert ours.totals.spend_nano == 150_000_000
    assert ours.rows("SELECT count(*) FROM call WHERE id LIKE '%.unlisted.%'") == [(0,)]
    ours.close()


def test_a_deleted_forks_copy_of_an_undone_call_dated_before_its_session_is_in_the_undone_calls(
    tmp_path: Path,
) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    store.call(session, cost="0.01", tokens=Tokens(input=50))
    asked = store.prompt(session)
    store.call(session, cost="0.50", turn=asked, tokens=Tokens(input=700))
    store.now += 7_200_000
    fork = store.fork(session)
    store.call(session, cost="0.20", turn=asked, tokens=Tokens(input=300))
    store.revert(session, asked)
    store.call(session, cost="0.03", tokens=Tokens(input=100))
    store.database.run("UPDATE session_v2 SET time_created = time_created + ? WHERE id = ?", 3_600_000, session)
    shutil.copyfile(store.path, store.path.with_name("opencode-backup.db"))
    store.delete(fork)
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano == 740_000_000
    ours.close()


def test_what_follows_a_forks_own_rows_was_made_in_it_though_the_clock_dated_it_before_the_fork(tmp_path: Path) -> None:
    store = V2(tmp_path)
    root = store.session("Fix header")
    store.call(root, cost="0.01")
    store.now += DAY_MS
    fork = store.fork(root)
    store.now -= DAY_MS // 2
    store.call(fork, cost="0.05")
    asked = store.prompt(fork)
    store.call(fork, cost="0.30", turn=asked)
    store.now += DAY_MS
    store.fork(fork)
    store.revert(fork, asked)
    store.compaction(root, completed=False)
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.spend_by("session") == {root: 10_000_000, fork: 350_000_000}
    ours.close()


def test_what_an_upgraded_session_has_a_row_of_is_not_in_its_undone_calls(tmp_path: Path) -> None:
    old = V1(tmp_path)
    session = old.session("Fix header")
    old.now -= DAY_MS
    asked = old.prompt(session)
    old.call(session, cost="0.09", turn=asked, tokens=Tokens(input=300))
    store = V2(tmp_path, upgraded=old)
    store.fork(session)
    store.call(session, cost="0.20", turn=asked, tokens=Tokens(input=900))
    store.revert(session, asked)
    store.now += 2 * DAY_MS
    store.call(session, cost="0.02", tokens=Tokens(input=50))
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano == 310_000_000
    ours.close()
