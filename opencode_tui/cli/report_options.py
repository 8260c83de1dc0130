"""The options of a report: its period and its format, for a person's own and for a team's."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from opencode_tui.analysis.report_periods import ReportPeriod, last_week, parse_month, parse_range, parse_week
from opencode_tui.cli import EXIT_USAGE
from opencode_tui.cli.common import Trouble
from opencode_tui.report.papers import SUFFIXES


def asked_format(arguments: argparse.Namespace, target: Path | None) -> str:
    """That of --format or --json, else that of the file's name, else Markdown. Raises Trouble."""
    if arguments.json and arguments.format not in (None, "json"):
        raise Trouble(f"--json goes without --format {arguments.format}; leave one of them out", EXIT_USAGE)
    if arguments.json:
        return "json"
    if arguments.format or target is None or target.is_dir() or arguments.output.endswith("/") or not target.suffix:
        return arguments.format or "md"
    if (format := SUFFIXES.get(target.suffix.lower())) is None:
        endings = ", ".join(SUFFIXES)
        raise Trouble(f"no format ends with {target.suffix!r}; take one of {endings}, or name a --format", EXIT_USAGE)
    return format


def asked_period(arguments: argparse.Namespace, today: date) -> ReportPeriod:
    """The period of the command line. Raises Trouble."""
    given = [option for option in ("week", "month", "first") if getattr(arguments, option) is not None]
    if len(given) > 1 or (arguments.last is not None and given not in ([], ["first"])):
        raise Trouble("--week, --month and --from with --to are three ways to name a period; take one", EXIT_USAGE)
    try:
        if arguments.week is not None:
            return parse_week(arguments.week)
        if arguments.month is not None:
            return parse_month(arguments.month)
        if arguments.first is not None:
            return parse_range(arguments.first, arguments.last, today)
    except ValueError as error:
        raise Trouble(str(error), EXIT_USAGE) from None
    if arguments.last is not None:
        raise Trouble("--to needs --from, the first day of the period", EXIT_USAGE)
    return last_week(today)
