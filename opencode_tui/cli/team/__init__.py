"""`opencode-tui team`: which seats there are, and what they cost together."""

from __future__ import annotations

import argparse
from collections.abc import Callable


def run(arguments: argparse.Namespace) -> int:
    return _action(arguments.action)(arguments)


def _action(name: str) -> Callable[[argparse.Namespace], int]:
    if name == "report":
        from opencode_tui.cli.team.report import report_team

        return report_team
    if name == "export":
        from opencode_tui.cli.team.export import export_seat

        return export_seat
    if name == "push":
        from opencode_tui.cli.team.push import push_seat

        return push_seat
    if name == "budgets":
        from opencode_tui.cli.team.budgets import database_budgets

        return database_budgets
    if name == "schema":
        from opencode_tui.cli.team.schema import print_schema

        return print_schema
    from opencode_tui.cli.team import seats

    return {"add": seats.add_seat, "remove": seats.remove_seat, "list": seats.list_seats}[name]
