"""A real terminal, for the dashboard and for OpenCode: tmux, with keys typed into it and its screen read back."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.e2e.opencode import OpenCode
from tests.support.paths import ROOT

PATIENCE_S = 20.0


class Terminal:
    """A program in a pane of its own tmux server."""

    def __init__(
        self, program: Sequence[str], settings: Mapping[str, str], folder: Path, *, width: int, height: int
    ) -> None:
        self._server = f"opencode-tui-{uuid.uuid4().hex[:8]}"
        environ = " ".join(f"{name}={shlex.quote(value)}" for name, value in settings.items())
        started = f"env -i TERM=$TERM {environ} {shlex.join(program)}"
        # The pane outlives the program, so that what it said at its end can be read.
        line = f"cd {shlex.quote(str(folder))} && {started}; echo ended $?; sleep 60"
        self._tmux("new-session", "-d", "-s", "pane", "-x", str(width), "-y", str(height), line)

    def type(self, *keys: str) -> None:
        """Press keys, by tmux's names for them."""
        self._tmux("send-keys", "-t", "pane", *keys)

    def write(self, text: str) -> None:
        self._tmux("send-keys", "-t", "pane", "-l", text)

    def resize(self, width: int, height: int) -> None:
        self._tmux("resize-window", "-t", "pane", "-x", str(width), "-y", str(height))

    @property
    def rang(self) -> bool:
        """The terminal's bell has rung: tmux marks the window of a session that nobody is attached to."""
        return self._tmux("display-message", "-p", "-t", "pane", "#{window_bell_flag}").strip() == "1"

    def screen(self) -> str:
        return self._tmux("capture-pane", "-p", "-t", "pane")

    def until(self, *texts: str, gone: str = "") -> str:
        """The screen once it shows all the texts, and no more what should be gone."""
        until = time.monotonic() + PATIENCE_S
        while True:
            screen = self.screen()
            if all(text in screen for text in texts) and not (gone and gone in screen):
                return screen
            assert time.monotonic() < until, f"{texts} did not appear (or {gone!r} stayed):\n{screen}"
            time.sleep(0.05)

    def close(self) -> None:
        self._tmux("kill-server")

    def _tmux(self, *command: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self._server, "-f", "/dev/null", *command], capture_output=True, text=True, check=True
        )
        return done.stdout


def terminal(home: Path, *arguments: str, width: int = 120, height: int = 40) -> AbstractContextManager[Terminal]:
    """The dashboard in one. Skips the test where there is no tmux."""
    home.mkdir(exist_ok=True)
    settings = {"HOME": str(home), "PATH": "/usr/bin:/bin", "COLORTERM": "truecolor", "TZ": "UTC"}
    program = [sys.executable, "-m", "opencode_tui", *arguments]
    return _pane(program, settings, ROOT, width=width, height=height)


def screen_of(opencode: OpenCode) -> AbstractContextManager[Terminal]:
    """OpenCode's own screen in one. Skips the test where there is no tmux."""
    where = opencode._where()
    program = [*opencode._command(), *(["--standalone"] if opencode.version.startswith("2.") else [])]
    return _pane(program, where["env"], where["cwd"], width=120, height=40)


@contextmanager
def _pane(
    program: Sequence[str], settings: Mapping[str, str], folder: Path, *, width: int, height: int
) -> Iterator[Terminal]:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not there, so that no key can be typed into a real terminal")
    pane = Terminal(program, settings, folder, width=width, height=height)
    try:
        yield pane
    finally:
        pane.close()
