"""A price is written into config.toml with all comments kept, whatever form the prices there have."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from opencode_tui.config.errors import SettingsError
from opencode_tui.config.price_editing import PriceFields, with_price

PRICE: PriceFields = {"input": Decimal("0.95"), "output": Decimal(4)}
LATER: PriceFields = {**PRICE, "from": date(2026, 5, 1)}
NIGHT: PriceFields = {**PRICE, "hours": "16:30-00:30"}
FORMS = [
    "",
    "# only a comment\n[budget]\nwarning_usd = 1 # x\n",
    '[pricing]\nprefer = "list" # y\n\n[poll]\ninterval_s = 2.0\n',
    '[pricing]\n# k\n[pricing.custom."a/b"] # head\n# mine\ninput = 1 # in\noutput = 2\n# end\n\n[poll]\n',
    '[pricing]\nprefer = "list"\n[poll]\n[pricing.custom."a/b"]\ninput = 1 # in\n[ui]\nmouse = true\n',
    '[pricing.custom]\n"a/b" = {input = 1, output = 2} # c\n',
    'pricing = {custom = {"a/b" = {input = 1}}}\n',
    'pricing.custom."a/b".input = 3 # z\n[poll]\n',
    '[[pricing.custom."a/b"]]\ninput = 1 # in\n[[pricing.custom."a/b"]]\ninput = 2\nfrom = 2026-05-01 # f\n[ui]\n',
    '[pricing.custom]\n"a/b" = [{input = 1}, {input = 2, hours = "16:30-00:30"}] # c\n',
    '[pricing.custom."c/d"]\ninput = 1\r\n',
]


def prices(text: str) -> dict[str, list[dict[str, Any]]]:
    custom = tomllib.loads(text).get("pricing", {}).get("custom", {})
    return {key: value if isinstance(value, list) else [value] for key, value in custom.items()}


@pytest.mark.parametrize("price", [PRICE, LATER, NIGHT], ids=["always", "from", "hours"])
@pytest.mark.parametrize("text", FORMS)
def test_a_price_is_added_or_changed_and_all_else_stays(text: str, price: PriceFields) -> None:
    after = with_price(text, "a/b", price)
    for comment in (line.partition("#")[2] for line in text.splitlines() if "#" in line):
        assert f"#{comment}" in after
    when = {key: price.get(key) for key in ("from", "hours")}
    before, now = prices(text), prices(after)
    same = [each for each in now.pop("a/b") if {key: each.get(key) for key in when} == when]
    assert [(each["input"], each["output"]) for each in same] == [(0.95, 4.0)]
    others = [each for each in before.pop("a/b", []) if {key: each.get(key) for key in when} != when]
    assert [each for each in prices(after)["a/b"] if each not in same] == others
    assert now == before
    rest = [{key: value for key, value in tomllib.loads(each).items() if key != "pricing"} for each in (text, after)]
    assert rest[0] == rest[1]


def test_a_price_that_is_set_again_keeps_the_rates_that_are_not_named() -> None:
    text = '[pricing.custom."a/b"]\ninput = 1\ncache_read = 0.1 # kept\n'
    assert with_price(text, "a/b", PRICE) == (
        '[pricing.custom."a/b"]\ninput = 0.95\ncache_read = 0.1 # kept\noutput = 4.0\n'
    )


@pytest.mark.parametrize("text", ["pricing = 3", "[pricing]\ncustom = 3", "[pricing.custom]\n'a/b' = 3", "[pricing"])
def test_what_cannot_be_changed_is_said(text: str) -> None:
    with pytest.raises(SettingsError, match=r"not TOML|write it there yourself"):
        with_price(text, "a/b", PRICE)


@pytest.mark.parametrize("head", ["", "[budget]\nwarning_usd = 1\n[pricing]\n"])
def test_a_price_stands_below_those_in_dotted_keys(head: str) -> None:
    name = "custom" if head else "pricing.custom"
    text = head + "".join(f'{name}."c/d".{rate} = 1 # {rate}\n' for rate in ("input", "output"))
    end = 'prefer = "list"\n' if head else 'pricing.prefer = "list"\n'
    after = with_price(text + end, "a/b", LATER)
    assert after == text + f'{name}."a/b" = {{input = 0.95, output = 4.0, from = 2026-05-01}}\n' + end


def test_a_list_in_place_of_dotted_keys_is_not_called_broken() -> None:
    text = "".join(f'pricing.custom."c/d".{rate} = 1\n' for rate in ("input", "output")) + 'pricing.prefer = "list"\n'
    with pytest.raises(SettingsError, match="instead of dotted keys") as refused:
        with_price(text, "c/d", LATER)
    assert "not TOML" not in str(refused.value)


def test_tiers_are_written_changed_and_taken_out() -> None:
    tiers: list[dict[str, int | Decimal]] = [{"above": 200_000, "input": Decimal("1.90"), "output": Decimal(8)}]
    written = with_price("# mine\n", "a/b", {**PRICE, "tiers": tiers})
    assert "tiers = [{above = 200000, input = 1.90, output = 8.0}]\n" in written
    assert prices(written)["a/b"][0]["tiers"] == [{"above": 200000, "input": 1.9, "output": 8.0}]
    again = with_price(written, "a/b", PRICE)
    assert again == written, "as the rates that are not named"
    other = with_price(written, "a/b", {**PRICE, "tiers": [{"above": 100_000, "cache_read": Decimal("0.1")}]})
    assert prices(other)["a/b"][0]["tiers"] == [{"above": 100000, "cache_read": 0.1}]
    assert "tiers" not in with_price(other, "a/b", {**PRICE, "tiers": []})
    inline = with_price('pricing.custom."c/d" = { input = 1 }\n', "a/b", {**PRICE, "tiers": tiers})
    assert prices(inline)["a/b"][0]["tiers"] == [{"above": 200000, "input": 1.9, "output": 8.0}]
