"""The columns of the list of sessions, and what stands in them."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text

from opencode_tui.analysis.session_list import Group, Totals
from opencode_tui.clock import Calendar
from opencode_tui.counts import plural
from opencode_tui.paths import last_part
from opencode_tui.report.session_facts import STATES
from opencode_tui.report.session_words import context_text, spark, state_word, title_text, when_text
from opencode_tui.report.turn_words import duration_text, short_model
from opencode_tui.report.words import amount, tokens_text
from opencode_tui.ui.widgets.row_columns import Column
from opencode_tui.ui.widgets.row_table import Cells
from opencode_tui.views import SessionRow

SORT_OF = {
    "": "state",
    "Session": "title",
    "State": "state",
    "Project": "project",
    "Model": "model",
    "Agent": "agent",
    "Total": "total",
    "Own": "own",
    "Sub": "subagents",
    "Turns": "turns",
    "Calls": "calls",
    "Tokens": "tokens",
    "Ctx": "context",
    "Started": "started",
    "Last active": "last active",
    "Took": "duration",
}
"""The name in analysis.session_list.SORTS of each column that can be ordered by."""
COLUMN_OF = {sort: column for column, sort in SORT_OF.items()}


def columns_for(all_rows: Totals) -> tuple[Column, ...]:
    """The columns, with room for what all rows add up to."""
    money = max(len(amount(all_rows.total_nano, all_rows.lower_bound)), 8)
    return (
        Column("", 1),
        Column("Session", 22, grow=True),
        Column("State", 8, drop_at=12),
        Column("Project", 14, drop_at=6),
        Column("Model", 18, drop_at=3),
        Column("Agent", 8, drop_at=10),
        Column("Total", money, "right"),
        Column("Own", money, "right", drop_at=7),
        Column("Sub", 4, "right", drop_at=4),
        Column("Turns", 6, "right", drop_at=5),
        Column("Calls", 6, "right", drop_at=8),
        Column("Tokens", 7, "right", drop_at=6),
        Column("Ctx", 5, "right", drop_at=1),
        Column("Started", 12, "right", drop_at=11),
        Column("Last active", 12, "right", drop_at=2),
        Column("Took", 7, "right", drop_at=9),
        Column("Spend", 12, drop_at=8),
    )


def row_cells(row: SessionRow, now_ms: int, calendar: Calendar, active: Style) -> Cells:
    """One cell a column; `active` is the style of an active session's glyph."""
    return (
        Text(STATES[row.state][0], style=active if row.state == "active" else Style(dim=True)),
        title_text(row),
        state_word(row),
        last_part(row.project),
        short_model(row.model),
        row.agent,
        amount(row.total_nano, row.lower_bound),
        amount(row.own_nano, row.lower_bound),
        f"+{row.subagents}" if row.subagents else "",
        f"{row.turns:,}",
        f"{row.calls:,}",
        tokens_text(row.tokens.total),
        context_text(row.context_tokens, row.context_limit),
        when_text(row.started_ms, now_ms, calendar),
        when_text(row.last_ms, now_ms, calendar),
        duration_text(row.duration_ms),
        spark(row.spark),
    )


def group_cells(group: Group) -> Cells:
    """A project's name and how many sessions it has, with what they add up to."""
    sums = group.totals
    return (
        "▾",
        f"{group.name or 'no project'} · {plural(sums.sessions, 'session')}",
        *("",) * 4,
        amount(sums.total_nano, sums.lower_bound),
        amount(sums.own_nano, sums.lower_bound),
        f"+{sums.subagents}" if sums.subagents else "",
        "",
        f"{sums.calls:,}",
        tokens_text(sums.tokens.total),
        *("",) * 5,
    )
