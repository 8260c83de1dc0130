"""The parser of all commands and options. A command's module is imported when it is called."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any, NoReturn

from opencode_tui.analysis.periods import OTHER_PERIODS, PERIODS
from opencode_tui.cli import EXIT_TROUBLE, EXIT_USAGE
from opencode_tui.config.held import HELD_SCOPES
from opencode_tui.records.collecting import paused_collection
from opencode_tui.records.dimensions import DIMENSIONS
from opencode_tui.records.team_choices import DATABASE_SERVERS, SHARES
from opencode_tui.report.export.formats import EXPORT_FORMATS

_MOST_ALERTS = 1_000_000
SHELLS = ("bash", "zsh", "fish")
REPORT_FORMATS = ("md", "html", "json", "csv")

_EXIT_CODES = (
    "exit codes: 0 done; 2 wrong command line; 3 something is wrong with the settings, the data directory or the"
    " ledger (one sentence on standard error says what); 130 interrupted"
)
_CHECK_EXIT_CODES = (
    "exit codes: 0 under the warning; 1 at or past the warning; 2 at or past the cutoff; 3 the spend is unknown, or"
    " the command line is wrong (one sentence on standard error says what); 130 interrupted"
)
_REPORT_EXIT_CODES = _EXIT_CODES.replace(
    "0 done;", "0 done, or what --verify holds; 1 --verify found days that differ;"
).replace("or the ledger", "the ledger or the report's file")
_RECONCILE_EXIT_CODES = (
    "exit codes: 0 every difference is explained; 1 a rest is not; 2 wrong command line; 3 something is wrong with the"
    " settings, the data directory or the ledger (one sentence on standard error says what); 130 interrupted"
)
_PUSH_EXIT_CODES = _EXIT_CODES.replace("0 done;", "0 done; 1 the database did not answer, the rest goes next time;")
_AS_IT_IS = "  "
"""What a line of the help begins with that is not filled."""


EXAMPLES = {
    "today": "today --json",
    "usage": "usage --period month --by project",
    "sessions": "sessions --period all --limit 10",
    "session": "session ses_4f2c",
    "report": "report --format html -o last-week.html",
    "prices": "prices kimi k2",
    "prices show": "prices show kimi k2",
    "prices set": "prices set opencode/kimi-k2.6 --input 0.95 --output 4 --cache-read 0.16",
    "prices refresh": "prices refresh",
    "sync": "sync",
    "check": "check --warn 0.50 --cutoff 1.00 || echo 'time to look'",
    "watch": "watch --once",
    "status": "status --format '{glyph} {spent} of {cutoff}'",
    "alerts": "alerts --limit 5",
    "alerts test": "alerts test",
    "alerts seen": "alerts seen all",
    "alerts ack": "alerts ack 12 13",
    "alerts unack": "alerts unack 12",
    "alerts snooze": "alerts snooze 12 --for 2h",
    "why": "why --period month",
    "why dismiss": "why dismiss 3f2a1b --for-ever",
    "why done": "why done 3f2a1b",
    "why restore": "why restore 3f2a1b",
    "export": "export --format csv --since 2026-05-01 --output calls.csv",
    "metrics": "metrics --listen 127.0.0.1:9400",
    "budget": "budget --json",
    "quota": "quota",
    "accounts": "accounts --period 30d",
    "reconcile": "reconcile --json",
    "levers": "levers --period month",
    "levers apply": "levers apply model-explore",
    "levers undo": "levers undo",
    "levers list": "levers list --json",
    "commands": "commands install",
    "commands install": "commands install",
    "commands remove": "commands remove",
    "mcp": "mcp",
    "completions": "completions bash > ~/.local/share/bash-completion/completions/opencode-tui",
    "team": "team report --format html -o team.html",
    "team add": "team add anna ~/team/anna.db",
    "team list": "team list --json",
    "team remove": "team remove anna",
    "team report": "team report --week 2026-W20 --format html -o team.html",
    "team export": "team export ~/team/anna.db",
    "team push": "team push --to postgresql://anna@db.example/costs",
    "team budgets": "team budgets set web --period week --owner Anna --cutoff-usd 50",
    "team schema": "team schema --seat anna --seat ben --reader boss > schema.sql",
    "guard": "guard install",
    "guard install": "guard install",
    "guard remove": "guard remove",
    "guard status": "guard status --json",
    "guard lift": "guard lift --for 30m",
    "guard raise": "guard raise 2.50",
    "tmux": "tmux preview",
    "tmux preview": "tmux preview --width 60",
    "tmux install": "tmux install --key F9",
    "tmux remove": "tmux remove",
}


def _epilog(command: str, codes: str = _EXIT_CODES) -> str:
    return f"example:\n{_AS_IT_IS}opencode-tui {EXAMPLES[command]}\n\n{codes}"


class _Formatter(argparse.HelpFormatter):
    """As wide as the terminal; fills each paragraph by itself, and leaves an indented line to be copied as it is.

    argparse makes one for each option, and would import shutil to find the width.
    """

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        fill = super()._fill_text
        lines = (line if line.startswith(_AS_IT_IS) else fill(line, width, indent) for line in text.split("\n"))
        return "\n".join(lines)


def _columns() -> int:
    """The columns of the terminal, as `shutil.get_terminal_size` finds them."""
    with suppress(KeyError, ValueError):
        if (columns := int(os.environ["COLUMNS"])) > 0:
            return columns
    with suppress(OSError):  # standard output is closed, or no terminal
        return os.get_terminal_size().columns or 80
    return 80


class _Parser(argparse.ArgumentParser):
    """Exits with `usage_exit` for a wrong command line, since 2 means the cutoff for `check`."""

    usage_exit = EXIT_USAGE
    unnamed_action = ""
    """The action that is meant where the first word names none."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"formatter_class": _Formatter} | options)

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        parsed, left = self.parse_known_args(args, namespace)
        if left:
            self.usage_exit = getattr(parsed, "usage_exit", self.usage_exit)
            self.error(f"unrecognized arguments: {' '.join(left)}")
        return parsed

    def parse_known_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        words = self._with_action(list(args or ())) if self.unnamed_action else args
        return super().parse_known_args(words, namespace)

    def _with_action(self, words: list[str]) -> list[str]:
        """The words with the unnamed action before the first that is neither an option nor an option's value."""
        place = 0
        while place < len(words) and words[place].startswith("-"):
            option = self._option_string_actions.get(words[place])
            place += 2 if option is not None and option.nargs is None else 1
        (actions,) = (each for each in self._actions if isinstance(each, argparse._SubParsersAction))
        if place >= len(words) or words[place] in actions.choices:
            return words
        return [*words[:place], self.unnamed_action, *words[place:]]

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(self.usage_exit, f"{self.prog}: error: {message}\n")


