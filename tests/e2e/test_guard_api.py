"""The guard and the newer HTTP calls of OpenCode 1.18.34, `/api/session/…`, which run no hook of a plugin's."""

from __future__ import annotations

import subprocess

import pytest

from tests.e2e.answer import Json
from tests.e2e.guarded import Guarded
from tests.e2e.model import ScriptedModel
from tests.e2e.opencode import LATEST, Install, OpenCode
from tests.e2e.server import Server, until

pytestmark = pytest.mark.e2e

HELD = "so this call was not made"
LOCAL = {"providerID": "local", "id": "qwen3-coder:30b"}


@pytest.fixture
def opencode(install: Install) -> OpenCode:
    return install(LATEST)


@pytest.fixture
def guard(opencode: OpenCode) -> Guarded:
    """Its day is past the cutoff."""
    guard = Guarded(opencode)
    opencode.run("hello")
    guard.install(cutoff=0.001)
    return guard


class Api:
    """A session of the newer calls."""

    def __init__(self, server: Server, opencode: OpenCode) -> None:
        self._server = server
        body = {"model": LOCAL, "location": {"directory": str(opencode.project)}}
        self._id: str = server._call("POST", "/api/session", body)["data"]["id"]
        self._path = f"/api/session/{self._id}"

    def prompt(self, text: str) -> str:
        """Ask, and wait for the end. Gives the error in the last answer, empty where there is none."""
        before = len(self._answers())
        self._server._call("POST", f"{self._path}/prompt", {"prompt": {"text": text}})
        until(lambda: len(self._answers()) > before and not self._is_active(), "it still runs")
        return str(self._answers()[0].get("error", {}).get("message", ""))

    def _is_active(self) -> bool:
        return self._id in self._server._call("GET", "/api/session/active")["data"]

    def _answers(self) -> list[Json]:
        found: list[Json] = self._server._call("GET", f"{self._path}/message")["data"]
        return [message for message in found if message["type"] == "assistant"]


@pytest.mark.parametrize("where", ["this project", "another project"])
def test_they_are_held_where_the_plugin_was_loaded_before_the_server_asked_the_network(
    opencode: OpenCode, guard: Guarded, model: ScriptedModel, where: str
) -> None:
    other = opencode.home / "other"
    other.mkdir()
    subprocess.run(["git", "init", "-q", str(other)], check=True)
    with opencode.serve() as server:
        used = server if where == "this project" else Server(server._url, other)
        used._call("GET", "/session")
        api, asked = Api(server, opencode), model.asked
        assert HELD in api.prompt("EDIT it")
        assert model.asked == asked
        guard.do("lift", "--for", "30m")
        assert api.prompt("EDIT it") == ""
        assert model.asked > asked
        guard.do("lift", "--off")
        asked = model.asked
        assert HELD in api.prompt("and now?")
        assert model.asked == asked


@pytest.mark.parametrize("case", ["no plugin is loaded", "the price list was fetched before"])
def test_a_server_that_has_asked_the_network_before_the_plugin_holds_none_of_them_and_that_is_said(
    opencode: OpenCode, guard: Guarded, model: ScriptedModel, case: str
) -> None:
    opencode.fetches_list = case != "no plugin is loaded"
    with opencode.serve() as server:
        if opencode.fetches_list:
            server._call("GET", "/session")
            until(lambda: "1.18.34 has loaded it" in guard.do("status"), "the plugin is not loaded")
        asked = model.asked
        assert Api(server, opencode).prompt("hello") == ""
        assert model.asked == asked + 1
        assert "not held: OpenCode 1.18: prompts by the HTTP call /api/session/ID/prompt" in guard.do("status")
