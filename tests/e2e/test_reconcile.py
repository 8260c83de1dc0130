"""`reconcile` against what the real OpenCode's `stats` prints, with every difference explained to the nano-dollar."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from tests.e2e.answer import Json
from tests.e2e.bill import as_charged_by, total_nano
from tests.e2e.hold import NewLedger
from tests.e2e.model import ScriptedModel
from tests.e2e.opencode import LATEST, Install, OpenCode
from tests.e2e.opencode2 import LATEST_2, OpenCode2
from tests.e2e.ours import Ledger, nano
from tests.e2e.server import Server
from tests.e2e.server2 import Server2

pytestmark = pytest.mark.e2e

GLM, LOCAL = "opencode/glm-5", "local/qwen3-coder:30b"


def a_day(server: Server, model: ScriptedModel, ledger: Ledger) -> None:
    """Forks, a fork of a fork, an undo, a staged one, a compaction, a deletion, an abort, an error and a free model."""
    work = server.new_session()
    server.prompt(work, "SUBAGENT please")
    fork = server.fork(work)
    server.prompt(fork, "now otherwise", GLM)
    server.prompt(server.fork(fork), "and once more")
    server.compact(work)
    undone = server.new_session()
    server.prompt(undone, "one")
    seen = server.prompt(undone, "DIG, which will be undone")
    ledger.sync()
    server.undo(undone, seen)
    server.prompt(undone, "three")
    server.undo(undone, server.prompt(undone, "undone, and nothing after it"))
    server.prompt(server.new_session(), "FAIL")
    server.prompt(server.new_session(), "EDIT for nothing", LOCAL)
    stopped = server.new_session()
    server.prompt_and_leave(stopped, "SLOW")
    assert model.streaming.wait(30)
    server.abort(stopped)
    gone = server.new_session()
    server.prompt(gone, "EDIT, of a session to be deleted")
    server.settle(model)
    ledger.sync()
    server.delete(gone)


def causes(figure: Json) -> dict[str, int]:
    return {each["cause"]: nano(each["usd"]) for each in figure["explained"]}


def assert_adds_up(found: Json, ledger_nano: int) -> None:
    """Each figure and its differences arrive at the ledger, and nothing is left."""
    for figure in (found, *found["figures"].values()):
        assert nano(figure["ledger_usd"]) == ledger_nano
        assert nano(figure["opencode_usd"]) + sum(causes(figure).values()) == ledger_nano
        assert figure["unexplained_usd"] == 0


@pytest.mark.parametrize("version", ["1.1.65", "1.2.27", "1.14.48", LATEST])
def test_opencode_1_says_the_same_in_its_stats(
    install: Install, model: ScriptedModel, new_ledger: NewLedger, version: str
) -> None:
    opencode = install(version)
    ledger = new_ledger(opencode)
    with opencode.serve() as server, ledger.syncing():
        a_day(server, model, ledger)
    found = ledger.reconcile()
    assert_adds_up(found, total_nano(as_charged_by(version, model.recorded)))
    assert opencode.stats_usd() == f"{found['opencode_usd']:.2f}"
    assert ("sessions" in found["figures"]) is (version == LATEST)
    assert causes(found).keys() == {"forks", "undone", "deleted"}
    assert (found["charged_twice"]["calls"] > 0) is (version in ("1.1.65", "1.2.27"))


def test_opencode_2_says_the_same_in_its_stats(install: Install, model: ScriptedModel, new_ledger: NewLedger) -> None:
    opencode = install(LATEST_2)
    assert isinstance(opencode, OpenCode2)
    ledger = new_ledger(opencode)
    with opencode.serve() as server, ledger.syncing():
        a_day(server, model, ledger)
        found = ledger.reconcile()
        assert_adds_up(found, total_nano(model.answered))
        assert Decimal(opencode.stats_usd(server)) == found["opencode_usd"].quantize(Decimal("1e-9"))
        assert causes(found).keys() == {"titles", "undone", "compactions", "deleted"}
        assert causes(found["figures"]["sessions"]).keys() == {"deleted"}
        assert causes(found["figures"]["messages"]).keys() == {"forks", "titles", "undone", "deleted"}


def test_an_upgrade_is_explained_before_and_after(
    install: Install, model: ScriptedModel, new_ledger: NewLedger
) -> None:
    """In a new ledger, and in one that has seen what was undone in 1.x, which the upgrade deletes."""
    opencode = install(LATEST)
    watching = new_ledger(opencode)
    with opencode.serve() as server:
        a_day(server, model, watching)
    before = watching.reconcile()
    new = install(LATEST_2)
    assert isinstance(new, OpenCode2)
    with new.serve() as server2:
        server2.take_over(model)
        assert isinstance(server2, Server2)
        server2.prompt(server2.new_session(), "EDIT in 2.x")
        server2.settle(model)
        for ledger in (watching, new_ledger(new)):
            found = ledger.reconcile()
            assert_adds_up(found, ledger.spend_nano())
            assert Decimal(new.stats_usd(server2)) == found["opencode_usd"].quantize(Decimal("1e-9"))
            assert {"forks", "titles", "compactions"} <= causes(found).keys()
        assert watching.spend_nano() > nano(before["ledger_usd"])


def price_in_fractions(opencode: OpenCode) -> None:
    """A token of input costs a quarter of a nano-dollar more, as some do: no bill of the model's is whole any more."""
    settings = opencode.home / ".config" / "opencode" / "opencode.json"
    config = json.loads(settings.read_text())
    config["provider"]["opencode"]["models"]["glm-5"]["cost"]["input"] += 0.00025
    settings.write_text(json.dumps(config))


def test_what_was_deleted_between_two_upgrades_stays_deleted_and_fractions_are_rounded_once(
    install: Install, model: ScriptedModel, new_ledger: NewLedger
) -> None:
    """From the JSON files, which keep the deleted session for ever, over the first SQLite to 2.x."""
    opencode = install("1.1.65")
    price_in_fractions(opencode)
    ledger = new_ledger(opencode)
    with opencode.serve() as server:
        gone, *kept = (server.new_session() for _ in range(6))
        for session in (gone, *kept):
            server.prompt(session, "DIG", GLM)
        server.settle(model)
    opencode = install("1.2.27")
    with opencode.serve() as server:
        server.prompt(gone, "EDIT it", GLM)
        server.prompt(kept[0], "and on", GLM)
        server.settle(model)
        ledger.sync()
        server.delete(gone)
    found = ledger.reconcile()
    spent = ledger.spend_nano()
    assert_adds_up(found, spent)
    assert {each["cause"]: each["calls"] for each in found["explained"]} == {"deleted": 6, "rounding": 0}
    assert opencode.stats_usd() == f"{found['opencode_usd']:.2f}"
    new = install(LATEST_2)
    assert isinstance(new, OpenCode2)
    with new.serve() as server2:
        server2.take_over(model)
        found = ledger.reconcile()
        assert_adds_up(found, spent)
        assert found["explained"][0]["cause"] == "deleted"
        assert found["explained"][0]["calls"] == 6
        assert Decimal(new.stats_usd(server2)) == found["opencode_usd"].quantize(Decimal("1e-9"))
