"""The parser: every command and option with its help; a command's code is imported when it is called."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module

from opencode_tui.analysis.periods import PERIODS

GROUPINGS = ("model", "provider", "agent", "project", "session", "day")

_EXIT_CODES = """\
exit codes: 0 done; 2 wrong command line; 3 something is wrong with the settings, the data directory or the
ledger (one sentence on standard error says what); 130 interrupted"""


def make_parser() -> argparse.ArgumentParser:
    common = _common_options()
    parser = argparse.ArgumentParser(
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
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")

    def add(name: str, help: str) -> argparse.ArgumentParser:
        command = commands.add_parser(
            name, help=help, description=help, parents=[common], epilog=_EXIT_CODES, allow_abbrev=False
        )
        command.add_argument("--json", action="store_true", help="print JSON")
        command.set_defaults(run=_command(name))
        return command

    add("today", "print what today costs, in seven lines")
    usage = add("usage", "print a table of what a period cost")
    usage.add_argument("--period", choices=PERIODS, help="which period (default: today)")
    usage.add_argument("--from", dest="first", metavar="D", help="first day, such as 2026-05-13")
    usage.add_argument("--to", dest="last", metavar="D", help="last day (default: today)")
    usage.add_argument("--by", choices=GROUPINGS, default="model", help="what to group by (default: model)")
    usage.add_argument("--model", metavar="TEXT", help="only models like TEXT, such as 'kimi k2'")
    sessions = add("sessions", "print the root sessions of a period, each with what its subagents added")
    sessions.add_argument("--period", choices=PERIODS, default="week", help="which period (default: week)")
    sessions.add_argument("--sort", choices=("cost", "recent"), default="cost", help="dearest or newest first")
    sessions.add_argument("--limit", type=_count, metavar="N", help="at most so many")
    session = add("session", "print one session as a tree, with its turns")
    session.add_argument("id", metavar="ID", help="the session's id, or the beginning of it")
    add("sync", "read OpenCode's stores into the ledger and do nothing else")
    return parser


def _common_options() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS, allow_abbrev=False)
    group = common.add_argument_group("where things are")
    group.add_argument("--data-dir", metavar="DIR", help="OpenCode's data directory (default: OpenCode's own)")
    group.add_argument("--ledger", metavar="FILE", help="our ledger (default: in the platform's data directory)")
    group.add_argument("--config", metavar="FILE", help="our settings (default: config.toml in the platform's place)")
    return common


def _command(name: str) -> Callable[[argparse.Namespace], int]:
    def run(arguments: argparse.Namespace) -> int:
        code: int = import_module(f"opencode_tui.cli.{name}").run(arguments)
        return code

    return run


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of sessions; write one such as 20")
    return int(text)


class _Version(argparse.Action):
    """Asks for the version when it is wanted: looking it up takes longer than parsing."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"opencode-tui {version('opencode-tui')}")
        except PackageNotFoundError:
            print("opencode-tui, not installed")
        parser.exit(0)
