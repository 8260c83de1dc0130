"""The table that draws only what is seen, alone in an app."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from rich.cells import cell_len
from rich.text import Text
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from opencode_tui.analysis.session_list import Sort
from opencode_tui.ui.tables.columns import Cell, Column
from opencode_tui.ui.tables.drawing import cell_text, header_text
from opencode_tui.ui.tables.layout import PADDING, column_widths, fit_columns
from opencode_tui.ui.tables.row_table import RowTable
from tests.support.textual_internals import screen_lines, scroll_down
from tests.ui.quiet import quiet

Cells = tuple[Cell, ...]
Plain = Column[Cells, str, str]


def column(key: str, header: str, index: int, width: int | None, **changes: Any) -> Plain:
    """A column that shows one of a row's cells; a row is a tuple of them."""
    return Column(key, header, lambda row, _: row[index], width, **changes)


COLUMNS = (
    column("glyph", "", 0, 1, total=lambda name: "▾"),
    column("name", "Name", 1, 8, grow=True, sort=Sort("name", lambda row: row[1]), total=lambda name: f"row {name}"),
    column("cost", "Cost", 2, 6, align="right", sort=Sort("cost", lambda row: row[2])),
    column("note", "Note", 3, 10, drop_at=1),
)
HEIGHT = 11
ROWS_SEEN = HEIGHT - 1


class Shell(App[None]):
    """A table and what it says."""

    def __init__(self) -> None:
        super().__init__()
        self.table: RowTable[Cells, str, str] = RowTable(COLUMNS)
        self.made: list[str] = []
        self.said: list[tuple[str, str | None]] = []

    def compose(self) -> ComposeResult:
        yield self.table

    def row(self, key: str) -> Cells:
        self.made.append(key)
        return ("●", f"row {key}", "$0.10", Text("note"))

    def fill(self, *keys: str, headings: frozenset[str] = frozenset()) -> None:
        self.table.update_rows(keys, self.row, "", {key: key for key in headings})

    def on_row_table_opened(self, message: RowTable.Opened) -> None:
        self.said.append(("opened", message.key))

    def on_row_table_highlighted(self, message: RowTable.Highlighted) -> None:
        self.said.append(("highlighted", message.key))

    def on_row_table_header_clicked(self, message: RowTable.HeaderClicked) -> None:
        self.said.append(("header", message.column.header))

    @property
    def lines(self) -> list[str]:
        return screen_lines(self)


@asynccontextmanager
async def showing(*keys: str, width: int = 40) -> AsyncIterator[tuple[Shell, Pilot[Any]]]:
    app = Shell()
    async with app.run_test(size=(width, HEIGHT)) as pilot:
        app.table.focus()
        app.fill(*keys)
        await settle(pilot)
        yield app, pilot


async def settle(pilot: Pilot[Any]) -> None:
    await quiet(pilot.app)


def numbered(count: int) -> tuple[str, ...]:
    return tuple(f"r{i}" for i in range(count))


async def test_of_ten_thousand_rows_only_the_seen_ones_are_made() -> None:
    async with showing(*numbered(10_000)) as (app, pilot):
        assert set(app.made) == set(numbered(ROWS_SEEN))
        app.made.clear()
        app.fill(*numbered(10_000))
        await settle(pilot)
        assert sorted(app.made) == sorted(numbered(ROWS_SEEN)), "an update makes each seen row once"
        app.made.clear()
        await pilot.press("down")
        await settle(pilot)
        assert sorted(app.made) == ["r0", "r1"], "a step makes the row that it leaves and the one that it reaches"
        app.made.clear()
        await pilot.press("end")
        await settle(pilot)
        assert set(app.made) <= {"r1", *numbered(10_000)[-ROWS_SEEN:]}


async def test_keys_go_by_steps_by_pages_and_to_both_ends() -> None:
    async with showing(*numbered(100)) as (app, pilot):
        at = []
        for key in ("down", "down", "up", "pagedown", "end", "pageup", "home", "up"):
            await pilot.press(key)
            at.append(app.table.cursor_key)
        assert at == ["r1", "r2", "r1", "r10", "r99", "r90", "r0", "r0"]


async def test_the_cursor_is_always_on_the_screen() -> None:
    async with showing(*numbered(100)) as (app, pilot):
        for key in ("end", "pageup", "pageup", "up", "home", "pagedown", "down"):
            await pilot.press(key)
            await settle(pilot)
            assert any(f"row {app.table.cursor_key} " in line for line in app.lines)


