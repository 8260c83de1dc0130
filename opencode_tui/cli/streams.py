"""Standard output and standard error: the one place that all text passes on its way out of a command.

It holds titles, paths and ids, which are somebody's text: nothing in it can act on the terminal.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from opencode_tui.privacy import harmless


class HarmlessStream:
    """A stream that lets line feeds and printable characters through; in all else it is the stream that it wraps."""

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
    """Until its end nothing is printed that a terminal would act on."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = cast(TextIO, HarmlessStream(before[0])), cast(TextIO, HarmlessStream(before[1]))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def raw(stream: TextIO) -> TextIO:
    """The stream itself, for what is ours and is meant for the terminal: a bell, a progress bar."""
    return stream.raw if isinstance(stream, HarmlessStream) else stream


def ring() -> None:
    """The terminal's bell, where there is a terminal."""
    if sys.stdout.isatty():
        raw(sys.stdout).write("\a")
