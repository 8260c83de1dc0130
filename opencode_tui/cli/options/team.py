"""A team's seats, from files and from a database."""

from __future__ import annotations

import argparse
from typing import Any

from opencode_tui.cli.options.parsers import PUSH_EXIT_CODES, AddAction, Commands
from opencode_tui.cli.options.shared import add_paper
from opencode_tui.config.held import HELD_SCOPES
from opencode_tui.records.team_choices import DATABASE_SERVERS, SHARES


def add_team(commands: Commands) -> None:
    what = "add up the ledgers of a team's seats, from files or from a database"
    add = commands.add_with_actions("team", what, example="team report --format html -o team.html")
    seat = add(
        "add",
        "add a seat to the team: a ledger, exported calls, or a folder in which each ledger is a seat",
        example="team add anna ~/team/anna.db",
    )
    seat.add_argument("name", metavar="NAME", help="the seat's name")
    seat.add_argument("path", metavar="PATH", help="the file or the folder")
    seat.add_argument("--share", choices=SHARES, help="what may be shown of a whole ledger (default: sums)")
    listed = add("list", "list the team's seats and what is found of each", example="team list --json")
    listed.add_argument("--json", action="store_true", help="print JSON")
    add("remove", "take a seat out of the team", example="team remove anna").add_argument(
        "name", metavar="NAME", help="the seat's name"
    )
    report = add(
        "report",
        "write what all seats cost in a period, who ran over and on what, and whose data is late",
        example="team report --week 2026-W20 --format html -o team.html",
    )
    report.add_argument("--json", action="store_true", help="print JSON")
    which = "first day, such as 2026-05-13; or which database to ask: its address, or `database` for team.push.to"
    add_paper(report, action=_DayOrDatabase, metavar="D|URL", help=which)
    report.set_defaults(database=None)
    export = add(
        "export",
        "write what this machine's ledger shares with the team, and nothing else of it",
        example="team export ~/team/anna.db",
    )
    _add_push(add)
    export.add_argument("file", metavar="FILE", help="the file to write, such as one in a synced folder")
    export.add_argument("--since", metavar="DAY", help="from this day on, such as 2026-05-13 (default: all)")


def _add_push(add: AddAction) -> None:
    what = "send what a team's database lacks of this machine's calls"
    push = add("push", what, codes=PUSH_EXIT_CODES, example="team push --to postgresql://anna@db.example/costs")
    push.add_argument("--to", metavar="URL", help="the database (default: team.push.to of the settings)")
    push.add_argument("--all", action="store_true", help="look at every call again; what is there is not sent twice")
    _add_budgets(add)
    schema = add(
        "schema",
        "print the SQL that the owner of a team's database runs: tables, weeks, roles",
        example="team schema --seat anna --seat ben --reader boss > schema.sql",
    )
    schema.add_argument("--seat", action="append", metavar="ROLE", help="a role that pushes; can be given again")
    schema.add_argument("--reader", action="append", metavar="ROLE", help="a role that reads the sums of all seats")
    schema.add_argument("--since", metavar="DAY", help="the first week with a partition (default: this one)")
    schema.add_argument("--weeks", type=_weeks, default=53, metavar="N", help="how many have one (default: 53)")
    which: dict[str, Any] = {"choices": DATABASE_SERVERS, "default": DATABASE_SERVERS[0]}
    schema.add_argument("--for", dest="server", help="for which server (default: postgresql)", **which)
    schema.add_argument("--prune", action="store_true", help="print instead what deletes sums that newer ones replaced")


def _add_budgets(add: AddAction) -> None:
    what = "list the budgets in a team's database, or as its owner set or remove one"
    budgets = add(
        "budgets",
        what,
        codes=PUSH_EXIT_CODES,
        example="team budgets set web --period week --owner Anna --cutoff-usd 50",
    )
    deeds: dict[str, Any] = {"choices": ("list", "set", "remove"), "nargs": "?", "default": "list"}
    budgets.add_argument("deed", help="list (default), set or remove", **deeds)
    budgets.add_argument("name", metavar="NAME", nargs="?", default="", help="the budget's name")
    budgets.add_argument("--to", metavar="URL", help="the database (default: team.push.to of the settings)")
    budgets.add_argument("--seat", metavar="ROLE", help="the seat that it is for (default: every seat)")
    budgets.add_argument("--scope", choices=HELD_SCOPES, help="what counts in it (default: seat)")
    budgets.add_argument("--only", metavar="KEY", help="the project (a path), agent, provider, tag or environment")
    budgets.add_argument("--period", choices=("day", "week", "month"), help="day (default), week or month")
    budgets.add_argument("--owner", metavar="NAME", help="who answers for it")
    for line, calls in (
        ("warning", "an alert fires at this amount"),
        ("cutoff", "the guard refuses calls from this amount on"),
        ("ci", "those of CI from this one on"),
        ("automation", "those of `opencode run` from this one on"),
        ("background", "those of subagents in the background from this one on"),
    ):
        budgets.add_argument(f"--{line}-usd", metavar="USD", help=calls)
    budgets.add_argument("--json", action="store_true", help="print the list as JSON")


def _weeks(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 520:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not 1 to 520 weeks; write a number such as 53")
    return int(text)


class _DayOrDatabase(argparse.Action):
    """Takes `--from` as a day, or as a database."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, value: Any, *_: object) -> None:
        is_database = value == "database" or bool({"/", "@"} & set(value))
        setattr(namespace, "database" if is_database else self.dest, value)
