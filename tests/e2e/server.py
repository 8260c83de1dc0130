"""The HTTP side of a running `opencode serve`: what a person does in its screen, such as undo and abort."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.e2e.answer import Json
from tests.e2e.model import ScriptedModel

PATIENCE_S = 120.0


class Server:
    """The HTTP side of a running OpenCode. Methods that prompt give the user message's id."""

    def __init__(self, url: str, project: Path) -> None:
        self._url, self._project = url, project

    def new_session(self, model: str = "") -> str:
        """1.x asks for the model with each prompt."""
        return str(self._call("POST", "/session", {})["id"])

    def prompt(self, session: str, text: str, model: str = "opencode/kimi-k2.6") -> str:
        """Ask, and wait for the last answer."""
        answer = self._call("POST", f"/session/{session}/message", _prompt(text, model))
        return str(answer["info"]["parentID"])

    def prompt_and_leave(self, session: str, text: str) -> None:
        """Ask, and do not wait."""
        self._call("POST", f"/session/{session}/prompt_async", _prompt(text, "opencode/kimi-k2.6"))

    def command(self, session: str, name: str) -> None:
        """A slash command, to the end of its answer."""
        body = {"command": name, "arguments": "", "model": "opencode/kimi-k2.6"}
        self._call("POST", f"/session/{session}/command", body)

    def abort(self, session: str) -> None:
        """Stop what runs, as ESC does, and wait until it has stopped."""
        self._call("POST", f"/session/{session}/abort", {})
        self.wait(session)

    def wait(self, session: str) -> None:
        """Until nothing runs in the session any more."""
        until(lambda: session not in self._call("GET", "/session/status"), f"{session} still runs")

    def decline(self, session: str, instead: str = "", after_s: float = 0) -> None:
        """Refuse what the session asks leave for, some seconds after it does, and maybe say what to do instead."""
        until(lambda: bool(self._call("GET", "/permission")), f"{session} asks for nothing")
        (asked,) = self._call("GET", "/permission")
        time.sleep(after_s)
        said = {"message": instead} if instead else {}
        self._call("POST", f"/permission/{asked['id']}/reply", {"reply": "reject", **said})
        self.wait(session)

    def undo(self, session: str, message: str) -> None:
        """Revert to before the user message; its rows stay until the next prompt."""
        self._call("POST", f"/session/{session}/revert", {"messageID": message})

    def redo(self, session: str) -> None:
        """Take an undo back, before the next prompt."""
        self._call("POST", f"/session/{session}/unrevert", {})

    def fork(self, session: str, before: str | None = None) -> str:
        """Copy the session: all of it, or what stands before a message. Gives the copy's id."""
        return str(self._call("POST", f"/session/{session}/fork", {"messageID": before} if before else {})["id"])

    def compact(self, session: str, model: str = "opencode/kimi-k2.6") -> None:
        provider, _, name = model.partition("/")
        self._call("POST", f"/session/{session}/summarize", {"providerID": provider, "modelID": name})

    def archive(self, session: str) -> None:
        self._call("PATCH", f"/session/{session}", {"time": {"archived": int(time.time() * 1000)}})

    def delete(self, session: str) -> None:
        self._call("DELETE", f"/session/{session}")

    def messages(self, session: str) -> list[Json]:
        return [message["info"] for message in self._call("GET", f"/session/{session}/message")]

    def children(self, session: str) -> list[str]:
        return [child["id"] for child in self._call("GET", f"/session/{session}/children")]

    def settle(self, model: ScriptedModel) -> None:
        """Wait until the model is asked nothing more, be it for a title."""
        until(lambda: model.running == 0, "the model is still asked")

    def _call(self, method: str, path: str, body: Json | None = None) -> Any:
        request = urllib.request.Request(
            self._url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json", "x-opencode-directory": str(self._project)},
        )
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
            data = response.read()
        return json.loads(data) if data else None


def until(done: Callable[[], bool], otherwise: str | Callable[[], str], patience_s: float = PATIENCE_S) -> None:
    """Wait for it. Raises TimeoutError, with what is the case otherwise."""
    end = time.monotonic() + patience_s
    while not done():
        if time.monotonic() > end:
            said = otherwise if isinstance(otherwise, str) else otherwise()
            raise TimeoutError(f"after {patience_s:.0f} s {said}")
        time.sleep(0.05)


def _prompt(text: str, model: str) -> Json:
    provider, _, name = model.partition("/")
    return {"model": {"providerID": provider, "modelID": name}, "parts": [{"type": "text", "text": text}]}
