"""Reads the prices that the user, a project or the administrator set in OpenCode's configuration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field

from opencode_tui.pricing.config_document import Document, parse_document
from opencode_tui.pricing.config_places import INLINE, ConfigPlaces, working_directory
from opencode_tui.pricing.files import Mark, file_mark, read_text, reason, shown_path
from opencode_tui.pricing.list_table import PriceKey
from opencode_tui.pricing.mcp_servers import NO_SERVERS, Servers, offered
from opencode_tui.pricing.merged_config import ConfigModel, Known, merged

_MOST_DIRECTORIES = 2_000


class Configuration(Struct, frozen=True, eq=False):
    """The merged configuration for one directory, with a cache of the prices resolved from it."""

    models: Mapping[PriceKey, ConfigModel]
    documents: tuple[Document, ...]
    """The documents it was merged from, in order."""
    known: dict[int, dict[PriceKey, Known]] = field(default_factory=dict)
    """The cache, filled by the caller: by epoch of the list prices."""


class OpenCodeConfig:
    """The configurations by directory. A file is read again only if it changed, which is checked once per `refresh`."""

    def __init__(self, environ: Mapping[str, str], home: Path) -> None:
        self._environ, self._home = environ, home
        self._places = ConfigPlaces(environ, home)
        self._known_places: dict[str, tuple[dict[Path, bool], list[Path]]] = {}
        """By directory: the paths whose existence was checked, and the resulting configuration files."""
        self._marks: dict[Path, Mark] = {}
        self._documents: dict[tuple[Path, str], tuple[Mark, Document]] = {}
        """By (path, directory that its content depends on, or "")."""
        self._merged: dict[tuple[int, ...], Configuration] = {}
        self._at: dict[str, Configuration] = {}

    def at(self, directory: str) -> Configuration:
        """The configuration that OpenCode uses in a directory; for "" the global one only."""
        known = self._at.get(directory)
        if known is None:
            read = (self._document(path, directory) for path in self._places_of(directory))
            # Most directories have no prices of their own, and share the global configuration.
            documents = tuple(document for document in read if document and document.models)
            key = tuple(map(id, documents))
            known = self._merged.get(key)
            if known is None:
                known = self._merged[key] = Configuration(merged(documents), documents)
            self._at[directory] = known
        return known

    def servers(self, directory: str) -> dict[str, int]:
        """The MCP servers that are certain to be offered in a directory, and since when, in Unix milliseconds.

        That is the last change of a file that says something about the server. What stands in an environment variable
        has no time, so servers that it names are left out.
        """
        documents: list[tuple[Servers, int | None]] = []
        for path in self._places_of(directory):
            document, mark = self._document(path, directory), self._mark(path)
            if document and document.servers != NO_SERVERS:
                documents.append((document.servers, mark[0] // 1_000_000 if mark and path != INLINE else None))
        return offered(documents)

    def refresh(self) -> bool:
        """Checks the files again; returns whether a global one changed."""
        before = self._at.get("")
        self._at.clear()
        self._marks.clear()
        changed = before is not None and self.at("") is not before
        if changed:
            self.forget_prices()
        return changed

    def forget_prices(self) -> None:
        """Drops all cached prices, because another source of prices changed."""
        self._at.clear()
        self._merged.clear()

    @property
    def problems(self) -> tuple[str, ...]:
        """One sentence for each problem in the files read so far; reads files with problems again if they changed."""
        for (path, directory), (seen, document) in tuple(self._documents.items()):
            if document.problems and path != INLINE and not (file_mark(path) == seen and document.current(file_mark)):
                del self._documents[path, directory]
                self._marks.pop(path, None)
                self._document(path, directory)
        found = (problem for _, document in self._documents.values() for problem in document.problems)
        return tuple(dict.fromkeys(found))

    def _places_of(self, directory: str) -> list[Path]:
        """The files for a directory, found again if a repository above it was created or removed."""
        known = self._known_places.get(directory)
        if known is None or any((self._mark(path) is not None) != there for path, there in known[0].items()):
            checked: dict[Path, bool] = {}

            def exists(path: Path) -> bool:
                checked[path] = self._mark(path) is not None
                return checked[path]

            if len(self._known_places) >= _MOST_DIRECTORIES:
                self._known_places.clear()
            known = self._known_places[directory] = checked, self._places.of(directory, exists)
        return known[1]

    def _mark(self, path: Path) -> Mark:
        if path not in self._marks:
            self._marks[path] = file_mark(path)
        return self._marks[path]

    def _document(self, path: Path, directory: str) -> Document | None:
        """The parsed file, from the cache if it is unchanged; None if there is no file."""
        text = self._environ.get(str(INLINE), "") if path == INLINE else None
        seen: Mark = self._mark(path) if text is None else (0, 0, 0)
        key = path, directory if text and "{file:" in text else ""
        known = self._documents.get(key)
        if known and known[0] == seen and known[1].current(self._mark):
            return known[1]
        if seen is None:
            self._documents.pop(key, None)
            return None
        folder = path.parent if path != INLINE else working_directory(directory)
        document = (
            self._read(path, folder) if text is None else parse_document(path, text, folder, self._environ, self._home)
        )
        self._documents[key] = seen, document
        return document

    def _read(self, path: Path, folder: Path) -> Document:
        try:
            text = read_text(path)
        except (OSError, ValueError) as error:
            problem = f"OpenCode's configuration {shown_path(path)} cannot be used for prices: {reason(error)}."
            return Document(problems=(problem,))
        return parse_document(path, text or "", folder, self._environ, self._home)
