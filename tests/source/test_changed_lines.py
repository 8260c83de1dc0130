"""The lines of an edit are read from where each generation of OpenCode keeps them."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from opencode_tui.source.changed_lines import lines_in, lines_of, lines_sql
from tests.stores import V1, V2, Files
from tests.stores.tools import tool
from tests.support.ledgers import reader

LINES = "SELECT name, added, removed FROM tool ORDER BY name, added"


@pytest.mark.parametrize("store", [V1, V2])
def test_what_the_stores_of_opencode_hold(tmp_path: Path, store: type[V1] | type[V2]) -> None:
    made = store(tmp_path)
    session = made.session("Fix header")
    made.call(session, cost="0.01", tools=[tool("edit", "a.py", lines=(3, 1)), tool("read", "a.py")])
    made.call(session, cost="0.01", tools=[tool("apply_patch", "*** Update File: b.py", lines=(2, 0))])
    made.call(session, cost="0.01", tools=[tool("edit", "a.py", ok=False, lines=(9, 9))])
    ours = reader(made.data_dir)
    ours.poll()
    assert ours.rows(LINES) == [("apply_patch", 2, 0), ("edit", None, None), ("edit", 3, 1), ("read", None, None)]
    ours.close()


def test_what_json_files_hold(tmp_path: Path) -> None:
    made = Files(tmp_path, version="1.1.11")
    session = made.session("Fix header")
    made.call(session, cost="0.01", tools=[tool("edit", "a.py", lines=(3, 1))])
    ours = reader(made.data_dir)
    ours.poll()
    assert ours.rows(LINES) == [("edit", 3, 1)]
    ours.close()


STATES: list[tuple[dict[str, Any], tuple[int | None, int | None]]] = [
    ({"metadata": {"filediff": {"additions": 2, "deletions": 1}}}, (2, 1)),
    ({"input": {"content": "a\nb\n"}}, (2, None)),
    ({"input": {"content": "a\nb"}}, (2, None)),
    ({"input": {"content": ""}}, (0, None)),
    ({}, (None, None)),
    ({"metadata": {"filediff": {"additions": -1, "deletions": 1e300}}}, (None, None)),
    ({"metadata": {"filediff": {"additions": "2", "deletions": True}}, "status": "error"}, (None, None)),
    ({"metadata": {"filediff": 3, "files": 4}, "input": []}, (None, None)),
]


@pytest.mark.parametrize(("state", "lines"), STATES)
def test_sql_and_python_agree(state: dict[str, Any], lines: tuple[int | None, int | None]) -> None:
    state = {"status": "completed", **state}
    assert lines_in("write", state) == lines
    assert _by_sql(state) == lines
    assert lines_in("read", state) == (None, None)


def test_the_files_of_a_patch_add_up_without_an_overflow() -> None:
    files = [{"additions": 2, "deletions": 0}, {"additions": 3}, "odd", {"additions": None}]
    assert _by_sql({"status": "completed", "metadata": {"files": files}}) == (5, 0)
    huge = [{"additions": 2**62}] * 4
    assert _by_sql({"status": "completed", "metadata": {"files": huge}}) == (None, None)


def _by_sql(state: dict[str, Any]) -> tuple[int | None, int | None]:
    connection = sqlite3.connect(":memory:")
    lines = lines_sql("d", "'write'")
    query = f"SELECT {lines} FROM (SELECT ? AS d)"
    (text,) = connection.execute(query, (json.dumps({"state": state}),)).fetchone()
    connection.close()
    return lines_of(text)