def make_parser(command: str = "") -> argparse.ArgumentParser:
    """The parser of all commands, or of one of COMMANDS alone, which is made in a third of the time."""
    common = _common_options()
    parser = _Parser(
        prog="opencode-tui",
        description="What OpenCode costs: a live dashboard, and the same numbers for scripts.",
        epilog=_EXIT_CODES,
        parents=[common],
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="say which version this is")
    parser.add_argument("--demo", action="store_true", help="show the dashboard on a made-up day that is played live")
    parser.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal or to tmux")
    parser.set_defaults(run=_command("dashboard"))
    commands = _Commands(parser, common)
    for name, add in COMMANDS.items():
        if command in ("", name):
            add(commands)
    return parser


class _Commands:
    """Adds commands to a parser."""

    def __init__(self, parser: _Parser, common: _Parser) -> None:
        self.common = common
        self.all = parser.add_subparsers(prog=parser.prog, metavar="COMMAND", title="commands")

    def add(self, name: str, help: str, *, json: bool = True, codes: str = _EXIT_CODES) -> _Parser:
        epilog = _epilog(name, codes)
        command = self.all.add_parser(
            name, help=help, description=help, parents=[self.common], epilog=epilog, allow_abbrev=False
        )
        if json:
            command.add_argument("--json", action="store_true", help="print JSON")
        command.set_defaults(run=_command(name))
        return command


def _add_today(commands: _Commands) -> None:
    commands.add("today", "print what today costs, in seven lines")


