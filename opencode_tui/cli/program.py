"""The command line with which the guard's plugin runs this program's `sync`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import opencode_tui
from opencode_tui import paths
from opencode_tui.cli.common import config_of
from opencode_tui.guard.setup import SyncProgram

_HERE = str(Path(opencode_tui.__file__).absolute().parent.parent)
"""The directory in which `python -m opencode_tui` finds this program."""


def sync_program(arguments: argparse.Namespace, ledger: Path) -> SyncProgram:
    """`sync` by this command's paths and settings."""
    command = [sys.executable, "-m", "opencode_tui", "sync", "--ledger", str(ledger)]
    if (data_dir := getattr(arguments, "data_dir", None)) is not None:
        command += ["--data-dir", str(paths.expand(data_dir).absolute())]
    if config := getattr(arguments, "config", None) or os.environ.get(paths.CONFIG_VARIABLE):
        command += ["--config", str(paths.expand(config).absolute())]
    return SyncProgram(tuple(command), _HERE, config_of(arguments))
