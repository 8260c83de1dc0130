"""`opencode-tui usage`: the cost of a period by one key, as a table or as JSON."""

from __future__ import annotations

import argparse
import json
import sys

from opencode_tui.analysis.periods import parse_day
from opencode_tui.cli import EXIT_USAGE
from opencode_tui.cli.common import Trouble, opened
from opencode_tui.cli.streams import table_width
from opencode_tui.clock import now_ms
from opencode_tui.readings.usage import read_usage
from opencode_tui.records.requests import UsageRequest
from opencode_tui.report.usage import usage_json, usage_table


def run(arguments: argparse.Namespace) -> int:
    request = _request(arguments)
    with opened(arguments) as at, at.reading(now_ms()) as context:
        usage = read_usage(request, context)
    if usage.known_models is not None:
        known = ", ".join(usage.known_models) or "none at all"
        print(f"opencode-tui: no model is like {arguments.model!r}; there are {known}", file=sys.stderr)
    print(json.dumps(usage_json(usage)) if arguments.json else usage_table(usage, table_width(arguments.wide)))
    return 0


def _request(arguments: argparse.Namespace) -> UsageRequest:
    """The request of the command line. Raises Trouble."""
    if arguments.period and (arguments.first or arguments.last):
        raise Trouble("--period goes without --from and --to; leave one of them out", EXIT_USAGE)
    try:
        first = parse_day(arguments.first) if arguments.first else None
        last = parse_day(arguments.last) if arguments.last else None
    except ValueError as error:
        raise Trouble(str(error), EXIT_USAGE) from None
    if first and last and first > last:
        raise Trouble(f"--from {first} is after --to {last}; swap them", EXIT_USAGE)
    return UsageRequest(arguments.by, arguments.period or "today", first, last, arguments.model)
