"""What a lever writes holds in the real OpenCode, and is as it was after `levers undo`."""

from __future__ import annotations

import pytest

from tests.e2e.hold import NewLedger
from tests.e2e.model import ScriptedModel
from tests.e2e.opencode import LATEST, Install
from tests.e2e.opencode2 import LATEST_2

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("version", [LATEST, LATEST_2])
def test_a_subagent_runs_on_the_cheaper_model(
    install: Install, model: ScriptedModel, new_ledger: NewLedger, version: str
) -> None:
    opencode = install(version)
    ledger = new_ledger(opencode)
    settings = opencode.home / ".config" / "opencode" / "opencode.json"
    with opencode.serve() as server:
        server.prompt(server.new_session("opencode/qwen3.5-plus"), "EDIT it", "opencode/qwen3.5-plus")
        for _ in range(2):
            server.prompt(server.new_session(), "SUBAGENT please")
        server.settle(model)
    before = settings.read_bytes()  # 1.x adds its $schema as it starts
    said = ledger.said_at(opencode.home, "levers", "apply", "model-explore", "--yes")
    assert '"explore": {"model": "opencode/qwen3.5-plus"' in said
    parents = set(model.sessions)
    with opencode.serve() as server:
        server.prompt(server.new_session(), "SUBAGENT please")
        server.settle(model)
    new = [request for request in model.recorded if request.session not in parents]
    assert {request.model for request in new if request.kind == "step"} == {"kimi-k2.6", "qwen3.5-plus"}
    by_session = {request.session: request.model for request in new}
    # the session itself and the general agent stay on their model
    assert sorted(by_session.values()) == ["kimi-k2.6", "kimi-k2.6", "qwen3.5-plus"]
    assert "as it was before" in ledger.said_at(opencode.home, "levers", "undo")
    assert settings.read_bytes() == before
