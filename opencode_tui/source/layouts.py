"""The two layouts of OpenCode's JSON files: one tree since 1.0, and one tree per project before.

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
    """The rank of a store with this layout, see `Store`."""
    version: str
    """The version assumed for sessions that do not name theirs; empty if unknown."""

    def message_places(self) -> list[Path]:
        """The folders that hold one folder of messages per session. Raises OSError."""
        ...

    def session_places(self) -> Iterator[Path]:
        """The folders that hold session files. Raises OSError."""
        ...

    def parts(self, message: Path) -> Path:
        """The folder with the parts of the message in this file."""
        ...

    def part_places(self) -> Iterator[Path]:
        """The folders that hold the parts of all messages. Raises OSError."""
        ...

    def project(self, session: Path) -> Path | None:
        """The project file of the session in this file."""
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
    """OpenCode 0.x. The tree that 1.0 migrates it to has the same ids and more data, so that one ranks higher."""

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
            if entry.is_folder and _exists(place):
                yield place


def _folders(place: Path) -> list[Entry]:
    try:
        return [entry for entry in entries(place) if entry.is_folder]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _exists(place: Path) -> bool:
    """Returns whether the path exists. Raises OSError if permissions prevent the check."""
    try:
        place.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def layouts(data_dir: Path) -> list[Layout]:
    """The layouts in a data directory that hold messages, or whose folders cannot be listed.

    Returns an empty list if the data directory itself cannot be read.
    """
    found: list[Layout] = []
    storage, projects = data_dir / "storage", data_dir / "project"
    try:
        _exists(storage)
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
        return _exists(place)
    except OSError:
        return True