def _add_usage(commands: _Commands) -> None:
    usage = commands.add("usage", "print a table of what a period cost")
    _add_period(usage, "today")
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
    _add_wide(usage)


def _add_sessions(commands: _Commands) -> None:
    sessions = commands.add("sessions", "print the root sessions of a period, each with what its subagents added")
    _add_period(sessions, "week")
    sessions.set_defaults(period="week")
    sessions.add_argument("--sort", choices=("cost", "recent"), default="cost", help="most expensive or newest first")
    sessions.add_argument("--limit", type=_count, metavar="N", help="at most so many")
    _add_wide(sessions)


def _add_session(commands: _Commands) -> None:
    session = commands.add("session", "print one session as a tree, with its turns")
    session.add_argument("id", metavar="ID", help="the session's id, or the beginning of it")
    _add_wide(session)


def _add_report(commands: _Commands) -> None:
    what = "write a report on a week, a month or some days, or say whether the ledger still says what one does"
    report = commands.add("report", what, codes=_REPORT_EXIT_CODES)
    _add_paper(report)
    report.add_argument("--verify", metavar="FILE", help="hold a written report against the ledger")


def _add_paper(report: _Parser, **first: Any) -> None:
    """Adds the options of a report's period and of its format."""
    report.add_argument("--week", metavar="W", help="which week, such as 2026-W19 (default: the one that ended last)")
    report.add_argument("--month", metavar="M", help="which month, such as 2026-05")
    report.add_argument("--from", **{"dest": "first", "metavar": "D", "help": "first day, such as 2026-05-13"} | first)
    report.add_argument("--to", dest="last", metavar="D", help="last day (default: today)")
    report.add_argument(
        "--format", choices=REPORT_FORMATS, help="which one (default: that of the file's name, else md)"
    )
    report.add_argument("-o", "--output", metavar="FILE", help="write it there; in a directory it names itself")


def _add_period(command: _Parser, default: str) -> None:
    """Adds `--period`, which is None unless it is given."""
    known = f"{', '.join(PERIODS)}, {OTHER_PERIODS}"
    command.add_argument("--period", metavar="P", help=f"which period (default: {default}): {known}")


def _add_wide(table: _Parser) -> None:
    table.add_argument("--wide", action="store_true", help="all columns, wider than the terminal if need be")


def _add_prices(commands: _Commands) -> None:
    prices = commands.add("prices", "print what the models in use cost, from which source and since when")
    _add_wide(prices)
    prices.unnamed_action = "show"
    actions = prices.add_subparsers(prog=prices.prog, metavar="ACTION", title="actions", dest="action")
    add = partial(_add_action, actions, commands.common, "prices")
    show = add("show", "print them, or those like MODEL: `prices MODEL` does the same")
    show.add_argument("model", nargs="*", metavar="MODEL", help="such as 'kimi k2', in use or in a price list")
    show.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
    show.add_argument("--wide", action="store_true", default=argparse.SUPPRESS, help="all columns")
    price = add("set", "write a price of your own into config.toml; comes before all others")
    price.add_argument("model", metavar="MODEL", help="provider/model, or text that only one model is like")
    for name, is_required in (("input", True), ("output", True), ("cache-read", False), ("cache-write", False)):
        help = f"price of {name.replace('-', ' ')}, USD per million tokens"
        price.add_argument(f"--{name}", required=is_required, metavar="USD", help=help)
    tier = "what changes above a context, such as above=200000,input=1.90,output=8.00; once a tier, `none` for none"
    price.add_argument("--tier", action="append", metavar="TIER", help=tier)
    price.add_argument("--from", dest="first", metavar="DAY", help="the first day on which it holds")
    price.add_argument("--hours", metavar="H", help="the hours of the day at which it holds, such as 16:30-00:30")
    price.add_argument("--zone", metavar="ZONE", help="the time zone of that day and those hours (default: UTC)")
    add("refresh", "fetch the public price list from the network, keep what held before, and say what changed")


def _add_sync(commands: _Commands) -> None:
    commands.add("sync", "read OpenCode's stores into the ledger and do nothing else")


