"""Runs the real programs as processes: a dashboard in a terminal, `watch`, and what cron and the guard start."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tests.proof.oracle import Drift

_SCRIPT = '#!/bin/sh\necho "$ALERT_ID ${ALERT_TRY:-1} $PPID" >> "$1"\n'
CHANNEL = """
[poll]
interval_s = 0.2
[channels]
toast = "off"
bell = "off"
command = "notice"
command_line = ["/bin/sh", "{script}", "{delivered}"]
"""
LASTING = (("dashboard",), ("watch",))
PASSING = (("check", "--notify"), ("status",), ("sync",), ("status", "--format", "{spent} {guard}"))
"""The short-lived commands; the guard's plugin starts `sync` after each call."""
_MAY_END = {0, 1, 2}
"""Exit codes that are not errors; `check` returns 1 for the warning and 2 for the cutoff."""


def channel(root: Path) -> str:
    """The settings of a channel that appends each delivery to `root/delivered` as `alert attempt process`."""
    script = root / "deliver.sh"
    script.write_text(_SCRIPT)
    return CHANNEL.format(script=script, delivered=root / "delivered")


@dataclass(eq=False, slots=True)
class Program:
    arguments: tuple[str, ...]
    process: subprocess.Popen[bytes]
    terminal: int | None = None
    stopped: bool = False

    @property
    def runs(self) -> bool:
        return self.process.poll() is None

    def signal(self, number: int) -> None:
        if self.runs:
            self.process.send_signal(number)


@dataclass(slots=True)
class Crowd:
    """Starts, stops and kills programs on one ledger."""

    root: Path
    environ: Mapping[str, str]
    where: list[str]
    """The flags that name the ledger, the settings and the data directory."""
    programs: list[Program] = field(default_factory=list)
    killed: set[int] = field(default_factory=set)
    started: int = 0
    kills: int = 0

    def start(self, arguments: tuple[str, ...]) -> Program:
        lasting = arguments in LASTING
        command = [sys.executable, "-m", "opencode_tui", *(() if arguments == ("dashboard",) else arguments)]
        command += self.where
        self.started += 1
        log = (self.root / "programs.log").open("ab")
        if arguments == ("dashboard",):
            program = self._in_terminal(command, log)
        else:
            process = subprocess.Popen(
                command,
                cwd=self.root,
                env=dict(self.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
            program = Program(arguments, process)
        log.close()
        if lasting or arguments in PASSING:
            self.programs.append(program)
        return program

    def _in_terminal(self, command: list[str], log: IO[bytes]) -> Program:
        ours, theirs = pty.openpty()
        environ = dict(self.environ) | {"TERM": "xterm-256color"}
        process = subprocess.Popen(command, cwd=self.root, env=environ, stdin=theirs, stdout=theirs, stderr=log)
        os.close(theirs)
        threading.Thread(target=_drain, args=(ours,), daemon=True).start()
        return Program(("dashboard",), process, ours)

    def run(self, *arguments: str, timeout_s: float = 120) -> subprocess.CompletedProcess[bytes]:
        """Runs a command and waits for it."""
        command = [sys.executable, "-m", "opencode_tui", *arguments, *self.where]
        return subprocess.run(
            command, cwd=self.root, env=dict(self.environ), capture_output=True, timeout=timeout_s, check=False
        )

    def reap(self) -> None:
        """Forgets the programs that have ended. Raises Drift for one that failed without being killed."""
        for program in [program for program in self.programs if not program.runs]:
            self.programs.remove(program)
            code = program.process.returncode
            if program.process.pid not in self.killed and code not in _MAY_END:
                log = (self.root / "programs.log").read_text(errors="replace")[-2000:]
                raise Drift(f"{' '.join(program.arguments)} ended by itself with {code}: {log}")

    def kill(self, program: Program) -> None:
        self.killed.add(program.process.pid)
        program.signal(signal.SIGKILL)
        program.process.wait()
        self.kills += 1
        self.programs.remove(program)

    def hold(self, program: Program, seconds: float) -> None:
        """Suspends a program for some seconds."""
        program.signal(signal.SIGSTOP)
        time.sleep(seconds)
        program.signal(signal.SIGCONT)

    def unlinked(self) -> list[str]:
        """Deleted files of the ledger that a program still has open, so that its writes would be lost.

        Checks twice, as the last process to close the ledger deletes some files just before it closes them.
        """
        found = self._removed()
        if found:
            time.sleep(0.3)
        return sorted(found & self._removed()) if found else []

    def _removed(self) -> set[str]:
        return {
            f"{' '.join(program.arguments)} holds {target}"
            for program in self.programs
            for target in _open_files(program.process.pid)
            if target.endswith("(deleted)") and "ledger.db" in target
        }

    def end(self, timeout_s: float = 60) -> None:
        """Ends all programs with SIGTERM, or waits for them. Raises Drift for one that does not end or fails."""
        for program in self.programs:
            program.signal(signal.SIGCONT)
            if program.arguments in LASTING:
                program.signal(signal.SIGTERM)
        for program in self.programs:
            try:
                code = program.process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                program.process.kill()
                raise Drift(f"{' '.join(program.arguments)} does not end within {timeout_s:g} s") from None
            if code not in _MAY_END and code != -signal.SIGTERM:
                log = (self.root / "programs.log").read_text(errors="replace")[-2000:]
                raise Drift(f"{' '.join(program.arguments)} ended with {code}: {log}")
        self.programs.clear()

    def abandon(self) -> None:
        """Kills all programs that still run."""
        for program in self.programs:
            if program.runs:
                program.process.kill()
                program.process.wait()
        self.programs.clear()


def _drain(terminal: int) -> None:
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:
        pass
    finally:
        os.close(terminal)


def _open_files(pid: int) -> list[str]:
    found = []
    with suppress(OSError):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                found.append(str(link.readlink()))
    return found
