"""Values are changed in config.toml with everything around them as it was."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from opencode_tui.config.editing import with_values
from opencode_tui.config.errors import SettingKey, SettingsError

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


def test_comments_order_and_the_other_values_stay() -> None:
    text = EXAMPLE.read_text()
    changes: dict[SettingKey, Decimal | str] = {
        ("budget", "warning_usd"): Decimal("0.90"),
        ("channels", "desktop"): "warning",
        ("poll", "interval_s"): Decimal(5),
    }
    expected = text.replace("warning_usd = 0.80", "warning_usd = 0.90").replace(
        'desktop = "off"', 'desktop = "warning"'
    )
    assert with_values(text, changes) == expected.replace("interval_s = 2.0", "interval_s = 5.0")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment",
        "budget.warning_usd = 1",
        "budget = {warning_usd = 1}",
        "[budget]\nwarning_usd = 1 # mine\n[chart]",
        '[guard.projects]\n"~/shop" = 1.5',
        "\r\n[budget]\r\nwarning_usd = 1\r\n",
    ],
)
def test_whatever_form_the_tables_have(text: str) -> None:
    before = tomllib.loads(text)
    after = tomllib.loads(with_values(text, {("budget", "cutoff_usd"): Decimal("2.50"), ("ui", "theme"): 'a"b'}))
    assert after == before | {"budget": before.get("budget", {}) | {"cutoff_usd": 2.5}, "ui": {"theme": 'a"b'}}


@pytest.mark.parametrize("text", ["budget = 3", "[budget", "budget = [1]"])
def test_what_cannot_be_changed_is_said(text: str) -> None:
    with pytest.raises(SettingsError, match=r"not TOML|has to be a table"):
        with_values(text, {("budget", "cutoff_usd"): Decimal("2.50")})
