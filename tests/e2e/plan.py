"""What the scripted model does for a prompt: the tools that it calls, by the words in the prompt.

SUBAGENT    two subagents, one after the other: explore and general
NEST        a general subagent, which gives one to the explore agent
BACKGROUND  an explore subagent in the background (2.x)
MODELSUB    a general subagent on another model (2.x)
RESUME      an explore subagent, and then the same one again
EXPLORE     glob, grep, read          DIG  the shell
EDIT        read, edit, the shell     REDESIGN  as EDIT
AGAIN       the same read twelve times
CHECK       the same shell command six times, each after another edit
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

from tests.e2e.answer import Json

Call = tuple[str, Json]
READ: Call = ("read", {"filePath": "a.py"})
LOOK: Call = ("bash", {"command": "cat a.py", "description": "show"})
NAMES_IN_2 = {"bash": "shell", "task": "subagent"}
ARGUMENTS_IN_2 = {"filePath": "path", "subagent_type": "agent", "task_id": "sessionID"}
NOT_IN_2 = {"bash": ["description"]}


def plan(prompt: str, offered: Set[str], answers: Sequence[str]) -> list[Call]:
    """The tools to call, in order. `answers` are what those called so far have answered."""
    calls = _plan(prompt, answers)
    if "subagent" in offered:
        calls = [_as_in_2(call) for call in calls]
    return [call for call in calls if call[0] in offered]


def _plan(prompt: str, answers: Sequence[str]) -> list[Call]:
    if prompt.startswith("<subagent"):
        return []  # 2.x says so that a subagent in the background has ended
    if "BACKGROUND" in prompt:
        return [_task("explore", "EXPLORE meanwhile", background=True)]
    if "MODELSUB" in prompt:
        return [_task("general", "DIG on another model", model="opencode/glm-5")]
    if "RESUME" in prompt:
        found = re.search(r"ses_\w+", "".join(answers))
        again = [_task("explore", "DIG further", task_id=found[0])] if found else []
        return [_task("explore", "EXPLORE the code"), *again]
    if "SUBAGENT" in prompt:
        return [_task("explore", "EXPLORE the code"), _task("general", "DIG deep")]
    if "NEST" in prompt:
        return [_task("general", "BRANCH out")]
    if "BRANCH" in prompt:
        return [_task("explore", "EXPLORE the code")]
    if "EXPLORE" in prompt:
        return [("glob", {"pattern": "**/*.py"}), ("grep", {"pattern": "def "}), READ]
    if "DIG" in prompt:
        return [("bash", {"command": "ls -la", "description": "list"})]
    if "AGAIN" in prompt:
        return [READ] * 12
    if "CHECK" in prompt:
        return [READ, *(call for number in range(6) for call in (_edit(number), LOOK))]
    if "EDIT" in prompt or "REDESIGN" in prompt:
        edit = {"filePath": "a.py", "oldString": "x = 1", "newString": "x = 1  # one"}
        return [READ, ("edit", edit), ("bash", {"command": "cat a.py", "description": "show"})]
    return []


def _edit(number: int) -> Call:
    return "edit", {"filePath": "a.py", "oldString": "x = 1", "newString": f"x = 1  # {number}"}


def _task(agent: str, prompt: str, **more: object) -> Call:
    return "task", {"description": f"{agent} the code", "prompt": prompt, "subagent_type": agent, **more}


def _as_in_2(call: Call) -> Call:
    name, arguments = call
    left_out = NOT_IN_2.get(name, [])
    renamed = {ARGUMENTS_IN_2.get(key, key): value for key, value in arguments.items() if key not in left_out}
    return NAMES_IN_2.get(name, name), renamed
