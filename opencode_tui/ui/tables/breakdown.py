"""The columns of a breakdown."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace
from rich.text import Text

from opencode_tui.analysis.session_list import Sort
from opencode_tui.money import NANO, tokens_text
from opencode_tui.records.breakdown import Breakdown, BreakdownRow, Measures
from opencode_tui.records.model_key import short_name
from opencode_tui.report.breakdown_words import (
    count_text,
    median_text,
    per_turn_text,
    ratio_text,
    row_name,
    saved_text,
    seconds_text,
    share_text,
    speeds_text,
    tool_time_text,
)
from opencode_tui.report.words import amount_text
from opencode_tui.ui.tables.columns import Cell, Column
from opencode_tui.ui.widgets.blocks import across, width_of

MARKED = "◆"
"""Before a row that is marked for the comparison."""


class BreakdownContext(Struct, frozen=True):
    """What a row's cells need besides the row."""

    breakdown: Breakdown
    marked: tuple[str, ...] = ()

    @property
    def dimension(self) -> str:
        return self.breakdown.request.by[0]

    @property
    def money_width(self) -> int:
        """The width of the widest amount, in cells; one below a cent can be wider than the total."""
        small = {
            (row.measures.spend_nano < NANO // 10_000, row.lower_bound)
            for row in self.breakdown.rows
            if 0 < row.measures.spend_nano < NANO // 100
        }
        widths = (len("$0.0042") + is_tiny + lower_bound for is_tiny, lower_bound in small)
        total = amount_text(self.breakdown.totals.spend_nano, self.breakdown.lower_bound)
        return max(len(total), len("$123.45"), *widths)

    @property
    def longest(self) -> int:
        """The width of the longest key, in cells."""
        return max((width_of(row.keys[0]) for row in self.breakdown.rows), default=0)

    @property
    def most_nano(self) -> int:
        return max((row.measures.spend_nano for row in self.breakdown.rows), default=0)


BreakdownColumn = Column[BreakdownRow, BreakdownContext, None]
BY_SPEND: Sort[BreakdownRow] = Sort("spend", lambda row: row.measures.spend_nano)
BY_NAME: Sort[BreakdownRow] = Sort("name", lambda row: row.keys[0], descending=False)
"""By what a row is called; of times, in their order."""


def _number(
    key: str, header: str, cell: Callable[[Measures], Cell], by: Callable[[Measures], float], width: int, drop_at: int
) -> BreakdownColumn:
    """A column of one figure, to the right."""
    order: Sort[BreakdownRow] = Sort(key, lambda row: by(row.measures))
    return BreakdownColumn(
        key, header, lambda row, at: cell(row.measures), width, "right", drop_at=drop_at, grow_min=18, sort=order
    )


def _name(row: BreakdownRow, at: BreakdownContext) -> Cell:
    name = row_name(at.breakdown, row.keys[0], at.dimension)
    return Text.assemble((f"{MARKED} ", "bold"), name) if row.keys[0] in at.marked else name


def _fitted_name(row: BreakdownRow, at: BreakdownContext, width: int) -> Cell:
    """The name; models without their provider, if not all of them have room with it."""
    name = _name(row, at)
    if at.dimension == "model" and at.longest > width:
        short = short_name(row.keys[0])
        return f"{MARKED} {short}" if row.keys[0] in at.marked else short
    return name


def _share(row: BreakdownRow, at: BreakdownContext) -> str:
    return share_text(row.measures.spend_nano, at.breakdown.totals.spend_nano)


def _bar(row: BreakdownRow, at: BreakdownContext, width: int) -> Cell:
    return Text(across(row.measures.spend_nano, at.most_nano, width), style="$primary")


BREAKDOWN: tuple[BreakdownColumn, ...] = (
    BreakdownColumn(
        "name",
        "",
        _name,
        18,
        grow=True,
        max_width=44,
        sort=BY_NAME,
        fitted=_fitted_name,
    ),
    BreakdownColumn("bar", "", lambda row, at: _bar(row, at, 12), 12, drop_at=4, grow_min=18),
    BreakdownColumn(
        "spend",
        "Spend",
        lambda row, at: amount_text(row.measures.spend_nano, row.lower_bound),
        lambda at: at.money_width,
        "right",
        sort=BY_SPEND,
    ),
    BreakdownColumn("share", "Share", _share, 5, "right", drop_at=2, grow_min=10),
    _number("calls", "Calls", lambda of: count_text(of.calls), lambda of: of.calls, 8, 3),
    _number("turns", "Turns", lambda of: count_text(of.turns), lambda of: of.turns or 0, 7, 9),
    _number("a turn", "$/turn", per_turn_text, lambda of: of.spend_nano / (of.turns or 1), 8, 8),
    _number("input", "Input", lambda of: tokens_text(of.tokens.input), lambda of: of.tokens.input, 6, 11),
    _number("output", "Output", lambda of: tokens_text(of.tokens.output), lambda of: of.tokens.output, 6, 11),
    _number("reasoning", "Reason", lambda of: tokens_text(of.tokens.reasoning), lambda of: of.tokens.reasoning, 6, 16),
    _number("read", "Read", lambda of: tokens_text(of.tokens.cache_read), lambda of: of.tokens.cache_read, 6, 12),
    _number("write", "Write", lambda of: tokens_text(of.tokens.cache_write), lambda of: of.tokens.cache_write, 6, 13),
    _number("hit", "Hit", lambda of: ratio_text(of.hit_rate), lambda of: of.hit_rate or 0, 4, 5),
    _number("saved", "Saved", saved_text, lambda of: of.saved_nano, 9, 6),
    _number(
        "seconds",
        "s/call",
        lambda of: seconds_text(of.seconds),
        lambda of: of.seconds.median if of.seconds else 0,
        12,
        10,
    ),
    _number("speed", "tok/s", lambda of: speeds_text(of.speed), lambda of: of.speed.median if of.speed else 0, 11, 7),
    _number("errors", "Errors", lambda of: count_text(of.errors), lambda of: of.errors or 0, 6, 14),
    _number("retries", "Retries", lambda of: count_text(of.retries), lambda of: of.retries or 0, 7, 15),
)
EDIT_COLUMNS: tuple[BreakdownColumn, ...] = (
    _number("edits", "Edits", lambda of: count_text(of.edit_turns), lambda of: of.edit_turns or 0, 7, 17),
    _number("one-shot", "1-shot", lambda of: ratio_text(of.one_shot_rate), lambda of: of.one_shot_rate or 0, 6, 18),
    _number("edited again", "Again", lambda of: count_text(of.edit_retries), lambda of: of.edit_retries or 0, 6, 18),
)
"""The columns about turns that edited files."""
TOOLS: tuple[BreakdownColumn, ...] = (
    BREAKDOWN[0],
    replace(BREAKDOWN[1], drop_at=5),
    *BREAKDOWN[2:5],
    _number("uses", "Uses", lambda of: count_text(of.uses), lambda of: of.uses or 0, 8, 3),
    _number("failed", "Failed", lambda of: count_text(of.failures), lambda of: of.failures or 0, 7, 4),
    _number("time", "Time", tool_time_text, lambda of: of.tool_ms or 0, 9, 4),
    *BREAKDOWN[5:14],
)
"""The columns of tools, which have uses, failures and time; how fast the calls were says nothing about a tool."""
_TOKENS = ("calls", "input", "output", "reasoning", "read", "write", "hit", "saved")
_SPEED = ("calls", "seconds", "speed", "errors", "retries", "turns")
_EDITS = ("edits", "one-shot", "edited again", "errors", "retries", "turns", "a turn", "calls")
_NARROW = 46
"""A table of fewer cells has room for one figure beside the spend: the share, or one of another kind."""


def _first(wanted: tuple[str, ...], columns: tuple[BreakdownColumn, ...] = BREAKDOWN) -> tuple[BreakdownColumn, ...]:
    """The columns with these before the others, which are dropped before them."""
    rest = [column for column in columns if column.key not in wanted]
    chosen = [replace(column, drop_at=3 + wanted.index(column.key)) for column in columns if column.key in wanted]
    kept = [column if column.drop_at < 3 else replace(column, drop_at=column.drop_at + 20) for column in rest]
    head = [column for column in kept if column.key in ("name", "bar", "spend", "share")]
    return *head, *chosen, *(column for column in kept if column not in head)


def _narrowed(columns: tuple[BreakdownColumn, ...], alone: BreakdownColumn) -> tuple[BreakdownColumn, ...]:
    """The columns, and in a narrow table this one in the place of the share."""
    narrow = replace(alone, key=f"narrow {alone.key}", width=7, drop_at=2, grow_min=8, max_table=_NARROW - 1)
    wide = (replace(each, min_table=_NARROW) if each.key == "share" else each for each in columns)
    return *wide, narrow


_TOKENS_ALONE = _number("tokens", "Tokens", lambda of: tokens_text(of.tokens.total), lambda of: of.tokens.total, 7, 2)
_SECONDS_ALONE = _number(
    "seconds", "s/call", lambda of: median_text(of.seconds), lambda of: of.seconds.median if of.seconds else 0, 7, 2
)
COLUMN_SETS = {
    "cost": BREAKDOWN,
    "tokens": _narrowed(_first(_TOKENS), _TOKENS_ALONE),
    "speed": _narrowed(_first(_SPEED), _SECONDS_ALONE),
    "edits": _narrowed(_first(_EDITS, (*BREAKDOWN, *EDIT_COLUMNS)), EDIT_COLUMNS[1]),
}
"""The columns with one kind of measure first, since a table has room for few."""
TOOL_SETS = {
    "cost": TOOLS,
    "tokens": _narrowed(TOOLS, TOOLS[5]),
    "speed": _narrowed(TOOLS, TOOLS[7]),
    "edits": _narrowed(TOOLS, TOOLS[6]),
}
"""The same for tools: in a narrow table their uses, their time and their failures."""
