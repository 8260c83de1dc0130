"""Names each file that a tool was given by its whole path, since a model names one file in several ways."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from opencode_tui.paths import in_folder
from opencode_tui.records.calls import EDIT_TOOLS
from opencode_tui.records.facts import ToolFacts

TOOLS_OF_FILES = frozenset((*EDIT_TOOLS, "read"))


def whole_file(tool: str, target: str, directory: str) -> str:
    """The target of a tool: a file by its whole path, any other target as it is.

    A relative path is one in the directory of the session.
    """
    return in_folder(target, directory) if target and tool in TOOLS_OF_FILES else target


def with_whole_files(uses: Iterable[ToolFacts], directory: str) -> list[ToolFacts]:
    """The tool uses of a session with the whole paths of their files."""
    return [
        use if (file := whole_file(use.name, use.target, directory)) == use.target else replace(use, target=file)
        for use in uses
    ]