def _add_check(commands: _Commands) -> None:
    check = commands.add("check", "say by the exit code where today stands, for cron", codes=_CHECK_EXIT_CODES)
    check.usage_exit = EXIT_TROUBLE
    check.set_defaults(usage_exit=EXIT_TROUBLE)
    check.add_argument("--warn", metavar="USD", help="another warning than that of the settings")
    check.add_argument("--cutoff", metavar="USD", help="another cutoff than that of the settings")
    check.add_argument("--notify", action="store_true", help="send new alerts through the enabled channels")


def _add_watch(commands: _Commands) -> None:
    what = "look for alerts as the dashboard does, without a screen"
    watch = commands.add("watch", what, json=False, codes=_PUSH_EXIT_CODES)
    watch.add_argument("--once", action="store_true", help="look once and end")
    watch.add_argument("--push", action="store_true", help="send new calls to team.push.to of the settings as well")


def _add_status(commands: _Commands) -> None:
    status = commands.add("status", "print one line for tmux's status bar", json=False)
    status.add_argument("--format", metavar="TEXT", help="the line, with names such as {spent} in braces")


def _add_export(commands: _Commands) -> None:
    what = "write every call, or its sums, in a format of other programs"
    export = commands.add("export", what, json=False)
    export.add_argument("--format", choices=EXPORT_FORMATS, required=True, help="which one; otlp sends to a collector")
    export.add_argument("--since", metavar="DAY", help="from this day on, such as 2026-05-13 (default: all)")
    export.add_argument("-o", "--output", metavar="FILE", help="the file to write (default: standard output)")
    export.add_argument("--titles", action="store_true", help="with the sessions' titles")


def _add_metrics(commands: _Commands) -> None:
    metrics = commands.add("metrics", "serve OpenMetrics on this machine, for Prometheus", json=False)
    listen = "the address on this machine, such as 127.0.0.1:9400; port 0 takes a free one"
    metrics.add_argument("--listen", metavar="ADDRESS:PORT", required=True, help=listen)


def _add_reconcile(commands: _Commands) -> None:
    what = "compare OpenCode's own figures with the ledger: each difference by its cause"
    commands.add("reconcile", what, codes=_RECONCILE_EXIT_CODES)


def _add_budget(commands: _Commands) -> None:
    commands.add("budget", "print each budget with its owner, what is spent and what is left of it")


def _add_quota(commands: _Commands) -> None:
    commands.add("quota", "print how much of each plan's quota is used, when it is full, and by which sessions")


def _add_accounts(commands: _Commands) -> None:
    accounts = commands.add("accounts", "print who was paid for whose models, and how OpenCode is signed in there")
    help = f"which period (default: month): {', '.join(PERIODS)}, {OTHER_PERIODS}"
    accounts.add_argument("--period", default="month", metavar="P", help=help)
    _add_wide(accounts)


def _add_levers(commands: _Commands) -> None:
    levers = commands.add("levers", "print what a period shows for the four levers, and offer changes of files")
    period: dict[str, Any] = {"metavar": "P", "help": f"which period (default: week): {', '.join(PERIODS)}, …"}
    levers.add_argument("--period", default="week", **period)
    actions = levers.add_subparsers(prog=levers.prog, metavar="ACTION", title="actions", dest="action")
    add = partial(_add_action, actions, commands.common, "levers")
    apply = add("apply", "show the changes of files that are offered, ask, and write them; each is kept as it was")
    apply.add_argument(
        "change", nargs="*", metavar="NAME", help="a change, or a lever: context, routing, compaction, quota"
    )
    apply.add_argument("--period", default=argparse.SUPPRESS, **period)
    apply.add_argument("--yes", action="store_true", help="do not ask")
    undo = add("undo", "put a file back as it was before a change, the newest one by default")
    undo.add_argument("change", nargs="?", metavar="CHANGE", help="its number or its name in `levers list`")
    undo.add_argument("--force", action="store_true", help="even if the file was changed since")
    listed = add("list", "list the changes that were written")
    listed.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")


