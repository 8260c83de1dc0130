"""Options that several commands have."""

from __future__ import annotations

from typing import Any

from opencode_tui.analysis.periods import OTHER_PERIODS, PERIODS
from opencode_tui.cli.options.parsers import Parser

REPORT_FORMATS = ("md", "html", "json", "csv")


def add_period(command: Parser, default: str) -> None:
    """Adds `--period`, which is None unless it is given."""
    known = f"{', '.join(PERIODS)}, {OTHER_PERIODS}"
    command.add_argument("--period", metavar="P", help=f"which period (default: {default}): {known}")


def add_wide(table: Parser) -> None:
    table.add_argument("--wide", action="store_true", help="all columns, wider than the terminal if need be")


def add_paper(report: Parser, **first: Any) -> None:
    """Adds the options of a report's period and of its format."""
    report.add_argument("--week", metavar="W", help="which week, such as 2026-W19 (default: the one that ended last)")
    report.add_argument("--month", metavar="M", help="which month, such as 2026-05")
    report.add_argument("--from", **{"dest": "first", "metavar": "D", "help": "first day, such as 2026-05-13"} | first)
    report.add_argument("--to", dest="last", metavar="D", help="last day (default: today)")
    report.add_argument(
        "--format", choices=REPORT_FORMATS, help="which one (default: that of the file's name, else md)"
    )
    report.add_argument("-o", "--output", metavar="FILE", help="write it there; in a directory it names itself")
