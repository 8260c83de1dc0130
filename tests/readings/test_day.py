"""The picture of a day equals what was billed on it, cut every way that a screen shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from opencode_tui.clock import HOUR_MS
from opencode_tui.config.settings import Settings
from opencode_tui.money import NANO
from opencode_tui.readings.context import Context
from opencode_tui.readings.day import read_day
from opencode_tui.records.day import LastCall
from opencode_tui.records.requests import DayRequest
from opencode_tui.records.stores import StoreState
from tests.stores import V1, V2, Store, Tokens, tool
from tests.support.ledgers import reader
from tests.support.pictures import CENT, DAY, IN_BERLIN, OPUS, ago, assert_adds_up, at, line, of, picture

# What a day costs


def full_day(store: Store) -> None:
    """Three days of everything that there is: subagents, a fork, calls that are free, aborted or running."""
    old = store.session("Long ago", created=at("11:00", ago(2)))
    store.call(old, cost="0.77", at=at("11:01", ago(2)))
    root = store.session("Fix header", created=at("22:00", ago(1)))
    store.call(root, cost="0.31", at=at("23:30", ago(1)))
    store.call(root, cost="0.013297801", at=at("00:10"), tools=[tool("edit", "src/Button.tsx")])
    child = store.session("look around", parent=root, created=at("09:00"))
    store.call(child, cost="0.02", model="opencode/glm-5", at=at("09:01"))
    store.call(store.session("dig", parent=child, created=at("09:02")), cost="0.000000001", at=at("09:03"))
    store.call(root, cost="0.40", model="somewhere/unheard-of", at=at("10:00"))
    store.call(root, cost="0", model=OPUS, at=at("10:05"))
    fork = store.fork(root, at=at("11:00"))
    store.call(fork, cost="0.09", model=OPUS, at=at("11:05"))
    store.call(root, error="MessageAbortedError", at=at("12:00"))
    store.compaction(root, cost="0.03", at=at("12:30"))
    store.call(fork, completed=False, at=at("14:20"))


@pytest.mark.parametrize("generation", [V1, V2], ids=["v1", "v2"])
def test_a_full_day_is_what_was_billed_and_adds_up(generation: type[V1 | V2], tmp_path: Path) -> None:
    store = generation(tmp_path)
    full_day(store)
    taken = picture(store)
    assert taken.spent_nano == store.truth.between(at("00:00"), at("00:00", ago(-1))) == 553_297_802
    assert taken.split.unknown_nano == 40 * CENT
    assert taken.copied_calls == 3
    assert (taken.sessions, taken.subagents, taken.all_sessions) == (2, 2, 4)
    assert_adds_up(taken)


def test_what_is_deleted_stays_spent_and_is_flagged(tmp_path: Path) -> None:
    store = V1(tmp_path)
    kept, gone = store.session("Kept"), store.session("Gone")
    store.call(kept, cost="0.05", at=at("12:30"))
    store.call(gone, cost="0.20", at=at("12:40"))
    ours = reader(store.data_dir)
    ours.poll()
    assert not line(of(ours, at("14:23")), gone).deleted
    store.delete(gone)
    ours.poll()
    taken = of(ours, at("14:23"))
    assert taken.spent_nano == 25 * CENT
    assert (line(taken, gone).deleted, line(taken, gone).total_nano) == (True, 20 * CENT)
    assert not line(taken, kept).deleted
    assert_adds_up(taken)


moments = st.integers(at("00:00", ago(1)), at("23:59", ago(-1)))
happenings = st.lists(
    st.tuples(
        moments,
        st.integers(0, 10**9),
        st.sampled_from(["opencode/kimi-k2.6", OPUS, "local/qwen"]),
        st.integers(0, 9),
    ),
    max_size=12,
)


@given(happenings)
@hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_three_days_add_up_on_each_of_them(
    tmp_path_factory: pytest.TempPathFactory, calls: list[tuple[int, int, str, int]]
) -> None:
    store = V1(tmp_path_factory.mktemp("days"))
    created = at("00:00", ago(1))
    sessions = [store.session("First", created=created)]
    for moment, nano, model, number in sorted(calls):
        session = sessions[number % len(sessions)]
        if number > 6:
            session = store.session("dig", parent=session if number > 7 else None, created=moment)
            sessions.append(session)
        store.call(session, cost=f"{nano / NANO:.9f}", model=model, at=moment)
    ours = reader(store.data_dir)
    ours.poll()
    for day in (ago(1), DAY, ago(-1)):
        taken = of(ours, at("23:59:59", ago(-1)), day=day)
        assert taken.spent_nano == store.truth.between(taken.day_start_ms, taken.day_end_ms)
        assert_adds_up(taken)
    ours.close()


def test_a_day_begins_and_ends_at_local_midnight_to_the_millisecond(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header", created=at("23:00", ago(1)))
    for moment, cost in (
        (at("23:59:59.999", ago(1)), "0.01"),
        (at("00:00"), "0.02"),
        (at("23:59:59.999"), "0.04"),
        (at("00:00", ago(-1)), "0.08"),
    ):
        store.call(session, cost=cost, at=moment)
    ours = reader(store.data_dir)
    ours.poll()
    spent = [of(ours, at("12:00"), day=day).spent_nano for day in (ago(1), DAY, ago(-1))]
    assert spent == [1 * CENT, 6 * CENT, 8 * CENT]


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_a_day_that_changes_its_clock_holds_23_or_25_hours_of_calls(day: date, hours: int, tmp_path: Path) -> None:
    store = V1(tmp_path)
    first = at("00:00", day) - HOUR_MS
    session = store.session("Fix header", created=first)
    for number in range(28):
        store.call(session, cost="0.01", at=first + number * HOUR_MS)
    taken = picture(store, at("12:00", day))
    assert (taken.day, taken.calls, taken.spent_nano) == (day, hours, hours * CENT)
    assert taken.day_end_ms - taken.day_start_ms == hours * HOUR_MS


def test_the_zone_of_the_settings_decides_whose_day_it_is(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header", created=at("00:00"))
    store.call(session, cost="0.20", at=at("00:30"))
    assert picture(store).spent_nano == 20 * CENT
    in_utc = picture(store, settings=Settings(timezone="UTC"))
    assert (in_utc.day, in_utc.spent_nano) == (DAY, 0)
    assert in_utc.week_days[-2].spend_nano == 20 * CENT


def test_the_curve_has_a_point_for_each_call_that_cost_something_in_order_of_time(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header", created=at("08:00"))
    store.call(session, cost="0.10", at=at("09:00"))
    store.call(session, cost="0", at=at("10:00"))
    store.call(session, cost="0.05", at=at("11:00"))
    assert picture(store).curve == ((at("09:00"), 10 * CENT), (at("11:00"), 15 * CENT))


def test_an_empty_ledger_is_a_first_run(tmp_path: Path) -> None:
    taken = picture(V1(tmp_path))
    assert (taken.has_calls, taken.spent_nano, taken.session_lines, taken.curve) == (False, 0, (), ())
    assert taken.band == "calm"
    assert_adds_up(taken)


def test_a_quiet_day_is_no_first_run(tmp_path: Path) -> None:
    store = V1(tmp_path)
    store.call(store.session("Fix header", created=at("11:00", ago(2))), at=at("11:00", ago(2)))
    taken = picture(store)
    assert (taken.calls, taken.has_calls) == (0, True)


# What is said beside the sum


def test_a_call_that_was_not_billed_shows_its_list_price_and_spends_nothing(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header", created=at("09:00"))
    tokens = Tokens(input=6_000, output=500, reasoning=100, cache_read=10_000, cache_write=800)
    store.call(session, cost="0", model=OPUS, tokens=tokens, at=at("09:01"))
    store.call(session, cost="0", model="local/qwen3-coder:30b", at=at("09:02"))
    taken = picture(store)
    # $5, $25, $0.50 and $6.25 per million tokens
    assert taken.list_nano == 6_000 * 5_000 + 600 * 25_000 + 10_000 * 500 + 800 * 6_250 == 55_000_000
    assert (taken.spent_nano, taken.calls, taken.curve) == (0, 2, ())
    assert {each.key: each.list_nano for each in taken.models}["local/qwen3-coder:30b"] == 0
    assert_adds_up(taken)


def test_a_billed_call_has_no_list_price_beside_it(tmp_path: Path) -> None:
    store = V1(tmp_path)
    store.call(store.session("Fix header", created=at("09:00")), cost="0.05", model=OPUS, at=at("09:01"))
    assert picture(store).list_nano == 0


def test_spend_is_split_by_what_the_tokens_cost_at_their_rates(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header", created=at("09:00"))
    tokens = Tokens(input=6_000, output=500, reasoning=100, cache_read=10_000)  # $0.030, $0.015, $0.005
    store.call(session, cost="0.50", model=OPUS, tokens=tokens, at=at("09:01"))
    store.call(session, cost="0.07", model="somewhere/unheard-of", at=at("09:02"))
    split = picture(store).split
    assert (split.input_nano, split.output_nano, split.cache_nano) == (30 * CENT, 15 * CENT, 5 * CENT)
    assert split.unknown_nano == 7 * CENT


def test_aborted_calls_are_counted_because_the_sum_is_then_a_lower_bound(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header", created=at("09:00"))
    store.call(session, error="MessageAbortedError", at=at("09:01"))
    store.call(session, error="APIError", at=at("09:02"))
    taken = picture(store)
    assert (taken.aborted_calls, taken.calls) == (1, 2)


def test_rows_that_cannot_be_read_are_counted_by_reason(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header", created=at("09:00"))
    store.call(session, cost="0.20", at=at("09:01"))
    expensive = json.dumps({"role": "oracle", "cost": 1e300, "time": {"created": 1}})
    for number, data in enumerate(("{", "{", "[1]", expensive)):
        row = {"id": f"msg_bad{number}", "session_id": session, "time_created": 1, "time_updated": 1}
        store.database.put("message", row | {"data": data})
    taken = picture(store)
    assert (taken.spent_nano, taken.unreadable_rows) == (20 * CENT, 4)
    counts = [count for _, count in taken.unreadable_reasons]
    assert counts == [2, 1, 1]
    assert all(reason.startswith("message ") for reason, _ in taken.unreadable_reasons)


def test_a_picture_says_where_and_when_it_was_taken(tmp_path: Path) -> None:
    ours = reader(V1(tmp_path).data_dir)
    state = StoreState("/somewhere", "sqlite", "locked", "it is locked")
    now = at("14:23")
    with ours.ledger.reading() as connection:
        context = Context(connection, now, IN_BERLIN, (state,), now - 1, "laptop")
        taken = read_day(DayRequest(), context)
    assert (taken.taken_ms, taken.read_ms, taken.machine, taken.stores) == (now, now - 1, "laptop", (state,))
    assert (taken.day, taken.is_today) == (DAY, True)


@pytest.mark.parametrize(
    "change",
    [
        lambda store, session: store.fork(session),
        lambda store, session: store.archive(session),
        lambda store, session: store.delete(session),
    ],
    ids=["fork", "archive", "delete"],
)
def test_what_happens_to_a_session_later_does_not_change_what_its_day_cost(
    change: Callable[[Store, str], object], tmp_path: Path
) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header", created=at("09:00"))
    store.call(session, cost="0.20", at=at("09:01"))
    ours = reader(store.data_dir)
    ours.poll()
    before = of(ours, at("14:23"))
    change(store, session)
    ours.poll()
    after = of(ours, at("14:23"))
    assert (after.spent_nano, after.calls, after.curve) == (before.spent_nano, before.calls, before.curve)


def test_the_last_call_is_known_while_today_has_none(tmp_path: Path) -> None:
    store = V1(tmp_path)
    old = store.session("Long ago", created=at("11:00", ago(2)))
    store.call(old, cost="0.77", at=at("11:01", ago(2)))
    late = store.session("Return labels as PDF", created=at("17:00", ago(1)))
    store.call(late, cost="0.31", model=OPUS, at=at("17:37", ago(1)))
    store.call(store.fork(late, at=at("18:00", ago(1))), cost="0.01", model=OPUS, at=at("17:36", ago(1)))
    taken = picture(store)
    assert taken.last_call == LastCall(at("17:37", ago(1)), "Return labels as PDF", OPUS)
    store.call(late, cost="0.02", at=at("09:00"))
    assert picture(store).last_call is None