async def test_cursor_and_scroll_stay_on_their_row_when_rows_come_and_change_places() -> None:
    keys = numbered(100)
    async with showing(*keys) as (app, pilot):
        app.table.move_to("r50")
        await settle(pilot)
        (line,) = (i for i, text in enumerate(app.lines) if "row r50 " in text)
        app.fill("new", *reversed(keys))
        await settle(pilot)
        assert app.table.cursor_key == "r50"
        assert "row r50 " in app.lines[line]


async def test_rows_that_one_has_scrolled_to_stay_though_the_cursor_is_elsewhere() -> None:
    keys = numbered(100)
    async with showing(*keys) as (app, pilot):
        app.table.scroll_to(y=40, animate=False)
        await settle(pilot)
        app.fill("new", "newer", *keys)
        await settle(pilot)
        assert "row r40 " in app.lines[1]
        assert app.table.cursor_key == "r0"


async def test_at_the_top_new_rows_are_seen() -> None:
    async with showing(*numbered(100)) as (app, pilot):
        app.fill("new", *numbered(100))
        await settle(pilot)
        assert "row new " in app.lines[1]
        assert app.table.cursor_key == "r0"


async def test_when_the_row_of_the_cursor_goes_the_next_one_has_it() -> None:
    async with showing("a", "b", "c") as (app, pilot):
        await pilot.press("down")
        app.fill("a", "c")
        assert app.table.cursor_key == "c"
        app.fill("a")
        assert app.table.cursor_key == "a"
        app.fill()
        assert app.table.cursor_key is None
        await pilot.press("enter", "down", "end", "home", "pagedown")
        await settle(pilot)
        moved = [key for what, key in app.said if what == "highlighted"]
        assert moved == ["a", "b", "c", "a", None]


async def test_fewer_rows_are_scrolled_back_into_view() -> None:
    async with showing(*numbered(100)) as (app, pilot):
        await pilot.press("end")
        app.fill("a", "b")
        await settle(pilot)
        assert "row a " in app.lines[1] and "row b " in app.lines[2]


async def test_the_cursor_goes_over_headings_and_they_cannot_be_opened() -> None:
    async with showing() as (app, pilot):
        app.fill("H1", "a", "H2", "H3", "b", "H4", headings=frozenset({"H1", "H2", "H3", "H4"}))
        at = [app.table.cursor_key]
        for key in ("down", "down", "up", "up", "end", "home"):
            await pilot.press(key)
            at.append(app.table.cursor_key)
        assert at == ["a", "b", "b", "a", "a", "b", "a"]
        await pilot.click(app.table, offset=(3, 1))
        await pilot.press("enter")
        await settle(pilot)
        assert [said for said in app.said if said[0] == "opened"] == [("opened", "a")]


async def test_going_up_shows_the_heading_above_the_first_row() -> None:
    async with showing() as (app, pilot):
        app.fill("H", *numbered(50), headings=frozenset({"H"}))
        await pilot.press("end", "home")
        await settle(pilot)
        assert "row H " in app.lines[1]


async def test_only_headings_are_no_rows_to_open() -> None:
    async with showing() as (app, pilot):
        app.fill("H", headings=frozenset({"H"}))
        await pilot.press("enter", "down")
        await settle(pilot)
        assert ("opened", "H") not in app.said


async def test_a_click_goes_to_a_row_a_second_one_opens_it_and_one_on_the_header_is_reported() -> None:
    async with showing(*numbered(5)) as (app, pilot):
        await pilot.click(app.table, offset=(5, 3))
        assert app.table.cursor_key == "r2" and ("opened", "r2") not in app.said
        await pilot.click(app.table, offset=(5, 3))
        await pilot.click(app.table, offset=(5, 0))
        await pilot.click(app.table, offset=(5, 9))
        await settle(pilot)
        assert [said for said in app.said if said[0] != "highlighted"] == [("opened", "r2"), ("header", "Name")]


async def test_the_wheel_scrolls_and_leaves_the_cursor() -> None:
    async with showing(*numbered(100)) as (app, pilot):
        await scroll_down(pilot, app.table, (5, 5))
        await settle(pilot)
        assert app.table.scroll_y > 0
        assert app.table.cursor_key == "r0"


