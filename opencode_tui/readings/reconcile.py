"""Reads OpenCode's own figures beside the ledger's, each difference by its cause."""

from __future__ import annotations

from opencode_tui.analysis.reconciling import Reconciler, store_figures
from opencode_tui.ledger.holdings import read_holdings
from opencode_tui.ledger.plain_calls import PlainCalls
from opencode_tui.readings.context import Context
from opencode_tui.records.reconciliation import Reconciliation
from opencode_tui.records.requests import ReconcileRequest


def read_reconciliation(request: ReconcileRequest, context: Context) -> Reconciliation:
    """The figures as the stores and the ledger have them now; reads all calls of both."""
    live, plain = context.live, PlainCalls(context.connection)
    stores, unread = live.standing(plain) if live is not None else ((), ())
    backups, read = live.store_keys() if live is not None else (frozenset[str](), frozenset[str]())
    is_behind = any(state.state in ("locked", "importing") for state in context.stores or ())
    polled_ms = 0 if is_behind else context.read_ms  # what a ledger that is behind lacks may be of any time
    compared = Reconciler(stores, read_holdings(context.connection, plain), backups, read, polled_ms)
    return Reconciliation(
        request=request,
        taken_ms=context.now_ms,
        figures=tuple(compared.figure(name) for name in compared.names),
        stores=store_figures(stores),
        not_billed=compared.not_billed(),
        doubled=compared.doubled(),
        unread=unread,
        is_up_to_date=context.whole,
    )
