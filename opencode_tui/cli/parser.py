"""The parser of the command line. A command's options are imported with its parser, its module when it is called."""

from __future__ import annotations

import argparse
from importlib import import_module

from opencode_tui.cli.options.parsers import EXIT_CODES, Commands, Parser, run_command

COMMANDS = {
    "today": "spend",
    "usage": "spend",
    "sessions": "spend",
    "session": "spend",
    "report": "papers",
    "prices": "prices",
    "sync": "spend",
    "check": "spend",
    "watch": "spend",
    "status": "spend",
    "alerts": "alerts",
    "why": "alerts",
    "export": "papers",
    "metrics": "papers",
    "budget": "payers",
    "quota": "payers",
    "accounts": "payers",
    "reconcile": "papers",
    "levers": "levers",
    "commands": "places",
    "mcp": "places",
    "completions": "places",
    "team": "team",
    "guard": "guard",
    "tmux": "places",
}
"""The commands in the order of the help, each with the file in `options` that has its `add_NAME`."""


def make_parser(command: str = "") -> argparse.ArgumentParser:
    """The parser of all commands, or of one of COMMANDS alone, which is made in a third of the time."""
    common = _common_options()
    parser = Parser(
        prog="opencode-tui",
        description="What OpenCode costs: a live dashboard, and the same numbers for scripts.",
        epilog=EXIT_CODES,
        parents=[common],
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="say which version this is")
    parser.add_argument("--demo", action="store_true", help="show the dashboard on a made-up day that is played live")
    parser.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal or to tmux")
    parser.set_defaults(run=run_command("dashboard"))
    commands = Commands(parser, common)
    for name, file in COMMANDS.items():
        if command in ("", name):
            getattr(import_module(f"opencode_tui.cli.options.{file}"), f"add_{name}")(commands)
    return parser


def _common_options() -> Parser:
    common = Parser(add_help=False, argument_default=argparse.SUPPRESS, allow_abbrev=False)
    group = common.add_argument_group("where things are")
    group.add_argument("--data-dir", metavar="DIR", help="OpenCode's data directory (default: OpenCode's own)")
    group.add_argument("--ledger", metavar="FILE", help="our ledger (default: in the platform's data directory)")
    group.add_argument("--config", metavar="FILE", help="our settings (default: config.toml in the platform's place)")
    return common


class _Version(argparse.Action):
    """Looks up the version on demand, since that takes longer than parsing."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"opencode-tui {version('opencode-tui')}")
        except PackageNotFoundError:
            print("opencode-tui, not installed")
        parser.exit(0)
