"""Writes the file that a command's `-o` names."""

from __future__ import annotations

from pathlib import Path

from opencode_tui.cli import EXIT_USAGE, Trouble
from opencode_tui.paths import expand, tilde
from opencode_tui.report.export.output import is_regular, text_file


def output_place(name: str | None) -> Path | None:
    """The place that `-o` names; None for standard output. Raises Trouble."""
    if name in (None, "-"):
        return None
    if not name:
        raise Trouble("-o needs the name of a file", EXIT_USAGE)
    return expand(name)


def write_output(file: Path, text: str) -> None:
    """Write a whole file or leave it as it was; a link stays one, and a device or a pipe is written to.

    Raises Trouble.
    """
    try:
        with text_file(file.resolve() if is_regular(file) else file) as output:
            output.write(text)
    except BrokenPipeError:
        raise
    except (OSError, RuntimeError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
        raise Trouble(f"{tilde(file)} cannot be written ({reason}); name another place with -o") from None
