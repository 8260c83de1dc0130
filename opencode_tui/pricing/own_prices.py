"""The user's own prices of a model by the moments at which each holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from msgspec import Struct

from opencode_tui.clock import MINUTE_MS, Calendar, Span, calendar_for
from opencode_tui.config.price_values import covers, hours_text
from opencode_tui.config.settings import CustomPrice, CustomTier, Hours
from opencode_tui.pricing.rates import Rates, Tier

LAST_MOMENT = (1 << 63) - 1
"""A moment after all others, in Unix milliseconds: what holds then is the newest."""


class OwnPrice(Struct, frozen=True):
    """One price, and when it holds."""

    rates: Rates
    since_ms: int | None
    """The first moment at which it holds; None means that it always has."""
    hours: Hours | None
    calendar: Calendar
    """Whose days the hours are of."""
    zone: str

    def holds(self, at_ms: int) -> bool:
        if self.since_ms is not None and at_ms < self.since_ms:
            return False
        if self.hours is None:
            return True
        local = self.calendar.local(at_ms)
        return covers(self.hours, local.hour * 60 + local.minute)

    @property
    def hours_in_zone(self) -> str:
        """Such as `16:30-00:30 UTC`; empty for all hours."""
        return f"{hours_text(self.hours)} {self.zone or 'local time'}" if self.hours else ""


class OwnPrices:
    """All own prices of one model."""

    def __init__(self, prices: Sequence[CustomPrice]) -> None:
        found = map(_own_price, prices)
        self.prices = sorted(found, key=lambda price: (price.since_ms is None, -(price.since_ms or 0), not price.hours))
        """In the order in which they are asked: the latest first, and of one day those with hours."""

    def at(self, at_ms: int) -> Rates | None:
        """The price at a moment in Unix milliseconds; None if none holds."""
        return next((price.rates for price in self.prices if price.holds(at_ms)), None)

    @property
    def is_constant(self) -> bool:
        """Whether there is one price that always holds."""
        return len(self.prices) == 1 and self.prices[0].since_ms is None and self.prices[0].hours is None

    def changes(self, span: Span) -> list[tuple[int, Rates | None]]:
        """The price at the start of a span and at each moment in it at which the price becomes another."""
        found: list[tuple[int, Rates | None]] = []
        for at_ms in sorted({span.start_ms, *filter(span.__contains__, self._edges(span))}):
            rates = self.at(at_ms)
            if not found or rates != found[-1][1]:
                found.append((at_ms, rates))
        return found

    def _edges(self, span: Span) -> Iterator[int]:
        """All moments at which a price may begin or end to hold, in any order."""
        for price in self.prices:
            if price.since_ms is not None:
                yield price.since_ms
            if price.hours:
                day, last = price.calendar.day(span.start_ms), price.calendar.day(span.end_ms)
                while day <= last:
                    yield from _edges_of_day(day, price.hours, price.calendar)
                    day += timedelta(days=1)


def _edges_of_day(day: date, hours: Hours, calendar: Calendar) -> Iterator[int]:
    start_ms, end_ms = calendar.start_of(day), calendar.start_of(day + timedelta(days=1))
    yield from (start_ms, end_ms)
    if end_ms - start_ms != 24 * 60 * MINUTE_MS:  # the clock is set, so that hours may be missing or come twice
        yield from range(start_ms, end_ms, MINUTE_MS)
        return
    yield from (start_ms + minute * MINUTE_MS for minute in hours)


def _own_price(price: CustomPrice) -> OwnPrice:
    calendar = calendar_for(price.zone)
    since_ms = None if price.from_ is None else calendar.start_of(price.from_)
    own = OwnPrice(Rates(0, 0), since_ms, price.hours, calendar, price.zone)
    when = " ".join(filter(None, (f"from {price.from_}" if price.from_ else "", own.hours_in_zone)))
    source = f"custom, {when}" if when else "custom"
    tiers = tuple(_tier(tier, price) for tier in price.tiers)
    rates = Rates(price.input, price.output, price.cache_read, price.cache_write, tiers, source)
    return OwnPrice(rates, since_ms, price.hours, calendar, price.zone)


def _tier(tier: CustomTier, price: CustomPrice) -> Tier:
    given = (tier.input, tier.output, tier.cache_read, tier.cache_write)
    below = (price.input, price.output, price.cache_read, price.cache_write)
    return Tier(tier.above, *(own if rate is None else rate for rate, own in zip(given, below, strict=True)))
