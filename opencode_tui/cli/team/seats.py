"""`opencode-tui team add`, `list` and `remove`: the seats in config.toml."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from opencode_tui.cli import EXIT_OK, EXIT_USAGE
from opencode_tui.cli.common import Trouble, ledger_path, settings_for
from opencode_tui.cli.settings_file import SettingsFile
from opencode_tui.cli.streams import table_width
from opencode_tui.config.seat_editing import with_seat, without_seat
from opencode_tui.config.settings import Settings
from opencode_tui.config.team import TeamSeat
from opencode_tui.config.team_values import seat_name
from opencode_tui.money import plural
from opencode_tui.paths import expand, tilde
from opencode_tui.report.json_values import SCHEMA_VERSION
from opencode_tui.report.table import TextColumn, text_table
from opencode_tui.team.candidates import why_no_seat
from opencode_tui.team.finding import SeatFile, seat_files
from opencode_tui.team.opening import UnreadableFile
from opencode_tui.team.reading import reading

_SEATS = ("team", "seats")
_COLUMNS = (
    TextColumn("seat", "left", least=8),
    TextColumn("path", "left", gives_way=1, least=12),
    TextColumn("shares", "left", gives_way=2),
    TextColumn("what is there", "left", least=16),
)


def add_seat(arguments: argparse.Namespace) -> int:
    name, path = _checked(arguments.name), expand(arguments.path).absolute()
    _refuse_unfit(path)
    file = SettingsFile(arguments)
    _refuse_variable(file)
    present = settings_for(arguments).team.seats.get(name)
    if present is not None and not _is_same(present.path, path):
        taken = f"{name} is a seat already, with {tilde(present.path)}"
        raise Trouble(f"{taken}; take another name, or `opencode-tui team remove {name}` first", EXIT_USAGE)
    seat = TeamSeat(path, arguments.share or (present or TeamSeat(path)).share)
    if present is None or present.share != seat.share:
        _write(file, lambda text: with_seat(text, name, seat))
    is_seat = "is a seat of the team" if present is None else "is already a seat of the team"
    print(f"{name} {is_seat} ({file.name}): {_found(name, seat, ledger_path(settings_for(arguments)))}")
    return EXIT_OK


def _refuse_unfit(path: Path) -> None:
    """Raises Trouble for a path that can never be a seat."""
    what = "name a ledger, an export, or a folder with some"
    try:
        reason = why_no_seat(path) if path.exists() else None
    except OSError as error:
        raise Trouble(f"{path} cannot be read ({error.strerror}); see to its rights", EXIT_USAGE) from None
    if reason is None:
        raise Trouble(f"there is no {path}; {what}", EXIT_USAGE)
    if reason:
        raise Trouble(f"{path} {reason}; {what}", EXIT_USAGE)


def _is_same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def remove_seat(arguments: argparse.Namespace) -> int:
    known = settings_for(arguments).team.seats
    if arguments.name not in known:
        names = ", ".join(known) or "none"
        raise Trouble(f"no seat is called {arguments.name!r}; there are {names}", EXIT_USAGE)
    file = SettingsFile(arguments)
    _refuse_variable(file)
    _write(file, lambda text: without_seat(text, arguments.name))
    print(f"{arguments.name} is no seat of the team any more ({file.name}); its files stay as they are")
    return EXIT_OK


def list_seats(arguments: argparse.Namespace) -> int:
    settings = settings_for(arguments)
    rows = [(name, seat, _found(name, seat, ledger_path(settings))) for name, seat in settings.team.seats.items()]
    if arguments.json:
        print(json.dumps(_as_json(settings, rows)))
    elif not rows:
        print("the team has no seats yet; `opencode-tui team add NAME PATH` adds one")
    else:
        texts = [(name, tilde(seat.path), seat.share, found) for name, seat, found in rows]
        print(text_table(_COLUMNS, texts, table_width(is_wide=False)))
    return EXIT_OK


def _as_json(settings: Settings, rows: list[tuple[str, TeamSeat, str]]) -> dict[str, object]:
    seats = [{"name": name, "path": str(seat.path), "share": seat.share, "found": found} for name, seat, found in rows]
    return {"schema_version": SCHEMA_VERSION, "share": settings.team.share, "seats": seats}


def _checked(name: str) -> str:
    try:
        return seat_name(name)
    except ValueError as error:
        raise Trouble(str(error), EXIT_USAGE) from None


def _refuse_variable(file: SettingsFile) -> None:
    if variable := file.overridden_by(_SEATS):
        raise Trouble(f"the environment variable {variable} goes before {file.name}; unset it first")


def _write(file: SettingsFile, change: Callable[[str], str]) -> None:
    try:
        file.rewrite(change)
    except ValueError as error:
        raise Trouble(str(error)) from None


def _found(name: str, seat: TeamSeat, ledger: Path) -> str:
    """What a seat's path holds, in words."""
    files, troubles = seat_files({name: seat}, ledger)
    if troubles:
        return troubles[0].sentence
    return _of_file(files[0]) if len(files) == 1 else plural(len(files), "file")


def _of_file(file: SeatFile) -> str:
    try:
        with reading(file) as reader:
            facts = reader.facts
    except UnreadableFile as problem:
        return f"{file.path.name} {problem}"
    shares = f", shares {facts.share}" if facts.share else ""
    return f"{plural(facts.calls, 'call')}{shares}{f'; it {facts.remark}' if facts.remark else ''}"
