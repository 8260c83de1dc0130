"""Runs our own program as a person would: `python -m opencode_tui`, each time a process of its own."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path

from tests.e2e.answer import Json
from tests.e2e.server import PATIENCE_S, until
from tests.support.paths import ROOT

NANO = 1_000_000_000
WATCH_S = 0.2
"""How often `watch` looks; settings take nothing shorter."""
CATCH_UP_S = 20.0


class Ledger:
    """A ledger of ours in a home of its own, reading one data directory of OpenCode's."""

    def __init__(self, home: Path, data_dir: Path) -> None:
        home.mkdir()
        self._home = home
        self._watch: subprocess.Popen[str] | None = None
        self.file = home / "ledger.db"
        data_dir.mkdir(parents=True, exist_ok=True)  # OpenCode may only make it after we look there
        (home / "config.toml").write_text(f"[poll]\ninterval_s = {WATCH_S}\n")
        self._where = ["--data-dir", str(data_dir), "--ledger", str(self.file), "--config", str(home / "config.toml")]

    def sync(self) -> None:
        """Read the store once. Raises AssertionError with what it said if it fails."""
        self._run("sync")

    def usage(self, by: str = "model") -> Json:
        """`usage --json` of all time, its amounts as exact decimals."""
        text = self._run("usage", "--period", "all", "--by", by, "--json")
        usage: Json = json.loads(text, parse_float=Decimal)
        return usage

    def reconcile(self) -> Json:
        """`reconcile --json`, its amounts as exact decimals. Raises AssertionError if a rest is not explained."""
        found: Json = json.loads(self._run("reconcile", "--json"), parse_float=Decimal)
        return found

    def said(self, *command: str) -> str:
        """What a command prints."""
        return self._run(*command)

    def said_at(self, home: Path, *command: str) -> str:
        """What a command prints that is run in the home of an OpenCode."""
        process = self._start(*command, home=home)
        out, err = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, f"{' '.join(command)} ended with {process.returncode}: {err}{out}"
        return out

    def commands(self, action: str, home: Path) -> None:
        """`commands install` or `commands remove`, for the OpenCode of this home."""
        self.said_at(home, "commands", action)

    def held_nano(self) -> int:
        """What the ledger holds, without reading any store."""
        if not self.file.exists():
            return 0
        with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)) as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'call'").fetchone():
                return 0  # it is being created
            return int(connection.execute("SELECT coalesce(sum(cost_nano), 0) FROM call").fetchone()[0])

    def spend_nano(self) -> int:
        return nano(self.usage()["spend_usd"])

    def command(self, *command: str) -> list[str]:
        """The command line of a command of ours."""
        return [sys.executable, "-m", "opencode_tui", *command, *self._where]

    @contextmanager
    def watching(self) -> Iterator[None]:
        """One `watch` beside whatever happens in the `with`, looking several times a second.

        Raises AssertionError at the end if it has failed or said anything of trouble, but that OpenCode had no store
        at the beginning.
        """
        self._watch = self._start("watch")
        try:
            yield
        finally:
            self._watch.terminate()
            out, err = self._watch.communicate(timeout=PATIENCE_S)
        if err.startswith("opencode-tui: no OpenCode store"):
            _, then, *rest = err.splitlines()
            assert "well again" in then
            err = "".join(rest)
        assert (self._watch.returncode, err) == (0, ""), f"watch ended with {self._watch.returncode}: {err}{out}"

    def wait_for(self, nano: int) -> None:
        """Until `watch` by itself has brought the ledger to that sum. Raises TimeoutError, or AssertionError where
        it has ended."""

        def done() -> bool:
            assert self._watch
            if (code := self._watch.poll()) is not None:
                out, err = self._watch.communicate()
                raise AssertionError(f"watch has ended with {code}: {err}{out}")
            return self.held_nano() == nano

        until(done, lambda: f"watch has brought the ledger to {self.held_nano()}, the bill is {nano}", CATCH_UP_S)

    @contextmanager
    def syncing(self) -> Iterator[None]:
        """Keep reading beside whatever happens in the `with`: one reader after the other, and beside
        them a second row of readers that are killed (SIGKILL) wherever they happen to be.

        Raises AssertionError at the end if one of the first has failed.
        """
        over, failures = threading.Event(), list[AssertionError]()

        def read() -> None:
            while not over.is_set():
                try:
                    self.sync()
                except AssertionError as error:
                    failures.append(error)

        def read_and_die() -> None:
            dice = random.Random(7)
            while not over.is_set():
                process = self._start("sync")
                over.wait(dice.uniform(0.1, 1.0))
                process.kill()
                process.communicate()

        threads = [threading.Thread(target=read), threading.Thread(target=read_and_die)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join()
        if failures:
            raise failures[0]

    def _run(self, *command: str) -> str:
        process = self._start(*command)
        out, err = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, f"{command} ended with {process.returncode}: {err}{out}"
        return out

    def _start(self, *command: str, home: Path | None = None) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*command),
            cwd=ROOT,
            env={"HOME": str(home or self._home), "PATH": "/usr/bin:/bin", "TERM": "dumb"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def nano(amount: Decimal | int) -> int:
    """An amount of `usage --json` in nano-dollars. Raises AssertionError where it is not a whole number."""
    exact = Decimal(amount) * NANO
    assert exact == int(exact), f"{amount} is not a whole number of nano-dollars"
    return int(exact)