def _add_commands(commands: _Commands) -> None:
    what = "put /usage and /globalusage into OpenCode, which print what this session and these days cost"
    own = commands.all.add_parser(
        "commands", help=what, description=what, epilog=_epilog("commands"), allow_abbrev=False
    )
    actions = own.add_subparsers(prog=own.prog, metavar="ACTION", title="actions", dest="action", required=True)
    add = partial(_add_action, actions, commands.common, "commands")
    add("install", "put the two commands into OpenCode, or bring them up to date")
    add("remove", "take the two commands out of OpenCode")


def _add_mcp(commands: _Commands) -> None:
    commands.add("mcp", "let OpenCode's agent ask what it costs, over standard input and output", json=False)


def _add_completions(commands: _Commands) -> None:
    what = "print the shell's completion of this program's commands"
    completions = commands.add("completions", what, json=False)
    completions.add_argument("shell", choices=SHELLS, help="for which shell")


def _add_action(
    actions: argparse._SubParsersAction[_Parser],
    common: _Parser,
    command: str,
    name: str,
    help: str,
    *,
    codes: str = _EXIT_CODES,
) -> _Parser:
    """An action of a command, run by the command's module."""
    epilog = _epilog(f"{command} {name}", codes)
    action = actions.add_parser(name, help=help, description=help, parents=[common], epilog=epilog, allow_abbrev=False)
    action.set_defaults(run=_command(command))
    return action


def _add_alerts(commands: _Commands) -> None:
    alerts = commands.add("alerts", "list the alerts that fired, with their causes and what each channel made of them")
    alerts.add_argument("--limit", type=_number, default=20, metavar="N", help="at most so many (default: 20)")
    actions = alerts.add_subparsers(prog=alerts.prog, metavar="ACTION", title="actions", dest="action")
    add = partial(_add_action, actions, commands.common, "alerts")
    test = add("test", "try each channel that is on; exit code 1 if one does not work")
    test.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
    ids: dict[str, Any] = {"dest": "ids", "nargs": "+", "metavar": "ID"}
    add("seen", "say that alerts were seen: they stand no longer").add_argument(**ids, help="an alert's number, or all")
    ack = add("ack", "say that alerts were dealt with: they are seen, and no snooze brings them back")
    ack.add_argument(**ids, help="an alert's number, or all")
    add("unack", "take acknowledgements back: each alert is what it was before").add_argument(
        **ids, help="an alert's number, or all"
    )
    snooze = add("snooze", "hide alerts for a while, and fire none like them meanwhile")
    snooze.add_argument(**ids, help="an alert's number, or all")
    snooze.add_argument("--for", dest="time", metavar="TIME", required=True, help="how long: 90s, 30m, 2h or today")


def _add_why(commands: _Commands) -> None:
    what = "say why a period cost that, and what to do about it: insights, the costliest first"
    why = commands.add("why", what)
    _add_period(why, "week")
    why.set_defaults(period="week")
    why.add_argument("--dismissed", action="store_true", help="list those that were dismissed as well")
    actions = why.add_subparsers(prog=why.prog, metavar="ACTION", title="actions", dest="action")
    add = partial(_add_action, actions, commands.common, "why")
    ids: dict[str, Any] = {"dest": "ids", "nargs": "+", "metavar": "ID", "help": "an insight's id, or its beginning"}
    dismiss = add("dismiss", "show insights no longer, for a week")
    done = add("done", "say that insights were acted on: what they cost from now on is compared with the week before")
    for action in (dismiss, done):
        action.add_argument(**ids)
        known = f"{', '.join(PERIODS)}, {OTHER_PERIODS}"
        action.add_argument("--period", metavar="P", default=argparse.SUPPRESS, help=f"in which period: {known}")
    dismiss.add_argument("--for-ever", action="store_true", help="not for a week only")
    restore = add("restore", "take back that insights were dismissed or done")
    restore.add_argument(**ids)
    for action in (dismiss, done, restore):
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")


