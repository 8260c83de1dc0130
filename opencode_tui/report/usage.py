"""The cost of a period as JSON, as a table, and as a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, starmap
from typing import Any

from opencode_tui.money import format_usd, plural, share, tokens_text, usd
from opencode_tui.records.breakdown import Breakdown, BreakdownRow, Measures, Percentiles
from opencode_tui.records.calls import Tokens
from opencode_tui.records.privacy.harmless import shown_id
from opencode_tui.report.json_values import SCHEMA_VERSION, tokens_json
from opencode_tui.report.table import TextColumn, table_of
from opencode_tui.report.words import amount_text

_Line = tuple[str, int, bool, int, Tokens]
"""A name, nano-dollars, whether they are a lower bound, calls and tokens."""
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


def usage_json(usage: Breakdown) -> dict[str, Any]:
    """The JSON contract: amounts are USD, exact to 1e-9; `calls`, `sessions` and `tokens` exclude copied calls.

    With a second dimension, each group has the groups within it.
    """
    totals, by = usage.totals, usage.request.by
    return {
        "schema_version": SCHEMA_VERSION,
        "period": {"from": usage.first.isoformat(), "to": usage.last.isoformat(), "label": usage.label},
        "spend_usd": usd(totals.spend_nano),
        "lower_bound": usage.lower_bound,
        "list_usd": usd(totals.list_nano),
        "calls": totals.calls,
        "copied_calls": usage.copied_calls,
        "sessions": totals.all_sessions,
        "root_sessions": totals.sessions,
        "subagents": totals.subagents,
        "tokens": tokens_json(totals.tokens),
        "unreadable_rows": usage.unreadable_rows,
        "by": list(by),
        "where": {each.dimension: list(each.keys) for each in usage.request.where},
        "groups": list(starmap(_outer_json, _nested(usage)) if len(by) > 1 else map(_group_json, usage.rows)),
    }


def _nested(usage: Breakdown) -> Iterator[tuple[_Line, list[BreakdownRow]]]:
    """Each group by the first of two dimensions, under its key, and the groups within it."""
    within = {key: list(rows) for key, rows in groupby(usage.rows, lambda row: row.keys[0])}
    if usage.outer:
        for row in usage.outer:
            yield _line(row.keys[0], row.measures, row.lower_bound), within.get(row.keys[0], [])
        return
    for key, rows in within.items():
        measures = [row.measures for row in rows]
        spend_nano, calls = sum(each.spend_nano for each in measures), sum(each.calls for each in measures)
        tokens = sum((each.tokens for each in measures), Tokens())
        yield (key, spend_nano, any(row.lower_bound for row in rows), calls, tokens), rows


def _outer_json(line: _Line, rows: Sequence[BreakdownRow]) -> dict[str, Any]:
    """A group's sums, and the groups within it."""
    key, spend_nano, lower_bound, calls, tokens = line
    return {
        "key": key,
        "spend_usd": usd(spend_nano),
        "lower_bound": lower_bound,
        "calls": calls,
        "tokens": tokens_json(tokens),
        "groups": [_group_json(row) for row in rows],
    }


def _group_json(row: BreakdownRow) -> dict[str, Any]:
    measures = row.measures
    uses = (
        {}
        if measures.uses is None
        else {"uses": measures.uses, "failures": measures.failures, "tool_seconds": (measures.tool_ms or 0) / 1000}
    )
    return {
        "key": row.keys[-1],
        "spend_usd": usd(measures.spend_nano),
        "lower_bound": row.lower_bound,
        "list_usd": usd(measures.list_nano),
        "calls": measures.calls,
        "sessions": measures.all_sessions,
        "root_sessions": measures.sessions,
        "subagents": measures.subagents,
        "turns": measures.turns,
        "tokens": tokens_json(measures.tokens),
        "cache_hit_rate": measures.hit_rate,
        "cache_saved_usd": usd(measures.saved_nano),
        "aborted": measures.aborted,
        "errors": measures.errors,
        "retries": measures.retries,
        "seconds": _percentiles_json(measures.seconds),
        "tokens_per_second": _percentiles_json(measures.speed),
        "edit_turns": measures.edit_turns,
        "one_shot_rate": measures.one_shot_rate,
        "edit_retries": measures.edit_retries,
        **uses,
    }


