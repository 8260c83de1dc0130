"""`opencode-tui sessions`: the root sessions of a period, with own and total."""

from __future__ import annotations

import argparse
import json

from opencode_tui.cli.common import Opened, opened
from opencode_tui.cli.periods import check_period, refused
from opencode_tui.cli.streams import table_width
from opencode_tui.clock import now_ms
from opencode_tui.readings.sessions import read_sessions
from opencode_tui.records.collecting import paused_collection
from opencode_tui.records.requests import SessionsRequest
from opencode_tui.report.sessions import session_row_json, sessions_table


def run(arguments: argparse.Namespace) -> int:
    check_period(arguments.period)
    with opened(arguments) as at:
        return _print(arguments, at)


@paused_collection()
def _print(arguments: argparse.Namespace, at: Opened) -> int:
    with at.reading(now_ms()) as context, refused():
        taken = read_sessions(SessionsRequest(arguments.period, arguments.json, arguments.json), context)
    rows = list(taken.rows)
    if arguments.sort == "cost":
        rows.sort(key=lambda row: -row.total_nano)
    shown = rows[: arguments.limit]
    calendar = at.calendar
    if arguments.json:
        print(json.dumps([session_row_json(row, calendar) for row in shown]))
    else:
        width = table_width(arguments.wide)
        print(sessions_table(shown, len(rows), arguments.period, calendar, taken.lower_bound, width))
    return 0
