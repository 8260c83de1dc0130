"""The picture of a day equals what was billed on it, cut every way that a screen shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from opencode_tui.clock import HOUR_MS
from opencode_tui.money import NANO
from opencode_tui.records import StoreState
from opencode_tui.settings import Budget, Chart, Settings
from opencode_tui.snapshot import SessionLine, Snapshot
from opencode_tui.take_sessions import ACTIVE_MS, RUNNING_MS
from opencode_tui.take_snapshot import take_snapshot
from tests.ledgers import Reader, reader
from tests.stores import V1, V2, Store, Tokens, tool

CENT = NANO // 100
MINUTE = 60_000
BERLIN = ZoneInfo("Europe/Berlin")
DAY = date(2026, 5, 13)
IN_BERLIN = Settings(timezone="Europe/Berlin")
OPUS = "anthropic/claude-opus-4-5"


def at(time: str, day: date = DAY) -> int:
    """Unix milliseconds of a `14:23` or a `14:23:05.250` on a day in Berlin."""
    return int(datetime.fromisoformat(f"{day.isoformat()}T{time}").replace(tzinfo=BERLIN).timestamp() * 1000)


def ago(days: int) -> date:
    return DAY - timedelta(days=days)


def picture(
    store: Store, now_ms: int = at("14:23"), *, day: date | None = None, settings: Settings = IN_BERLIN
) -> Snapshot:
    """The store read at once, and the snapshot of the ledger that it fills."""
    ours = reader(store.data_dir, settings=settings)
    ours.poll()
    taken = of(ours, now_ms, day=day, settings=settings)
    ours.close()
    return taken


def of(ours: Reader, now_ms: int, *, day: date | None = None, settings: Settings = IN_BERLIN) -> Snapshot:
    return take_snapshot(ours.ledger, settings, now_ms, day=day, limits=ours.sync.book)


def line(taken: Snapshot, id: str) -> SessionLine:
    (found,) = (each for each in taken.session_lines if each.id == id)
    return found


def assert_adds_up(taken: Snapshot) -> None:
    """Whichever way the day is cut, the parts are the whole."""
    spent = taken.spent_nano
    assert sum(each.total_nano for each in taken.session_lines) == spent
    assert sum(each.spend_nano for each in taken.models) == spent
    assert sum(each.spend_nano for each in taken.providers) == spent
    split = taken.split
    assert split.input_nano + split.output_nano + split.cache_nano + split.unknown_nano == spent
    assert (taken.curve[-1][1] if taken.curve else 0) == spent
    assert taken.week_days[-1].spend_nano == spent
    assert sum(each.calls for each in taken.session_lines) == taken.calls
    assert sum(each.calls for each in taken.models) == sum(each.calls for each in taken.providers) == taken.calls
    assert sum((each.tokens for each in taken.models), Tokens()) == taken.tokens
    assert sum(each.list_nano for each in taken.models) == taken.list_nano


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
    assert taken.sessions == 4
    assert taken.subagents == 2
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


# How fast, and where it leads


def test_the_rate_looks_back_over_midnight(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header", created=at("23:00", ago(1)))
    store.call(session, cost="0.64", at=at("23:20", ago(1)))
    store.call(session, cost="0.30", at=at("23:40", ago(1)))
    store.call(session, cost="0.05", at=at("00:10"))
    taken = picture(store, at("00:20"))
    assert (taken.spent_nano, taken.rate_nano) == (5 * CENT, 35 * CENT)
    assert_adds_up(taken)


def spent_in_the_last_hour(root: Path, cost: str) -> V1:
    store = V1(root)
    store.call(store.session("Fix header", created=at("13:00")), cost=cost, at=at("14:00"))
    return store


def test_warning_and_cutoff_are_reached_when_the_rate_gets_there(tmp_path: Path) -> None:
    taken = picture(spent_in_the_last_hour(tmp_path, "0.50"), at("14:23"))
    assert (taken.band, taken.rate_nano) == ("calm", 50 * CENT)
    assert taken.warning_at_ms == at("14:23") + 36 * MINUTE
    assert taken.cutoff_at_ms == at("16:23")


def test_what_is_reached_already_or_not_today_has_no_moment(tmp_path: Path) -> None:
    store = spent_in_the_last_hour(tmp_path, "0.90")
    budget = Budget(cutoff_nano=90 * NANO)
    taken = picture(store, settings=replace(IN_BERLIN, budget=budget))
    assert taken.band == "warning"
    assert (taken.warning_at_ms, taken.cutoff_at_ms) == (None, None)
    assert (taken.warning_nano, taken.cutoff_nano) == (80 * CENT, 90 * NANO)


@pytest.mark.parametrize(
    ("cost", "where"),
    [("0.799999999", "calm"), ("0.8", "warning"), ("1.499999999", "warning"), ("1.5", "cutoff")],
)
def test_a_day_at_its_line_is_past_it(cost: str, where: str, tmp_path: Path) -> None:
    assert picture(spent_in_the_last_hour(tmp_path, cost)).band == where


def test_a_past_day_has_no_rate_and_crosses_nothing(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header", created=at("23:00", ago(1)))
    store.call(session, cost="0.30", at=at("23:50", ago(1)))
    store.call(session, cost="0.30", at=at("00:05"))
    past = picture(store, at("00:10"), day=ago(1))
    assert (past.is_today, past.spent_nano) == (False, 30 * CENT)
    assert (past.rate_nano, past.warning_at_ms, past.cutoff_at_ms) == (0, None, None)
    assert picture(store, at("00:10"), day=DAY) == picture(store, at("00:10"))


# The days around it


def test_seven_days_end_with_the_shown_one_and_are_banded_by_the_charts_lines(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header", created=at("11:00", ago(8)))
    costs = ("9.99", "0.20", "1.499999999", "1.50", "1.999999999", "2.00", "0", "0.10")
    for back, cost in zip(range(7, -1, -1), costs, strict=True):
        store.call(session, cost=cost, at=at("12:00", ago(back)))
    taken = picture(store)
    assert [each.day for each in taken.week_days] == [ago(back) for back in range(6, -1, -1)]
    assert [each.spend_nano for each in taken.week_days] == [
        store.truth.between(at("00:00", ago(back)), at("00:00", ago(back - 1))) for back in range(6, -1, -1)
    ]
    bands = ["calm", "calm", "warning", "warning", "cutoff", "calm", "calm"]
    assert [each.band for each in taken.week_days] == bands
    low = replace(IN_BERLIN, chart=Chart(10 * CENT, 20 * CENT))
    assert [each.band for each in picture(store, settings=low).week_days][-3:] == [
        "cutoff",
        "calm",
        "warning",
    ]


def test_the_week_goes_from_monday_to_the_end_of_the_shown_day(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header", created=at("11:00", ago(5)))
    for days, cost in ((3, "9.99"), (2, "1.00"), (1, "2.00"), (0, "0.50"), (-1, "4.00")):
        store.call(session, cost=cost, at=at("12:00", ago(days)))
    week = picture(store).week
    assert (week.label, week.spend_nano, week.projected_nano) == ("2026-W20", 350 * CENT, 550 * CENT)
    assert (week.target_nano, week.verdict) == (700 * CENT, "on pace")
    assert picture(store, day=ago(1)).week.spend_nano == 300 * CENT


# Sessions


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


def test_active_sessions_come_first_and_then_the_dearest(tmp_path: Path) -> None:
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
    assert (taken.sessions, taken.subagents) == (3, 2)


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


def test_without_a_title_the_session_is_named_by_its_id(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("", created=at("09:00"))
    store.call(session, at=at("09:01"))
    assert line(picture(store), session).title == session


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
    expensive = json.dumps({"role": "assistant", "cost": 1e300, "time": {"created": 1}})
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
    taken = take_snapshot(ours.ledger, IN_BERLIN, now, machine="laptop", stores=(state,), read_ms=now - 1)
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
