"""A list of sessions as a table and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opencode_tui.clock import Calendar
from opencode_tui.counts import plural, tokens_text
from opencode_tui.paths import last_part
from opencode_tui.privacy.harmless import shown_id
from opencode_tui.records.sessions import SessionRow
from opencode_tui.report.as_json import as_json
from opencode_tui.report.words import amount


def session_row_json(row: SessionRow, calendar: Calendar) -> Any:
    """The row as JSON: amounts in USD exact to 1e-9, moments as ISO 8601."""
    return as_json(row, calendar)


def sessions_table(
    rows: Sequence[SessionRow], of: int, period: str, calendar: Calendar, lower_bound: bool = False
) -> str:
    """The rows under a line that says how many of how many they are; `lower_bound` is about what they add up to."""
    from tabulate import tabulate

    total = sum(row.total_nano for row in rows)
    count = plural(len(rows), "session") if len(rows) == of else f"{len(rows):,} of {plural(of, 'session')}"
    lines = [f"{count} ({period}), {amount(total, lower_bound)}"]
    if rows:
        head = ("session", "title", "project", "model", "state", "total", "own", "sub", "turns", "tokens", "last")
        align = ("left",) * 5 + ("right",) * 5 + ("left",)
        body = [_cells(row, calendar) for row in rows]
        lines += ["", tabulate(body, head, colalign=align, disable_numparse=True)]
    return "\n".join(lines)


def _cells(row: SessionRow, calendar: Calendar) -> tuple[str, ...]:
    return (
        shown_id(row.id),
        row.title if len(row.title) <= 40 else row.title[:39] + "…",
        last_part(row.project),
        row.model,
        row.state + (", fork" if row.is_fork else ""),
        amount(row.total_nano, row.lower_bound),
        amount(row.own_nano, row.lower_bound),
        f"+{row.subagents}" if row.subagents else "",
        str(row.turns),
        tokens_text(row.tokens.total),
        calendar.local(row.last_ms).strftime("%Y-%m-%d %H:%M"),
    )