@pytest.mark.parametrize("name", ["[/x]", "[red]no[/red]", "長" * 30, "🎨" * 30, "e\u0301" * 40, "x" * 5000, ""])
async def test_any_name_is_shown_as_it_is_and_keeps_the_columns_in_line(name: str) -> None:
    async with showing(width=60) as (app, pilot):
        rows: dict[str, Cells] = {"a": ("●", name, "$1.00", ""), "b": ("●", "short", Text("$2.00"), "")}
        app.table.update_rows(tuple(rows), rows.__getitem__, "")
        await settle(pilot)
        first, second = app.lines[1], app.lines[2]
        assert cell_len(first[: first.index("$1.00")]) == cell_len(second[: second.index("$2.00")])
        assert all(cell_len(line) == 60 for line in app.lines)
        assert name[:8] in first


async def test_a_column_that_is_sorted_by_carries_its_mark() -> None:
    async with showing("a") as (app, pilot):
        app.table.show_sort("cost", descending=True)
        await settle(pilot)
        assert " Cost▼ " in app.lines[0]
        app.table.show_sort("name", descending=False)
        await settle(pilot)
        assert "Name▲" in app.lines[0] and "▼" not in app.lines[0]


@pytest.mark.parametrize("width", range(1, 70))
def test_columns_fill_the_width_and_give_way_in_their_order(width: int) -> None:
    columns = (*COLUMNS, column("more", "More", 0, 12, drop_at=3), column("also", "Also", 0, 5, drop_at=2))
    fitted = dict(fit(columns, width))
    taken = sum(fitted.values()) + 2 * PADDING * len(fitted)
    assert {0, 1, 2} <= fitted.keys()
    assert taken == width or (taken > width and fitted.keys() == {0, 1, 2} and fitted[1] == 1)
    assert [4, 5, 3][: 6 - len(fitted)] == [i for i in (4, 5, 3) if i not in fitted]


def fit(columns: Sequence[Plain], width: int, *rows: Cells) -> tuple[tuple[int, int], ...]:
    return fit_columns(columns, column_widths(columns, rows, ""), width)


@pytest.mark.parametrize("width", range(1, 70))
def test_columns_of_one_rank_give_way_together(width: int) -> None:
    pair = (column("a", "A", 0, 12, drop_at=2), column("b", "B", 0, 5, drop_at=2))
    assert ({4, 5} & dict(fit((*COLUMNS, *pair), width)).keys()) in ({4, 5}, set())


def test_a_column_without_a_width_takes_that_of_its_widest_cell_up_to_its_maximum() -> None:
    columns = (column("a", "長い", 0, None), column("b", "B", 1, None, max_width=4), column("c", "C", 2, 3, grow=True))
    assert fit(columns, 40) == ((0, 4), (1, 1), (2, 29))
    assert fit(columns, 40, ("x", "long text", ""), ("wider", "", "")) == ((0, 5), (1, 4), (2, 25))


def test_a_column_that_grows_stops_at_its_maximum() -> None:
    assert fit((column("a", "A", 0, 3, grow=True, max_width=9),), 40) == ((0, 9),)


def test_columns_are_shown_within_their_widths_of_the_table() -> None:
    columns = (column("few", "Few", 0, 3, max_table=19), column("many", "Many", 0, 4, min_table=20))
    assert fit(columns, 19) == ((0, 3),)
    assert fit(columns, 20) == ((1, 4),)


def test_a_column_can_ask_for_less_than_the_growing_one_wants() -> None:
    columns = (column("a", "A", 0, 20, grow=True), column("b", "B", 0, 4, drop_at=1, grow_min=10))
    assert next(width for width in range(10, 30) if len(fit(columns, width)) == 2) == 10 + 4 + 4 * PADDING


@pytest.mark.parametrize("width", [1, 2, 5, 9])
@pytest.mark.parametrize("text", ["", "ab", "長い名前です", "a long name"])
def test_a_cell_takes_no_more_than_its_width_and_a_header_keeps_its_mark(text: str, width: int) -> None:
    assert cell_text(text, width).cell_len <= width
    header = header_text(column("any", text, 0, 3), width, "▲")
    assert header.cell_len <= width and header.plain.endswith("▲")


def test_a_cell_with_a_style_is_not_changed_by_being_drawn() -> None:
    cell = Text("a long text", style="bold")
    assert cell_text(cell, 4).plain == "a l…"
    assert cell.plain == "a long text"
