"""The guard counts at the prices that the ledger counts at, also what the ledger does not hold yet."""

from __future__ import annotations

import json

import pytest

from opencode_tui.money import NANO
from tests.e2e.bill import Request
from tests.e2e.guarded import Guarded
from tests.e2e.model import ScriptedModel
from tests.e2e.opencode import LATEST, Install, OpenCode
from tests.e2e.opencode2 import LATEST_2

pytestmark = pytest.mark.e2e

CUTOFF = 20
DEAR = 1000
KIMI = "kimi-k2.6"


def make_dear(opencode: OpenCode) -> None:
    """Change the model's price: an OpenCode that runs goes on with the one that it has read."""
    file = opencode.home / ".config" / "opencode" / "opencode.json"
    config = json.loads(file.read_text())
    cost = config["provider"]["opencode"]["models"][KIMI]["cost"]
    cost |= {kind: rate * DEAR for kind, rate in cost.items()}
    file.write_text(json.dumps(config))


def at_list_price(request: Request) -> int:
    return request.nano * (DEAR if request.model == KIMI else 1)


@pytest.mark.parametrize("version", [LATEST, LATEST_2])
@pytest.mark.parametrize("synced", [True, False], ids=["with the ledger", "by itself alone"])
def test_list_prices_count_where_they_are_preferred(
    install: Install, model: ScriptedModel, version: str, synced: bool
) -> None:
    opencode = install(version)
    guard = Guarded(opencode)
    guard.install(cutoff=100)
    opencode.run("hello")
    with opencode.serve() as server:
        session = server.new_session("opencode/kimi-k2.6")
        server.prompt(session, "hello")
        server.settle(model)
        guard.ours_says("sync")
        before, held = len(model.answered), guard.held_nano()
        make_dear(opencode)
        guard.set(cutoff=CUTOFF, more='[pricing]\nprefer = "list"')
        guard.ours_says("sync")
        if not synced:
            guard.without_sync()
        server.prompt(session, "EDIT it")
        server.settle(model)
        new = [at_list_price(request) for request in model.answered[before:]]
        assert sum(new[:-1]) < CUTOFF * NANO <= sum(new)
        assert sum(request.nano for request in model.answered) < NANO
        asked = model.asked
        server.prompt(session, "and now?")
        assert model.asked == asked
    guard.ours_says("sync")
    assert guard.held_nano() == held + sum(new)


def test_list_prices_are_in_the_state_from_the_start(install: Install) -> None:
    opencode = install(LATEST)
    guard = Guarded(opencode)
    opencode.run("hello")
    guard.install(cutoff=CUTOFF, more='[pricing]\nprefer = "list"')
    listed = json.loads(guard.state_file.read_text())["prices"]["list"]
    assert listed[""]["opencode"][KIMI][0][1:3] == [950_000_000, 4_000_000_000]


@pytest.mark.parametrize("version", [LATEST, LATEST_2])
def test_an_own_price_counts_from_its_day_on_before_the_ledger_knows_of_the_call(
    install: Install, model: ScriptedModel, version: str
) -> None:
    opencode = install(version)
    guard = Guarded(opencode)
    price = f'[[pricing.custom."opencode/{KIMI}"]]\ninput = {{}}\noutput = {{}}\n'
    dated = price.format(0.001, 0.001) + price.format(1000, 1000) + 'from = 2026-01-01\nhours = "00:00-24:00"\n'
    guard.install(cutoff=10, more=dated)
    guard.without_sync()
    with opencode.serve() as server:
        server.prompt(server.new_session("opencode/kimi-k2.6"), "EDIT it")
        server.settle(model)
    amounts = [(each.input + each.output + each.reasoning) / 1000 for each in model.recorded]
    assert sum(amounts[:-1]) < 10 <= sum(amounts)
    guard.ours_says("sync")
    titles = guard.held_nano() - round(
        sum(amounts) * NANO
    )  # OpenCode 2's are of no known model: what it recorded counts
    assert 0 <= titles < NANO // 100
