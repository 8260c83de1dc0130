"""The columns of sessions: which there are, what they sort by, and which of them Today has room for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from opencode_tui.analysis.session_list import ordered, session_totals
from opencode_tui.clock import DAY_MS, HOUR_MS, calendar_for
from opencode_tui.records.calls import Tokens
from opencode_tui.records.day import SessionLine
from opencode_tui.ui.tables.alerts import ALERT_COLUMNS
from opencode_tui.ui.tables.columns import AnyColumn
from opencode_tui.ui.tables.layout import PADDING, column_widths, fit_columns
from opencode_tui.ui.tables.sessions import SESSIONS, SORTS, TODAY, SessionContext, session_context
from opencode_tui.ui.tables.turns import TURN_COLUMNS, TurnContext
from tests.support.records import replace
from tests.ui.builders import NOW, nano, row, session
from tests.ui.builders import SESSIONS as LINES
from tests.ui.session_builders import turn, view

CONTEXT = SessionContext(NOW, calendar_for("UTC"))


@pytest.mark.parametrize("columns", [SESSIONS, TODAY, TURN_COLUMNS, ALERT_COLUMNS])
def test_a_key_names_one_column_of_a_table(columns: tuple[AnyColumn, ...]) -> None:
    keys = [column.key for column in columns]
    assert len(set(keys)) == len(keys)


def test_the_sessions_of_today_have_columns_of_the_sessions() -> None:
    of = {column.key: column for column in SESSIONS}
    for column in TODAY:
        assert (column.header, column.cell) == (of[column.key].header, of[column.key].cell)
    today = [column.key for column in TODAY]
    assert [key for key in of if key in today] == today, "in the same order"


@pytest.mark.parametrize("amounts", [{"cost": "$0.00001"}, {"cost": "$0", "list_nano": nano("$0.0042")}])
def test_a_turns_cost_below_a_cent_and_a_list_price_in_brackets_are_not_cut(amounts: dict[str, Any]) -> None:
    turns = (turn(), turn(2, **amounts))
    context = TurnContext(replace(view(), turns=turns), calendar_for("UTC"), 80)
    (cost,) = (column for column in TURN_COLUMNS if column.key == "cost")
    assert max(len(str(cost.cell(each, context))) for each in turns) <= context.money_width


def fitted(width: int, lines: tuple[SessionLine, ...]) -> list[tuple[str, int]]:
    fits = fit_columns(TODAY, column_widths(TODAY, lines, CONTEXT), width)
    return [(TODAY[i].key, size) for i, size in fits]


@pytest.mark.parametrize("width", range(20, 200))
def test_the_columns_of_today_never_need_more_than_there_is(width: int) -> None:
    assert sum(size + 2 * PADDING for _, size in fitted(width, LINES)) <= width


@pytest.mark.parametrize(
    ("width", "keys"),
    [
        (27, "glyph title total"),
        (40, "glyph title total context"),
        (60, "glyph title model total subagents context"),
        (90, "glyph title model total subagents turns context"),
        (120, "glyph title project model total own subagents turns context"),
    ],
)
def test_a_wider_table_has_more_columns(width: int, keys: str) -> None:
    assert " ".join(key for key, _ in fitted(width, (session(),))) == keys


def test_the_orders_are_those_of_the_columns_from_left_to_right() -> None:
    names = dict.fromkeys(column.sort.name for column in SESSIONS if column.sort)
    assert list(SORTS) == list(names)
    assert list(SORTS)[:3] == ["state", "title", "project"]


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("state", {"state": "active"}, {"state": "deleted"}),
        ("title", {"title": "alpha"}, {"title": "Beta"}),
        ("project", {"project": "/z/alpha"}, {"project": "/a/beta"}),
        ("model", {"model": "a/x"}, {"model": "b/x"}),
        ("agent", {"agent": "build"}, {"agent": "plan"}),
        ("total", {"total_nano": 1}, {"total_nano": 2}),
        ("own", {"own_nano": 1}, {"own_nano": 2}),
        ("subagents", {"subagents": 1}, {"subagents": 2}),
        ("turns", {"turns": 1}, {"turns": 2}),
        ("calls", {"calls": 1}, {"calls": 2}),
        ("tokens", {"tokens": Tokens(1)}, {"tokens": Tokens(0, 2)}),
        ("context", {"context_tokens": 90, "context_limit": 200}, {"context_tokens": 80, "context_limit": 100}),
        ("context", {"context_tokens": 10**6, "context_limit": None}, {"context_tokens": 1, "context_limit": 100}),
        ("started", {"started_ms": NOW - 2}, {"started_ms": NOW - 1}),
        ("last active", {"last_ms": NOW - 2}, {"last_ms": NOW - 1}),
        ("duration", {"started_ms": 5, "last_ms": 9}, {"started_ms": 1, "last_ms": 9}),
    ],
)
def test_each_column_orders_by_what_it_shows(name: str, low: dict[str, Any], high: dict[str, Any]) -> None:
    small, large = replace(row("low"), **low), replace(row("high"), **high)
    assert [each.id for each in ordered((large, small), SORTS[name], descending=False)] == ["low", "high"]


def test_names_begin_with_a_and_amounts_with_the_highest() -> None:
    upward = {name for name, sort in SORTS.items() if not sort.descending}
    assert upward == {"state", "title", "project", "model", "agent"}


DURATIONS = (0, 400, 9_999, 59_999, 15 * 60_000 + 12_000, 59 * 60_000 + 59_000, 23 * HOUR_MS, 999 * DAY_MS)
COUNTS = (0, 9, 999, 9_949, 99_999, 999_499, 9_949_999, 999_499_999, 99_000_000_000)


def numbers_cut(columns: tuple[AnyColumn, ...], rows: Iterable[object], context: object) -> Iterator[str]:
    """The cells of right-aligned columns that are wider than their column."""
    rows = tuple(rows)
    for column, width in zip(columns, column_widths(columns, rows, context), strict=True):
        texts = (str(column.cell(row, context)) for row in rows)
        yield from (f"{column.key}: {text}" for text in texts if column.align == "right" and len(text) > width)


def test_no_number_of_a_session_is_cut() -> None:
    rows = [
        row(
            total=f"${count}",
            calls=min(count, 999_999),
            turns=min(count, 99_999),
            subagents=min(count, 999),
            tokens=Tokens(count),
            context_tokens=count,
            context_limit=limit,
            started_ms=NOW - duration,
            last_ms=NOW,
        )
        for count in COUNTS
        for duration in DURATIONS
        for limit in (None, 100_000_000_000)
    ]
    context = session_context(session_totals(rows), NOW, calendar_for("UTC"), rows)
    assert list(numbers_cut(SESSIONS, rows, context)) == []


@pytest.mark.parametrize("width", [70, 160])
def test_no_number_of_a_turn_is_cut(width: int) -> None:
    turns = [
        replace(
            turn(),
            calls=min(count, 99_999),
            cost_nano=min(count, 10**9) * 10**9,
            tokens=Tokens(count, count, 0, count, 0),
            context_tokens=count,
            context_limit=count // 2 if duration else None,
            ended_ms=turn().started_ms + duration,
            tokens_per_second=min(count, 99_999) / 1.0,
        )
        for count in COUNTS
        for duration in DURATIONS
    ]
    context = TurnContext(replace(view(), turns=tuple(turns)), calendar_for("UTC"), width)
    assert list(numbers_cut(TURN_COLUMNS, turns, context)) == []


def shown(width: int, *titles: str) -> dict[str, int]:
    rows = [row(title=title) for title in titles]
    context = session_context(session_totals(rows), NOW, calendar_for("UTC"), rows)
    return {SESSIONS[i].key: size for i, size in fit_columns(SESSIONS, column_widths(SESSIONS, rows, context), width)}


def test_a_wide_table_drops_what_is_least_asked_for_before_it_cuts_a_title() -> None:
    long, short = shown(199, "x" * 50), shown(199, "x" * 9)
    assert long["title"] >= 50 and "started" not in long
    assert "started" in short, "a short title leaves room for all columns"
    assert shown(159, "x" * 50)["title"] >= 28 and {"project", "calls", "tokens", "spend"} <= shown(159, "x").keys()
