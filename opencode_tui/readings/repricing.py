"""Reads what a period's work would have cost at the price of another model; writes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from msgspec.structs import replace

from opencode_tui.clock import EVER
from opencode_tui.ledger import queries
from opencode_tui.ledger.selection import Selection
from opencode_tui.ledger.work_queries import WorkRow, work_of_calls
from opencode_tui.pricing.book import PriceAt, PriceBook
from opencode_tui.pricing.rates import CallCost, Rates, cost_at, for_other_models
from opencode_tui.readings.breakdown import read_breakdown, selection_of
from opencode_tui.readings.context import Context
from opencode_tui.records.answers import Comparison
from opencode_tui.records.model_key import split_key
from opencode_tui.records.repricing import Repriced, RepricedWork, summed_work, work_of
from opencode_tui.records.requests import BreakdownRequest, ComparisonRequest


def reprice(calls: Iterable[WorkRow], dimensions: int, price_at: PriceAt) -> dict[tuple[str, ...], RepricedWork]:
    """The calls at a price, by their keys of so many dimensions. Each is priced as of its own time and context, those
    of other models `for_other_models`.

    The amounts are those that the ledger would have locked: each is rounded on its own.
    """
    sums: dict[tuple[Any, ...], list[int]] = {}
    costs: dict[tuple[Rates, int], CallCost] = {}
    last: tuple[Rates | None, int] = None, 0
    for row in calls:
        at_ms, input, output, reasoning, cache_read, cache_write, spend, listed, is_own = row[dimensions:]
        keys = row[:dimensions]
        found = sums.get(keys) or sums.setdefault(keys, [0] * 13)
        rates = price_at(at_ms)
        if spend and not (input or output or reasoning or cache_read or cache_write):
            found[9] += 1
            found[10] += spend
            continue
        if rates is None:
            found[11] += 1
            found[12] += spend
            continue
        if rates is not last[0] or is_own != last[1]:  # they are most often those of the call before
            last = rates, is_own
            if (known := costs.get(last)) is None:
                known = costs[last] = cost_at(rates if is_own else for_other_models(rates))
            cost = known
        found[0] += 1
        found[1] += input
        found[2] += output
        found[3] += reasoning
        found[4] += cache_read
        found[5] += cache_write
        found[6] += spend
        found[7] += listed
        found[8] += cost(input, output, reasoning, cache_read, cache_write)
    return {tuple(map(str, keys)): work_of(found) for keys, found in sums.items()}


def price_of(model: str, directories: Iterable[str], book: PriceBook) -> PriceAt | None:
    """The price of a model by its key: in general, or else in the first of the directories that has one.

    None if no price of it is known for any time.
    """
    provider, name = split_key(model)
    place = next((each for each in chain([""], directories) if book.lookup(provider, name, each)), "")
    if not book.lookup(provider, name, place) and not book.own_prices(provider, name):
        return None
    return book.price_at(provider, name, place)


def _directories(connection: sqlite3.Connection) -> Iterator[str]:
    """All directories of calls, read from the ledger only if they are asked for."""
    yield from queries.directories(connection, EVER)


def read_work(
    connection: sqlite3.Connection, selection: Selection, model: str, price_at: PriceAt
) -> dict[tuple[str, ...], RepricedWork]:
    """The calls of a selection at the price of a model, by the keys of its dimensions."""
    return reprice(work_of_calls(connection, selection, model), len(selection.by), price_at)


def read_work_on(request: BreakdownRequest, model: str, context: Context, book: PriceBook) -> RepricedWork | None:
    """All calls of a request at the price of a model, given by its key; None if no price of it is known.

    For two rows side by side: each row's calls, by a filter for its key, on the model of the other.
    """
    price_at = price_of(model, _directories(context.connection), book)
    if price_at is None:
        return None
    works = read_work(context.connection, replace(selection_of(request, context), by=()), model, price_at)
    return summed_work(works.values())


def read_comparison(request: ComparisonRequest, context: Context) -> Comparison:
    """What the work of each of two models would have cost on the other."""
    one, other = request.models
    works = tuple(
        None if context.book is None else read_work_on(work, model, context, context.book)
        for work, model in zip(request.works, (other, one), strict=True)
    )
    return Comparison(request, context.now_ms, (works[0], works[1]))


def read_repriced(request: BreakdownRequest, model: str, context: Context, book: PriceBook) -> Repriced:
    """A period's usage at the price of a model, given by its key. Raises ValueError without a price of it."""
    connection = context.connection
    price_at = price_of(model, _directories(connection), book)
    if price_at is None:
        raise ValueError(f"no price of {model} is known; set one with `opencode-tui prices set`")
    usage, selection = read_breakdown(request, context), selection_of(request, context)
    works = read_work(connection, selection, model, price_at)
    groups = tuple((row.keys, works.get(row.keys, RepricedWork())) for row in usage.rows)
    total, outer = summed_work(works.values()), dict[str, RepricedWork]()
    if "tool" in selection.by:  # a call is in the row of each of its tools
        total = summed_work(read_work(connection, replace(selection, by=()), model, price_at).values())
    if usage.outer:
        of_first = selection_of(replace(request, by=request.by[:1]), context)
        outer = {keys[0]: work for keys, work in read_work(connection, of_first, model, price_at).items()}
    now = price_at(context.now_ms)
    return Repriced(
        usage=usage,
        model=model,
        groups=groups,
        total=total,
        price=(now.input, now.output, now.cache_read, now.cache_write) if now else None,
        has_tiers=bool(now and now.tiers),
        outer=outer,
    )
