"""Amounts of money as whole nano-dollars (1e-9 USD), and amounts and counts as text.

Integer sums are exact in any order; floats and decimals appear only where JSON is read or text is made.
"""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_EVEN, Decimal

NANO = 1_000_000_000
_CENT = NANO // 100
_TYPED = re.compile(r"(\d{1,3}(,\d{3})+|\d+)(\.\d*)?|\.\d+", re.ASCII)
MAX_CALL_NANO = 1_000_000 * NANO  # a single call above $1,000,000 is a broken row, and would overflow sums


def nano_from_usd(amount: float | int | str | Decimal) -> int:
    """An amount in USD as nano-dollars, ties to even.

    A float is read by its shortest decimal text, so that 0.020912649999999998 becomes 20912650.
    Raises ValueError unless it is a finite number.
    """
    # Below $100,000 the product is within 0.02 of the exact one, so far from a tie it rounds to the same number.
    if type(amount) is float and -1e5 < amount < 1e5 and abs((scaled := amount * 1e9) - (nano := round(scaled))) < 0.4:
        return nano
    if isinstance(amount, bool) or (isinstance(amount, str) and "_" in amount):
        raise ValueError(f"not an amount: {amount!r}")
    if isinstance(amount, float) and not math.isfinite(amount):
        raise ValueError(f"an amount cannot be {amount}")
    try:
        exact = amount if isinstance(amount, Decimal) else Decimal(str(amount))
        return int((exact * NANO).to_integral_value(ROUND_HALF_EVEN))
    except ArithmeticError as error:
        raise ValueError(f"not an amount: {amount!r}") from error


def typed_usd(text: str) -> Decimal:
    """An amount in USD as a person types it, such as `2.50`, `$3` or `1,234.50`.

    A comma may only stand between thousands: as a decimal comma it would make an amount a hundred times larger.
    Raises ValueError with a sentence.
    """
    bare = text.strip().removeprefix("$").strip()
    if not _TYPED.fullmatch(bare):
        raise ValueError(f"“{text.strip()}” is not an amount in dollars; write one such as 2.50")
    return Decimal(bare.replace(",", ""))


def usd(nano: int) -> float:
    """Nano-dollars as a float of USD for JSON; its shortest text is exact to 1e-9 below $4,000,000."""
    return nano / NANO


def format_usd(nano: int, *, cents: bool = False) -> str:
    """An amount as text: $12.34, with more decimals below a cent ($0.0042).

    `cents` forces two decimals.
    """
    sign = "-" if nano < 0 else ""
    nano = abs(nano)
    if cents or nano == 0 or nano >= _CENT:
        dollars, hundredths = divmod(_rounded(nano, _CENT), 100)
        return f"{sign}${dollars:,}.{hundredths:02}"
    if nano < NANO // 10_000:
        return f"{sign}<$0.0001"
    return f"{sign}$0.{_rounded(nano, NANO // 10_000):04}"


def _rounded(number: int, unit: int) -> int:
    """How many times a unit fits into a number, to the nearest, and to the even one from half way between two."""
    times, rest = divmod(number, unit)
    return times + (2 * rest > unit or (2 * rest == unit and times % 2))


def decimal_text(number: int, unit: int = NANO, least: int = 0) -> str:
    """A number of parts of a unit, which is a power of ten, without rounding or an exponent.

    It has `least` decimals or more: `12`, `0.05`, with two `5.90`.
    """
    whole, rest = divmod(abs(number), unit)
    decimals = str(unit + rest)[1:].rstrip("0").ljust(least, "0")
    return f"{'-' if number < 0 else ''}{whole}{'.' if decimals else ''}{decimals}"


def share(part: int, whole: int) -> float:
    """`part / whole`, or 0.0 when `whole` is 0."""
    return part / whole if whole else 0.0


def apportion(amount: int, weights: tuple[int, ...]) -> tuple[int, ...]:
    """Split an amount into integers proportional to the weights that add up to it.

    The rest after rounding goes to the largest remainders, earlier ones first; all zeros if no weight is positive.
    """
    whole = sum(weights)
    if whole <= 0:
        return (0,) * len(weights)
    shares = [divmod(amount * weight, whole) for weight in weights]
    parts = [part for part, _ in shares]
    left = amount - sum(parts)
    if left:
        by_remainder = sorted(range(len(weights)), key=lambda i: -shares[i][1])
        for i in by_remainder[:left]:
            parts[i] += 1
    return tuple(parts)


def percentages(parts: tuple[int, ...]) -> tuple[int, ...]:
    """Integer percentages of the parts that add up to 100; all zeros if every part is."""
    return apportion(100, parts)


def plural(count: int, noun: str) -> str:
    """Such as `1 call` and `2,140 calls`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def tokens_text(count: int) -> str:
    """A count of tokens in at most four characters below a trillion: 950, 1.2k, 34k, 1.2M, 8.1B."""
    for unit, size in (("B", 10**9), ("M", 10**6), ("k", 10**3)):
        if count >= size - size // 2000:  # what would round to 1000 of the smaller unit
            amount = count / size
            return f"{amount:.1f}{unit}" if amount < 9.95 else f"{amount:.0f}{unit}"
    return str(count)
