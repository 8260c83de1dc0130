"""What a day's sums mean: pace, weeks, trees of sessions, periods, and models by what a person types."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencode_tui.analysis.matching import matching
from opencode_tui.analysis.pace import band, crossing_ms, run_rate, week
from opencode_tui.analysis.periods import PERIODS, days_of, parse_day
from opencode_tui.analysis.trees import Tree, roots, trees_of
from opencode_tui.clock import HOUR_MS
from opencode_tui.money import NANO

NOW = 1_778_666_400_000
CENT = NANO // 100
WEDNESDAY = date(2026, 5, 13)

amounts = st.integers(0, 10**13)
ids = st.sampled_from("abcdefgh")
parent_maps = st.dictionaries(ids, st.none() | ids, max_size=20)


# Pace


@pytest.mark.parametrize(
    ("cents", "where"), [(79, "calm"), (80, "warning"), (149, "warning"), (150, "cutoff"), (900, "cutoff")]
)
def test_an_amount_at_a_line_is_past_it(cents: int, where: str) -> None:
    assert band(cents * CENT, 80 * CENT, 150 * CENT) == where


def test_the_rate_is_the_spend_of_the_last_sixty_minutes() -> None:
    costs = [(NOW - HOUR_MS, 1), (NOW - HOUR_MS + 1, 20), (NOW, 300), (NOW + 1, 4000)]
    assert run_rate(costs, NOW) == 320
    assert run_rate([], NOW) == 0


def test_a_line_is_reached_when_what_is_left_is_spent_at_the_rate() -> None:
    assert crossing_ms(50 * CENT, 80 * CENT, 60 * CENT, NOW, NOW + HOUR_MS) == NOW + HOUR_MS // 2


def test_a_line_that_is_reached_already_or_never_has_no_moment() -> None:
    end = NOW + 24 * HOUR_MS
    assert crossing_ms(80 * CENT, 80 * CENT, CENT, NOW, end) is None
    assert crossing_ms(0, 80 * CENT, 0, NOW, end) is None
    assert crossing_ms(0, 80 * CENT, 80 * CENT, NOW, NOW + HOUR_MS) is None
    assert crossing_ms(0, 80 * CENT, 80 * CENT, NOW, NOW + HOUR_MS + 1) == NOW + HOUR_MS


@given(amounts, amounts, amounts, st.integers(1, 25 * HOUR_MS))
def test_a_crossing_lies_ahead_within_the_day_and_is_where_the_rate_leads(
    spent: int, line: int, rate: int, left_ms: int
) -> None:
    at = crossing_ms(spent, line, rate, NOW, NOW + left_ms)
    by_the_end = rate > 0 and spent < line and (line - spent) * HOUR_MS < rate * left_ms
    assert (at is not None) == by_the_end
    if at is not None:
        assert NOW <= at < NOW + left_ms
        assert (at - NOW) * rate <= (line - spent) * HOUR_MS < (at - NOW + 1) * rate


def test_a_week_is_projected_as_if_the_days_left_cost_what_this_one_has() -> None:
    shown = week(WEDNESDAY, 180 * CENT, 60 * CENT, 700 * CENT)
    assert (shown.label, shown.spend_nano, shown.target_nano) == ("2026-W20", 180 * CENT, 700 * CENT)
    assert shown.projected_nano == (180 + 4 * 60) * CENT


def test_a_sunday_projects_nothing_more() -> None:
    assert week(date(2026, 5, 17), 180 * CENT, 60 * CENT, 700 * CENT).projected_nano == 180 * CENT


@pytest.mark.parametrize(
    ("week_cents", "day_cents", "verdict"),
    [
        (300, 100, "on pace"),
        (300, 101, "over pace"),
        (700, 0, "on pace"),
        (701, 0, "over target"),
        (701, 900, "over target"),
    ],
)
def test_the_verdict_says_where_the_week_leads(week_cents: int, day_cents: int, verdict: str) -> None:
    assert week(WEDNESDAY, week_cents * CENT, day_cents * CENT, 700 * CENT).verdict == verdict


@pytest.mark.parametrize(
    ("day", "label"),
    [(date(2024, 12, 30), "2025-W01"), (date(2027, 1, 3), "2026-W53"), (date(2026, 1, 1), "2026-W01")],
)
def test_the_turn_of_the_year_belongs_to_its_iso_week(day: date, label: str) -> None:
    assert week(day, 0, 0, 0).label == label


# Trees


@given(parent_maps, st.lists(ids, max_size=10))
def test_roots_put_every_session_into_exactly_one_tree(parents: dict[str, str | None], strangers: list[str]) -> None:
    asked = sorted({*parents, *strangers})
    grown = trees_of(roots(asked, parents))
    assert sorted(member for tree in grown for member in tree.members) == asked
    assert len({tree.root for tree in grown}) == len(grown)


@given(parent_maps)
def test_a_root_is_its_own_root_and_shared_by_child_and_parent(parents: dict[str, str | None]) -> None:
    found = roots(list(parents), parents)
    for id, parent in parents.items():
        assert found[found[id]] == found[id]
        if parent in parents:
            assert found[id] == found[parent]
        else:
            assert found[id] == id


@given(parent_maps)
def test_a_root_does_not_depend_on_who_else_is_asked_for(parents: dict[str, str | None]) -> None:
    whole = roots(list(parents), parents)
    for id in parents:
        assert roots([id], parents) == {id: whole[id]}


def test_a_chain_of_subagents_leads_to_the_session_that_a_person_opened() -> None:
    parents = {"root": None, "child": "root", "grandchild": "child"}
    assert roots(["grandchild", "child", "root"], parents) == dict.fromkeys(("grandchild", "child", "root"), "root")


def test_an_orphan_is_its_own_root_and_a_cycle_has_its_smallest_id() -> None:
    parents = {"orphan": "gone", "b": "c", "c": "b", "a": "b", "self": "self"}
    assert roots(list(parents), parents) == {"orphan": "orphan", "b": "b", "c": "b", "a": "b", "self": "self"}


def test_a_tree_counts_its_subagents_and_not_its_root() -> None:
    grown = trees_of({"root": "root", "child": "root", "other": "idle root"})
    assert grown == [Tree("root", ("root", "child")), Tree("idle root", ("other",))]
    assert [tree.subagents for tree in grown] == [1, 1]


# Periods


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("today", WEDNESDAY, WEDNESDAY),
        ("yesterday", date(2026, 5, 12), date(2026, 5, 12)),
        ("week", date(2026, 5, 11), WEDNESDAY),
        ("month", date(2026, 5, 1), WEDNESDAY),
        ("year", date(2026, 1, 1), WEDNESDAY),
        ("all", date(2025, 2, 3), WEDNESDAY),
    ],
)
def test_a_period_is_the_present_one_so_far(period: str, first: date, last: date) -> None:
    assert days_of(period, WEDNESDAY, date(2025, 2, 3)) == (first, last)


def test_yesterday_of_new_year_is_in_the_old_one() -> None:
    assert days_of("yesterday", date(2026, 1, 1), WEDNESDAY) == (date(2025, 12, 31), date(2025, 12, 31))


@given(st.sampled_from(PERIODS), st.dates(date(1971, 1, 1)), st.dates(date(1971, 1, 1)))
def test_every_period_begins_before_it_ends(period: str, today: date, first_ever: date) -> None:
    first, last = days_of(period, today, first_ever)
    assert first <= last <= today
    assert today - last <= timedelta(days=1)


def test_a_day_is_read_as_people_write_it_in_iso() -> None:
    assert parse_day("2026-05-13") == WEDNESDAY


@pytest.mark.parametrize(
    "text", ["2026-13-01", "2026-02-30", "yesterday", "13.5.2026", "", "2026-05-13T10:00", "2026-W19", "20260513"]
)
def test_what_is_no_day_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a day; write one such as 2026-05-13"):
        parse_day(text)


# Matching

NAMES = (
    "anthropic/claude-sonnet-4-5",
    "anthropic/claude-opus-4-5",
    "opencode/kimi-k2.6",
    "openrouter/moonshot/kimi-k2.6",
    "opencode/glm-5",
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("kimi k2", ["opencode/kimi-k2.6", "openrouter/moonshot/kimi-k2.6"]),
        ("opencode kimi", ["opencode/kimi-k2.6"]),
        ("Sonnet 4.5", ["anthropic/claude-sonnet-4-5"]),
        ("KIMI-K2.6", ["opencode/kimi-k2.6", "openrouter/moonshot/kimi-k2.6"]),
        ("opencode/glm-5", ["opencode/glm-5"]),
        ("claude-sonet-4-5", ["anthropic/claude-sonnet-4-5"]),
        ("glm5", ["opencode/glm-5"]),
        ("gpt", []),
        ("rmoon", []),
        ("moonshotkimi", ["openrouter/moonshot/kimi-k2.6"]),
    ],
)
def test_a_model_is_found_by_what_a_person_types(text: str, found: list[str]) -> None:
    assert matching(text, NAMES) == found


def test_words_that_are_held_leave_no_room_for_names_that_are_merely_alike() -> None:
    assert matching("claude opus", NAMES) == ["anthropic/claude-opus-4-5"]


@given(st.sampled_from(NAMES))
def test_a_whole_name_finds_itself(name: str) -> None:
    assert name in matching(name, NAMES)


def test_text_without_a_letter_or_digit_excludes_nothing() -> None:
    assert matching(" -- ", NAMES) == list(NAMES)
