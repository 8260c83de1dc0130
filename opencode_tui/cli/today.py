"""`opencode-tui today`: what today costs, in seven lines or as the snapshot in JSON."""

from __future__ import annotations

import argparse
import json
import os

from msgspec.structs import replace

from opencode_tui.cli.common import opened
from opencode_tui.clock import now_ms
from opencode_tui.guard.status import guard_record
from opencode_tui.readings.day import read_day
from opencode_tui.records.requests import DayRequest


def run(arguments: argparse.Namespace) -> int:
    with opened(arguments, prices=True) as at:
        now = now_ms()
        if arguments.json:
            from opencode_tui.readings.turn_settling import settle_span

            settle_span(at.ledger, at.calendar.span(at.calendar.day(now)))
        with at.reading(now) as context:
            if arguments.json:
                guard = guard_record(at.settings, at.ledger.path, os.environ, context.now_ms, context.connection)
                context = replace(context, guard=guard)
            snapshot = read_day(DayRequest(), context)
    if arguments.json:
        from opencode_tui.report.today import today_json

        print(json.dumps(today_json(snapshot, at.calendar)))
    else:
        from opencode_tui.report.readout import readout

        print("\n".join(readout(snapshot)))
    return 0
