"""A tool that a call used, as each generation of OpenCode writes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Json = dict[str, Any]
Status = Literal["completed", "error", "running"]

_INPUT = {
    "read": "filePath",
    "edit": "filePath",
    "write": "filePath",
    "bash": "command",
    "glob": "pattern",
    "grep": "pattern",
    "list": "path",
    "webfetch": "url",
    "apply_patch": "patchText",
    "task": "description",
}
_NAME_IN_2 = {"bash": "shell", "apply_patch": "patch", "task": "subagent"}
_INPUT_IN_2 = {"filePath": "path"}


@dataclass(frozen=True, slots=True)
class Tool:
    name: str
    target: str
    status: Status
    took: int
    output: str
    child: str | None
    agent: str
    exit: int | None = None
    lines: tuple[int, int] | None = None
    error_type: str = "tool.execution"
    description: str = "run"

    @property
    def _key(self) -> str:
        return _INPUT.get(self.name, "input")

    def input(self) -> Json:
        given: Json = {self._key: self.target} if self.target else {}
        if self.name == "task":
            given |= {"prompt": "look into it", "subagent_type": self.agent}
        elif self.name == "edit":
            given |= {"oldString": "x = 1", "newString": "x = 2"}
        elif self.name == "bash":
            given |= {"description": self.description}
        return given

    def state(self, start: int, parent: str) -> Json:
        """The `state` of a tool part of OpenCode 1, in the session `parent`."""
        if self.status == "running":
            return {"status": "running", "input": self.input(), "time": {"start": start}}
        time = {"start": start, "end": start + self.took}
        if self.status == "error":
            return {"status": "error", "input": self.input(), "error": self.output, "time": time}
        metadata: Json = {"truncated": False}
        if self.child is not None:
            metadata = {"parentSessionId": parent, "sessionId": self.child, "truncated": False}
        if self.exit is not None:
            metadata["exit"] = self.exit
        if self.lines is not None:
            changed = dict(zip(("additions", "deletions"), self.lines, strict=True))
            if self.name == "edit":
                metadata["filediff"] = {"file": self.target, "patch": "@@", **changed}
            else:
                metadata["files"] = [{"filePath": self.target, "patch": "@@", **changed}]
        return {
            "status": "completed",
            "input": self.input(),
            "output": self.output,
            "metadata": metadata,
            "title": self.target,
            "time": time,
        }

    def content(self, call_id: str, start: int) -> Json:
        """The tool among the `content` of an assistant message of OpenCode 2."""
        given = {_INPUT_IN_2.get(key, key): value for key, value in self.input().items()}
        if self.name == "task":
            given = {"description": self.target, "prompt": "look into it", "agent": self.agent}
        state: Json = {"status": self.status, "input": given}
        time = {"created": start, "ran": start}
        if self.status != "running":
            time["completed"] = start + self.took
        if self.status == "completed":
            state["content"] = [{"type": "text", "text": self.output}]
            state["metadata"] = {} if self.child is None else {"sessionID": self.child, "status": "completed"}
            if self.exit is not None:
                state["metadata"]["exit"] = self.exit
            if self.lines is not None:
                changed = dict(zip(("additions", "deletions"), self.lines, strict=True))
                state["metadata"]["files"] = [{"file": self.target, "status": "modified", "patch": "@@", **changed}]
        elif self.status == "error":
            state["error"] = {"type": self.error_type, "message": self.output}
        name = _NAME_IN_2.get(self.name, self.name)
        return {"type": "tool", "id": call_id, "name": name, "state": state, "time": time}


def tool(
    name: str,
    target: str = "",
    *,
    ok: bool | None = True,
    took: int = 40,
    output: str = "done",
    child: str | None = None,
    agent: str = "explore",
    exit: int | None = None,
    lines: tuple[int, int] | None = None,
    error_type: str = "tool.execution",
    description: str = "run",
) -> Tool:
    """A use of a tool by OpenCode 1's name for it; `ok=None` while it runs, `child` the session of a `task`.

    `lines` are those that an edit added and removed, `error_type` is what OpenCode 2 calls the error, and
    `description` is what OpenCode 1 has the model say beside a command.

    A command that completes has an `exit` code, which OpenCode writes into its metadata.
    """
    status: Status = "running" if ok is None else "completed" if ok else "error"
    return Tool(name, target, status, took, output, child, agent, exit, lines, error_type, description)
