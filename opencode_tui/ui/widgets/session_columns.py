"""Which columns the table of sessions has at a width, and what stands in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from rich.text import Text

from opencode_tui.model_key import short_name
from opencode_tui.report.words import amount, tokens_text
from opencode_tui.snapshot import SessionLine
from opencode_tui.ui.widgets.blocks import cells

PADDING = 1
"""On either side of a cell."""


@dataclass(frozen=True, slots=True)
class Column:
    key: str
    label: str
    text: Callable[[SessionLine], str]
    align: Literal["left", "right"] = "left"
    widest: int = 20
    """The most cells it takes. The title takes what is left, so that it does not move with its texts."""


def glyph(line: SessionLine) -> str:
    """The session's state: deleted, active or idle."""
    if line.deleted:
        return "✕"
    return "●" if line.active else "○"


def title(line: SessionLine) -> str:
    return ("↱ " if line.is_fork else "") + (line.title or "untitled")


def model(line: SessionLine) -> str:
    """The model without its provider."""
    return short_name(line.model)


def subagents(line: SessionLine) -> str:
    return f"+{line.subagents}" if line.subagents else ""


def context(line: SessionLine) -> str:
    """How full the context is, or its size where the limit is not known."""
    if line.context_limit:
        return f"{line.context_tokens * 100 // line.context_limit}%"
    return tokens_text(line.context_tokens) if line.context_tokens else ""


STATE = Column("state", "", glyph)
TITLE = Column("title", "Session", title, widest=80)
PROJECT = Column("project", "Project", lambda line: line.project, widest=18)
MODEL = Column("model", "Model", model, widest=28)
TOTAL = Column("total", "Total", lambda line: amount(line.total_nano, line.lower_bound), "right")
OWN = Column("own", "Own", lambda line: amount(line.own_nano, line.lower_bound), "right")
SUBAGENTS = Column("subagents", "Sub", subagents, "right")
TURNS = Column("turns", "Turns", lambda line: f"{line.turns:,}", "right")
CONTEXT = Column("context", "Ctx", context, "right")

LAYOUTS: tuple[tuple[int, int, tuple[Column, ...]], ...] = (
    (100, 24, (STATE, TITLE, PROJECT, MODEL, TOTAL, OWN, SUBAGENTS, TURNS, CONTEXT)),
    (72, 24, (STATE, TITLE, MODEL, TOTAL, SUBAGENTS, TURNS, CONTEXT)),
    (44, 24, (STATE, TITLE, MODEL, TOTAL, SUBAGENTS, CONTEXT)),
    (28, 16, (STATE, TITLE, TOTAL, CONTEXT)),
    (0, 1, (STATE, TITLE, TOTAL)),
)
"""(from how many cells on, how many the title then needs, the columns)."""


def columns_for(width: int, lines: tuple[SessionLine, ...]) -> tuple[tuple[Column, int], ...]:
    """Columns with their widths, which with `PADDING` fit in `width` cells and leave the title room."""
    for least, room, columns in LAYOUTS:
        if width < least:
            continue
        widths = {
            column.key: min(max([cells(column.label), *(cells(column.text(line)) for line in lines)]), column.widest)
            for column in columns
        }
        left = width - sum(size for key, size in widths.items() if key != "title") - 2 * PADDING * len(columns)
        if left >= room or least == 0:
            widths["title"] = min(max(left, 1), TITLE.widest)
            return tuple((column, widths[column.key]) for column in columns)
    return ()


def cell_text(column: Column, line: SessionLine, width: int) -> Text:
    """A cell as Text, so that brackets in somebody's title stay brackets."""
    text = Text(column.text(line), justify=column.align, no_wrap=True)
    text.truncate(width, overflow="ellipsis")
    return text
