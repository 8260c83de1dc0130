"""Finds the files of a team's seats: a ledger, exported calls, or what a folder holds of both."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from opencode_tui.config.team import TeamSeat
from opencode_tui.records.team_choices import SeatShare

COLLECTED = "team.db"
"""The name of our own file of collected sums, which stands beside a ledger and is no seat's."""
_SUFFIXES = (".db", ".sqlite", ".sqlite3", ".jsonl", ".ndjson", ".csv")
_DEEPEST = 3
_MOST_FILES = 5_000


class SeatFile(Struct, frozen=True):
    """A file with calls of one seat."""

    seat: str
    """The name of its seat; below the folder's name, that of the file or of the folder that it is in."""
    path: Path
    share: SeatShare
    group: str = ""
    """The name of the folder in the settings that it was found in; empty for a file that the settings name."""
    order: int = 0
    """Its place among the seats of the settings."""
    is_own: bool = False
    """Whether it is the ledger of this machine, which this process may have open."""


class SeatTrouble(Struct, frozen=True):
    """Why a seat has no files."""

    seat: str
    sentence: str


def seat_files(seats: Mapping[str, TeamSeat], ledger: Path) -> tuple[tuple[SeatFile, ...], tuple[SeatTrouble, ...]]:
    """The files of all seats, and what is wrong with seats that have none; `ledger` is this machine's own."""
    files: list[SeatFile] = []
    troubles: list[SeatTrouble] = []
    for order, (name, seat) in enumerate(seats.items()):
        try:
            if not seat.path.is_dir():
                files.append(SeatFile(name, seat.path, seat.share, "", order, _is_same(seat.path, ledger)))
                continue
            found = [
                replace(file_in_folder(name, seat, path, seat.path, order), is_own=_is_same(path, ledger))
                for path in sorted(_ledgers_in(seat.path))
            ]
        except OSError as error:
            troubles.append(SeatTrouble(name, f"{seat.path} cannot be read ({error.strerror}); see to its rights"))
            continue
        files += found
        if not found:
            endings = ", ".join(_SUFFIXES)
            troubles.append(SeatTrouble(name, f"{seat.path} holds no ledger and no export (a file in {endings})"))
    return tuple(files), tuple(troubles)


def _is_same(path: Path, ledger: Path) -> bool:
    try:
        return path.samefile(ledger)
    except OSError:
        return False


def file_in_folder(name: str, seat: TeamSeat, path: Path, root: Path, order: int) -> SeatFile:
    """A file below `root`, the folder of what the settings call `name`."""
    parts = path.relative_to(root).parts
    own = parts[0] if len(parts) > 1 else path.stem
    return SeatFile(f"{name}/{own}", path, seat.share, name, order)


def _ledgers_in(folder: Path) -> Iterator[Path]:
    """What may be a ledger or an export, without the hidden and unfinished files of programs that sync folders."""
    left = _MOST_FILES
    for place, folders, names in os.walk(folder, onerror=_raise):
        here = Path(place)
        depth = len(here.relative_to(folder).parts)
        folders[:] = sorted(name for name in folders if not name.startswith(".") and depth < _DEEPEST)
        for name in names:
            if name.lower().endswith(_SUFFIXES) and name != COLLECTED and not name.startswith((".", "~")) and left:
                left -= 1
                yield here / name


def _raise(error: OSError) -> None:
    raise error
