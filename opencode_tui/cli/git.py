"""Runs git in a project, reading only, so that nothing of a hostile repository is run.

Settings of the user and the system are left out; of the repository's own, those that name programs are turned off.
Nothing is fetched, no lock is taken, no hook, pager, filter, signature check or file system monitor is started.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from opencode_tui.alerts.running import run_program
from opencode_tui.clock import monotonic_s

ALL_RUNS_S = 20.0
"""Seconds for all questions about all repositories."""
_QUIET = (
    *("--no-pager", "--no-optional-locks", "--literal-pathspecs", "--no-replace-objects"),
    *("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", "-c", "core.quotePath=false"),
    *("-c", "log.showSignature=false", "-c", "diff.submodule=short"),
    *("-c", "protocol.allow=never", "-c", "log.mailmap=false", "-c", f"core.attributesFile={os.devnull}"),
)
_MOST_MEMORY = 1 << 30
"""Bytes: a repository can name a device without end where git reads a file."""
_ENVIRON = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
    "LC_ALL": "C",
    "TZ": "UTC",
}


class GitError(Exception):
    """Git cannot say. The message is a sentence without a full stop."""


class GitProgram:
    """Git for one command of ours; all its runs together have ALL_RUNS_S seconds."""

    def __init__(self, path: str) -> None:
        """`path` is the PATH on which git is looked for, without the folders that depend on where we are."""
        folders = [folder for folder in path.split(os.pathsep) if Path(folder).is_absolute()]
        self._program = shutil.which("git", path=os.pathsep.join(folders))
        self._environ = {**_ENVIRON, "PATH": os.pathsep.join(folders)}
        self._end_s = monotonic_s() + ALL_RUNS_S

    def ask(self, directory: str, *words: str, given: Sequence[str] = ()) -> str:
        """What git says in a directory, with lines on its standard input. Raises GitError."""
        if self._program is None:
            raise GitError("git is not on the PATH")
        left_s = self._end_s - monotonic_s()
        if left_s <= 0:
            raise GitError(f"git was not asked more, as it took {ALL_RUNS_S:g} s already")
        line = [self._program, *_QUIET, "-C", directory, *words]
        text = "".join(f"{each}\n" for each in given).encode()
        try:
            ended = run_program(line, text, self._environ, left_s, keep_output=True, most_memory=_MOST_MEMORY)
        except (OSError, ValueError) as error:
            raise GitError(f"git cannot be run ({getattr(error, 'strerror', None) or error})") from None
        if ended.stopped:
            raise GitError(f"git {ended.stopped} in {directory}")
        if ended.code:
            raise GitError(f"git does not read {directory} ({_first_line(ended.stderr)})")
        return ended.stdout.decode("utf-8", "replace")


def _first_line(text: bytes) -> str:
    line = text.decode("utf-8", "replace").strip().partition("\n")[0]
    return line.removeprefix("fatal: ").removeprefix("error: ")[:200] or "it says nothing"
