"""`opencode-tui metrics`: serves OpenMetrics on this machine until it is ended."""

from __future__ import annotations

import argparse

from opencode_tui.cli import EXIT_USAGE
from opencode_tui.cli.common import Trouble, opened, settings_for, usable_ledger
from opencode_tui.cli.signals import ended_by_signals
from opencode_tui.clock import now_ms
from opencode_tui.export.address import parse_listen
from opencode_tui.export.openmetrics import openmetrics_text
from opencode_tui.export.request import ExportError
from opencode_tui.export.server import serving
from opencode_tui.readings.exports import read_counters


def run(arguments: argparse.Namespace) -> int:
    try:
        address = parse_listen(arguments.listen)
    except ValueError as error:
        raise Trouble(f"--listen: {error}", EXIT_USAGE) from None
    usable_ledger(settings_for(arguments))
    try:
        with ended_by_signals() as ended, serving(address, lambda: _read(arguments)) as place:
            print(f"serving http://{place}/metrics until ctrl+c", flush=True)
            ended.wait()
    except ExportError as error:
        raise Trouble(str(error)) from None
    return 0


def _read(arguments: argparse.Namespace) -> str:
    """What every other command would read now. Raises ExportError."""
    try:
        with opened(arguments) as at, at.reading(now_ms()) as context:
            return openmetrics_text(read_counters(None, context))
    except Trouble as trouble:
        raise ExportError(str(trouble)) from None
