"""Validators of when a price of the user's own holds: from a day on, at hours of the day, above a context.

Each raises ValueError with the second half of a sentence: what is wrong, and what to write.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from itertools import combinations, pairwise

from opencode_tui.config import values
from opencode_tui.config.errors import shown
from opencode_tui.config.settings import CustomPrice, CustomTier, Hours

TIER_RATES = ("input", "output", "cache_read", "cache_write")
MOST_TOKENS = 1 << 53
_TIERS_EXAMPLE = "[{ above = 200000, input = 1.90, output = 8.00 }]"
_DAY_MINUTES = 24 * 60
_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9]) ?[-\u2013] ?(?:([01][0-9]|2[0-3]):([0-5][0-9])|24:00)")


def first_day(value: object) -> date:
    """A day, as TOML's own or as text."""
    if isinstance(value, str):
        with suppress(ValueError):
            value = date.fromisoformat(value)
    if isinstance(value, datetime) or not isinstance(value, date):
        raise ValueError(f"{shown(value)} is not a day; write one such as 2026-05-01")
    if not 1970 < value.year < 9999:
        raise ValueError(f"{value} is too far away; write a day such as 2026-05-01")
    return value


def hours_of_day(value: object) -> Hours:
    """Hours of the day from text such as `16:30-00:30`."""
    found = _HOURS.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{shown(value)} is no part of a day; write its hours such as '16:30-00:30'")
    start = int(found[1]) * 60 + int(found[2])
    end = _DAY_MINUTES if found[3] is None else int(found[3]) * 60 + int(found[4])
    if start == end:
        raise ValueError(f"{shown(value)} begins when it ends; write hours such as '16:30-00:30'")
    return start, end


def hours_text(hours: Hours) -> str:
    """Such as `16:30-00:30`, which `hours_of_day` reads."""
    return "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in hours)


def covers(hours: Hours, minute: int) -> bool:
    """Whether a minute of the day is within the hours."""
    start, end = hours
    return start <= minute < end if start < end else minute >= start or minute < end


def tiers_of_context(value: object) -> tuple[CustomTier, ...]:
    """The tiers of a price from a list of tables, in ascending order."""
    if not isinstance(value, list) or not all(isinstance(table, dict) for table in value):
        raise ValueError(f"{shown(value)} is no list of tiers; write one such as {_TIERS_EXAMPLE}")
    found = sorted(map(_tier, value), key=lambda tier: tier.above)
    for one, other in pairwise(found):
        if one.above == other.above:
            raise ValueError(f"two tiers are above {one.above} tokens; leave one of them out")
    return tuple(found)


def _tier(table: dict[str, object]) -> CustomTier:
    above = table.get("above")
    if isinstance(above, bool) or not isinstance(above, int) or not 0 < above < MOST_TOKENS:
        raise ValueError(
            f"a tier begins above a number of tokens, which {shown(above)} is not; write one such as {_TIERS_EXAMPLE}"
            if "above" in table
            else f"a tier does not say above how many tokens it begins; write one such as {_TIERS_EXAMPLE}"
        )
    rates: dict[str, int] = {}
    for key, rate in table.items():
        if key == "above":
            continue
        if key not in TIER_RATES:
            raise ValueError(f"a tier has no {shown(key)}; write above, and of {', '.join(TIER_RATES)} what it changes")
        try:
            rates[key] = values.price(rate)
        except ValueError as error:
            raise ValueError(f"{key} of the tier above {above} tokens: {error}") from None
    if not rates:
        raise ValueError(f"the tier above {above} tokens changes no price; write one such as {_TIERS_EXAMPLE}")
    return CustomTier(above, **rates)


def distinct(prices: Sequence[CustomPrice]) -> None:
    """Raises ValueError if two prices of a model begin on the same day and hold at the same time.

    Hours of two time zones may overlap: the first price counts then.
    """
    for one, other in combinations(prices, 2):
        if one.from_ != other.from_ or (one.hours is None) != (other.hours is None):
            continue
        when = f"from {one.from_} on" if one.from_ else "without a day in `from`"
        if one.hours is None or other.hours is None:
            raise ValueError(f"two prices hold {when}; give them different days, or hours to one")
        overlap = covers(one.hours, other.hours[0]) or covers(other.hours, one.hours[0])
        if overlap and one.zone == other.zone:
            both = f"{hours_text(one.hours)} and {hours_text(other.hours)}"
            raise ValueError(f"two prices {when} hold at the same time, {both}; let one end where the other begins")
