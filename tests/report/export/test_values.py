"""Amounts and moments as text: exact, and without an exponent, whatever a ledger can hold."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from opencode_tui.report.export.values import spreadsheet_text, usd_decimal, utc_moment, utc_second

INTEGERS = st.integers(-(1 << 63), (1 << 63) - 1)


@given(INTEGERS)
def test_an_amount_is_exact_and_plain(nano: int) -> None:
    text = usd_decimal(nano)
    assert Decimal(text) * 10**9 == nano
    assert set(text) <= set("-.0123456789") and not text.endswith((".", "-"))


def test_amounts_are_short() -> None:
    assert [usd_decimal(n) for n in (0, 1, 50_000_000, 12 * 10**9, -(10**9) // 2)] == [
        "0",
        "0.000000001",
        "0.05",
        "12",
        "-0.5",
    ]


@given(INTEGERS)
def test_any_moment_is_a_date(ms: int) -> None:
    assert "1970" <= utc_moment(ms)[:4] <= "9999" and utc_moment(ms).endswith("Z")


def test_moments_are_utc() -> None:
    assert utc_moment(1_778_682_180_250) == "2026-05-13T14:23:00.250Z"
    assert utc_second(1_778_682_180_999) == "2026-05-13T14:23:00Z"


def test_only_a_formula_gets_a_quote() -> None:
    assert [spreadsheet_text(text) for text in ("=1", "+1", "-1", "@x", "a=1", "")] == [
        "'=1",
        "'+1",
        "'-1",
        "'@x",
        "a=1",
        "",
    ]
