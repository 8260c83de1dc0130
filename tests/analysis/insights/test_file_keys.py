"""Files of one name in two projects are two causes, and one file is one, however it is written."""

from __future__ import annotations

from typing import Any

import pytest

from opencode_tui.analysis.insights.large_reads import LargeReads
from opencode_tui.analysis.insights.redesign_loop import RedesignLoop
from opencode_tui.analysis.insights.repeated_reads import RepeatedReads
from opencode_tui.analysis.insights.retried_edits import RetriedEdits
from opencode_tui.analysis.insights.rule import InsightRule, project_file_key
from tests.support.work import call, found, session, turn

FILE = "src/schema.ts"


def turns(rule: InsightRule, file: str) -> list[Any]:
    read, edit = f"read#7 {file}", f"edit {file}"
    if isinstance(rule, LargeReads):
        return [turn(call("0.05", read, input=n * 40_000), call("0.20", input=n * 40_000 + 20_000)) for n in (1, 2, 3)]
    if isinstance(rule, RetriedEdits):
        return [turn(call("0.05", edit), *(call("0.05", "bash! npm test", edit) for _ in range(4)))]
    return [turn(call("0.05", edit if isinstance(rule, RedesignLoop) else read)) for _ in range(4)]


@pytest.mark.parametrize("rule", [LargeReads(), RedesignLoop(), RepeatedReads(), RetriedEdits()], ids=lambda r: r.name)
def test_a_relative_path_is_one_of_its_project(rule: InsightRule) -> None:
    def key(file: str, directory: str) -> str:
        (finding,) = found(rule, session(*turns(rule, file), directory=directory))
        assert finding.figures["file"] == file
        return finding.key

    assert key(FILE, "/home/dev/shop") == key(f"/home/dev/shop/{FILE}", "/home/dev/site")
    assert key(FILE, "/home/dev/site") == f"/home/dev/site/{FILE}"


def test_what_is_relative_to_what() -> None:
    at = session(turn(call()), directory="/home/dev/shop/")
    assert project_file_key(at, "./a.ts") == "/home/dev/shop/a.ts"
    for absolute in ("/etc/hosts", "C:/a.ts", "C:\\a.ts", "\\\\server\\a.ts"):
        assert project_file_key(at, absolute) == absolute
    assert project_file_key(session(turn(call()), directory="", project="/home/dev"), "a.ts") == "/home/dev/a.ts"
    assert project_file_key(session(turn(call()), directory=""), "a.ts") == "a.ts"
