"""`opencode-tui team schema`: the SQL for the owner of a team's database."""

from __future__ import annotations

import argparse
import sys
from datetime import date

from opencode_tui.analysis.periods import parse_day
from opencode_tui.cli import EXIT_OK, EXIT_USAGE
from opencode_tui.cli.common import Trouble
from opencode_tui.cli.team.database import database_troubles
from opencode_tui.clock import calendar_for, now_ms
from opencode_tui.config.database_values import role_name


def print_schema(arguments: argparse.Namespace) -> int:
    try:
        first = parse_day(arguments.since) if arguments.since else calendar_for("UTC").day(now_ms())
        seats, readers = (tuple(map(role_name, names or ())) for names in (arguments.seat, arguments.reader))
    except ValueError as error:
        raise Trouble(str(error), EXIT_USAGE) from None
    with database_troubles():
        sys.stdout.write(_sql(arguments.server, first, arguments.weeks, seats, readers, prune=arguments.prune))
    return EXIT_OK


def _sql(server: str, first: date, weeks: int, seats: tuple[str, ...], readers: tuple[str, ...], *, prune: bool) -> str:
    from opencode_tui.team.postgres.schema_sql import SchemaRequest, mondays_from, pruning_sql, schema_sql

    if prune:
        return pruning_sql()
    return schema_sql(SchemaRequest(server, mondays_from(first, weeks), seats, readers))
