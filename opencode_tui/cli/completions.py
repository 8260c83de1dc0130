"""`opencode-tui completions`: prints the completion of commands, options and their values for a shell."""

from __future__ import annotations

import argparse

import shtab

from opencode_tui.cli.parser import make_parser


def run(arguments: argparse.Namespace) -> int:
    print(shtab.complete(make_parser(), arguments.shell))
    return 0
