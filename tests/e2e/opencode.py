"""Drives the real OpenCode 1.x in a home of its own: its command line; server.py has the rest. opencode2.py has 2.x."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Protocol

from tests.e2e.answer import Json
from tests.e2e.bill import PRICES, Price
from tests.e2e.server import PATIENCE_S, Server
from tests.support.paths import ROOT

LATEST = "1.18.34"
NOWHERE = "http://127.0.0.1:9"  # nothing listens there: OpenCode reaches the scripted model and nothing else


class NotInstalled(Exception):
    """OpenCode's binary cannot be had on this machine; the text says why."""


def binary(version: str) -> Path:
    """OpenCode's program, installed into the cache if it was not there.

    Raises NotInstalled where it cannot be had, CalledProcessError where npm failed for another reason.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "opencode-tui-e2e"
    package = "@opencode/cli-linux-x64-baseline" if version.startswith("2.") else "opencode-linux-x64"
    program = cache / version / "node_modules" / package / "bin" / "opencode"
    if not program.exists():
        said = _install(version)
        if not program.exists():
            raise NotInstalled(said)
    return program


@cache
def _install(version: str) -> str:
    """What the installer says; asked once, so that without a network only the first test waits."""
    installer = [str(ROOT / ".ci" / "opencode"), version]
    return subprocess.run(installer, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


class OpenCode:
    """One user's OpenCode: a home, a project, and the version that is installed right now."""

    def __init__(self, root: Path, version: str, model_url: str, **config: object) -> None:
        """A home that is there already, of another version, is kept as it is."""
        self.version = version
        self.home, self.project = root / "home", root / "project"
        self.started_in = self.project
        self.fetches_list = False
        """It asks for its price list when it starts, as it does where nobody turns that off, and gets none."""
        self.environ: dict[str, str] = {}
        """More of its environment."""
        self.data_dir = self.home / ".local" / "share" / "opencode"
        settings = self.home / ".config" / "opencode" / "opencode.json"
        if settings.exists():
            return
        settings.parent.mkdir(parents=True)
        settings.write_text(json.dumps(_config(model_url) | config))
        self.project.mkdir()
        (self.project / "a.py").write_text("x = 1\n")
        self._git("init", "-q")
        self._git("add", "-A")
        self._git("-c", "user.email=a@b", "-c", "user.name=a", "commit", "-qm", "init")

    @property
    def database(self) -> Path:
        return self.data_dir / "opencode.db"

    def run(self, prompt: str, model: str = "opencode/kimi-k2.6", session: str = "", fork: bool = False) -> str:
        """`opencode run`, to its end. Gives the session's id."""
        command = ["run", "--format", "json", "-m", model]
        command += ["-s", session] if session else []
        command += ["--fork"] if fork else []
        done = subprocess.run(
            [*self._command(), *command, prompt],
            **self._where(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        found = re.search(r'"sessionID":"(ses_\w+)"', done.stdout)
        if not found:
            raise RuntimeError(f"opencode run named no session: {done.stdout}{done.stderr}")
        return found[1]

    def models(self, provider: str, **environ: str) -> dict[str, Json]:
        """`opencode models`: what it knows of a provider's models, with more in its environment."""
        where = self._where()
        done = subprocess.run(
            [*self._command(), "models", provider, "--verbose"],
            **where | {"env": where["env"] | environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        if done.returncode:
            raise RuntimeError(f"opencode models failed: {done.stderr}")
        described = re.findall(r"^\S+/[^\n]+\n(\{\n.*?\n\})$", done.stdout, re.MULTILINE | re.DOTALL)
        return {model["id"]: model for model in map(json.loads, described)}

    def delete(self, session: str) -> None:
        """`opencode session delete`."""
        self._do("session", "delete", session)

    def stats_usd(self) -> str:
        """The total cost as `opencode stats` prints it, in cents."""
        done = subprocess.run(
            [*self._command(), "stats"],
            **self._where(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        found = re.search(r"Total Cost +\$([\d.,]+)", done.stdout)
        if not found:
            raise RuntimeError(f"opencode stats named no cost: {done.stdout}{done.stderr}")
        return found[1]

    def vacuum(self) -> None:
        """`opencode db`, making the file small again: every row moves to a new place."""
        self._do("db", "VACUUM")

    @contextmanager
    def serve(self) -> Iterator[Server]:
        """`opencode serve`, for as long as the `with` lasts."""
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
                    yield Server(found[1], self.project)
                    return
            raise RuntimeError(f"opencode serve ended: {said}")
        finally:
            process.terminate()
            process.wait(PATIENCE_S)
            process.stdout.close()

    def _do(self, *command: str) -> None:
        subprocess.run(
            [*self._command(), *command],
            **self._where(),
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            timeout=PATIENCE_S,
        )

    def _command(self) -> list[str]:
        return [str(binary(self.version))]

    def _where(self) -> Json:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "SHELL": "/bin/sh",
            **({} if self.fetches_list else {"OPENCODE_DISABLE_MODELS_FETCH": "1"}),
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "npm_config_registry": NOWHERE,
            "HTTP_PROXY": NOWHERE,
            "HTTPS_PROXY": NOWHERE,
            "NO_PROXY": "127.0.0.1,localhost",
            **self.environ,
        }
        return {"cwd": self.started_in, "env": environment}

    def _git(self, *command: str) -> None:
        subprocess.run(["git", *command], **self._where(), check=True, capture_output=True)


def _config(model_url: str) -> Json:
    """opencode.json: the scripted model as three providers: two with prices, and a local one without."""
    options = {"baseURL": model_url, "apiKey": "x"}
    providers: Json = {
        name: {"npm": f"@ai-sdk/{kind}", "options": options, "models": {}}
        for name, kind in (
            ("opencode", "openai-compatible"),
            ("local", "openai-compatible"),
            ("anthropic", "anthropic"),
        )
    }
    for name, price in PRICES.items():
        model: Json = {"name": name, "limit": {"context": price.context, "output": 32_000}}
        if price.output:
            model["cost"] = _rates(price, 1)
        if price.over_200k > 1:
            model["cost"]["context_over_200k"] = _rates(price, price.over_200k)
        providers[price.provider]["models"][name] = model
    return {
        "autoupdate": False,
        "share": "disabled",
        "permission": "allow",
        "lsp": False,
        "model": "opencode/kimi-k2.6",
        "small_model": "opencode/qwen3.5-plus",
        "agent": {"general": {"permission": {"task": "allow"}}, "explore": {"model": "opencode/glm-5"}},
        "provider": providers,
    }


def _rates(price: Price, times: int) -> Json:
    """In USD a million tokens."""
    rates = {"input": price.input, "output": price.output, "cache_read": price.cache_read}
    if price.cache_write:
        rates["cache_write"] = price.cache_write
    return {kind: rate * times / 1000 for kind, rate in rates.items()}


class Install(Protocol):
    def __call__(self, version: str, **config: object) -> OpenCode: ...
