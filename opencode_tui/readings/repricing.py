"""Reads what a period's work would have cost at the price of another model; writes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from opencode_tui.analysis.matching import matching
from opencode_tui.clock import EVER, Calendar, Span
from opencode_tui.ledger import queries
from opencode_tui.ledger.work_queries import WorkRow, work_of_calls
from opencode_tui.pricing.book import PriceBook
from opencode_tui.pricing.rates import Rates, cost_nano
from opencode_tui.readings.context import Context
from opencode_tui.readings.usage import read_usage
from opencode_tui.records.calls import Tokens
from opencode_tui.records.model_key import split_key
from opencode_tui.records.repricing import Repriced, RepricedWork
from opencode_tui.records.requests import UsageRequest

PriceAt = Callable[[int], Rates | None]
"""The price of a model at a moment in Unix milliseconds; None if none is known."""


def reprice(calls: Iterable[WorkRow], price_at: PriceAt, name: Callable[[str, int], str]) -> dict[str, RepricedWork]:
    """The calls at a price, by `name(key, created_ms)`. Each call is priced as of when it was made, by its own context.

    The amounts are those that the ledger would have locked: each is rounded on its own.
    """
    sums: dict[str, list[int]] = {}
    for key, at_ms, *counts, spend, listed in calls:
        found = sums.setdefault(name(key, at_ms), [0] * 13)
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
    return {key: _work(found) for key, found in sums.items()}


def _work(sums: list[int]) -> RepricedWork:
    calls, *rest = sums
    return RepricedWork(calls, Tokens(*rest[:5]), *rest[5:])


def summed_work(works: Iterable[RepricedWork]) -> RepricedWork:
    """The sum of all."""
    sums = [0] * 13
    for work in works:
        amounts = (work.spend_nano, work.list_nano, work.repriced_nano)
        left_out = (work.no_tokens, work.no_tokens_nano, work.no_price, work.no_price_nano)
        values = (work.calls, *work.tokens.counts, *amounts, *left_out)
        sums = [sum(pair) for pair in zip(sums, values, strict=True)]
    return _work(sums)


def price_of(model: str, directories: Iterable[str], book: PriceBook) -> PriceAt | None:
    """The price of a model by its key: in general, or else in the first of the directories that has one.

    None if no price of it is known for any time.
    """
    provider, name = split_key(model)
    place = next((each for each in ("", *directories) if book.lookup(provider, name, each)), "")
    if not book.lookup(provider, name, place) and not book.own_prices(provider, name):
        return None
    return lambda at_ms: book.custom(provider, name, at_ms) or book.lookup(provider, name, place, at_ms)


def read_repriced(request: UsageRequest, model: str, context: Context, book: PriceBook) -> Repriced:
    """A period's usage at the price of a model, given by its key. Raises ValueError without a price of it."""
    usage = read_usage(request, context)
    connection, calendar = context.connection, context.calendar
    span = EVER if usage.label == "all" else calendar.span(usage.first, usage.last)
    price_at = price_of(model, queries.directories(connection, EVER), book)
    if price_at is None:
        raise ValueError(f"no price of {model} is known; set one with `opencode-tui prices set`")
    key, name = queries.SLICE_KEYS.get(request.by, "''"), _name_of(request.by, calendar)
    works = reprice(work_of_calls(connection, span, key, *_only(request, context, span)), price_at, name)
    now = price_at(context.now_ms)
    return Repriced(
        usage=usage,
        model=model,
        groups=tuple((group.key, works.get(group.key, RepricedWork())) for group in usage.groups),
        total=summed_work(works.values()),
        price=(now.input, now.output, now.cache_read, now.cache_write) if now else None,
        has_tiers=bool(now and now.tiers),
    )


def _only(request: UsageRequest, context: Context, span: Span) -> tuple[str, tuple[str, ...]]:
    """The condition of the request's filter, and its values."""
    if request.model is None:
        return "", ()
    only = matching(request.model, queries.models(context.connection, span))
    return f"AND {queries.SLICE_KEYS['model']} IN (SELECT value FROM json_each(?))", (json.dumps(only),)


def _name_of(by: str, calendar: Calendar) -> Callable[[str, int], str]:
    """The group of a call by its key and its time."""
    return (lambda _, at_ms: calendar.day(at_ms).isoformat()) if by == "day" else (lambda key, _: key)