def _add_guard(commands: _Commands) -> None:
    what = "hold the cutoff inside OpenCode: refuse its next model call once the day has cost that much"
    guard = commands.all.add_parser("guard", help=what, description=what, epilog=_epilog("guard"), allow_abbrev=False)
    actions = guard.add_subparsers(prog=guard.prog, metavar="ACTION", title="actions", dest="action", required=True)
    add = partial(_add_action, actions, commands.common, "guard")
    add("install", "put the guard into OpenCode, or bring it up to date")
    add("remove", "take the guard out of OpenCode")
    status = add("status", "say whether calls are held, and to what")
    status.add_argument("--json", action="store_true", help="print JSON")
    status.add_argument("--ask", action="store_true", help="ask OpenCode 2's own server on this machine as well")
    status.add_argument("--server", metavar="URL", default="", help="ask this one, on this machine")
    lift_parser = add("lift", "refuse nothing for a while, or nothing because of one kind of limit")
    lift_parser.add_argument("what", nargs="?", metavar="WHAT", default="", help="rate, loop, subagent or budget alone")
    lift_parser.add_argument("name", nargs="?", metavar="NAME", default="", help="this budget alone")
    lift = lift_parser.add_mutually_exclusive_group(required=True)
    lift.add_argument("--for", dest="time", metavar="TIME", help="how long: 90s, 30m, 2h or today")
    lift.add_argument("--off", action="store_true", help="hold again")
    raised = add("raise", "raise the cutoff for today").add_mutually_exclusive_group(required=True)
    raised.add_argument("amount", nargs="?", metavar="USD", help="to how much, such as 2.50")
    raised.add_argument("--off", action="store_true", help="hold the settings' cutoff again")


def _add_team(commands: _Commands) -> None:
    what = "add up the ledgers of a team's seats, from files or from a database"
    team = commands.all.add_parser("team", help=what, description=what, epilog=_epilog("team"), allow_abbrev=False)
    actions = team.add_subparsers(prog=team.prog, metavar="ACTION", title="actions", dest="action", required=True)
    add = partial(_add_action, actions, commands.common, "team")
    seat = add("add", "add a seat to the team: a ledger, exported calls, or a folder in which each ledger is a seat")
    seat.add_argument("name", metavar="NAME", help="the seat's name")
    seat.add_argument("path", metavar="PATH", help="the file or the folder")
    seat.add_argument("--share", choices=SHARES, help="what may be shown of a whole ledger (default: sums)")
    listed = add("list", "list the team's seats and what is found of each")
    listed.add_argument("--json", action="store_true", help="print JSON")
    add("remove", "take a seat out of the team").add_argument("name", metavar="NAME", help="the seat's name")
    report = add("report", "write what all seats cost in a period, who ran over and on what, and whose data is late")
    report.add_argument("--json", action="store_true", help="print JSON")
    which = "first day, such as 2026-05-13; or which database to ask: its address, or `database` for team.push.to"
    _add_paper(report, action=_DayOrDatabase, metavar="D|URL", help=which)
    report.set_defaults(database=None)
    export = add("export", "write what this machine's ledger shares with the team, and nothing else of it")
    _add_push(add)
    export.add_argument("file", metavar="FILE", help="the file to write, such as one in a synced folder")
    export.add_argument("--since", metavar="DAY", help="from this day on, such as 2026-05-13 (default: all)")


def _add_push(add: Callable[..., _Parser]) -> None:
    what = "send what a team's database lacks of this machine's calls"
    push = add("push", what, codes=_PUSH_EXIT_CODES)
    push.add_argument("--to", metavar="URL", help="the database (default: team.push.to of the settings)")
    push.add_argument("--all", action="store_true", help="look at every call again; what is there is not sent twice")
    _add_budgets(add)
    schema = add("schema", "print the SQL that the owner of a team's database runs: tables, weeks, roles")
    schema.add_argument("--seat", action="append", metavar="ROLE", help="a role that pushes; can be given again")
    schema.add_argument("--reader", action="append", metavar="ROLE", help="a role that reads the sums of all seats")
    schema.add_argument("--since", metavar="DAY", help="the first week with a partition (default: this one)")
    schema.add_argument("--weeks", type=_weeks, default=53, metavar="N", help="how many have one (default: 53)")
    which: dict[str, Any] = {"choices": DATABASE_SERVERS, "default": DATABASE_SERVERS[0]}
    schema.add_argument("--for", dest="server", help="for which server (default: postgresql)", **which)
    schema.add_argument("--prune", action="store_true", help="print instead what deletes sums that newer ones replaced")


