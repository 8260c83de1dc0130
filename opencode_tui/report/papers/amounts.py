"""Amounts in reports: exact ones, and short ones for charts."""

from __future__ import annotations

from opencode_tui.money import NANO, decimal_text, format_usd


def decimal_usd(nano: int) -> str:
    """An amount in USD without rounding, with two decimals or more: `5.90`, `0.013297801`."""
    return decimal_text(nano, least=2)


def brief_usd(nano: int) -> str:
    """An amount in at most six characters below $10,000,000: `$0.83`, `$123`, `$12k`."""
    dollars = nano / NANO
    if dollars < 99.995:
        return format_usd(nano, cents=True)
    for unit, size in (("", 1), ("k", 10**3), ("M", 10**6), ("B", 10**9)):
        if dollars < 9_999.5 * size:
            return f"${dollars / size:.0f}{unit}"
    return f"${dollars:.0e}"


def percent(part: int, whole: int) -> str:
    """The share of a part, such as `12%`; `<1%` for less than half of one, and empty without a whole."""
    if whole <= 0:
        return ""
    halves = part * 200 // whole
    return "<1%" if part > 0 and not halves else f"{(halves + 1) // 2:,}%"
