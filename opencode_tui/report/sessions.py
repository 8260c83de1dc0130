"""A list of sessions as a table and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opencode_tui.analysis.sparks import spark_of
from opencode_tui.clock import Calendar
from opencode_tui.money import plural, tokens_text, usd
from opencode_tui.paths import last_part
from opencode_tui.records.privacy.harmless import shown_id
from opencode_tui.records.sessions import SessionRow
from opencode_tui.report.json_values import SCHEMA_VERSION, tokens_json
from opencode_tui.report.table import TextColumn, text_table
from opencode_tui.report.words import amount_text

_COLUMNS = (
    TextColumn("session", "left", least=16, is_id=True),
    TextColumn("title", "left", least=20),
    TextColumn("project", "left", gives_way=8, least=8),
    TextColumn("model", "left", gives_way=5, least=12),
    TextColumn("state", "left", gives_way=6),
    TextColumn("total"),
    TextColumn("own", gives_way=7),
    TextColumn("sub", gives_way=3),
    TextColumn("turns", gives_way=4),
    TextColumn("tokens", gives_way=9),
    TextColumn("last", "left", gives_way=2),
)


def session_row_json(row: SessionRow, calendar: Calendar) -> dict[str, Any]:
    """The JSON contract of a row of `sessions --json`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "id": row.id,
        "title": row.title,
        "project": row.project,
        "model": row.model,
        "models": list(row.models),
        "agent": row.agent,
        "state": row.state,
        "is_fork": row.is_fork,
        "own_usd": usd(row.own_nano),
        "total_usd": usd(row.total_nano),
        "subagents": row.subagents,
        "turns": row.turns,
        "calls": row.calls,
        "tokens": tokens_json(row.tokens),
        "context_tokens": row.context_tokens,
        "context_limit": row.context_limit,
        "started_at": calendar.iso(row.started_ms),
        "last_at": calendar.iso(row.last_ms),
        "spark": list(spark_of(row)),
        "lower_bound": row.lower_bound,
    }


def sessions_table(
    rows: Sequence[SessionRow],
    of: int,
    period: str,
    calendar: Calendar,
    lower_bound: bool = False,
    width: int | None = None,
) -> str:
    """The rows in `width` cells, below a line about them and all `of`; `lower_bound` marks their total as one."""
    total = sum(row.total_nano for row in rows)
    count = plural(len(rows), "session") if len(rows) == of else f"{len(rows):,} of {plural(of, 'session')}"
    lines = [f"{count} ({period}), {amount_text(total, lower_bound)}"]
    if rows:
        lines += ["", text_table(_COLUMNS, [_cells(row, calendar) for row in rows], width)]
    return "\n".join(lines)


def _cells(row: SessionRow, calendar: Calendar) -> tuple[str, ...]:
    return (
        shown_id(row.id),
        row.title if len(row.title) <= 40 else row.title[:39] + "…",
        last_part(row.project),
        row.model,
        row.state + (", fork" if row.is_fork else ""),
        amount_text(row.total_nano, row.lower_bound),
        amount_text(row.own_nano, row.lower_bound),
        f"+{row.subagents}" if row.subagents else "",
        str(row.turns or 0),
        tokens_text(row.tokens.total),
        calendar.local(row.last_ms).strftime("%Y-%m-%d %H:%M"),
    )
