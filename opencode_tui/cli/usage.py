"""`opencode-tui usage`: the cost of a period by any dimension, as a table, as JSON, or in a few lines."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator

from opencode_tui.analysis.periods import parse_day
from opencode_tui.cli import EXIT_USAGE
from opencode_tui.cli.breakdowns import say_unknown, settle_usage
from opencode_tui.cli.common import Opened, Trouble, opened
from opencode_tui.cli.periods import check_period, refused
from opencode_tui.cli.streams import table_width
from opencode_tui.clock import now_ms
from opencode_tui.readings.breakdown import read_breakdown
from opencode_tui.records.collecting import paused_collection
from opencode_tui.records.dimensions import DIMENSIONS
from opencode_tui.records.requests import BreakdownRequest, Filter
from opencode_tui.report.usage import compact_line, usage_json, usage_table

_COMPACT = ("today", "week", "month")


def run(arguments: argparse.Namespace) -> int:
    _check(arguments)
    if arguments.session is not None:
        from opencode_tui.cli.session_usage import run as run_session

        return run_session(arguments)
    request = _request(arguments)
    if arguments.compact:
        return _compact(arguments, request.where)
    if arguments.reprice is not None:
        from opencode_tui.cli.repricing import print_repriced

        return print_repriced(arguments, request, now_ms())
    with opened(arguments) as at:
        settle_usage(at, request)
        return _print(arguments, request, at)


@paused_collection()
def _print(arguments: argparse.Namespace, request: BreakdownRequest, at: Opened) -> int:
    with at.reading(now_ms()) as context, refused():
        usage = read_breakdown(request, context)
    say_unknown(usage)
    print(json.dumps(usage_json(usage)) if arguments.json else usage_table(usage, table_width(arguments.wide)))
    return 0


def _compact(arguments: argparse.Namespace, where: tuple[Filter, ...]) -> int:
    periods = [*_COMPACT, *(("year",) if arguments.year else ()), *(("all",) if arguments.all else ())]
    requests = [BreakdownRequest((), period, where=where, details=False) for period in periods]
    with opened(arguments) as at:
        settle_usage(at, requests[-1])
        with at.reading(now_ms()) as context:
            found = [read_breakdown(each, context) for each in requests]
    say_unknown(found[-1])
    if arguments.json:
        print(json.dumps({"schema_version": 1, "periods": [usage_json(each) for each in found]}))
    else:
        print("\n".join(compact_line(each) for each in found))
    return 0


def _check(arguments: argparse.Namespace) -> None:
    """Raises Trouble if options are given that do not go together."""
    if arguments.period and (arguments.first or arguments.last):
        raise Trouble("--period goes without --from and --to; leave one of them out", EXIT_USAGE)
    if arguments.compact and (arguments.period or arguments.first or arguments.last):
        raise Trouble("--compact has periods of its own; leave out --period, --from and --to", EXIT_USAGE)
    if (arguments.year or arguments.all) and not arguments.compact:
        raise Trouble("--year and --all go with --compact; write --period year or --period all instead", EXIT_USAGE)
    if "" in (arguments.session, arguments.period, arguments.model):
        raise Trouble("an option has an empty text; write what it is about, or leave it out", EXIT_USAGE)
    grouped = arguments.by or arguments.then
    if arguments.compact and grouped:
        raise Trouble("--compact has a line for each period; leave out --by and --then", EXIT_USAGE)
    if arguments.session and (grouped or arguments.where or arguments.model):
        raise Trouble("--session is about a whole session; leave out --by, --then, --where and --model", EXIT_USAGE)
    if arguments.full and not arguments.session:
        raise Trouble("--full goes with --session; write --session current --full", EXIT_USAGE)
    if arguments.reprice is not None and (arguments.compact or arguments.session):
        raise Trouble("--reprice goes without --compact and --session; name a period instead", EXIT_USAGE)
    if arguments.session and (arguments.compact or arguments.period or arguments.first or arguments.last):
        raise Trouble("--session is about a whole session; leave out the period and --compact", EXIT_USAGE)


def _request(arguments: argparse.Namespace) -> BreakdownRequest:
    """The request of the command line. Raises Trouble."""
    check_period(arguments.period or "today")
    with refused():
        first = parse_day(arguments.first) if arguments.first else None
        last = parse_day(arguments.last) if arguments.last else None
    if first and last and first > last:
        raise Trouble(f"--from {first} is after --to {last}; swap them", EXIT_USAGE)
    if arguments.then == (arguments.by or "model"):
        raise Trouble(f"--then {arguments.then} is what --by has already; name another", EXIT_USAGE)
    by = (arguments.by or "model", *((arguments.then,) if arguments.then else ()))
    where = tuple(_filters(arguments))
    as_json = arguments.json
    return BreakdownRequest(by, arguments.period or "today", first, last, where, details=as_json, brief=not as_json)


def _filters(arguments: argparse.Namespace) -> Iterator[Filter]:
    """The filters of the command line: texts for one dimension may each hold. Raises Trouble."""
    texts: dict[str, list[str]] = {"model": [arguments.model]} if arguments.model is not None else {}
    for each in arguments.where or ():
        dimension, equals, text = each.partition("=")
        if not equals or not text or dimension not in DIMENSIONS:
            known = ", ".join(DIMENSIONS)
            raise Trouble(f"--where {each!r} is no filter; write such as model=kimi, with one of {known}", EXIT_USAGE)
        texts.setdefault(dimension, []).append(text)
    for dimension, wanted in texts.items():
        yield Filter(dimension, tuple(wanted))
