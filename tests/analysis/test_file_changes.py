"""Which tool uses may have changed files."""

from __future__ import annotations

import pytest

from opencode_tui.analysis.file_changes import changed_file, may_change_files
from opencode_tui.records.facts import ToolFacts


def use(name: str, target: str = "", ok: bool | None = True) -> ToolFacts:
    return ToolFacts("msg_1", name, target, ok, None, None)


@pytest.mark.parametrize(
    "command",
    ["git checkout", "npm run", "npm run lint", "sed -i", "cat", "", "python", "git", "ls && sed -i", "… && npm test"],
)
def test_a_command_may_change_files_unless_it_is_known_to_look(command: str) -> None:
    assert may_change_files(use("bash", command))


@pytest.mark.parametrize(
    "command",
    [
        "git status",
        "npm test",
        "pytest",
        "python -m pytest",
        "rg",
        "head",
        "terraform plan",
        "npm run test",
        "docker ps",
        "ls && npm test",
        "git status; npm run test | head",
    ],
)
def test_commands_that_look_and_test_change_nothing(command: str) -> None:
    assert not may_change_files(use("bash", command))


def test_edits_change_their_file_patches_perhaps_several_and_subagents_any() -> None:
    assert may_change_files(use("edit", "a.ts")) and changed_file(use("edit", "a.ts")) == "a.ts"
    assert may_change_files(use("apply_patch", "a.ts")) and changed_file(use("apply_patch", "a.ts")) == ""
    assert may_change_files(use("task", "explore")) and changed_file(use("task", "explore")) == ""
    assert not may_change_files(use("edit", "a.ts", ok=False))
    assert not may_change_files(use("read", "a.ts"))
