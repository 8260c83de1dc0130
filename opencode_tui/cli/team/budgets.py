"""`opencode-tui team budgets`: lists the budgets in a team's database, and sets or removes one as its owner."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from typing import Any

from opencode_tui.cli import EXIT_OK, EXIT_USAGE
from opencode_tui.cli.common import Trouble, settings_for
from opencode_tui.cli.team.database import asked_database, database_troubles
from opencode_tui.config.alert_values import line
from opencode_tui.config.database_values import DatabaseAddress, role_name
from opencode_tui.config.settings import Settings
from opencode_tui.money import format_usd, usd
from opencode_tui.report.json_values import SCHEMA_VERSION
from opencode_tui.report.table import TextColumn, text_table

_LINES = ("warning", "cutoff", "ci", "automation", "background")
_COLUMNS = ("budget", "seat", "owner", "of", "period", *_LINES)


def database_budgets(arguments: argparse.Namespace) -> int:
    settings = settings_for(arguments)
    address = asked_database(arguments.to, settings)
    if arguments.deed == "list":
        return _list(arguments, address, settings)
    row = _row(arguments)
    with database_troubles():
        if arguments.deed == "set":
            _set(row, address, settings)
        else:
            _remove(row, address, settings)
    return EXIT_OK


def _row(arguments: argparse.Namespace) -> dict[str, Any]:
    """The row of the command line. Raises Trouble."""
    if not arguments.name:
        raise Trouble(f"which budget? write its name after `{arguments.deed}`", EXIT_USAGE)
    words = {key: getattr(arguments, key) or default for key, default in _DEFAULTS.items()}
    try:
        seat = role_name(arguments.seat) if arguments.seat else ""
        lines = {f"{each}_nano": line(getattr(arguments, f"{each}_usd") or "off") for each in _LINES}
    except ValueError as error:
        raise Trouble(str(error), EXIT_USAGE) from None
    return {"seat": seat, "name": arguments.name, **words, **lines}


_DEFAULTS = {"scope": "seat", "only": "", "period": "day", "owner": ""}


def _set(row: Mapping[str, Any], address: DatabaseAddress, settings: Settings) -> None:
    from opencode_tui.team.postgres.budget_rows import team_row, write_budget

    try:
        team_row(row)
    except ValueError as error:
        raise Trouble(str(error), EXIT_USAGE) from None
    write_budget(address, settings.team.push.password_file, row)
    print(f"{row['name']} holds for {row['seat'] or 'every seat'} from its next push on ({address.name})")


def _remove(row: Mapping[str, Any], address: DatabaseAddress, settings: Settings) -> None:
    from opencode_tui.team.postgres.budget_rows import remove_budget

    whose = f"for {row['seat'] or 'every seat'}"
    if not remove_budget(address, settings.team.push.password_file, row["seat"], row["name"]):
        raise Trouble(f"{address.name} has no budget {row['name']} {whose}; `team budgets` lists them", EXIT_USAGE)
    print(f"{row['name']} {whose} is removed, and no longer held from its next push on ({address.name})")


def _list(arguments: argparse.Namespace, address: DatabaseAddress, settings: Settings) -> int:
    with database_troubles():
        from opencode_tui.team.postgres.budget_rows import budget_rows

        rows = budget_rows(address, settings.team.push.password_file) or []
    if arguments.json:
        print(json.dumps({"schema_version": SCHEMA_VERSION, "budgets": [_json(row) for row in rows]}))
    elif rows:
        print(_table(rows))
    else:
        print(f"{address.name} has no budgets; its owner sets one with `opencode-tui team budgets set`")
    return EXIT_OK


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    cells = [
        (
            row["name"],
            row["seat"] or "every seat",
            row["owner"],
            f"{row['scope']} {row['only']}".rstrip(),
            row["period"],
            *("off" if row[f"{each}_nano"] is None else format_usd(row[f"{each}_nano"]) for each in _LINES),
        )
        for row in rows
    ]
    return text_table([TextColumn(name, "left") for name in _COLUMNS], cells)


def _json(row: Mapping[str, Any]) -> dict[str, Any]:
    texts = {key: row[key] or None for key in ("name", "seat", "owner", "scope", "only", "period")}
    amounts = {f"{each}_usd": row[f"{each}_nano"] for each in _LINES}
    return {**texts, **{key: None if nano is None else usd(nano) for key, nano in amounts.items()}}
