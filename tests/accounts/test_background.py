"""While a dashboard runs, OpenCode's services are asked on a thread, and no poll waits for them."""

from __future__ import annotations

from threading import Event

import pytest
from msgspec.structs import replace

from opencode_tui.accounts import background
from opencode_tui.accounts.asking import GO_USAGE, SERVICES
from opencode_tui.accounts.background import ServiceAsker
from opencode_tui.clock import MINUTE_MS
from opencode_tui.ledger.ledger import Ledger, LedgerError
from opencode_tui.ledger.services import kept_answer
from tests.accounts.conftest import Asker
from tests.support.opencode_services import MODELS, USAGE, Reply, models, usage

ENOUGH_S = 20.0


def asker_of(asker: Asker) -> ServiceAsker:
    settings = replace(asker.settings, data_dirs=(asker.directory,))
    return ServiceAsker(settings, lambda: Ledger(asker.watched.path), asker.environ, lambda: asker.watched.now)


def test_what_is_due_is_asked_on_a_thread_and_stands_in_the_ledger(asker: Asker) -> None:
    asker.environ.clear()
    now = asker.watched.now
    asker.server.replies |= {USAGE: Reply(body=usage((41, now + 1000))), MODELS: Reply(body=models("kimi"))}
    asking = asker_of(asker)
    asking.ask_due()
    asking.wait(ENOUGH_S)
    assert asker.server.paths() == [USAGE, MODELS]
    states = [kept_answer(asker.watched.ledger.connection, each.name) for each in SERVICES[:2]]
    assert [each.state for each in states if each] == ["ok", "ok"]
    asker.watched.now += MINUTE_MS
    asking.ask_due()
    asking.wait(ENOUGH_S)
    assert asker.server.paths()[2:] == [USAGE], "nobody looks at Zen's models"
    asking.ask_due(watched=True)
    asking.wait(ENOUGH_S)
    assert asker.server.paths()[3:] == [MODELS]


def test_a_service_that_hangs_keeps_nobody_waiting_and_is_not_asked_twice(
    asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, go_on = Event(), Event()
    times = []

    def hang(*_: object) -> None:
        times.append(1)
        started.set()
        go_on.wait(ENOUGH_S)

    monkeypatch.setattr(background, "ask_services", hang)
    asking = asker_of(asker)
    asking.ask_due()
    assert started.wait(ENOUGH_S)
    asker.watched.now += MINUTE_MS
    asking.ask_due(watched=True)
    go_on.set()
    asking.wait(ENOUGH_S)
    assert times == [1]


def test_nothing_is_looked_at_where_nothing_is_on_and_a_change_of_the_settings_counts_at_once(asker: Asker) -> None:
    asker.environ.clear()
    asker.network = {}
    asking = asker_of(asker)
    asking.ask_due()
    asking.wait(ENOUGH_S)
    assert asker.server.paths() == []
    asker.network = {"opencode_go": True}
    asker.server.replies[USAGE] = Reply(body=usage((41, asker.watched.now + 1000)))
    asking.use(asker_of(asker)._settings)
    asking.ask_due()
    asking.wait(ENOUGH_S)
    assert asker.server.paths() == [USAGE]
    assert kept_answer(asker.watched.ledger.connection, GO_USAGE.name) is not None


def test_a_ledger_that_cannot_be_opened_is_no_matter(asker: Asker) -> None:
    def refuse() -> Ledger:
        raise LedgerError("no")

    asking = ServiceAsker(asker_of(asker)._settings, refuse, asker.environ)
    asking.ask_due()
    asking.wait(ENOUGH_S)
    assert asker.server.paths() == []
