"""The commands of a line as it is kept: `ls && npm test`, with `…` for those that are not known."""

from __future__ import annotations

from opencode_tui.records.privacy.command_lines import split_line


def heads_of(kept: str) -> list[str]:
    """The commands of a line that is kept, in their order; of one command that is not known, an empty text."""
    return split_line(kept)
