"""Adds a seat to the text of config.toml, or takes one out, and keeps its comments and its order."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from opencode_tui.config.errors import SettingsError, dotted
from opencode_tui.config.team import TeamSeat

_PLACE = ("team", "seats")
_Seats = MutableMapping[str, Any]


def with_seat(text: str, name: str, seat: TeamSeat) -> str:
    """The text with this seat, in the place of one with the same name. Raises SettingsError."""
    shared = {"path": str(seat.path), "share": seat.share}
    value: Any = shared if seat.share != TeamSeat(seat.path).share else str(seat.path)

    def put(seats: _Seats, *, is_plain: bool) -> None:
        if is_plain or isinstance(value, str):
            seats[name] = value
        else:
            table = tomlkit.inline_table()
            table.update(value)
            seats[name] = table

    return _changed(text, name, put)


def without_seat(text: str, name: str) -> str:
    """The text without this seat. Raises SettingsError."""

    def take_out(seats: _Seats, *, is_plain: bool) -> None:
        del seats[name]

    return _changed(text, name, take_out)


def _changed(text: str, name: str, change: Callable[..., None]) -> str:
    """The text after a change of its seats, if it then says what it has to and nothing else."""
    try:
        expected = tomllib.loads(text)
        document = tomlkit.parse(text)
    except (TOMLKitError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"the file is not TOML ({error}); correct it there first") from None
    with suppress(TOMLKitError, tomllib.TOMLDecodeError, TypeError, AttributeError, LookupError):
        change(_seats(expected, dict), is_plain=True)
        change(_seats(document, tomlkit.table), is_plain=False)
        changed = tomlkit.dumps(document)
        if tomllib.loads(changed) == expected:
            return changed
    key = dotted((*_PLACE, name))
    raise SettingsError(f"{key} cannot be changed in the form that it has there; change it yourself")


def _seats(document: _Seats, make: Callable[[], Any]) -> _Seats:
    table = document
    for part in _PLACE:
        if part not in table:
            table[part] = make()
        table = table[part]
    return table
