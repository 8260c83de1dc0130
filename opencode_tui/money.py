"""Amounts of money as whole nano-dollars (1e-9 USD).

Integers add up exactly in any order; floats and decimals appear only at the edges, where OpenCode's
JSON is read and where text is made.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Decimal

NANO = 1_000_000_000
MAX_CALL_NANO = 1_000_000 * NANO  # a single call above $1,000,000 is a broken row, and would overflow sums


def nano_from_usd(amount: float | int | str | Decimal) -> int:
    """An amount in USD as nano-dollars, ties to even.

    Goes through the shortest decimal text of a float, so that 0.020912649999999998 becomes 20912650.
    Raises ValueError for what is not a finite number.
    """
    if isinstance(amount, bool):
        raise ValueError("an amount cannot be true or false")
    if isinstance(amount, float) and not math.isfinite(amount):
        raise ValueError(f"an amount cannot be {amount}")
    try:
        exact = amount if isinstance(amount, Decimal) else Decimal(str(amount))
        return int((exact * NANO).to_integral_value(ROUND_HALF_EVEN))
    except ArithmeticError as error:
        raise ValueError(f"not an amount: {amount!r}") from error


def usd(nano: int) -> float:
    """Nano-dollars as a float of USD for JSON; its shortest text is exact to 1e-9 below $4,000,000."""
    return nano / NANO


def format_usd(nano: int, *, cents: bool = False) -> str:
    """An amount for people: $12.34, and below a cent as many decimals as it takes to see it ($0.0042).

    With `cents`, always two decimals.
    """
    sign = "-" if nano < 0 else ""
    nano = abs(nano)
    dollars = Decimal(nano) / NANO
    if cents or nano == 0 or nano >= NANO // 100:
        return f"{sign}${dollars:,.2f}"
    if nano < NANO // 10_000:
        return f"{sign}<$0.0001"
    return f"{sign}${dollars:.4f}"


def share(part: int, whole: int) -> float:
    """The fraction that `part` is of `whole`, 0.0 where the whole is nothing."""
    return part / whole if whole else 0.0


def apportion(amount: int, weights: tuple[int, ...]) -> tuple[int, ...]:
    """The amount in whole parts that add up to it, in proportion to the weights.

    What rounding leaves goes to the largest remainders, the first of equal ones; zeros where no weight is.
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
    """Whole percentages of the parts that add up to 100, zeros where all parts are."""
    return apportion(100, parts)
