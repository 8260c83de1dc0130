"""A user's OpenCode with our guard in it, and what can be seen of both from outside."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.e2e.answer import Json
from tests.e2e.opencode import OpenCode, binary
from tests.e2e.server import PATIENCE_S, Server
from tests.e2e.server2 import PASSWORD
from tests.support.paths import ROOT

HOW_TO_GO_ON = "Go on with `opencode-tui guard lift --for 30m`"


class Guarded:
    """Our `guard` in a user's home. No other process of ours runs but what the plugin starts."""

    def __init__(self, opencode: OpenCode) -> None:
        self.opencode = opencode
        self.ours = opencode.home / ".local" / "share" / "opencode-tui"
        self.ledger = self.ours / "ledger.db"
        self.state_file = self.ours / "guard.json"
        self.trouble_file = self.ours / "guard-trouble.json"
        self.plugin = opencode.home / ".config" / "opencode" / "plugin" / "opencode-tui-guard.js"
        as_if_once_online(opencode.home / ".config" / "opencode")

    def install(self, *, cutoff: float, warning: float | None = None, more: str = "") -> None:
        """Set the limits, in USD, and install the guard. Without a warning there is none before the cutoff."""
        self.set(cutoff=cutoff, warning=warning, more=more)
        self.do("install")

    def set(self, *, cutoff: float, warning: float | None = None, more: str = "", first: str = "") -> None:
        """Write the settings' file alone; `first` stands before its tables."""
        config = self.opencode.home / ".config" / "opencode-tui" / "config.toml"
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(
            f"{first}\n[budget]\nwarning_usd = {warning or cutoff:.9f}\ncutoff_usd = {cutoff:.9f}\n{more}\n"
        )

    def spoil_ledger(self) -> None:
        """Put a file in the ledger's place that is no database."""
        for file in self.ours.glob("ledger.db*"):
            file.unlink()
        self.ledger.write_text("this is no database")

    def do(self, *argv: str) -> str:
        """`opencode-tui guard …`. Raises AssertionError with what it said if it fails."""
        return self.ours_says("guard", *argv)

    def alerts(self) -> str:
        """The log of alerts, after somebody has looked."""
        self.ours_says("watch", "--once")
        return self.ours_says("alerts")

    def ours_says(self, *argv: str) -> str:
        """`opencode-tui …`. Raises AssertionError with what it said if it fails."""
        done = subprocess.run(
            [sys.executable, "-m", "opencode_tui", *argv],
            cwd=ROOT,
            env={"HOME": str(self.opencode.home), "PATH": os.environ["PATH"], "OPENCODE_PASSWORD": PASSWORD},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def without_sync(self) -> None:
        """From now on the plugin knows of new calls by itself alone."""
        state = json.loads(self.state_file.read_text())
        self.state_file.write_text(json.dumps(state | {"sync": ["true"]}))
        self.state_file.chmod(0o600)

    def held_nano(self) -> int:
        """What the ledger holds, without reading any store."""
        with closing(sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT coalesce(sum(cost_nano), 0) FROM call").fetchone()[0])

    def wait_for(self, nano: int) -> None:
        """Until the ledger holds so much: nothing of ours runs but what the plugin has started."""
        end = time.monotonic() + PATIENCE_S
        while self.held_nano() != nano:
            assert time.monotonic() < end, f"the ledger holds {self.held_nano()}, not {nano}"
            time.sleep(0.05)

    def wait_for_at_least(self, nano: int) -> None:
        """The same, where the ledger may hold what the bill does not: titles."""
        end = time.monotonic() + PATIENCE_S
        while self.held_nano() < nano:
            assert time.monotonic() < end, f"the ledger holds {self.held_nano()}, not {nano}"
            time.sleep(0.05)

    def noted(self) -> dict[str, Json]:
        """What the plugin has noted that is wrong, by its cause."""
        troubles: list[Json] = json.loads(self.trouble_file.read_text())["troubles"]
        return {trouble["cause"]: trouble for trouble in troubles}

    def errors(self) -> list[str]:
        """What OpenCode has shown as errors in the chats, by time."""
        with closing(sqlite3.connect(f"file:{self.opencode.database}?mode=ro", uri=True)) as connection:
            rows = connection.execute("SELECT data FROM message ORDER BY time_created, id").fetchall()
        messages: list[Json] = [json.loads(row[0]) for row in rows]
        return [message["error"]["data"]["message"] for message in messages if message.get("error")]

    def was_so_before(self, *, minutes: int) -> None:
        """Put the guard and all that the ledger holds back in time."""
        for file in (self.state_file, self.plugin):
            os.utime(file, (time.time() - minutes * 60,) * 2)
        with closing(sqlite3.connect(self.ledger)) as connection:
            shift = minutes * 60_000
            connection.execute(
                "UPDATE call SET created_ms = created_ms - ?1, completed_ms = completed_ms - ?1", (shift,)
            )
            connection.commit()

    def spend(self, nano: int, at_ms: int = 0) -> None:
        """Enter a call of now, or of then, into the ledger, as if another OpenCode had made it."""
        with closing(sqlite3.connect(self.ledger)) as connection:
            connection.execute("INSERT OR IGNORE INTO machine (name) VALUES ('other')")
            connection.execute("INSERT OR IGNORE INTO store (key) VALUES ('/other/opencode.db#message')")
            now = at_ms or time.time_ns() // 10**6
            connection.execute(
                "INSERT INTO call (id, session_id, machine_id, store_id, provider, model, agent, directory, created_ms,"
                " completed_ms, input, output, reasoning, cache_read, cache_write, recorded_nano, amount_nano, basis,"
                " copied) SELECT ?, 'ses_other', machine.id, store.id, 'opencode', 'glm-5', 'build', '/other',"
                " ?, ?, 1, 1, 0, 0, 0, ?, ?, 'recorded', 0 FROM machine, store LIMIT 1",
                (f"msg_{time.time_ns()}", now, now, nano, nano),
            )
            connection.commit()


def as_if_once_online(config: Path) -> None:
    """What OpenCode has fetched into its configuration when it ran online: it does not ask npm again."""
    dependencies = {"dependencies": {"@opencode-ai/plugin": "1.18.34"}}
    (config / "node_modules").mkdir(parents=True, exist_ok=True)
    (config / "package.json").write_text(json.dumps(dependencies))
    (config / "package-lock.json").write_text(json.dumps({"lockfileVersion": 3, "packages": {"": dependencies}}))


@contextmanager
def toasts(server: Server) -> Iterator[list[Json]]:
    """The toasts that OpenCode is asked to show, as they come, until the `with` ends."""
    seen: list[Json] = []
    request = urllib.request.Request(f"{server._url}/event", headers={"x-opencode-directory": str(server._project)})
    stream = urllib.request.urlopen(request, timeout=PATIENCE_S)
    connected = threading.Event()

    def read() -> None:
        try:
            for line in stream:
                connected.set()
                if line.startswith(b"data: "):
                    event: Json = json.loads(line[6:])
                    if event["type"] == "tui.toast.show":
                        seen.append(event["properties"])
        except (OSError, ValueError, AttributeError):
            pass  # the server has ended

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    assert connected.wait(PATIENCE_S)
    yield seen


def refused(opencode: OpenCode, prompt: str, *flags: str, **environment: str) -> str:
    """What `opencode run` says of a prompt that is refused."""
    where = opencode._where()
    done = subprocess.run(
        [str(binary(opencode.version)), "run", "-m", "opencode/kimi-k2.6", *flags, prompt],
        cwd=where["cwd"],
        env=where["env"] | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 1
    return done.stderr
