"""The tests of the screens depend on no clock but their own, and on no terminal."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.textual_internals import (
    count_parameters_by_code,
    defer_drawing,
    keep_maps_of_rules,
    keep_parsed_styles,
    keep_strips_in_plain_dicts,
    replace_waiting,
    stop_cursor_blinking,
)
from tests.ui.quiet import wait_for_idle, wait_undrawn

COLLECTED: set[tuple[str, str]] = set()
"""Modules and tests, also those that are not run."""


PARSED: dict[Any, Any] = {}
MAPPED: dict[Any, Any] = {}


def pytest_itemcollected(item: pytest.Item) -> None:
    COLLECTED.add((item.path.stem, item.name))


@pytest.fixture
def collected() -> set[tuple[str, str]]:
    return COLLECTED


@pytest.fixture(autouse=True)
def timeless(monkeypatch: pytest.MonkeyPatch) -> None:
    replace_waiting(monkeypatch, wait_undrawn, wait_for_idle)
    stop_cursor_blinking(monkeypatch)
    keep_parsed_styles(PARSED, monkeypatch)
    keep_maps_of_rules(MAPPED, monkeypatch)
    count_parameters_by_code(monkeypatch)
    keep_strips_in_plain_dicts(monkeypatch)
    monkeypatch.setattr("opencode_tui.ui.alerting.TOAST_S", 3600.0)


@pytest.fixture(autouse=True)
def drawn_at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A screen is drawn once it is quiet or looked at, not after each of the steps that lead there."""
    defer_drawing(monkeypatch)


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Colours and no animations, whatever the terminal of the tests has."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("textual.constants.TEXTUAL_ANIMATIONS", "none")
