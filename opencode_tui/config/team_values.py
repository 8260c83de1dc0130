"""Validators of a team's settings; each raises ValueError with what is wrong and what to write."""

from __future__ import annotations

from opencode_tui.config import values
from opencode_tui.config.errors import shown
from opencode_tui.config.team import TeamSeat
from opencode_tui.records.team_choices import SHARES, SeatShare

_OFF = "off"
_LONGEST_NAME = 60
_KEYS = {"path", "share"}


def amount_or_off(value: object) -> int | None:
    """An amount in USD as nano-dollars, or None for `off`."""
    return None if value == _OFF else values.amount_setting(value)


def seat_share(value: object) -> SeatShare:
    """What a seat shares."""
    for known in SHARES:
        if value == known:
            return known
    raise ValueError(f"{shown(value)} is none of {', '.join(map(repr, SHARES))}; write one of them")


def seat_name(value: str) -> str:
    """The name of a seat: up to 60 characters, without slashes."""
    if fault := _name_fault(value):
        raise ValueError(f"{shown(value)} is no name of a seat: {fault}")
    return value


def _name_fault(value: str) -> str:
    """What is wrong with a seat's name, and what to write; empty if nothing is."""
    if not value.strip():
        return "it is empty; write one such as anna"
    if value != value.strip():
        return "it begins or ends with a blank; leave that out"
    if not value.isprintable():
        return "it has a character that cannot be shown, such as a line feed; leave that out"
    if "/" in value or "\\" in value:
        return "it has a slash; leave that out"
    return f"it has {len(value)} characters; write at most {_LONGEST_NAME}" if len(value) > _LONGEST_NAME else ""


def seats(value: object) -> dict[str, TeamSeat]:
    """The seats by name: each a path, or a table with `path` and `share`."""
    table = values.json_table(value, "seats", '{"anna": "~/team/anna.db"}')
    if not isinstance(table, dict):
        raise ValueError(f"{shown(value)} is not a table; write its keys below [team.seats]")
    return {seat_name(name): _seat(name, of) for name, of in table.items()}


def _seat(name: str, value: object) -> TeamSeat:
    if not isinstance(value, dict):
        value = {"path": value}
    if "path" not in value or value.keys() - _KEYS:
        raise ValueError(
            f"the seat {name!r} needs a path, and can have a share; write such as {{ path = '~/anna.db' }}"
        )
    path = values.file_path(value["path"])
    if path is None:
        raise ValueError(f"the seat {name!r} has an empty path; write that of a ledger or of a folder")
    return TeamSeat(path, seat_share(value.get("share", TeamSeat(path).share)))
