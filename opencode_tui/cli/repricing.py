"""`opencode-tui usage --reprice MODEL`: what a period's work would have cost at the price of a model."""

from __future__ import annotations

import argparse
import json

from opencode_tui.cli import EXIT_USAGE
from opencode_tui.cli.breakdowns import say_unknown, settle_usage
from opencode_tui.cli.common import Trouble, opened
from opencode_tui.cli.streams import table_width
from opencode_tui.readings.prices import one_model
from opencode_tui.readings.repricing import read_repriced
from opencode_tui.records.requests import BreakdownRequest
from opencode_tui.report.repricing import repriced_json, repriced_table


def print_repriced(arguments: argparse.Namespace, request: BreakdownRequest, at_ms: int) -> int:
    """Print the request's usage at the price of the model that `--reprice` names."""
    with opened(arguments) as at:
        settle_usage(at, request)
        with at.reading(at_ms) as context:
            try:
                model, _ = one_model(arguments.reprice, context.connection, at.sync.book, with_price=True)
                repriced = read_repriced(request, model, context, at.sync.book)
            except ValueError as error:
                raise Trouble(f"--reprice: {error}", EXIT_USAGE) from None
    say_unknown(repriced.usage)
    width = table_width(arguments.wide)
    print(json.dumps(repriced_json(repriced)) if arguments.json else repriced_table(repriced, width))
    return 0
