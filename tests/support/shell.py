"""A person's machine for tests of the command line: a home, a store, and commands."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import termios
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from opencode_tui.cli import EXIT_OK, main
from tests.stores import V1, Tokens
from tests.support.paths import ROOT

DAY = date(2026, 5, 13)
PIPES = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
OPUS, GPT, LOCAL = "anthropic/claude-opus-4-5", "openai/gpt-5", "local/qwen"
# At list price $0.030, $0.015 and $0.005, and $0.02, $0.07 and $0.01, for input, output and cache.
OPUS_TOKENS = Tokens(input=6_000, output=500, reasoning=100, cache_read=10_000)
GPT_TOKENS = Tokens(input=16_000, output=7_000, cache_read=80_000)
SEVEN_LINES = """\
opencode cost dashboard | 2026-W20 Wednesday
today's run-rate: $0.50 spent (warning $0.80, cutoff $1.50)
session count: 2
top model: anthropic/claude-opus-4-5 ($0.30, 60% of today)
top provider: anthropic ($0.30, 60% of today)
input/output split: 44% / 46% / 10% cache
this week so far: $0.90 (target $7.00, on pace)
"""


def at(time: str, day: date = DAY) -> int:
    return int(datetime.fromisoformat(f"{day.isoformat()}T{time}").replace(tzinfo=UTC).timestamp() * 1000)


def ago(days: int) -> date:
    return DAY - timedelta(days=days)


@dataclass
class Shell:
    """A person's machine: a home, a store, and commands that run in this process at 14:23 on the day."""

    home: Path
    capsys: pytest.CaptureFixture[str]
    at_end: ExitStack

    @property
    def ledger(self) -> Path:
        return self.home / "ours" / "ledger.db"

    @property
    def data_dir(self) -> Path:
        return self.home / "opencode"

    @property
    def places(self) -> list[str]:
        return ["--data-dir", str(self.data_dir), "--ledger", str(self.ledger)]

    def run(self, *argv: str, places: Sequence[str] | None = None) -> tuple[int, str, str]:
        """The exit code, standard output and standard error of a command."""
        try:
            code = main([*argv, *(self.places if places is None else places)])
        except SystemExit as end:
            assert isinstance(end.code, int)
            code = end.code
        return code, *self.capsys.readouterr()

    def said(self, *argv: str) -> str:
        """Standard output of a command that has nothing to complain about."""
        code, out, err = self.run(*argv)
        assert (code, err) == (EXIT_OK, "")
        return out

    def json(self, *argv: str) -> Any:
        return json.loads(self.said(*argv, "--json"))


def forked(store: V1) -> V1:
    """What scripts must not be misled by: a fork's copies, a call not billed, a nano-dollar, an odd fraction."""
    first, second = list(store.sessions)[:2]
    fork = store.fork(first, at=at("12:00"))
    store.call(fork, cost="0.000000001", model="opencode/glm-5", at=at("12:01"))
    store.call(store.session("dig", parent=second, created=at("12:02")), cost="0.013297801", at=at("12:03"))
    store.call(second, cost="0", model=OPUS, tokens=OPUS_TOKENS, at=at("12:04"))
    store.call(second, cost="0.07", model=LOCAL, at=at("12:05"), agent="review")
    return store


def assert_one_sentence(err: str, *words: str) -> None:
    assert re.fullmatch(r"opencode-tui: [^\n]+\n", err), err
    for word in words:
        assert word in err


def spawn(shell: Shell, *command: str, **options: Any) -> subprocess.Popen[str]:
    """A process that is ended, and its pipes closed, with the test."""
    environ = {"HOME": str(shell.home), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TZ": "UTC"}
    process = subprocess.Popen([sys.executable, *command], env=environ, text=True, **options)
    shell.at_end.enter_context(process)
    shell.at_end.callback(process.kill)
    return process


def said_in_terminal(shell: Shell, *command: str, columns: int = 0) -> bytes:
    """What a command of ours writes where its standard output is a terminal, of so many columns."""
    ours, theirs = pty.openpty()
    if columns:
        termios.tcsetwinsize(ours, (24, columns))
    process = spawn(shell, "-m", "opencode_tui", *command, *shell.places, **PIPES | {"stdout": theirs})
    process.communicate(timeout=60)
    os.close(theirs)
    said = os.read(ours, 100_000)
    os.close(ours)
    return said
