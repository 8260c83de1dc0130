"""`opencode-tui quota`: how much of each plan's quota is used, when it is full, and by which sessions."""

from __future__ import annotations

import argparse
import json

from opencode_tui.accounts.asking import GO_USAGE
from opencode_tui.cli.common import ask_now, opened
from opencode_tui.clock import now_ms
from opencode_tui.readings.quotas import read_quotas
from opencode_tui.records.requests import QuotasRequest
from opencode_tui.report.quotas import quotas_json, quotas_text


def run(arguments: argparse.Namespace) -> int:
    with opened(arguments) as at:
        ask_now(at, GO_USAGE)
        with at.reading(now_ms()) as context:
            quotas = read_quotas(QuotasRequest(), context)
    print(json.dumps(quotas_json(quotas, at.calendar)) if arguments.json else quotas_text(quotas, at.calendar))
    return 0
