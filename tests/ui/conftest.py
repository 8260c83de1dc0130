"""The tests of the screens depend on no clock but their own."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from tests.ui.quiet import wait_for_idle

COLLECTED: set[tuple[str, str]] = set()
"""Modules and tests, also those that are not run."""


def pytest_itemcollected(item: pytest.Item) -> None:
    COLLECTED.add((item.path.stem, item.name))


@pytest.fixture
def collected() -> set[tuple[str, str]]:
    return COLLECTED


@pytest.fixture(autouse=True)
def timeless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textual.app.wait_for_idle", wait_for_idle)
    monkeypatch.setattr("textual.pilot.wait_for_idle", wait_for_idle)
    monkeypatch.setattr(Input, "_toggle_cursor", lambda self: None)  # a picture is not to depend on the blinking
    monkeypatch.setattr("opencode_tui.ui.alerting.TOAST_S", 3600.0)
