"""One OpenCode, the model's bill, a ledger whose `watch` looks on, and new ledgers: all have to agree."""

from __future__ import annotations

from typing import Protocol

from tests.e2e.bill import Request, knowable, nano_by_session, total_nano
from tests.e2e.model import ScriptedModel
from tests.e2e.opencode import OpenCode
from tests.e2e.ours import Ledger, nano
from tests.e2e.server import Server
from tests.e2e.truth import assert_sessions_equal_bill


class NewLedger(Protocol):
    def __call__(self, opencode: OpenCode) -> Ledger: ...


class Hold:
    """Holds both kinds of ledger to the bill."""

    def __init__(
        self, opencode: OpenCode, server: Server, model: ScriptedModel, watcher: Ledger, new_ledger: NewLedger
    ) -> None:
        self._opencode, self._server, self._model = opencode, server, model
        self.watcher, self._new_ledger = watcher, new_ledger

    @property
    def bill(self) -> list[Request]:
        """What this version of OpenCode has written down of all that the model has answered."""
        return knowable(self._opencode.version, self._model.answered)

    def watcher_has_seen_all(self) -> None:
        """Wait until `watch` by itself has put all that is known so far into the ledger."""
        self._server.settle(self._model)
        self.watcher.wait_for(total_nano(self.bill))

    def check(self, *of_new_ledger: list[Request]) -> None:
        """A new ledger has to agree with the bill too, or with one of those given: what can be known only now."""
        self.watcher_has_seen_all()
        assert_sessions_equal_bill(self.watcher, self.bill)
        new = self._new_ledger(self._opencode)
        bills = of_new_ledger or (self.bill,)
        found = {group["key"]: nano(group["spend_usd"]) for group in new.usage(by="session")["groups"]}
        assert_sessions_equal_bill(
            new, next((b for b in bills if nano_by_session(b).items() <= found.items()), bills[0])
        )
