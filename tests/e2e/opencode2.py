"""Drives the real OpenCode 2.x in a home of its own: a server with clients; server2.py has what a person does there."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from tests.e2e.answer import Json
from tests.e2e.opencode import NOWHERE, OpenCode
from tests.e2e.server import PATIENCE_S
from tests.e2e.server2 import PASSWORD, Server2

LATEST_2 = "2.0.15"


class OpenCode2(OpenCode):
    """One user's OpenCode 2.x. Its `run` and `delete` bring a server of their own."""

    def __init__(self, root: Path, version: str, model_url: str, **config: object) -> None:
        super().__init__(root, version, model_url, **{"experimental": {"subagent_depth": 2}, **config})

    def run(
        self,
        prompt: str,
        model: str = "opencode/kimi-k2.6",
        session: str = "",
        fork: bool = False,
        server: Server2 | None = None,
    ) -> str:
        """`opencode run`, to its end: with a server of its own, or as a client of the one given.

        Gives the session's id. 2.x puts a prompt that has more than one word in quotation marks.
        """
        where = ["--server", server.url] if server else ["--standalone"]
        command = ["run", *where, "--format", "json", "-m", model]
        command += ["--session", session] if session else []
        command += ["--fork"] if fork else []
        done = self.do(*command, prompt)
        found = re.search(r'"sessionID":"(ses_\w+)"', done.stdout)
        if not found:
            raise RuntimeError(f"opencode run named no session: {done.stdout}{done.stderr}")
        return found[1]

    def do(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Any command of OpenCode's, to its end, whatever its exit code."""
        return subprocess.run(
            [*self._command(), *command],
            **self._where(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )

    def delete(self, session: str) -> None:
        self._do("session", "delete", "--standalone", session)

    def stats_usd(self, server: Server2 | None = None) -> str:
        """The cost of all time as `opencode stats --json` prints it, to the nano-dollar."""
        where = ["--server", server.url] if server else ["--standalone"]
        done = self.do("stats", *where, "--all", "--json")
        return f"{json.loads(done.stdout, parse_float=Decimal)['cost']:.9f}"

    def export(self, session: str, server: Server2) -> Json:
        """`opencode session export`: what `take_back` takes."""
        exported: Json = json.loads(self.do("session", "export", "--server", server.url, session).stdout)
        return exported

    def take_back(self, exported: Json, server: Server2) -> None:
        """`opencode session import`, into this project."""
        file = self.project.parent / "exported.json"
        file.write_text(json.dumps(exported))
        where = ["--server", server.url, "--directory", str(self.project)]
        self._do("session", "import", *where, str(file))

    @contextmanager
    def serve(self) -> Iterator[Server2]:
        """`opencode serve`, for as long as the `with` lasts or until it is killed."""
        process = subprocess.Popen(
            [*self._command(), "serve", "--port", "0"],
            **self._where(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout
        try:
            said = ""
            for line in process.stdout:
                said += line
                if found := re.search(r"listening on (http://\S+)", line):
                    yield Server2(found[1], self.project, process)
                    return
            raise RuntimeError(f"opencode serve ended: {said}")
        finally:
            process.terminate()
            process.wait(PATIENCE_S)
            process.stdout.close()

    def _where(self) -> Json:
        where = super()._where()
        where["env"] |= {
            "OPENCODE_PASSWORD": PASSWORD,
            "OPENCODE_DISABLE_FILEWATCHER": "1",
            "http_proxy": NOWHERE,
            "https_proxy": NOWHERE,
            "no_proxy": "127.0.0.1,localhost",
        }
        return where
