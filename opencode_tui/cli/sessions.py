"""`opencode-tui sessions`: the root sessions of a period, with own and total."""

from __future__ import annotations

import argparse
import json

from opencode_tui.cli.common import look, settings_for, using_ledger
from opencode_tui.clock import calendar_for, now_ms
from opencode_tui.readings.sessions import take_sessions
from opencode_tui.records.requests import SessionsQuery
from opencode_tui.report.sessions import session_row_json, sessions_table


def run(arguments: argparse.Namespace) -> int:
    settings = settings_for(arguments)
    with using_ledger(settings) as ledger:
        seen = look(settings, ledger)
        query = SessionsQuery(arguments.period)
        taken = take_sessions(ledger, settings, now_ms(), query, seen.sync.book, whole=seen.whole)
    rows = list(taken.rows)
    if arguments.sort == "cost":
        rows.sort(key=lambda row: -row.total_nano)
    shown = rows[: arguments.limit]
    calendar = calendar_for(settings.timezone)
    if arguments.json:
        print(json.dumps([session_row_json(row, calendar) for row in shown]))
    else:
        print(sessions_table(shown, len(rows), arguments.period, calendar, taken.lower_bound))
    return 0
