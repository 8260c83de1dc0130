"""The cost of a period as JSON and as a table."""

from __future__ import annotations

from typing import Any

from opencode_tui.money import format_usd, plural, share, usd
from opencode_tui.privacy.harmless import shown_id
from opencode_tui.records.usage import Slice, Usage
from opencode_tui.report.json_values import SCHEMA_VERSION, tokens_json
from opencode_tui.report.table import TextColumn, text_table
from opencode_tui.report.words import amount_text

_NUMBERS = (
    TextColumn("spend"),
    TextColumn("share", gives_way=2),
    TextColumn("calls", gives_way=1),
    TextColumn("input", gives_way=3),
    TextColumn("output", gives_way=4),
    TextColumn("reasoning", gives_way=7),
    TextColumn("cache read", gives_way=5),
    TextColumn("cache write", gives_way=6),
)


def usage_json(usage: Usage) -> dict[str, Any]:
    """The JSON contract: amounts are USD, exact to 1e-9; `calls`, `sessions` and `tokens` exclude copied calls."""
    totals = usage.totals
    return {
        "schema_version": SCHEMA_VERSION,
        "period": {"from": usage.first.isoformat(), "to": usage.last.isoformat(), "label": usage.label},
        "spend_usd": usd(totals.spend_nano),
        "lower_bound": usage.lower_bound,
        "list_usd": usd(totals.list_nano),
        "calls": totals.calls,
        "copied_calls": totals.copied_calls,
        "sessions": totals.sessions,
        "tokens": tokens_json(totals.tokens),
        "unreadable_rows": usage.unreadable_rows,
        "groups": [
            {
                "key": group.key,
                "spend_usd": usd(group.spend_nano),
                "lower_bound": group.lower_bound,
                "calls": group.calls,
                "tokens": tokens_json(group.tokens),
            }
            for group in usage.groups
        ],
    }


def usage_table(usage: Usage, width: int | None = None) -> str:
    """The table in `width` cells with a total, and notes on what the total excludes."""
    totals = usage.totals
    rows = [_row(group, _name(usage, group.key), totals.spend_nano) for group in usage.groups]
    total = Slice("", totals.spend_nano, totals.calls, totals.tokens, lower_bound=usage.lower_bound)
    rows.append(_row(total, "total", totals.spend_nano))
    columns = (TextColumn(usage.by, "left", least=16), *_NUMBERS)
    days = usage.first.isoformat() + (f" to {usage.last.isoformat()}" if usage.last != usage.first else "")
    lines = [f"{days} ({usage.label})", "", text_table(columns, rows, width)]
    notes = []
    if totals.list_nano:
        notes.append(f"not billed: {format_usd(totals.list_nano)} at list price")
    if totals.copied_calls:
        notes.append(f"{plural(totals.copied_calls, 'call')} copied by forks, billed once")
    if totals.aborted:
        were = "was" if totals.aborted == 1 else "were"
        notes.append(
            f"at least: {plural(totals.aborted, 'call')} {were} aborted, what was streamed is recorded nowhere"
        )
    if usage.unreadable_rows:
        unread = plural(usage.unreadable_rows, "row")
        notes.append(f"{unread} could not be read (`opencode-tui sync` lists the reasons)")
    return "\n".join([*lines, *([""] if notes else []), *notes])


def _name(usage: Usage, key: str) -> str:
    title = usage.titles.get(key, "")
    key = shown_id(key) if usage.by == "session" else key
    return f"{key}  {title[:40]}" if title else key


def _row(group: Slice, name: str, whole_nano: int) -> tuple[str, ...]:
    tokens = group.tokens
    counts = (group.calls, *tokens.counts)
    part = f"{share(group.spend_nano, whole_nano):.0%}"
    return (name, amount_text(group.spend_nano, group.lower_bound), part, *(f"{count:,}" for count in counts))
