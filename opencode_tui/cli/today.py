"""`opencode-tui today`: what today costs, in seven lines or as the snapshot in JSON."""

from __future__ import annotations

import argparse
import json

from opencode_tui.cli.common import open_ledger, settings_for, synced
from opencode_tui.clock import calendar_for, now_ms
from opencode_tui.take_snapshot import take_snapshot


def run(arguments: argparse.Namespace) -> int:
    settings = settings_for(arguments)
    ledger = open_ledger(settings)
    sync = synced(settings, ledger, prices=True)
    snapshot = take_snapshot(
        ledger,
        settings,
        now_ms(),
        machine=sync.machine,
        stores=sync.states,
        read_ms=sync.read_ms,
        limits=sync.book if arguments.json else None,
        price_problems=sync.book.problems,
    )
    ledger.close()
    if arguments.json:
        from opencode_tui.report.as_json import as_json

        print(json.dumps(as_json(snapshot, calendar_for(settings.timezone))))
    else:
        from opencode_tui.report.readout import readout

        print("\n".join(readout(snapshot)))
    return 0
