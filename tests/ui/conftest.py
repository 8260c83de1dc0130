"""The tests of the screens depend on no clock but their own."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from tests.ui.quiet import wait_for_idle


@pytest.fixture(autouse=True)
def timeless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textual.app.wait_for_idle", wait_for_idle)
    monkeypatch.setattr("textual.pilot.wait_for_idle", wait_for_idle)
    monkeypatch.setattr(Input, "_toggle_cursor", lambda self: None)  # a picture is not to depend on the blinking
    monkeypatch.setattr("opencode_tui.ui.alerting.TOAST_S", 3600.0)
