"""Finding, ordering and grouping sessions, and the words of their list, without an app."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencode_tui.analysis.session_list import (
    Sort,
    filtered,
    grouped,
    ordered,
    quoted,
    session_totals,
)
from opencode_tui.clock import DAY_MS, calendar_for
from opencode_tui.paths import last_part
from opencode_tui.records.calls import Tokens
from opencode_tui.records.sessions import SessionRow
from opencode_tui.report.session_words import (
    context_text,
    nothing_found,
    period_name,
    spark,
    status,
    title_text,
    when_text,
)
from tests.support.records import replace
from tests.ui.builders import NOW, ROWS, nano, row

UTC = calendar_for("UTC")
LAST_ACTIVE: Sort[SessionRow] = Sort("last active", lambda row: row.last_ms)
TOTAL: Sort[SessionRow] = Sort("total", lambda row: row.total_nano)


def found(filter: str, *rows: SessionRow) -> list[str]:
    return [each.id for each in filtered(rows or ROWS, filter)]


def test_every_word_has_to_be_found_somewhere_in_any_case() -> None:
    assert found("header") == ["ses_1"]
    assert found("HEADER shop") == ["ses_1"]
    assert found("header website") == []
    assert found("  ") == [each.id for each in ROWS]


@pytest.mark.parametrize(
    ("filter", "ids"),
    [
        ("login", ["ses_2"]),
        ("website", ["ses_3"]),
        ("glm", ["ses_2"]),
        ("anthropic", ["ses_5"]),
        ("plan", ["ses_3"]),
        ("余白", ["ses_3"]),
        ("[b]", ["ses_4"]),
    ],
)
def test_title_project_model_provider_and_agent_are_looked_into(filter: str, ids: list[str]) -> None:
    assert found(filter) == ids


def test_any_of_the_models_of_a_session_counts_not_its_main_one_alone() -> None:
    assert "ses_5" in found("kimi")


def test_a_word_can_be_bound_to_a_field() -> None:
    there, elsewhere = row("a", "plain", agent="build"), row("b", "build it", agent="plan")
    assert found("build", there, elsewhere) == ["a", "b"]
    assert found("agent:build", there, elsewhere) == ["a"]
    assert found("title:build agent:plan", there, elsewhere) == ["b"]


def test_an_equals_sign_asks_for_the_whole_value() -> None:
    short, long = row("a", models=("opencode/kimi-k2",)), row("b", models=("opencode/kimi-k2.6",))
    assert found("model:opencode/kimi-k2", short, long) == ["a", "b"]
    assert found("model=opencode/kimi-k2", short, long) == ["a"]
    assert found("provider=opencode", short, long) == ["a", "b"]
    assert found("provider=open", short, long) == []


def test_what_is_not_a_field_is_part_of_the_word() -> None:
    assert found("fix:that", row("a", "please fix:that"), row("b", "please fix that")) == ["a"]
    assert found("http://x", row("a", "see http://x/y")) == ["a"]


@pytest.mark.parametrize("filter", ["title:", "model=", 'title:"', '"'])
def test_a_half_typed_field_hides_nothing(filter: str) -> None:
    assert found(filter) == [each.id for each in ROWS]


@given(st.text(min_size=1).filter(lambda text: text.strip() and '"' not in text))
def test_what_is_quoted_finds_exactly_its_value(model: str) -> None:
    same, other = row("a", models=(model,)), row("b", models=(model + "x",))
    assert [each.id for each in filtered((same, other), quoted("model", model))] == ["a"]


@given(st.text())
def test_any_text_is_a_filter(text: str) -> None:
    assert set(filtered(ROWS, text)) <= set(ROWS)


def test_equal_rows_keep_their_order_either_way() -> None:
    rows = tuple(row(id, turns=turns) for id, turns in (("a", 1), ("b", 2), ("c", 1), ("d", 2)))
    turns: Sort[SessionRow] = Sort("turns", lambda row: row.turns)
    assert [each.id for each in ordered(rows, turns, descending=True)] == ["b", "d", "a", "c"]
    assert [each.id for each in ordered(rows, turns, descending=False)] == ["a", "c", "b", "d"]


def test_totals_add_up_over_groups() -> None:
    parts = [group.totals for group in grouped(ROWS)]
    whole = session_totals(ROWS)
    assert whole.total_nano == sum(part.total_nano for part in parts) == nano("$0.8142")
    assert whole.tokens == sum((part.tokens for part in parts), Tokens())
    assert (whole.sessions, whole.calls, whole.subagents) == (6, 360, 3)


def test_nothing_adds_up_to_nothing() -> None:
    assert session_totals(()) == type(session_totals(()))(0, 0, 0, 0, 0, Tokens())
    assert grouped(()) == ()


def test_the_costliest_project_comes_first_and_its_rows_stay_in_order() -> None:
    groups = grouped((row("a", total="$1", project="/p/x"), row("b", total="$3", project="/p/y"), ROWS[0]))
    assert [(group.name, [each.id for each in group.rows]) for group in groups] == [
        ("y", ["b"]),
        ("x", ["a"]),
        ("shop", ["ses_1"]),
    ]


def test_projects_of_one_name_are_reported_apart_by_their_paths() -> None:
    groups = grouped((row("a", project="/srv/shop"), row("b", project="/home/shop"), row("c", project="/x/y")))
    assert {group.name for group in groups} == {"/srv/shop", "/home/shop", "y"}


@pytest.mark.parametrize(
    ("path", "name"), [("/home/ada/shop", "shop"), ("/home/ada/shop/", "shop"), ("C:\\x\\shop", "shop"), ("/", "/")]
)
def test_a_projects_name_is_the_end_of_its_path(path: str, name: str) -> None:
    assert last_part(path) == name


def test_a_spark_is_measured_by_its_largest_part_and_shows_any_part() -> None:
    assert spark((0, 1, 4, 8)) == " ▁▄▇"
    assert spark((1, 10**12)) == "▁▇"
    assert spark((0, 0)) == "  "
    assert spark(()) == ""


def test_a_moment_is_a_time_today_a_date_this_year_and_a_day_before() -> None:
    assert when_text(NOW, NOW, UTC) == "14:23"
    assert when_text(NOW - DAY_MS, NOW, UTC) == "12 May 14:23"
    assert when_text(NOW - 365 * DAY_MS, NOW, UTC) == "2025-05-13"


@given(st.integers(0, 4 * 10**12))
def test_no_moment_is_longer_than_its_column(ms: int) -> None:
    assert len(when_text(ms, NOW, UTC)) <= 12


def test_the_context_is_a_share_or_a_size() -> None:
    assert context_text(156_000, 200_000) == "78%"
    assert context_text(156_000, None) == "156k"
    assert context_text(0, None) == ""


def test_a_fork_says_so() -> None:
    assert title_text(row(title="Try", is_fork=True)) == "↱ Try"
    assert title_text(row(title="")) == "untitled"


def test_the_status_line_says_how_many_of_how_many_for_how_much() -> None:
    sums = replace(session_totals(ROWS), sessions=214, total_nano=nano("$12.40"))
    lines = status(sums, 1203, LAST_ACTIVE, True, "week", "kimi", False)
    assert lines[0] == '214 of 1,203 sessions · $12.40 · sorted by last active ▼ · week · filter "kimi"'
    assert "by project" in status(sums, 214, TOTAL, False, "all", "", True)[0]
    assert status(sums, 214, TOTAL, False, "all", "", True)[0].startswith("214 sessions")
    assert [len(line) for line in lines] == sorted((len(line) for line in lines), reverse=True)
    assert lines[-1] == "214 of 1,203 · $12.40"


def test_one_session_is_one_session() -> None:
    line = status(session_totals(ROWS[:1]), 1, TOTAL, True, "today", "", False)
    assert line[0].startswith("1 session · $0.41") and line[-1] == "1 · $0.41"


def test_a_list_without_rows_says_why_and_what_to_do() -> None:
    assert nothing_found("week", "", 0)[0] == "No sessions this week"
    assert "p shows another period" in nothing_found("week", "", 0)[1]
    assert "another period" not in nothing_found("all", "", 0)[1]
    assert nothing_found("2026-05-13", "", 0)[0] == "No sessions on 2026-05-13"
    assert nothing_found("week", "zz", 6) == ('None of 6 sessions matches "zz"', "esc clears the filter.")
    assert period_name("yesterday") == "yesterday"
