"""Reads what a period's work would have cost at the price of another model; writes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import Any

from msgspec.structs import replace

from opencode_tui.clock import EVER
from opencode_tui.ledger import queries
from opencode_tui.ledger.selection import Selection
from opencode_tui.ledger.work_queries import WorkRow, work_of_calls
from opencode_tui.pricing.book import PriceBook
from opencode_tui.pricing.rates import Rates, cost_nano
from opencode_tui.readings.breakdown import read_breakdown, selection_of
from opencode_tui.readings.context import Context
from opencode_tui.records.calls import Tokens
from opencode_tui.records.model_key import split_key
from opencode_tui.records.repricing import Repriced, RepricedWork, summed_work, work_of
from opencode_tui.records.requests import BreakdownRequest

PriceAt = Callable[[int], Rates | None]
"""The price of a model at a moment in Unix milliseconds; None if none is known."""


def reprice(calls: Iterable[WorkRow], dimensions: int, price_at: PriceAt) -> dict[tuple[str, ...], RepricedWork]:
    """The calls at a price, by their keys of so many dimensions. Each is priced as of its own time and context.

    The amounts are those that the ledger would have locked: each is rounded on its own.
    """
    sums: dict[tuple[Any, ...], list[int]] = {}
    for row in calls:
        at_ms, *counts, spend, listed = row[dimensions:]
        found = sums.setdefault(row[:dimensions], [0] * 13)
        tokens = Tokens(*counts)
        rates = price_at(at_ms)
        if spend and not tokens.total:
            left_out = 9
        elif rates is None:
            left_out = 11
        else:
            found[0] += 1
            for place, count in enumerate(counts, 1):
                found[place] += count
            found[6] += spend
            found[7] += listed
            found[8] += cost_nano(tokens, rates.at(tokens.context))
            continue
        found[left_out] += 1
        found[left_out + 1] += spend
    return {tuple(map(str, keys)): work_of(found) for keys, found in sums.items()}


def price_of(model: str, directories: Iterable[str], book: PriceBook) -> PriceAt | None:
    """The price of a model by its key: in general, or else in the first of the directories that has one.

    None if no price of it is known for any time.
    """
    provider, name = split_key(model)
    place = next((each for each in ("", *directories) if book.lookup(provider, name, each)), "")
    if not book.lookup(provider, name, place) and not book.own_prices(provider, name):
        return None
    return lambda at_ms: book.custom(provider, name, at_ms) or book.lookup(provider, name, place, at_ms)


def read_work(
    connection: sqlite3.Connection, selection: Selection, price_at: PriceAt
) -> dict[tuple[str, ...], RepricedWork]:
    """The calls of a selection at a price, by the keys of its dimensions."""
    return reprice(work_of_calls(connection, selection), len(selection.by), price_at)


def read_repriced(request: BreakdownRequest, model: str, context: Context, book: PriceBook) -> Repriced:
    """A period's usage at the price of a model, given by its key. Raises ValueError without a price of it."""
    connection = context.connection
    price_at = price_of(model, queries.directories(connection, EVER), book)
    if price_at is None:
        raise ValueError(f"no price of {model} is known; set one with `opencode-tui prices set`")
    usage, selection = read_breakdown(request, context), selection_of(request, context)
    works = read_work(connection, selection, price_at)
    total = summed_work(works.values())
    if "tool" in selection.by:  # a call is in the row of each of its tools
        total = summed_work(read_work(connection, replace(selection, by=()), price_at).values())
    now = price_at(context.now_ms)
    return Repriced(
        usage=usage,
        model=model,
        groups=tuple((row.keys, works.get(row.keys, RepricedWork())) for row in usage.rows),
        total=total,
        price=(now.input, now.output, now.cache_read, now.cache_write) if now else None,
        has_tiers=bool(now and now.tiers),
    )
