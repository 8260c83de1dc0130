"""The lines that an edit added and removed, as OpenCode records them with the tool.

`edit` of OpenCode 1 has them in `metadata.filediff`; `apply_patch`, and all edits of OpenCode 2, in `metadata.files`.
Of a file that was written whole only its text is there: all its lines count as added.
"""

from __future__ import annotations

import json
from typing import Any

from opencode_tui.records.calls import EDIT_TOOLS

ChangedLines = tuple[int | None, int | None]
"""(added, removed); None where it is not known."""

MOST_LINES = 10_000_000
_SUM = """
  (SELECT CASE WHEN count(json_extract(f.value, '$.{name}')) THEN total(json_extract(f.value, '$.{name}')) END
   FROM json_each({of}, '$.state.metadata.files') f WHERE f.type = 'object')
"""
_CONTENT = "json_extract({of}, '$.state.input.content')"
_WRITTEN = f"""
  length({_CONTENT}) - length(replace({_CONTENT}, char(10), ''))
    + ({_CONTENT} != '' AND substr({_CONTENT}, -1) != char(10))
"""


def lines_sql(of: str, name: str) -> str:
    """SQL for the two counts as a JSON list; NULL for a tool that edits nothing.

    `of` is the tool's JSON and `name` its name. Nothing of the texts leaves SQLite.
    """
    names = ", ".join(f"'{tool}'" for tool in EDIT_TOOLS)
    added = f"json_extract({of}, '$.state.metadata.filediff.additions'), {_SUM.format(of=of, name='additions')}"
    removed = f"json_extract({of}, '$.state.metadata.filediff.deletions'), {_SUM.format(of=of, name='deletions')}"
    return f"""
      CASE WHEN {name} IN ({names}) AND json_extract({of}, '$.state.status') = 'completed' THEN json_array(
        coalesce({added}, {_WRITTEN.format(of=of)}), coalesce({removed})) END
    """


def lines_of(text: object) -> ChangedLines:
    """The counts in what `lines_sql` selects."""
    try:
        values = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return None, None
    return (_count(values[0]), _count(values[1])) if isinstance(values, list) and len(values) == 2 else (None, None)


def lines_in(name: object, state: dict[str, Any]) -> ChangedLines:
    """The counts in the `state` of a tool of OpenCode's JSON files."""
    if name not in EDIT_TOOLS or state.get("status") != "completed":
        return None, None
    meta, given = state.get("metadata"), state.get("input")
    diff = meta.get("filediff") if isinstance(meta, dict) else None
    if isinstance(diff, dict):
        return _count(diff.get("additions")), _count(diff.get("deletions"))
    content = given.get("content") if isinstance(given, dict) else None
    if isinstance(content, str):
        return lines_in_text(content), None
    return None, None


def lines_in_text(text: str) -> int:
    return text.count("\n") + (not text.endswith("\n") and text != "")


def _count(value: object) -> int | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return int(value) if is_number and 0 <= value <= MOST_LINES and value == int(value) else None  # type: ignore[call-overload,operator]
