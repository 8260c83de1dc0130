"""The ledger against the bill of the model, on older OpenCodes and across upgrades in one home.

Up to 1.3.2 OpenCode charges reasoning twice. Its records are what is spent; the tokens are the true ones.
"""

from __future__ import annotations

import pytest

from tests.e2e.bill import Request, as_charged_by
from tests.e2e.hold import NewLedger
from tests.e2e.model import ScriptedModel
from tests.e2e.opencode import Install
from tests.e2e.truth import answers, assert_ledger_equals_bill

pytestmark = pytest.mark.e2e

JSON_FILES, FIRST_SQLITE, LATER_SQLITE, LATEST = "1.1.65", "1.2.27", "1.14.48", "1.18.34"
GLM = "opencode/glm-5"
LOCAL = "local/qwen3-coder:30b"


@pytest.mark.parametrize("version", [JSON_FILES, FIRST_SQLITE, LATER_SQLITE])
def test_an_older_opencode_is_counted_once_while_we_read_beside_it(
    install: Install, model: ScriptedModel, new_ledger: NewLedger, version: str
) -> None:
    opencode = install(version)
    ledger = new_ledger(opencode)
    with opencode.serve() as server, ledger.syncing():
        work = server.new_session()
        server.prompt(work, "SUBAGENT please")
        server.prompt(work, "EDIT it")
        fork = server.fork(work)
        copies = answers(server.messages(fork))
        server.prompt(fork, "now otherwise", GLM)
        server.compact(work)
        nested = server.new_session()
        server.prompt(nested, "NEST one in another")
        assert server.children(server.children(nested)[0])

        undone = server.new_session()
        server.prompt(undone, "one")
        prompt = server.prompt(undone, "DIG, which will be undone")
        ledger.sync()  # these versions keep no events: what is undone unseen is lost
        server.undo(undone, prompt)
        server.prompt(undone, "three")

        server.prompt(server.new_session(), "FAIL")
        server.prompt(server.new_session(), "EDIT for nothing", LOCAL)
        stopped = server.new_session()
        server.prompt_and_leave(stopped, "SLOW")
        assert model.streaming.wait(30)
        server.abort(stopped)
        gone = server.new_session()
        server.prompt(gone, "SUBAGENT of a session to be deleted")
        ledger.sync()
        server.delete(gone)
    opencode.run("from the command line")

    assert copies > 0
    bill = as_charged_by(version, model.recorded)
    assert_ledger_equals_bill(ledger, bill, copied_calls=copies, unbilled_calls=2)


@pytest.mark.parametrize(
    "versions",
    [(JSON_FILES, FIRST_SQLITE, LATEST), (JSON_FILES, LATEST)],
    ids=["by way of the version that imports the files", "straight to one that does not"],
)
def test_an_upgrade_counts_no_call_twice_and_loses_none(
    install: Install, model: ScriptedModel, new_ledger: NewLedger, versions: tuple[str, ...]
) -> None:
    opencode = install(versions[0])
    watching = new_ledger(opencode)
    bill: list[Request] = []
    copies = 0
    for version in versions:
        opencode.version = version
        with opencode.serve() as server:
            session = server.new_session()
            server.prompt(session, "SUBAGENT please")
            fork = server.fork(session)
            copies += answers(server.messages(fork))
            server.prompt(fork, "on another model", GLM)
        bill += as_charged_by(version, model.recorded[len(bill) :])
        assert_ledger_equals_bill(watching, bill, copied_calls=copies)
    assert copies > 0
    assert_ledger_equals_bill(new_ledger(opencode), bill, copied_calls=copies)
