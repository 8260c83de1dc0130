"""`opencode-tui accounts`: who was paid for whose models, and how OpenCode is signed in there."""

from __future__ import annotations

import argparse
import json

from opencode_tui.accounts.asking import CONSOLE, ZEN_MODELS
from opencode_tui.cli import EXIT_USAGE
from opencode_tui.cli.common import Trouble, ask_now, opened
from opencode_tui.cli.streams import table_width
from opencode_tui.clock import now_ms
from opencode_tui.readings.accounts import read_accounts
from opencode_tui.records.requests import AccountsRequest
from opencode_tui.report.accounts import accounts_json, accounts_text


def run(arguments: argparse.Namespace) -> int:
    with opened(arguments) as at:
        ask_now(at, ZEN_MODELS, CONSOLE)
        with at.reading(now_ms()) as context:
            try:
                accounts = read_accounts(AccountsRequest(arguments.period), context)
            except ValueError as error:
                raise Trouble(str(error), EXIT_USAGE) from None
    if arguments.json:
        print(json.dumps(accounts_json(accounts, at.calendar)))
    else:
        print(accounts_text(accounts, at.calendar, table_width(arguments.wide)))
    return 0
