"""The story that this program is for, on the real OpenCode: four redesigns of one file push the day over the warning.

The dashboard says so, and why, while the fourth is under way; `enter` lands on the session with the cause marked; and
with the guard on, the fifth never reaches the model.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from opencode_tui.money import format_usd, nano_from_usd
from tests.e2e.bill import total_nano
from tests.e2e.guarded import HOW_TO_GO_ON, Guarded, refused
from tests.e2e.model import ScriptedModel
from tests.e2e.opencode import LATEST, Install
from tests.e2e.terminal import terminal

pytestmark = pytest.mark.e2e

WARNING = nano_from_usd("0.80")


@pytest.mark.parametrize(("width", "height"), [(140, 44), (36, 44)], ids=["wide", "narrow"])
def test_four_redesigns_are_caught_and_the_fifth_is_held(
    install: Install, model: ScriptedModel, tmp_path: Path, width: int, height: int
) -> None:
    opencode = install(LATEST)
    guard = Guarded(opencode)
    guard.install(warning=0.80, cutoff=1.50)
    with terminal(opencode.home, width=width, height=height) as pane:
        pane.until("No OpenCode store found")
        session = opencode.run("REDESIGN the header")
        pane.until("Today · guarded")
        for _ in range(2):
            opencode.run("REDESIGN the header", session=session)
        assert total_nano(model.recorded) < WARNING
        pane.until(format_usd(total_nano(model.recorded)) if width > 64 else "1 session")
        assert "past the warning" not in pane.screen() and not pane.rang

        opencode.run("REDESIGN the header", session=session)
        assert WARNING <= total_nano(model.recorded) < nano_from_usd("1.50")
        said = told(pane.until("▲ Warning", "past the warning", "⏎ open  a seen"))
        assert re.search(r"\$0\.8\d is past the warning \$0\.80: 4× edits of a\.py in \"", said)
        assert re.search(r"about \$0\.(19|2\d) a round", said)
        assert pane.rang

        pane.type("Enter")
        opened = pane.until(session, "▲ 4× edits of a.py", "▲ same", gone="▲ Warning")
        assert opened.count("▲ same") == 4
        pane.type("Escape")
        pane.until("Today · guarded", gone="past the warning $0.80: 4×")

        guard.install(warning=0.80, cutoff=0.80)
        asked = len(model.answered)
        said = refused(opencode, "REDESIGN it a fifth time", "--session", session)
        assert f"{format_usd(total_nano(model.recorded))} is spent today and the cutoff is $0.80" in said
        assert HOW_TO_GO_ON in said
        assert len(model.answered) == asked
        pane.type("5")
        # Of the session's four alerts the one that was opened is seen.
        pane.until("Why", "4× edits of a.py", "3 new" if width > 64 else "past the cutoff $0.80")
        pane.type("q")
        pane.until("ended 0")


def told(screen: str) -> str:
    """What stands on the screen as one line, whatever the pane has broken."""
    return " ".join(screen.split())
