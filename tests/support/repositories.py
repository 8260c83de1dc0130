"""Git repositories with commits at chosen times, made without the settings of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


class Repository:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *words: str, at_ms: int = 0) -> str:
        """What git says; `at_ms` is when a commit is made."""
        environ = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        for who in ("AUTHOR", "COMMITTER"):
            environ |= {f"GIT_{who}_NAME": "dev", f"GIT_{who}_EMAIL": "dev@localhost"}
            environ |= {f"GIT_{who}_DATE": f"{at_ms // 1000} +0000"} if at_ms else {}
        line = ["git", "-C", str(self.folder), *words]
        return subprocess.run(line, env=environ, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, at_ms: int, *words: str, **files: str) -> str:
        """Write files (`a_py` for `a.py`) and commit all that is there; returns the commit's id."""
        for name, text in files.items():
            (self.folder / name.replace("_", ".")).write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", *(words or ("-m", "change")), at_ms=at_ms)
        return self.git("rev-parse", "HEAD")