def _add_budgets(add: Callable[..., _Parser]) -> None:
    what = "list the budgets in a team's database, or as its owner set or remove one"
    budgets = add("budgets", what, codes=_PUSH_EXIT_CODES)
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


def _add_tmux(commands: _Commands) -> None:
    what = "put a key that opens the dashboard beside a pane, and the status line, into tmux.conf"
    tmux = commands.all.add_parser("tmux", help=what, description=what, epilog=_epilog("tmux"), allow_abbrev=False)
    actions = tmux.add_subparsers(prog=tmux.prog, metavar="ACTION", title="actions", dest="action", required=True)
    for name, help in (
        ("preview", "print what would be written, and where"),
        ("install", "show it, ask, and write it"),
        ("remove", "take it out again; everything else stays as it is"),
    ):
        action = _add_action(actions, commands.common, "tmux", name, help)
        action.add_argument("--file", metavar="FILE", default="", help="another tmux.conf")
        if name != "remove":
            action.add_argument("--key", metavar="KEY", type=_key, default="O", help="the key after tmux's prefix (O)")
            action.add_argument("--width", metavar="N", type=_width, default=44, help="the pane's columns (44)")
            action.add_argument("--no-status", action="store_true", help="leave the status line alone")
        if name == "install":
            action.add_argument("--yes", action="store_true", help="do not ask")


COMMANDS: dict[str, Callable[[_Commands], None]] = {
    "today": _add_today,
    "usage": _add_usage,
    "sessions": _add_sessions,
    "session": _add_session,
    "report": _add_report,
    "prices": _add_prices,
    "sync": _add_sync,
    "check": _add_check,
    "watch": _add_watch,
    "status": _add_status,
    "alerts": _add_alerts,
    "why": _add_why,
    "export": _add_export,
    "metrics": _add_metrics,
    "budget": _add_budget,
    "quota": _add_quota,
    "accounts": _add_accounts,
    "reconcile": _add_reconcile,
    "levers": _add_levers,
    "commands": _add_commands,
    "mcp": _add_mcp,
    "completions": _add_completions,
    "team": _add_team,
    "guard": _add_guard,
    "tmux": _add_tmux,
}


def _common_options() -> _Parser:
    common = _Parser(add_help=False, argument_default=argparse.SUPPRESS, allow_abbrev=False)
    group = common.add_argument_group("where things are")
    group.add_argument("--data-dir", metavar="DIR", help="OpenCode's data directory (default: OpenCode's own)")
    group.add_argument("--ledger", metavar="FILE", help="our ledger (default: in the platform's data directory)")
    group.add_argument("--config", metavar="FILE", help="our settings (default: config.toml in the platform's place)")
    return common


def _command(name: str) -> Callable[[argparse.Namespace], int]:
    def run(arguments: argparse.Namespace) -> int:
        with paused_collection():
            command = import_module(f"opencode_tui.cli.{name}")
        code: int = command.run(arguments)
        return code

    return run


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of sessions; write one such as 20")
    return int(text)


def _width(text: str) -> int:
    if not text.isdecimal() or not 20 <= int(text) <= 500:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not 20 to 500 columns; write a number such as 44")
    return int(text)


def _weeks(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 520:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not 1 to 520 weeks; write a number such as 53")
    return int(text)


def _key(text: str) -> str:
    if not re.fullmatch(r"(?:[CMS]-)*(?:[A-Za-z0-9]|F[0-9]{1,2})", text):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a key; write one such as O, C-o or F9")
    return text


def _number(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_ALERTS:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a number of alerts; write one such as 20")
    return int(text)


class _DayOrDatabase(argparse.Action):
    """Takes `--from` as a day, or as a database."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, value: Any, *_: object) -> None:
        is_database = value == "database" or bool({"/", "@"} & set(value))
        setattr(namespace, "database" if is_database else self.dest, value)


class _Version(argparse.Action):
    """Looks up the version on demand, since that takes longer than parsing."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"opencode-tui {version('opencode-tui')}")
        except PackageNotFoundError:
            print("opencode-tui, not installed")
        parser.exit(0)
