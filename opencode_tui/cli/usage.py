"""`opencode-tui usage`: what a period cost, by one key, as a table or as JSON."""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
from dataclasses import replace
from datetime import date

from opencode_tui.analysis.matching import matching
from opencode_tui.analysis.periods import days_of, parse_day
from opencode_tui.cli import EXIT_USAGE
from opencode_tui.cli.common import Trouble, look, settings_for, using_ledger
from opencode_tui.clock import EVER, Calendar, calendar_for, now_ms
from opencode_tui.ledger import queries
from opencode_tui.ledger.bounds import bounded_days, is_lower_bound
from opencode_tui.readings.day import days_with_calls, slices
from opencode_tui.readings.sessions import RUNNING_MS
from opencode_tui.records.usage import Usage
from opencode_tui.report.usage import usage_json, usage_table


def run(arguments: argparse.Namespace) -> int:
    settings = settings_for(arguments)
    _check(arguments)
    with using_ledger(settings) as ledger:
        seen = look(settings, ledger)
        with ledger.reading() as connection:
            usage = _usage(connection, calendar_for(settings.timezone), arguments, seen.whole)
    if arguments.json:
        print(json.dumps(usage_json(usage)))
    else:
        print(usage_table(usage))
    return 0


def _check(arguments: argparse.Namespace) -> None:
    """The days of the command line, made into dates. Raises Trouble."""
    if arguments.period and (arguments.first or arguments.last):
        raise Trouble("--period goes without --from and --to; leave one of them out", EXIT_USAGE)
    try:
        arguments.first = parse_day(arguments.first) if arguments.first else None
        arguments.last = parse_day(arguments.last) if arguments.last else None
    except ValueError as error:
        raise Trouble(str(error), EXIT_USAGE) from None
    if arguments.first and arguments.last and arguments.first > arguments.last:
        raise Trouble(f"--from {arguments.first} is after --to {arguments.last}; swap them", EXIT_USAGE)


def _usage(connection: sqlite3.Connection, calendar: Calendar, arguments: argparse.Namespace, whole: bool) -> Usage:
    now = now_ms()
    first, last, label = _days(connection, calendar, arguments, calendar.day(now))
    # All is all, also what a clock that jumped has put into the future or before the first day.
    span = EVER if label == "all" else calendar.span(first, last)
    only = None
    if arguments.model is not None:
        only = matching(arguments.model, queries.models(connection, span))
        if not only:
            known = ", ".join(queries.models(connection, span)[:8]) or "none at all"
            print(f"opencode-tui: no model is like {arguments.model!r}; there are {known}", file=sys.stderr)
    totals = queries.totals(connection, span, now - RUNNING_MS, only)
    if arguments.by == "day":
        days = days_with_calls(connection, calendar, span)
        spans = {day.isoformat(): each for day, each in days}
        bounded = bounded_days(connection, spans, whole)
        groups = tuple(
            replace(group, lower_bound=group.key in bounded)
            for group in queries.daily(connection, list(spans.items()), only)
        )
    else:
        groups = slices(connection, span, arguments.by, only, whole=whole)
    unreadable = sum(count for _, count in queries.unreadable_reasons(connection))
    titles = queries.titles(connection, [g.key for g in groups]) if arguments.by == "session" else {}
    bound = is_lower_bound(connection, span, whole)
    return Usage(first, last, label, arguments.by, totals, groups, unreadable, titles, bound)


def _days(
    connection: sqlite3.Connection, calendar: Calendar, arguments: argparse.Namespace, today: date
) -> tuple[date, date, str]:
    ever = queries.all_time(connection)
    first_ever = calendar.day(ever.start_ms) if ever.start_ms else today
    if arguments.first or arguments.last:
        last = arguments.last or max(today, arguments.first)
        return arguments.first or min(first_ever, last), last, "custom"
    label = arguments.period or "today"
    return *days_of(label, today, first_ever), label
