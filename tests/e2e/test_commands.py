"""/usage and /globalusage inside the real OpenCode: what `commands install` puts there is what the model is asked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.e2e.hold import NewLedger
from tests.e2e.model import ScriptedModel
from tests.e2e.opencode import LATEST, Install
from tests.e2e.opencode2 import LATEST_2

pytestmark = pytest.mark.e2e

ASKED = "Repeat the lines below to me word for word, in a code block. Do not use tools, do not add anything.\n\n"


@pytest.mark.parametrize("version", [LATEST, LATEST_2])
def test_both_commands_put_our_lines_into_the_prompt(
    install: Install, model: ScriptedModel, new_ledger: NewLedger, version: str
) -> None:
    opencode = install(version)
    ledger = new_ledger(opencode)
    ledger.commands("install", opencode.home)
    with opencode.serve() as server:
        session = server.new_session()
        server.prompt(session, "DIG deep")
        server.settle(model)
        line = ledger.said("usage", "--session", session)
        server.command(session, "usage")
        server.settle(model)
        days = ledger.said("usage", "--compact")
        server.command(session, "globalusage")
        server.settle(model)
    assert model.prompts[-2].removeprefix(ASKED).strip() == line.strip()
    assert model.prompts[-1].removeprefix(ASKED).strip() == days.strip()
    assert re.match(r"Session: \S+ tokens \| \$0\.\d+ \| \d+ msgs \| ", line)
    assert re.match(r"Today: .*\nWeek: .*\nMonth: ", days)
    # what the README says of the tokens, at four characters each
    assert max(len(prompt) / 4 for prompt in model.prompts[-2:]) < 80
    ledger.commands("remove", opencode.home)
    assert list(commands_of(opencode.home).iterdir()) == []


def commands_of(home: Path) -> Path:
    return home / ".config" / "opencode" / "command"