def _percentiles_json(percentiles: Percentiles | None) -> dict[str, float] | None:
    return None if percentiles is None else {"median": percentiles.median, "p95": percentiles.high}


def compact_line(usage: Breakdown) -> str:
    """Such as `Today:  525K tk | $1.01 | 4 sess`; a lower bound has a `≥` before its amount."""
    totals = usage.totals
    amount = amount_text(totals.spend_nano, usage.lower_bound)
    tokens = tokens_text(totals.tokens.total).upper()
    return f"{usage.label.capitalize() + ':':<8}{tokens} tk | {amount} | {totals.sessions} sess"


def usage_table(usage: Breakdown, width: int | None = None) -> str:
    """The table in `width` cells with a total, and notes on what the total excludes."""
    totals, by = usage.totals, usage.request.by
    lines = _lines(usage) if len(by) == 1 else _nested_lines(usage)
    lines.append(_line("total", totals, usage.lower_bound))
    columns = (TextColumn(", ".join(by), "left", least=16), *_NUMBERS)
    days = usage.first.isoformat() + (f" to {usage.last.isoformat()}" if usage.last != usage.first else "")
    table = table_of(_texts(lines, totals.spend_nano), columns, width)
    notes = []
    if totals.list_nano:
        notes.append(f"not billed: {format_usd(totals.list_nano)} at list price")
    if usage.copied_calls:
        notes.append(f"{plural(usage.copied_calls, 'call')} copied by forks, billed once")
    if aborted := totals.aborted + usage.unfinished:
        were = "was" if aborted == 1 else "were"
        notes.append(f"at least: {plural(aborted, 'call')} {were} aborted, what was streamed is recorded nowhere")
    if usage.unreadable_rows:
        unread = plural(usage.unreadable_rows, "row")
        notes.append(f"{unread} could not be read (`opencode-tui sync` lists the reasons)")
    if "tool" in by:
        once = f"the total and each {by[0]} have" if by[1:] == ("tool",) else "the total has"
        notes.append(f"a call counts in the row of each tool that it asked for; {once} all calls once")
    return "\n".join([f"{days} ({usage.label})", "", table, *([""] if notes else []), *notes])


def _lines(usage: Breakdown) -> list[_Line]:
    """The groups by one dimension."""
    (dimension,) = usage.request.by
    return [_line(_name(usage, dimension, row.keys[0]), row.measures, row.lower_bound) for row in usage.rows]


def _nested_lines(usage: Breakdown) -> list[_Line]:
    """The groups by two dimensions: each by the first, and below it those within it."""
    outer, inner = usage.request.by
    lines: list[_Line] = []
    for (key, spend_nano, lower_bound, calls, tokens), rows in _nested(usage):
        lines.append((_name(usage, outer, key), spend_nano, lower_bound, calls, tokens))
        lines += [_line(f"· {_name(usage, inner, row.keys[1])}", row.measures, row.lower_bound) for row in rows]
    return lines


def _line(name: str, measures: Measures, lower_bound: bool) -> _Line:
    return name, measures.spend_nano, lower_bound, measures.calls, measures.tokens


def _texts(lines: list[_Line], whole_nano: int) -> list[Sequence[str]]:
    """The texts of each column; made column by column, as there may be thousands of lines."""
    names, nanos, lower_bounds, calls, tokens = zip(*lines, strict=True)
    return [
        names,
        list(map(amount_text, nanos, lower_bounds)),
        [f"{share(nano, whole_nano):.0%}" for nano in nanos],
        *(
            [f"{count:,}" for count in counts]
            for counts in (calls, *zip(*(each.counts for each in tokens), strict=True))
        ),
    ]


def _name(usage: Breakdown, dimension: str, key: str) -> str:
    if dimension != "session":
        return key
    title = usage.titles.get(key, "")
    return f"{shown_id(key)}  {title[:40]}" if title else shown_id(key)
