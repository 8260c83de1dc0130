"""The fast way to decode a tool gives the record that SQLite's fields give, or leaves the tool to these."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from opencode_tui.records.calls import ToolUse
from opencode_tui.source.plain_tools import plain_tool
from opencode_tui.source.tools import v1_other_tools, v1_parts, v1_tool_values, v1_tools
from tests.source.test_hostile_stores import DATE, odd

NAMES = ("read", "edit", "write", "bash", "grep", "webfetch", "task", "apply_patch", "mcp_query", "x y")
_PATCH = "*** Begin Patch\n*** Update File: src/é.py\n@@\n-a\n+b\n*** End Patch"


@pytest.fixture
def parts() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE part (id TEXT, message_id TEXT, session_id TEXT, data)")
    yield connection
    connection.close()


def by_fields(connection: sqlite3.Connection, text: object) -> list[ToolUse]:
    """The tool that SQLite's fields give."""
    connection.execute("DELETE FROM part")
    (rowid,) = connection.execute("INSERT INTO part VALUES ('p', 'm', 's', ?) RETURNING rowid", (text,)).fetchone()
    return v1_other_tools(v1_tool_values(connection, [rowid]), {rowid: ("p", "m", "s", rowid, 1)})


def part(tool: str = "edit", **state: Any) -> dict[str, Any]:
    time = {"start": DATE, "end": DATE + 300}
    given = {"filePath": "src/a.py", "oldString": "é", "newString": "b"}
    usual = {"status": "completed", "input": given, "output": "x" * 90, "title": tool, "metadata": {}, "time": time}
    return {"type": "tool", "tool": tool, "callID": "call_1", "state": usual | state}


PLAIN: list[dict[str, Any]] = [
    part(),
    part("read", metadata={"truncated": False, "files": ["not", "of", "an edit"]}),
    part("edit", metadata={"filediff": {"additions": 3, "deletions": 1, "file": "a"}, "diff": "…"}),
    part("apply_patch", input={"patchText": _PATCH}, metadata={"files": [{"additions": 2}, {"deletions": 1}]}),
    part("write", input={"filePath": "a.md", "content": "one\ntwo"}),
    part("write", input={"filePath": "a.md", "content": "é" * 4001}),
    part("write", input={"filePath": "a.md", "content": "é" * 2500}),
    part("bash", input={"command": "cd x && git push --force"}, metadata={"exit": 1}),
    part("bash", input={"command": "sleep 9"}, metadata={"exit": True}),
    part("bash", input={"command": "ls", "description": 'Show "all" of é\\'}, metadata={"exit": 0}),
    part("bash", input={"command": "echo " + "x" * 3990, "description": "Long with what it says"}),
    part("task", input={"subagent_type": "explore"}, metadata={"sessionId": "ses_2"}),
    part("webfetch", input={"url": "https://a.example/b?c"}),
    part("sk-abcdefghij", input={}),
    part("grep", input={"pattern": "x"}, output="No files found"),
    part("grep", input={"pattern": "x"}, output="No files found\n\n(Some paths were inaccessible and skipped)"),
    part("grep", input={"pattern": "x"}, output="No files found in src"),
    part("glob", input={"pattern": "x"}, output=""),
    part("grep", input={"pattern": "x"}, output={"text": ""}),
    part("grep", input={"pattern": "x"}, output="No files found", status="running"),
    part(status="running", time={"start": DATE}),
    part(status="error", error="no such file"),
    part(time={"start": 1.5e12, "end": DATE}),
]


@pytest.mark.parametrize("data", PLAIN)
@pytest.mark.parametrize("separators", [(",", ":"), (", ", " : ")])
def test_a_plain_tool_is_the_same_record(
    parts: sqlite3.Connection, data: dict[str, Any], separators: tuple[str, str]
) -> None:
    for ascii_only in (True, False):
        text = json.dumps(data, separators=separators, ensure_ascii=ascii_only)
        tool = plain_tool(text, "p", "m", "s")
        assert tool is not None
        assert [tool] == by_fields(parts, text)


