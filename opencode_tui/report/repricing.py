"""A period's cost beside what the same work would have cost at a model's price, as JSON and as a table."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, starmap
from typing import Any

from opencode_tui.money import format_usd, plural, usd
from opencode_tui.records.privacy.harmless import shown_id
from opencode_tui.records.repricing import Repriced, RepricedWork, summed_work
from opencode_tui.report.call_words import exact_usd
from opencode_tui.report.json_values import SCHEMA_VERSION, tokens_json
from opencode_tui.report.table import TextColumn, text_table
from opencode_tui.report.words import amount_text

_Inner = tuple[tuple[str, ...], RepricedWork]
_COLUMNS = (
    TextColumn("spend"),
    TextColumn("list price", gives_way=2),
    TextColumn("repriced"),
    TextColumn("difference", gives_way=1),
    TextColumn("calls", gives_way=3),
)


def repriced_json(repriced: Repriced) -> dict[str, Any]:
    """The JSON contract: amounts are USD, exact to 1e-9.

    `spend_usd` is what the repriced calls cost; with the two `spend_usd` of `left_out` it is what `usage` says.
    """
    usage, total = repriced.usage, repriced.total
    rates = dict(
        zip(("input_usd", "output_usd", "cache_read_usd", "cache_write_usd"), repriced.price or (), strict=False)
    )
    return {
        "schema_version": SCHEMA_VERSION,
        "period": {"from": usage.first.isoformat(), "to": usage.last.isoformat(), "label": usage.label},
        "model": repriced.model,
        "price": {name: usd(nano) for name, nano in rates.items()} or None,
        **_work_json(total),
        "lower_bound": usage.lower_bound,
        "left_out": {
            "no_tokens": {"calls": total.no_tokens, "spend_usd": usd(total.no_tokens_nano)},
            "no_price": {"calls": total.no_price, "spend_usd": usd(total.no_price_nano)},
        },
        "by": list(usage.request.by),
        "where": {each.dimension: list(each.keys) for each in usage.request.where},
        "groups": list(starmap(_group_json, _outer(repriced))),
    }


def _outer(repriced: Repriced) -> Iterator[tuple[str, RepricedWork, list[_Inner]]]:
    """The groups by their first key, each with those within it."""
    within = {key: list(works) for key, works in groupby(repriced.groups, lambda group: group[0][0])}
    for row in repriced.usage.outer:
        yield row.keys[0], repriced.outer.get(row.keys[0], RepricedWork()), within.get(row.keys[0], [])
    for key, works in () if repriced.usage.outer else within.items():
        yield key, summed_work(work for _, work in works), [each for each in works if len(each[0]) > 1]


def _group_json(key: str, work: RepricedWork, within: list[_Inner]) -> dict[str, Any]:
    """A group; with a second dimension, the groups within it as well."""
    inner = [{"key": keys[1], **_work_json(each)} for keys, each in within]
    return {"key": key, **_work_json(work), **({"groups": inner} if inner else {})}


def _work_json(work: RepricedWork) -> dict[str, Any]:
    return {
        "spend_usd": usd(work.spend_nano),
        "list_usd": usd(work.list_nano),
        "repriced_usd": usd(work.repriced_nano),
        "difference_usd": usd(work.repriced_nano - work.spend_nano),
        "calls": work.calls,
        "tokens": tokens_json(work.tokens),
    }


def repriced_table(repriced: Repriced, width: int | None = None) -> str:
    """The table in `width` cells with a total, the price, and notes on what is left out."""
    usage = repriced.usage
    bounded = {row.keys: row.lower_bound for row in (*usage.rows, *usage.outer)}
    rows = []
    for key, summed, within in _outer(repriced):
        is_bounded = bounded.get((key,), any(bounded[keys] for keys, _ in within))
        rows.append(_row(_name(repriced, usage.request.by[0], key), summed, is_bounded))
        rows += [
            _row(f"· {_name(repriced, usage.request.by[1], keys[1])}", work, bounded[keys]) for keys, work in within
        ]
    rows.append(_row("total", repriced.total, usage.lower_bound))
    days = usage.first.isoformat() + (f" to {usage.last.isoformat()}" if usage.last != usage.first else "")
    head = f"{days} ({usage.label}), the same tokens at the price of {repriced.model}{_price_text(repriced)}"
    table = text_table((TextColumn(", ".join(usage.request.by), "left", least=16), *_COLUMNS), rows, width)
    notes = list(_notes(repriced))
    return "\n".join([head, "", table, *([""] if notes else []), *notes])


def _price_text(repriced: Repriced) -> str:
    if repriced.price is None:
        return ""
    names = ("input", "output", "cache read", "cache write")
    rates = ", ".join(f"{name} {exact_usd(nano)}" for name, nano in zip(names, repriced.price, strict=True))
    return f": {rates} a million{', more for a large context' if repriced.has_tiers else ''}"


def _notes(repriced: Repriced) -> list[str]:
    total = repriced.total
    notes = []
    if missing := _missing(repriced):
        notes.append(f"no price for {missing}: the tokens of other models there count as input")
    if total.no_tokens:
        calls = plural(total.no_tokens, "call")
        notes.append(f"left out: {calls} ({format_usd(total.no_tokens_nano)}) of which no tokens are known")
    if total.no_price:
        calls = plural(total.no_price, "call")
        notes.append(f"left out: {calls} ({format_usd(total.no_price_nano)}) from when it had no known price")
    return notes


def _missing(repriced: Repriced) -> str:
    """The kinds of cache tokens that the work has and the price has not; empty if the price is free or has all."""
    input, _, *cache = repriced.price or (0, 0)
    tokens = repriced.total.tokens
    used = (("cache reads", tokens.cache_read), ("cache writes", tokens.cache_write))
    return " and ".join(name for (name, count), rate in zip(used, cache, strict=False) if input and count and not rate)


def _name(repriced: Repriced, dimension: str, key: str) -> str:
    if dimension != "session":
        return key
    title = repriced.usage.titles.get(key, "")
    return f"{shown_id(key)}  {title[:40]}" if title else shown_id(key)


def _row(name: str, work: RepricedWork, is_bounded: bool) -> tuple[str, ...]:
    difference = work.repriced_nano - work.spend_nano
    sign = "+" if difference > 0 else ""
    amounts = (work.spend_nano, work.list_nano, work.repriced_nano)
    spend, listed, repriced = (amount_text(nano, is_bounded) for nano in amounts)
    return (
        name,
        spend,
        listed if work.list_nano else "",
        repriced,
        f"{sign}{format_usd(difference)}",
        f"{work.calls:,}",
    )
