"""The difference between two texts of a file, as a person reads it before saying yes."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

from opencode_tui.paths import tilde

_NO_FILE = "/dev/null"


def difference(file: Path, before: str | None, after: str | None) -> Iterator[str]:
    """The lines of a unified diff; None stands for no file. Carriage returns are left out."""
    old, new = (_NO_FILE if text is None else tilde(file) for text in (before, after))
    for line in unified_diff(_lines(before), _lines(after), old, new, lineterm=""):
        yield line.removesuffix("\n")
        if not line.endswith("\n") and not line.startswith(("---", "+++", "@@")):
            yield "\\ No newline at end of file"


def _lines(text: str | None) -> list[str]:
    return [] if text is None else text.replace("\r\n", "\n").splitlines(keepends=True)
