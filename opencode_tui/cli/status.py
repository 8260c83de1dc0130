"""`opencode-tui status`: one line for tmux's status bar. It runs every few seconds, so it imports little."""

from __future__ import annotations

import argparse
import os

from msgspec.structs import replace

from opencode_tui.cli import EXIT_OK, EXIT_USAGE, Trouble
from opencode_tui.cli.common import opened
from opencode_tui.clock import now_ms
from opencode_tui.readings.day import read_day
from opencode_tui.records.requests import DayRequest
from opencode_tui.report.status_line import DEFAULT_FORMAT, placeholders, status_line

STATUS_WAIT_S = 1.0
"""Seconds to wait for a locked ledger, so that the status bar does not freeze."""


def run(arguments: argparse.Namespace) -> int:
    format = DEFAULT_FORMAT if arguments.format is None else arguments.format
    try:
        asked = placeholders(format)
    except ValueError as error:
        raise Trouble(f"--format: {error}", EXIT_USAGE) from None
    with opened(arguments, STATUS_WAIT_S) as at, at.reading(now_ms()) as context:
        if "guard" in asked:
            from opencode_tui.guard.status import guard_record

            guard = guard_record(at.settings, at.ledger.path, os.environ, context.now_ms, context.connection)
            context = replace(context, guard=guard)
        snapshot = read_day(DayRequest(), replace(context, limits=None))
    print(status_line(snapshot, at.calendar, format))
    return EXIT_OK
