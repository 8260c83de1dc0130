"""What a day, a period or a session costs, and what keeps these figures new."""

from __future__ import annotations

import argparse

from opencode_tui.cli import EXIT_TROUBLE
from opencode_tui.cli.options.parsers import CHECK_EXIT_CODES, PUSH_EXIT_CODES, Commands
from opencode_tui.cli.options.shared import add_period, add_wide
from opencode_tui.records.dimensions import DIMENSIONS


def add_today(commands: Commands) -> None:
    commands.add("today", "print what today costs, in seven lines", example="today --json")


def add_usage(commands: Commands) -> None:
    usage = commands.add("usage", "print a table of what a period cost", example="usage --period month --by project")
    add_period(usage, "today")
    usage.add_argument("--from", dest="first", metavar="D", help="first day, such as 2026-05-13")
    usage.add_argument("--to", dest="last", metavar="D", help="last day (default: today)")
    usage.add_argument("--by", choices=DIMENSIONS, help="what to group by (default: model)")
    usage.add_argument("--then", choices=DIMENSIONS, help="what to group each group by")
    usage.add_argument(
        "--where",
        metavar="KEY=TEXT",
        nargs="+",
        action="extend",
        help="only calls for which all of these hold, such as agent=build 'model=kimi k2'; of one dimension, any",
    )
    usage.add_argument("--model", metavar="TEXT", help="the same as --where model=TEXT, such as 'kimi k2'")
    usage.add_argument("--compact", action="store_true", help="print a line each for today, the week and the month")
    usage.add_argument("--year", action="store_true", help="with --compact: a line for the year as well")
    usage.add_argument("--all", action="store_true", help="with --compact: a line for all there is as well")
    usage.add_argument("--session", metavar="ID", help="print one session's line; `current` is the newest one here")
    usage.add_argument("--full", action="store_true", help="with --session: rates and amounts by kind of token")
    usage.add_argument("--reprice", metavar="MODEL", help="what the same work would have cost at MODEL's price")
    add_wide(usage)


def add_sessions(commands: Commands) -> None:
    sessions = commands.add(
        "sessions",
        "print the root sessions of a period, each with what its subagents added",
        example="sessions --period all --limit 10",
    )
    add_period(sessions, "week")
    sessions.set_defaults(period="week")
    sessions.add_argument("--sort", choices=("cost", "recent"), default="cost", help="most expensive or newest first")
    sessions.add_argument("--limit", type=_count, metavar="N", help="at most so many")
    add_wide(sessions)


def add_session(commands: Commands) -> None:
    session = commands.add("session", "print one session as a tree, with its turns", example="session ses_4f2c")
    session.add_argument("id", metavar="ID", help="the session's id, or the beginning of it")
    add_wide(session)


def add_sync(commands: Commands) -> None:
    commands.add("sync", "read OpenCode's stores into the ledger and do nothing else", example="sync")


def add_check(commands: Commands) -> None:
    check = commands.add(
        "check",
        "say by the exit code where today stands, for cron",
        codes=CHECK_EXIT_CODES,
        example="check --warn 0.50 --cutoff 1.00 || echo 'time to look'",
    )
    check.usage_exit = EXIT_TROUBLE
    check.set_defaults(usage_exit=EXIT_TROUBLE)
    check.add_argument("--warn", metavar="USD", help="another warning than that of the settings")
    check.add_argument("--cutoff", metavar="USD", help="another cutoff than that of the settings")
    check.add_argument("--notify", action="store_true", help="send new alerts through the enabled channels")


def add_watch(commands: Commands) -> None:
    what = "look for alerts as the dashboard does, without a screen"
    watch = commands.add("watch", what, json=False, codes=PUSH_EXIT_CODES, example="watch --once")
    watch.add_argument("--once", action="store_true", help="look once and end")
    watch.add_argument("--push", action="store_true", help="send new calls to team.push.to of the settings as well")


def add_status(commands: Commands) -> None:
    status = commands.add(
        "status",
        "print one line for tmux's status bar",
        json=False,
        example="status --format '{glyph} {spent} of {cutoff}'",
    )
    status.add_argument("--format", metavar="TEXT", help="the line, with names such as {spent} in braces")


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of sessions; write one such as 20")
    return int(text)
