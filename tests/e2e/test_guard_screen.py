"""The guard in OpenCode's own screen, typed into as a person does."""

from __future__ import annotations

import time

import pytest

from opencode_tui.money import NANO
from tests.e2e.guarded import Guarded
from tests.e2e.model import ScriptedModel
from tests.e2e.opencode import LATEST, Install
from tests.e2e.opencode2 import LATEST_2
from tests.e2e.server import until
from tests.e2e.terminal import Terminal, screen_of

pytestmark = pytest.mark.e2e


def is_refused(pane: Terminal) -> bool:
    """After Enter, which a screen that has only just come up may not take."""
    pane.type("Enter")
    time.sleep(1)
    return "opencode-tui guard: $2.00 is spent today" in pane.screen()


@pytest.mark.parametrize("version", [LATEST, LATEST_2, "1.14.48", "1.2.27"])
def test_what_is_typed_past_the_cutoff_is_refused_on_the_screen(
    install: Install, model: ScriptedModel, version: str
) -> None:
    opencode = install(version)
    opencode.fetches_list = True
    guard = Guarded(opencode)
    guard.install(cutoff=1)
    guard.spend(2 * NANO)
    with screen_of(opencode) as pane:
        pane.until("Ask anything")
        pane.write("hello")
        pane.until("hello")
        until(lambda: is_refused(pane), pane.screen)
        assert model.asked == 0
        guard.do("lift", "--for", "30m")
        pane.write("go on")
        pane.until("go on")
        pane.type("Enter")
        until(lambda: model.asked > 0, "the model is not asked")
