"""`opencode-tui today`: what today costs, in seven lines or as the snapshot in JSON."""

from __future__ import annotations

import argparse
import json

from opencode_tui.cli.common import look, settings_for, using_ledger
from opencode_tui.clock import calendar_for, now_ms
from opencode_tui.readings.day import take_snapshot


def run(arguments: argparse.Namespace) -> int:
    settings = settings_for(arguments)
    with using_ledger(settings) as ledger:
        seen = look(settings, ledger, prices=True)
        snapshot = take_snapshot(
            ledger,
            settings,
            now_ms(),
            machine=seen.sync.machine,
            stores=seen.states,
            read_ms=seen.sync.read_ms,
            limits=seen.sync.book if arguments.json else None,
            price_problems=seen.sync.book.problems,
        )
    if arguments.json:
        from opencode_tui.report.as_json import as_json

        print(json.dumps(as_json(snapshot, calendar_for(settings.timezone))))
    else:
        from opencode_tui.report.readout import readout

        print("\n".join(readout(snapshot)))
    return 0
