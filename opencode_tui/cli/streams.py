"""Filters all text that commands print to standard output and standard error.

Titles, paths and ids are untrusted text, so that control characters are removed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from opencode_tui.records.privacy import harmless


class HarmlessStream:
    """Wraps a stream and writes only line feeds and printable characters to it."""

    def __init__(self, raw: TextIO) -> None:
        self.raw = raw

    def write(self, text: str) -> int:
        self.raw.write(harmless.lines(text))
        return len(text)

    def writelines(self, texts: Iterable[str]) -> None:
        for text in texts:
            self.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)


@contextmanager
def harmless_streams() -> Iterator[None]:
    """A context manager in which standard output and error are filtered."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = cast(TextIO, HarmlessStream(before[0])), cast(TextIO, HarmlessStream(before[1]))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def raw(stream: TextIO) -> TextIO:
    """The unfiltered stream, for our own control characters: the bell and the progress bar."""
    return stream.raw if isinstance(stream, HarmlessStream) else stream


def ring() -> None:
    """Ring the terminal's bell, if there is a terminal."""
    if sys.stdout.isatty():
        raw(sys.stdout).write("\a")


def table_width(is_wide: bool) -> int | None:
    """The columns of the terminal that standard output is; None without one, or if `is_wide`, for a whole table."""
    if is_wide or not sys.stdout.isatty():
        return None
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except OSError:
        return None
