"""Values of the exports as text: UTC moments, and amounts as decimals that are exact and have no exponent."""

from __future__ import annotations

from datetime import UTC

from opencode_tui.clock import Calendar
from opencode_tui.money import decimal_text
from opencode_tui.records.privacy import harmless

_UTC = Calendar(UTC)
_FORMULA = ("=", "+", "-", "@")


def usd_decimal(nano: int) -> str:
    """Nano-dollars as a decimal of USD with at most nine places: `0.05`, `12`, `-0.000000001`."""
    return decimal_text(nano)


def utc_moment(ms: int) -> str:
    """Such as `2026-05-13T14:23:00.000Z`; what is no date of the years 1970 to 9999 becomes the nearest one."""
    return _UTC.iso(ms).removesuffix("+00:00") + "Z"


def utc_second(ms: int) -> str:
    """Such as `2026-05-13T14:23:00Z`, rounded down."""
    return f"{_UTC.local(ms):%Y-%m-%dT%H:%M:%SZ}"


def plain_text(text: str) -> str:
    """The text without control characters, which a store can hold: the same in a file and on a terminal."""
    return harmless.lines(text)


def spreadsheet_text(text: str) -> str:
    """The text without control characters, and with a `'` before it where a spreadsheet would see a formula."""
    text = plain_text(text)
    return f"'{text}" if text.startswith(_FORMULA) else text
