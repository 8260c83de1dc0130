"""The examples that the help of the commands and their actions gives."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from opencode_tui.cli.options.parsers import Parser
from opencode_tui.cli.parser import make_parser


def examples() -> dict[str, str]:
    """By command, such as `guard` and `guard lift`: a command line without the program."""
    return dict(_examples_in(make_parser(), ""))


def _examples_in(parser: argparse.ArgumentParser, above: str) -> Iterator[tuple[str, str]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, each in action.choices.items():
                assert isinstance(each, Parser)
                yield f"{above}{name}", each.example
                yield from _examples_in(each, f"{above}{name} ")
