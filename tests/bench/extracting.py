"""What SQLite itself needs for the fields that a first import takes: `python -m tests.bench.extracting STORE`.

One `json_extract` a row, which parses the row once, over all answers and all uses of tools of a store of OpenCode 1.
Prints how many rows of each there were. The first import also reads the ends of steps, which are left out here.
"""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

ANSWER = (
    *("parentID", "mode", "agent", "path.cwd", "cost", "tokens.total", "tokens.input", "tokens.output"),
    *("tokens.reasoning", "tokens.cache.read", "tokens.cache.write", "modelID", "providerID", "time.created"),
    *("time.completed", "finish", "error.name"),
)
TOOL = (
    *("tool", "state.status", "state.input.filePath", "state.input.path", "state.input.command", "state.input.url"),
    *("state.input.subagent_type", "state.metadata.sessionId", "state.metadata.sessionID", "state.time.start"),
    *("state.time.end", "state.time.ran", "state.time.completed", "state.metadata.exit", "state.error", "state.input"),
    "state.input.patchText",
)
_ROWS = """
  SELECT id, {ids}, json_extract(data, {fields}) FROM {table} WHERE json_extract(data, '$.{field}') = '{value}'
"""


def answers() -> str:
    """The query for the messages that are calls."""
    return _query("message", "session_id, time_created", ANSWER, ("role", "assistant"))


def tools() -> str:
    """The query for the parts that are uses of tools, with the whole input of each."""
    return _query("part", "message_id, session_id", TOOL, ("type", "tool"))


def _query(table: str, ids: str, fields: tuple[str, ...], only: tuple[str, str]) -> str:
    paths = ", ".join(f"'$.{name}'" for name in fields)
    return _ROWS.format(ids=ids, fields=paths, table=table, field=only[0], value=only[1])


def extracted(store: Path) -> tuple[int, int]:
    """Pulls the fields out of every row, and returns how many answers and uses of tools there are."""
    db = sqlite3.connect(f"{store.absolute().as_uri()}?mode=ro", uri=True)
    try:
        counts = [sum(1 for _ in db.execute(query)) for query in (answers(), tools())]
    finally:
        db.close()
    return counts[0], counts[1]


if __name__ == "__main__":
    print(*extracted(Path(sys.argv[1])))
