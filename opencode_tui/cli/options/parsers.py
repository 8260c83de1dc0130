"""How a command and its actions are added to the parser, each with its help, an example and its exit codes."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any, NoReturn, Protocol

from opencode_tui.cli import EXIT_USAGE
from opencode_tui.records.collecting import paused_collection

EXIT_CODES = (
    "exit codes: 0 done; 2 wrong command line; 3 something is wrong with the settings, the data directory or the"
    " ledger (one sentence on standard error says what); 130 interrupted"
)
CHECK_EXIT_CODES = (
    "exit codes: 0 under the warning; 1 at or past the warning; 2 at or past the cutoff; 3 the spend is unknown, or"
    " the command line is wrong (one sentence on standard error says what); 130 interrupted"
)
REPORT_EXIT_CODES = EXIT_CODES.replace(
    "0 done;", "0 done, or what --verify holds; 1 --verify found days that differ;"
).replace(" or the ledger", ", the ledger or the report's file")
RECONCILE_EXIT_CODES = (
    "exit codes: 0 every difference is explained; 1 a rest is not; 2 wrong command line; 3 something is wrong with the"
    " settings, the data directory or the ledger (one sentence on standard error says what); 130 interrupted"
)
PUSH_EXIT_CODES = EXIT_CODES.replace("0 done;", "0 done; 1 the database did not answer, the rest goes next time;")
_AS_IT_IS = "  "
"""What a line of the help begins with that is not filled."""


class Parser(argparse.ArgumentParser):
    """Exits with `usage_exit` for a wrong command line, since 2 means the cutoff for `check`."""

    usage_exit = EXIT_USAGE
    example = ""
    """A command line to copy, without the program."""
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


class AddAction(Protocol):
    """Adds an action to a command; it is run by the command's module."""

    def __call__(self, name: str, help: str, *, example: str, codes: str = EXIT_CODES) -> Parser: ...


class Commands:
    """Adds commands to a parser."""

    def __init__(self, parser: Parser, common: Parser) -> None:
        self._common = common
        self._all = parser.add_subparsers(prog=parser.prog, metavar="COMMAND", title="commands")

    def add(self, name: str, help: str, *, example: str, json: bool = True, codes: str = EXIT_CODES) -> Parser:
        """A command with options of its own; `codes` says what its exit codes mean."""
        command = _add(self._all, name, help, example, codes, [self._common])
        if json:
            command.add_argument("--json", action="store_true", help="print JSON")
        command.set_defaults(run=run_command(name))
        return command

    def add_with_actions(self, name: str, help: str, *, example: str) -> AddAction:
        """A command that does nothing without one of its actions."""
        return self.actions_of(_add(self._all, name, help, example, EXIT_CODES, []), required=True)

    def actions_of(self, command: Parser, *, required: bool = False) -> AddAction:
        """What adds the actions of a command."""
        actions = command.add_subparsers(
            prog=command.prog, metavar="ACTION", title="actions", dest="action", required=required
        )
        run = run_command(command.prog.rpartition(" ")[2])

        def add(name: str, help: str, *, example: str, codes: str = EXIT_CODES) -> Parser:
            action = _add(actions, name, help, example, codes, [self._common])
            action.set_defaults(run=run)
            return action

        return add


def _add(
    parsers: argparse._SubParsersAction[Parser], name: str, help: str, example: str, codes: str, parents: list[Parser]
) -> Parser:
    epilog = f"example:\n{_AS_IT_IS}opencode-tui {example}\n\n{codes}"
    parser = parsers.add_parser(name, help=help, description=help, parents=parents, epilog=epilog, allow_abbrev=False)
    parser.example = example
    return parser


def run_command(name: str) -> Callable[[argparse.Namespace], int]:
    """What imports the module of a command and runs it."""

    def run(arguments: argparse.Namespace) -> int:
        with paused_collection():
            command = import_module(f"opencode_tui.cli.{name}")
        code: int = command.run(arguments)
        return code

    return run


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
