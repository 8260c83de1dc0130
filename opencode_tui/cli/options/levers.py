"""What can be changed so that it costs less."""

from __future__ import annotations

import argparse
from typing import Any

from opencode_tui.analysis.periods import PERIODS
from opencode_tui.cli.options.parsers import Commands


def add_levers(commands: Commands) -> None:
    levers = commands.add(
        "levers",
        "print what a period shows for the four levers, and offer changes of files",
        example="levers --period month",
    )
    period: dict[str, Any] = {"metavar": "P", "help": f"which period (default: week): {', '.join(PERIODS)}, …"}
    levers.add_argument("--period", default="week", **period)
    add = commands.actions_of(levers)
    apply = add(
        "apply",
        "show the changes of files that are offered, ask, and write them; each is kept as it was",
        example="levers apply model-explore",
    )
    apply.add_argument(
        "change", nargs="*", metavar="NAME", help="a change, or a lever: context, routing, compaction, quota"
    )
    apply.add_argument("--period", default=argparse.SUPPRESS, **period)
    apply.add_argument("--yes", action="store_true", help="do not ask")
    undo = add("undo", "put a file back as it was before a change, the newest one by default", example="levers undo")
    undo.add_argument("change", nargs="?", metavar="CHANGE", help="its number or its name in `levers list`")
    undo.add_argument("--force", action="store_true", help="even if the file was changed since")
    listed = add("list", "list the changes that were written", example="levers list --json")
    listed.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
