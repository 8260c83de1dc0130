"""The HTTP side of a running OpenCode 2.x, with the names that server.py has for 1.x."""

from __future__ import annotations

import base64
import json
import subprocess
import time
import urllib.request
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from tests.e2e.answer import Json
from tests.e2e.bill import knowable, nano_by_session
from tests.e2e.model import ScriptedModel
from tests.e2e.server import PATIENCE_S, Server, until

PASSWORD = "e2e"
NANO = 1_000_000_000


class Server2(Server):
    """Methods that prompt give the user message's id."""

    VERSION = "2"

    def __init__(self, url: str, project: Path, process: subprocess.Popen[str]) -> None:
        super().__init__(url, project)
        self._process = process
        self._taken_over: dict[str, int] = {}
        """What sessions of before an upgrade cost at it, beyond what the model has billed for them, in nano-dollars."""

    @property
    def url(self) -> str:
        return self._url

    def new_session(self, model: str = "opencode/kimi-k2.6") -> str:
        body = {"model": _model(model), "location": {"directory": str(self._project)}}
        return str(self._data("POST", "/session", body)["id"])

    def prompt(self, session: str, text: str, model: str = "") -> str:
        """Ask, and wait for the last answer. Another model than before stays the session's model."""
        if model:
            self._data("POST", f"/session/{session}/model", {"model": _model(model)})
        message = self._ask(session, text)
        self.wait(session)
        return message

    def prompt_and_leave(self, session: str, text: str) -> None:
        """Ask, and do not wait."""
        self._ask(session, text)

    def command(self, session: str, name: str) -> None:
        """A slash command, to the end of its answer."""
        self._data("POST", f"/session/{session}/command", {"name": name, "text": ""})
        self.wait(session)

    def generate(self, session: str, text: str) -> None:
        """Ask beside the session: the answer stands nowhere in it."""
        self._data("POST", f"/session/{session}/generate", {"prompt": text})

    def generate_alone(self, text: str, model: str = "opencode/kimi-k2.6") -> bool:
        """Ask without any session; False while the server does not know the model, or that it is here, yet."""
        try:
            self._data("POST", "/experimental/generate", {"prompt": text, "model": _model(model)})
        except HTTPError as error:
            if error.code in (HTTPStatus.BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE):
                return False
            raise
        return True

    def abort(self, session: str) -> None:
        self._data("POST", f"/session/{session}/interrupt", {})
        self.wait(session)

    def wait(self, session: str) -> None:
        """Until nothing runs in the session any more."""
        self._data("POST", f"/experimental/session/{session}/wait", {})
        until(lambda: session not in self._data("GET", "/session/active"), f"{session} still runs")

    def decline(self, session: str, instead: str = "", after_s: float = 0) -> None:
        """Refuse what the session asks leave for, some seconds after it does, and maybe say what to do instead."""
        where = f"/session/{session}/permission"
        until(lambda: bool(self._data("GET", where)), f"{session} asks for nothing")
        (asked,) = self._data("GET", where)
        time.sleep(after_s)
        said = {"message": instead} if instead else {}
        self._data("POST", f"{where}/{asked['id']}/reply", {"decision": "reject", **said})
        self.wait(session)

    def undo(self, session: str, message: str) -> None:
        self._unless_busy("POST", f"/session/{session}/revert/stage", {"messageID": message})

    def redo(self, session: str) -> None:
        self._unless_busy("DELETE", f"/session/{session}/revert")

    def commit_undo(self, session: str) -> None:
        """Make an undo final without a prompt."""
        self._unless_busy("POST", f"/session/{session}/revert/commit", {})

    def fork(self, session: str, before: str | None = None) -> str:
        """Copy the session: all of it, or what stands before a message. Gives the copy's id."""
        body = {"before": before} if before else {}
        return str(self._data("POST", f"/session/{session}/fork", body)["id"])

    def compact(self, session: str, model: str = "") -> None:
        """With the session's own model: 2.x takes no other."""
        self.compact_and_leave(session)
        self.wait(session)

    def compact_and_leave(self, session: str) -> None:
        self._unless_busy("POST", f"/session/{session}/compact", {})

    def archive(self, session: str) -> None:
        raise NotImplementedError("2.0.15 has no call that archives a session")

    def delete(self, session: str) -> None:
        self._unless_busy("DELETE", f"/session/{session}")

    def session(self, session: str) -> Json | None:
        """What the server says of a session; None if it has none of that id."""
        try:
            found: Json = self._data("GET", f"/session/{session}")
        except HTTPError as error:
            if error.code == HTTPStatus.NOT_FOUND:
                return None
            raise
        return found

    def messages(self, session: str) -> list[Json]:
        """All of them, oldest first, with the role that 1.x gives to those that have one."""
        found: list[Json] = self._data("GET", f"/session/{session}/message?order=asc&limit=200")
        return [{**message, "role": message["type"]} for message in found]

    def children(self, session: str) -> list[str]:
        return [child["id"] for child in self._data("GET", f"/session?parentID={session}&limit=100")]

    def plugins(self) -> list[Json]:
        found: list[Json] = self._data("GET", "/plugin")
        return found

    def kill(self) -> None:
        """`kill -9`."""
        self._process.kill()
        self._process.wait(PATIENCE_S)

    def take_over(self, model: ScriptedModel) -> None:
        """Wait until the sessions of 1.x are taken over. What they cost then is where `settle` counts on from."""
        until(
            lambda: self._data("GET", "/experimental/migration/v1")["status"] == "completed",
            "1.x is not taken over yet",
        )
        bill = nano_by_session(knowable(self.VERSION, model.answered))
        for session in model.sessions.copy():
            if found := self.session(session):
                self._taken_over[session] = round(found["cost"] * NANO) - bill.get(session, 0)

    def settle(self, model: ScriptedModel) -> None:
        """Wait until the server has added up all that the model has answered, titles and subagents in the
        background too. Raises TimeoutError with what differs."""
        differs: Json = {}

        def settled() -> bool:
            bill = nano_by_session(knowable(self.VERSION, model.answered))
            differs.clear()
            for session in model.sessions.copy():
                if found := self.session(session):
                    pair = round(found["cost"] * NANO), bill.get(session, 0) + self._taken_over.get(session, 0)
                    differs.update({session: pair} if pair[0] != pair[1] else {})
            return not differs and model.running == 0 and not self._data("GET", "/session/active")

        until(settled, lambda: f"the server's cost and the bill: {differs}")

    def _ask(self, session: str, text: str) -> str:
        return str(self._data("POST", f"/session/{session}/prompt", {"text": text})["id"])

    def _unless_busy(self, method: str, path: str, body: Json | None = None) -> None:
        """A session is busy for a moment after its last answer: ask until it is not."""

        def done() -> bool:
            try:
                self._data(method, path, body)
            except HTTPError as error:
                if error.code == HTTPStatus.CONFLICT:
                    return False
                raise
            return True

        until(done, f"{path} is refused as busy")

    def _data(self, method: str, path: str, body: Json | None = None) -> Any:
        """The answer of one call; its `data` where it has that. Raises HTTPError with the server's words."""
        request = urllib.request.Request(
            f"{self._url}/api{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "content-type": "application/json",
                "authorization": "Basic " + base64.b64encode(f"opencode:{PASSWORD}".encode()).decode(),
                "x-opencode-directory": str(self._project),
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
                answer = json.loads(response.read() or b"null")
        except HTTPError as error:
            error.msg = f"{error.msg}: {error.read().decode(errors='replace')[:500]}"
            raise
        return answer["data"] if isinstance(answer, dict) and "data" in answer else answer


def _model(model: str) -> Json:
    provider, _, name = model.partition("/")
    return {"providerID": provider, "id": name}
