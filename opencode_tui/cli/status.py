"""`opencode-tui status`: one line for tmux's status bar. It is asked every few seconds, so it imports little."""

from __future__ import annotations

import argparse
import os
from contextlib import suppress

from opencode_tui.cli import EXIT_OK, EXIT_USAGE, Trouble
from opencode_tui.cli.common import look, settings_for, using_ledger
from opencode_tui.clock import now_ms
from opencode_tui.paths import NoHomeError
from opencode_tui.readings.day import take_snapshot
from opencode_tui.report.status_line import DEFAULT, placeholders, status_line

WAIT_S = 1.0
"""How long another process that has the ledger locked is waited for: a status bar must not stand still."""


def run(arguments: argparse.Namespace) -> int:
    format = DEFAULT if arguments.format is None else arguments.format
    try:
        asked = placeholders(format)
    except ValueError as error:
        raise Trouble(f"--format: {error}", EXIT_USAGE) from None
    settings = settings_for(arguments)
    with using_ledger(settings, WAIT_S) as ledger:
        states, now, guard = look(settings, ledger, WAIT_S).states, now_ms(), ""
        if "guard" in asked:
            from opencode_tui.guard.status import guard_status

            with suppress(NoHomeError):
                guard = guard_status(settings, ledger.path, os.environ, now, ledger.connection).words
        snapshot = take_snapshot(ledger, settings, now, stores=states, guard=guard)
    print(status_line(snapshot, format))
    return EXIT_OK