@pytest.mark.parametrize(
    "data",
    [
        *(part(input=5), part(input=None), part(input="x"), part(metadata=None), part(status=7), part(time=[])),
        *(part(metadata={"filediff": {"additions": -1}}), part(metadata={"filediff": 3}), {"type": "tool"}),
        *(part("write", input={"content": "a\0b\nc"}), part("write", input={"content": 5})),
        *(part(metadata={"files": [{"additions": 9_000_000}] * 2}), part(input={"path": "\ud800"}), "text"),
    ],
)
def test_what_is_odd_is_left_to_the_fields(data: object) -> None:
    assert plain_tool(json.dumps(data), "p", "m", "s") is None


def test_both_agree_on_anything(parts: sqlite3.Connection) -> None:
    dice = random.Random(5)
    plain = 0
    for _ in range(4_000):
        data = _odd_part(dice)
        text = json.dumps(data, ensure_ascii=dice.random() < 0.5)
        try:
            text.encode()
        except UnicodeEncodeError:  # which is in no text of SQLite
            continue
        tool = plain_tool(text, "p", "m", "s")
        if tool is not None:
            plain += 1
            assert [tool] == by_fields(parts, text), text
    assert plain > 1_000


def _odd_part(dice: random.Random) -> dict[str, Any]:
    data = part(dice.choice(NAMES))
    state = data["state"]
    if dice.random() < 0.5:
        state["metadata"] = {"filediff": {"additions": 2, "deletions": 1}, "files": [{"additions": 1}], "exit": 0}
    if dice.random() < 0.3:
        state["input"] = {"content": "a\nb\n", "command": "npm test", "url": "http://h.example", "patchText": _PATCH}
    for _ in range(dice.randrange(3)):
        place = dice.choice(
            [state, state["input"], state["time"], state["metadata"], state["metadata"].get("filediff")]
        )
        if isinstance(place, dict):
            place[dice.choice([*place, "x", "files", "sessionID", "path", "exit", "ran"])] = odd(dice)
        if not all(isinstance(state.get(name), dict) for name in ("input", "time", "metadata")):
            break
    return data


def test_each_kind_of_part_is_found_by_what_it_is_not_by_how_it_begins(parts: sqlite3.Connection) -> None:
    tool = part("read", output="x" * 70_000)
    reordered = {"state": tool["state"], "tool": "read", "type": "tool"}
    end = {"reason": "stop", "type": "step-finish"}
    of_type = {"type": "step-finish", "reason": "stop"}
    unused = [
        {"type": "text", "text": '{"type":"tool",'},
        {"type": "reasoning"},
        {"snapshot": "s", "type": "step-start"},
        {"reason": "s", "x": {"y": "", "type": "step-finish"}, "type": "text"},
    ]
    within = {"snapshot": "", "type": "tool", "x": {"y": "", "type": "step-start"}}
    late = {"reason": "s", "x": {"y": "", "type": "step-finish"}, "type": "tool"}
    parts_of = [part(), tool, reordered, end, of_type, within, late, *unused]
    texts = [json.dumps(each, separators=(",", ":")) for each in parts_of]
    texts += ['{"type":"tool",', '{"type":"tool","x":', "", "{}", "[]", '{"type":"text"']
    parts.executemany("INSERT INTO part VALUES ('p', 'm', 's', ?)", [(text,) for text in texts])
    parts.execute("INSERT INTO part VALUES ('p', 'm', 's', ?)", (b"\xff{",))
    found = v1_parts(parts, ["m"])
    assert [(row[3], row[4] if not isinstance(row[4], str) else "text") for row in found] == [
        *((1, "text"), (2, 1), (3, 1), (4, None), (5, None), (6, 1), (7, 1)),
        *((12, "text"), (13, "text")),
    ]
    tools, others = v1_tools(row for row in found if row[4] is not None)
    assert (len(tools), [row[3] for row in others]) == (1, [2, 3, 6, 7, 12, 13])
    read = v1_other_tools(v1_tool_values(parts, [row[3] for row in others]), {row[3]: row for row in others})
    assert [each.name for each in read] == ["read", "read", "unknown", "unknown"]
