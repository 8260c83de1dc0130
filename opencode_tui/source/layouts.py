"""Where OpenCode's JSON files stand: in one tree since 1.0, and before that in one tree for each project.

1.0 to 1.1.65: `storage/message/<session>/<message>.json`, `storage/session/<project>/<session>.json`,
`storage/part/<message>/<part>.json`, `storage/project/<project>.json`.
0.x: `project/<name>/storage/session/` with `message/<session>/<message>.json`, `info/<session>.json` and
`part/<session>/<message>/<part>.json`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from opencode_tui.source.reading import Entry, entries


class Layout(Protocol):
    root: Path
    rank: int
    """The rank of a store of this layout, see `Store`."""
    version: str
    """The version of sessions that do not name theirs; empty where it is not known."""

    def message_places(self) -> list[Path]:
        """The folders that hold a folder with messages for each session. Raises OSError."""
        ...

    def session_places(self) -> Iterator[Path]:
        """The folders that hold the sessions' files. Raises OSError."""
        ...

    def parts(self, message: Path) -> Path:
        """The folder with the parts of the message in a file."""
        ...

    def part_places(self) -> Iterator[Path]:
        """The folders that hold all parts. Raises OSError."""
        ...

    def project(self, session: Path) -> Path | None:
        """The file of the project of the session in a file."""
        ...


class OneTree:
    """OpenCode 1.0 to 1.1.65."""

    rank = 0
    version = ""

    def __init__(self, root: Path) -> None:
        self.root = root

    def message_places(self) -> list[Path]:
        return [self.root / "message"]

    def session_places(self) -> Iterator[Path]:
        yield from (entry.path for entry in _folders(self.root / "session"))

    def parts(self, message: Path) -> Path:
        return self.root / "part" / message.stem

    def part_places(self) -> Iterator[Path]:
        yield self.root / "part"

    def project(self, session: Path) -> Path | None:
        return self.root / "project" / f"{session.parent.name}.json"


class TreePerProject:
    """OpenCode 0.x. What 1.0 made of it has the same ids and knows more, so it has the higher rank."""

    rank = -3
    version = "0.5.0"

    def __init__(self, root: Path) -> None:
        self.root = root

    def message_places(self) -> list[Path]:
        return [place / "message" for place in self._places()]

    def session_places(self) -> Iterator[Path]:
        yield from (place / "info" for place in self._places())

    def parts(self, message: Path) -> Path:
        return message.parent.parent.parent / "part" / message.parent.name / message.stem

    def part_places(self) -> Iterator[Path]:
        yield from (place / "part" for place in self._places())

    def project(self, session: Path) -> Path | None:
        return None

    def _places(self) -> Iterator[Path]:
        for entry in entries(self.root):
            place = entry.path / "storage" / "session"
            if entry.is_folder and _stands(place):
                yield place


def _folders(place: Path) -> list[Entry]:
    try:
        return [entry for entry in entries(place) if entry.is_folder]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _stands(place: Path) -> bool:
    """Whether there is something at a place. Raises OSError where that may not be asked."""
    try:
        place.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def layouts(data_dir: Path) -> list[Layout]:
    """The layouts in a data directory that hold something, or that may not be looked at.

    None where the directory itself may not: then it is not known what there is.
    """
    found: list[Layout] = []
    storage, projects = data_dir / "storage", data_dir / "project"
    try:
        _stands(storage)
    except OSError:
        return found
    if _may_hold(storage / "message"):
        found.append(OneTree(storage))
    try:
        if any(_may_hold(place) for place in TreePerProject(projects).message_places()):
            found.append(TreePerProject(projects))
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError:
        found.append(TreePerProject(projects))
    return found


def _may_hold(place: Path) -> bool:
    try:
        return _stands(place)
    except OSError:
        return True
