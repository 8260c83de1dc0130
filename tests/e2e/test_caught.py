"""The story that this program is for, on the real OpenCode: four redesigns of one file push the day over the warning.

The dashboard says so and why, `e` lands on the session, and with the guard on the fifth never reaches the model.
"""

from __future__ import annotations

import pytest

from opencode_tui.money import NANO, format_usd
from tests.e2e.bill import total_nano
from tests.e2e.conftest import Install
from tests.e2e.guarded import Guarded
from tests.e2e.model import ScriptedModel
from tests.e2e.terminal import terminal
from tests.e2e.test_guard import refused

pytestmark = pytest.mark.e2e


def test_four_redesigns_are_caught_and_the_fifth_is_held(install: Install, model: ScriptedModel) -> None:
    opencode = install("1.18.34")
    guard = Guarded(opencode)
    session = opencode.run("EDIT it")
    for _ in range(2):
        opencode.run("EDIT it", session=session)
    guard.install(cutoff=99, warning=total_nano(model.recorded) / NANO + 0.0001)

    with terminal(opencode.home, width=130, height=40) as pane:
        pane.until("guarded", format_usd(total_nano(model.recorded)))
        opencode.run("EDIT it", session=session)
        spent = total_nano(model.recorded)
        caught = pane.until("is past the warning", "4× edits of a.py", "seen")
        assert "a round" in caught
        pane.type("e")
        pane.until(f"-s {session}", "4 turns")
        pane.type("Escape")
        pane.until("Today", format_usd(spent))
        pane.type("A")
        pane.until("Today", gone="4× edits of a.py")
        pane.type("5")
        pane.until("Why", "4× edits of a.py", "seen")

        guard.install(cutoff=spent / NANO)
        asked = len(model.answered)
        assert "so this call was not made" in refused(opencode, "EDIT it a fifth time")
        assert len(model.answered) == asked
        pane.type("q")
        pane.until("ended 0")
