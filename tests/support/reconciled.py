"""OpenCode's figures beside a ledger's, for the tests of what explains the difference."""

from __future__ import annotations

from unittest.mock import patch

from opencode_tui.clock import now_ms
from opencode_tui.config.settings import Settings
from opencode_tui.ledger.plain_calls import PlainCalls
from opencode_tui.readings.context import context_of
from opencode_tui.readings.reconcile import read_reconciliation
from opencode_tui.records.reconciliation import OpenCodeFigure, Reconciliation, StandingCall
from opencode_tui.records.requests import ReconcileRequest
from tests.support.ledgers import Reader


def reconciled(reader: Reader, at_ms: int | None = None) -> Reconciliation:
    """Polls, and compares."""
    reader.poll()
    return compared(reader, at_ms)


class EachCall(PlainCalls):
    """Lets no row agree, so that each call is compared by all that is known of it."""

    def agrees(self, row: StandingCall, *, is_counted: bool) -> bool:
        return False


def compared(reader: Reader, at_ms: int | None = None) -> Reconciliation:
    """Compares with the ledger as it is; that calls which are alike are summed while they are read changes nothing."""
    with reader.ledger.reading() as connection:
        context = context_of(reader.sync, connection, at_ms or now_ms(), Settings(), reader.sync.states)
        found = read_reconciliation(ReconcileRequest(), context)
        with patch("opencode_tui.readings.reconcile.PlainCalls", EachCall):
            assert read_reconciliation(ReconcileRequest(), context) == found
        return found


def figure(found: Reconciliation, name: str = "stats") -> OpenCodeFigure:
    (only,) = (each for each in found.figures if each.name == name)
    return only


def causes_of(found: Reconciliation, name: str = "stats") -> dict[str, int]:
    """Nano-dollars by cause of one figure."""
    return {each.cause: each.nano for each in figure(found, name).explained}
