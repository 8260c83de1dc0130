"""`opencode-tui status`: one line for tmux's status bar. It is asked every few seconds, so it imports little."""

from __future__ import annotations

import argparse
import os

from opencode_tui.cli import EXIT_USAGE
from opencode_tui.cli.common import Trouble, open_ledger, settings_for, synced
from opencode_tui.clock import now_ms
from opencode_tui.report.status_line import DEFAULT, placeholders, status_line
from opencode_tui.take_snapshot import take_snapshot


def run(arguments: argparse.Namespace) -> int:
    format = DEFAULT if arguments.format is None else arguments.format
    try:
        asked = placeholders(format)
    except ValueError as error:
        raise Trouble(f"--format: {error}", EXIT_USAGE) from None
    settings = settings_for(arguments)
    ledger = open_ledger(settings)
    sync, now, guard = synced(settings, ledger), now_ms(), ""
    if "guard" in asked:
        from opencode_tui.guard.status import guard_status

        guard = guard_status(settings, ledger.path, os.environ, now).words
    print(status_line(take_snapshot(ledger, settings, now, stores=sync.states, guard=guard), format))
    ledger.close()
    return 0
