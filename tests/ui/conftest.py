"""The tests of the screens depend on no clock but their own, and on no terminal."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.textual_internals import (
    count_parameters_by_code,
    defer_drawing,
    keep_maps_of_rules,
    keep_parsed_styles,
    keep_strips_in_plain_dicts,
    match_last_selector_first,
    remember_handlers,
    replace_waiting,
    stop_cursor_blinking,
)
from tests.ui.quiet import wait_for_idle, wait_undrawn

COLLECTED: set[tuple[str, str]] = set()
"""Modules and tests, also those that are not run."""


PARSED: dict[Any, Any] = {}
MAPPED: dict[Any, Any] = {}
HANDLERS: dict[Any, Any] = {}


def pytest_itemcollected(item: pytest.Item) -> None:
    COLLECTED.add((item.path.stem, item.name))


@pytest.fixture
def collected() -> set[tuple[str, str]]:
    return COLLECTED


@pytest.fixture(scope="module", autouse=True)
def _others_are_collected() -> None:
    """What the tests of other folders left open is found before `_uncollected` hides it."""
    gc.collect()


@pytest.fixture(autouse=True)
def _uncollected() -> Iterator[None]:
    """A dead app stays to the end: taking its thousands of cycles apart is a tenth of the time of these tests.

    The collector would find what was never closed, so this asks for it: whatever stays open has a descriptor.
    """
    gc.disable()
    before = _descriptors()
    yield
    gc.freeze()
    gc.enable()
    assert _descriptors() <= before, "the test left a file, a socket, a database or an event loop open"


def _descriptors() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())


@pytest.fixture(autouse=True)
def timeless(monkeypatch: pytest.MonkeyPatch) -> None:
    replace_waiting(monkeypatch, wait_undrawn, wait_for_idle)
    stop_cursor_blinking(monkeypatch)
    keep_parsed_styles(PARSED, monkeypatch)
    keep_maps_of_rules(MAPPED, monkeypatch)
    count_parameters_by_code(monkeypatch)
    keep_strips_in_plain_dicts(monkeypatch)
    match_last_selector_first(monkeypatch)
    remember_handlers(HANDLERS, monkeypatch)
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
