"""The columns of a session's turns; wider panes show more of them and in more detail."""

from __future__ import annotations

from functools import cached_property
from typing import Never

from msgspec import Struct

from opencode_tui.clock import Calendar
from opencode_tui.money import tokens_text
from opencode_tui.records.session import SessionView, Turn
from opencode_tui.report import turn_words as words
from opencode_tui.report.words import amount_text
from opencode_tui.ui.tables.columns import Column

WIDE = 63
"""The least width of a table with all columns, in cells."""
WITH_BAR = 99
"""The least width that has a bar beside the context's percentage."""
WITH_PATHS = 149
"""The least width that shows files with their directories."""


class TurnContext(Struct, frozen=True, dict=True):
    """What a turn's cells need besides the turn."""

    view: SessionView
    calendar: Calendar
    width: int
    """The table's, in cells without the scrollbar."""

    @cached_property
    def is_one_day(self) -> bool:
        """Whether all turns are on the day of the last call, so that dates are omitted."""
        turns, day = self.view.turns, self.calendar.day
        return not turns or day(turns[0].started_ms) == day(self.view.last_ms)

    @cached_property
    def number_width(self) -> int:
        return max(len(str(len(self.view.turns))), 2)

    @cached_property
    def task_width(self) -> int:
        return max((len(turn.task) for turn in self.view.turns), default=4)

    @cached_property
    def money_width(self) -> int:
        """The width of the widest cost: of the largest one, or of the smallest, which has more decimals."""
        lower_bound = any(turn.lower_bound for turn in self.view.turns)
        widest = len("(≥$0.42)" if lower_bound else "($0.42)")
        for amounts, around in (
            ([turn.cost_nano for turn in self.view.turns if turn.cost_nano], ""),
            ([turn.list_nano for turn in self.view.turns if turn.list_nano and not turn.cost_nano], "()"),
        ):
            ends = (min(amounts), max(amounts)) if amounts else ()
            widest = max(widest, *(len(around) + len(amount_text(each, lower_bound)) for each in ends), 0)
        return widest

    @cached_property
    def notes_width(self) -> int:
        if any(turn.causes for turn in self.view.turns):
            return len("▲ same file")
        return 10 if self.width >= WITH_BAR else 6


def is_void(turn: Turn, at: TurnContext) -> bool:
    """Whether all of its calls were undone or copied."""
    return turn.undone >= turn.calls > 0 or bool(turn.inherited_nano and not turn.cost_nano)


def files(turn: Turn, at: TurnContext) -> str:
    return words.file_paths(turn, at.view.directory) if at.width >= WITH_PATHS else words.file_names(turn)


def what(turn: Turn) -> str:
    """The turn's marks, task, tools and files, in one cell; the prompt of a conversation in place of its task."""
    task = turn.prompt if turn.prompt and not turn.tools else turn.task
    return "  ".join(filter(None, (words.marks_text(turn), task, words.tools_text(turn), words.file_names(turn))))


TurnColumn = Column[Turn, TurnContext, Never]

TURN_COLUMNS = (
    TurnColumn("number", "#", lambda turn, at: f"{turn.number or ''}", lambda at: at.number_width, "right"),
    TurnColumn(
        "time",
        "Time",
        lambda turn, at: words.turn_time(turn, at.view, at.calendar, brief=at.width < WIDE),
        lambda at: 5 if at.is_one_day else 6 if at.width < WIDE else 12,
    ),
    TurnColumn("calls", "Calls", lambda turn, at: f"{turn.calls:,}", 6, "right", drop_at=2, min_table=WIDE),
    TurnColumn("cost", "Cost", lambda turn, at: words.turn_cost(turn), lambda at: at.money_width, "right"),
    TurnColumn("task", "Task", lambda turn, at: turn.task, lambda at: at.task_width, drop_at=3, min_table=WIDE),
    TurnColumn("in", "In", lambda turn, at: tokens_text(turn.tokens.input), 4, "right", drop_at=4, min_table=WIDE),
    TurnColumn("out", "Out", lambda turn, at: words.output_tokens(turn), 4, "right", drop_at=5, min_table=WIDE),
    TurnColumn("cache", "Cache", lambda turn, at: words.cache_tokens(turn), 5, "right", drop_at=3, min_table=WIDE),
    TurnColumn(
        "context", "Ctx", lambda turn, at: words.context_percent(turn), 4, "right", drop_at=1, max_table=WITH_BAR - 1
    ),
    TurnColumn("fill", "Context", lambda turn, at: words.context_fill(turn), 9, drop_at=1, min_table=WITH_BAR),
    TurnColumn("duration", "Took", lambda turn, at: words.took(turn), 7, "right", drop_at=7, min_table=WIDE),
    TurnColumn("speed", "Tok/s", lambda turn, at: words.speed(turn), 5, "right", drop_at=8, min_table=WIDE),
    TurnColumn(
        "tools",
        "Tools",
        lambda turn, at: words.tools_text(turn),
        lambda at: 14 if at.width >= WITH_BAR else 10,
        grow=True,
        drop_at=6,
        min_table=WIDE,
    ),
    TurnColumn("files", "Files", lambda turn, at: files(turn, at), 10, grow=True, drop_at=9, min_table=WIDE),
    TurnColumn(
        "notes", "Notes", lambda turn, at: words.remarks(turn), lambda at: at.notes_width, grow=True, min_table=WIDE
    ),
    TurnColumn("what", "What", lambda turn, at: what(turn), 5, grow=True, max_table=WIDE - 1),
)
