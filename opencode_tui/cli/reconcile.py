"""`opencode-tui reconcile`: OpenCode's own figures beside the ledger's, each difference by its cause."""

from __future__ import annotations

import argparse
import json

from opencode_tui.cli import EXIT_TROUBLE
from opencode_tui.cli.common import Opened, opened
from opencode_tui.cli.streams import table_width
from opencode_tui.clock import now_ms
from opencode_tui.readings.reconcile import read_reconciliation
from opencode_tui.records.reconciliation import Reconciliation
from opencode_tui.records.requests import ReconcileRequest
from opencode_tui.report.reconciliation import reconciliation_json, reconciliation_lines

EXIT_UNEXPLAINED = 1
_WIDTH, _LEAST = 76, 30
_TRIES = 3


def run(arguments: argparse.Namespace) -> int:
    with opened(arguments) as at:
        found = _settled(at)
    if arguments.json:
        print(json.dumps(reconciliation_json(found)))
    else:
        width = min(table_width(is_wide=False) or _WIDTH, _WIDTH)
        print("\n".join(reconciliation_lines(found, max(width, _LEAST))))
    if not found.is_known:
        return EXIT_TROUBLE
    return 0 if found.is_whole else EXIT_UNEXPLAINED


def _settled(at: Opened) -> Reconciliation:
    """The figures; read again if they differ because OpenCode has written since the ledger was brought up to date."""
    for _ in range(_TRIES):
        with at.reading(now_ms()) as context:
            found = read_reconciliation(ReconcileRequest(), context)
        if found.is_whole or not at.whole or not at.sync.poll():
            break
    return found
