"""The sessions of a day: which are at work, what is rolled into which, and how each is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from opencode_tui.readings.session_rows import ACTIVE_MS, RUNNING_MS
from tests.stores import V1, V2, Tokens
from tests.support.ledgers import reader
from tests.support.pictures import CENT, OPUS, ago, assert_adds_up, at, line, of, picture


def test_a_call_runs_until_it_completes_or_half_an_hour_has_gone(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header", created=at("13:00"))
    store.call(session, completed=False, at=at("13:30"))
    ours = reader(store.data_dir)
    ours.poll()
    seen = [of(ours, at("13:30") + RUNNING_MS + more) for more in (0, 1)]
    assert [(each.running_calls, each.aborted_calls) for each in seen] == [(1, 0), (0, 1)]
    assert [each.active_sessions for each in seen] == [1, 0]


def test_a_session_is_active_until_two_minutes_after_its_last_call_ended(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header", created=at("13:00"))
    store.call(session, at=at("13:30"), took=90_000)
    ours = reader(store.data_dir)
    ours.poll()
    ended = at("13:31:30")
    seen = [of(ours, ended + after) for after in (0, ACTIVE_MS - 1, ACTIVE_MS)]
    assert [line(each, session).active for each in seen] == [True, True, False]
    assert [each.active_sessions for each in seen] == [1, 1, 0]
    assert line(seen[0], session).last_ms == ended


def test_a_subagent_at_work_makes_its_root_active(tmp_path: Path) -> None:
    store = V1(tmp_path)
    root = store.session("Fix header", created=at("09:00"))
    store.call(root, at=at("09:01"))
    child = store.session("look around", parent=root, created=at("14:00"))
    store.call(child, completed=False, at=at("14:20"))
    taken = picture(store)
    assert line(taken, root).active
    assert line(taken, root).last_ms == at("14:20")


def test_a_call_from_the_future_of_a_wrong_clock_does_not_make_its_session_active(tmp_path: Path) -> None:
    store = V1(tmp_path)
    store.call(store.session("Fix header", created=at("09:00")), cost="0.20", at=at("20:00"))
    taken = picture(store)
    assert (taken.spent_nano, taken.active_sessions, taken.rate_nano) == (20 * CENT, 0, 0)


def test_active_sessions_come_first_and_then_the_costliest(tmp_path: Path) -> None:
    store = V1(tmp_path)
    ids = {}
    for title, cost, time in (
        ("dear", "0.90", "10:00"),
        ("cheap", "0.10", "11:00"),
        ("now", "0.01", "14:22"),
    ):
        ids[title] = store.session(title, created=at("09:00"))
        store.call(ids[title], cost=cost, at=at(time))
    assert [each.id for each in picture(store).session_lines] == [ids["now"], ids["dear"], ids["cheap"]]


def test_subagents_at_any_depth_are_rolled_into_their_root(tmp_path: Path) -> None:
    store = V1(tmp_path)
    root = store.session("Fix header", created=at("09:00"), directory="/home/dev/shop")
    turn = store.prompt(root, at=at("09:01"))
    store.call(root, cost="0.10", at=at("09:02"), turn=turn)
    store.call(root, cost="0.20", at=at("09:03"), turn=turn)
    store.call(root, cost="0.01", at=at("09:04"))
    child = store.session("look around", parent=root, created=at("09:05"))
    store.call(child, cost="0.40", model=OPUS, at=at("09:06"))
    store.call(store.session("dig", parent=child, created=at("09:07")), cost="0.05", model=OPUS, at=at("09:08"))
    taken = picture(store)
    (only,) = taken.session_lines
    assert (only.id, only.title, only.project) == (root, "Fix header", "shop")
    assert (only.own_nano, only.total_nano) == (31 * CENT, 76 * CENT)
    assert (only.subagents, only.turns, only.calls) == (2, 2, 5)
    assert only.model == OPUS
    assert (taken.sessions, taken.subagents, taken.all_sessions) == (1, 2, 3)


def test_a_root_that_did_nothing_itself_that_day_stands_for_its_subagent(tmp_path: Path) -> None:
    store = V1(tmp_path)
    root = store.session("Fix header", created=at("22:00", ago(1)))
    store.call(root, cost="0.70", at=at("22:01", ago(1)))
    middle = store.session("plan", parent=root, created=at("22:02", ago(1)))
    child = store.session("dig", parent=middle, created=at("00:01"))
    store.call(child, cost="0.20", at=at("00:02"))
    taken = picture(store)
    (only,) = taken.session_lines
    assert (only.id, only.title) == (root, "Fix header")
    assert (only.own_nano, only.total_nano, only.subagents, only.turns) == (0, 20 * CENT, 1, 0)
    assert only.context_tokens == 0
    assert_adds_up(taken)


def test_a_subagent_whose_parent_is_unknown_stands_for_itself(tmp_path: Path) -> None:
    store = V1(tmp_path)
    orphan = store.session("dig", parent="ses_gone", created=at("09:00"))
    store.call(orphan, cost="0.20", at=at("09:01"))
    (only,) = picture(store).session_lines
    assert (only.id, only.own_nano, only.subagents) == (orphan, 20 * CENT, 0)


@pytest.mark.parametrize("generation", [V1, V2], ids=["v1", "v2"])
def test_a_fork_inherits_nothing_of_what_was_spent_before_it(generation: type[V1 | V2], tmp_path: Path) -> None:
    store = generation(tmp_path)
    root = store.session("Fix header", created=at("09:00"))
    store.call(root, cost="0.30", at=at("09:01"))
    store.call(root, cost="0.10", at=at("09:02"))
    fork, idle = store.fork(root, at=at("10:00")), store.fork(root, at=at("10:05"))
    store.call(fork, cost="0.05", at=at("10:10"))
    taken = picture(store)
    assert {each.id: each.total_nano for each in taken.session_lines} == {root: 40 * CENT, fork: 5 * CENT}
    assert (line(taken, root).is_fork, line(taken, fork).is_fork) == (False, True)
    assert (taken.calls, taken.copied_calls, taken.sessions) == (3, 4, 2)
    assert idle not in {each.id for each in taken.session_lines}
    assert_adds_up(taken)


def test_without_a_title_the_session_goes_by_its_project_and_time(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("", created=at("09:00"))
    store.call(session, at=at("09:01"))
    assert line(picture(store), session).title == "shop, 09:00"


def test_the_context_is_what_the_newest_call_of_the_root_read(tmp_path: Path) -> None:
    store = V1(tmp_path)
    root = store.session("Fix header", created=at("09:00"))
    store.call(root, at=at("09:01"), tokens=Tokens(input=90_000))
    newest = Tokens(input=5_000, output=700, reasoning=90, cache_read=30_000, cache_write=400)
    store.call(root, at=at("09:02"), model=OPUS, tokens=newest)
    store.call(root, at=at("09:03"), error="APIError")
    child = store.session("dig", parent=root, created=at("09:04"))
    store.call(child, at=at("09:05"), tokens=Tokens(input=150_000))
    shown = line(picture(store), root)
    assert (shown.context_tokens, shown.context_limit) == (35_400, 200_000)


def test_a_model_that_no_list_knows_has_no_context_limit(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header", created=at("09:00"))
    store.call(session, at=at("09:01"), model="somewhere/unheard-of")
    shown = line(picture(store), session)
    assert (shown.context_tokens, shown.context_limit) == (6_200, None)


def test_a_project_of_windows_goes_by_the_end_of_its_path(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("", directory="C:\\work\\shop", created=at("13:00"))
    store.call(session, at=at("13:30"))
    seen = line(picture(store), session)
    assert (seen.project, seen.title) == ("shop", "shop, 13:00")
