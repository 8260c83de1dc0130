"""No program that a channel runs outlives its time, what it may say, or us."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic

import pytest

from opencode_tui.alerts.running import Ended, run_program
from tests.support.processes import PATIENCE_S, noted, runs, until

ENVIRON = {"PATH": os.environ["PATH"]}
OURS = """
import sys, threading
from opencode_tui.alerts.running import run_program
def tell():
    run_program(["sh", "-c", sys.argv[1]], b"", {"PATH": sys.argv[2]}, 600)
    print("told", flush=True)
threading.Thread(target=tell, daemon=True).start()
print("started", flush=True)
sys.stdin.read()
"""
"""A process of ours in which a channel's thread waits for a program; it ends when its input does."""


def sh(source: str, timeout_s: float = PATIENCE_S) -> Ended:
    return run_program(["sh", "-c", source], b"", ENVIRON, timeout_s)


def test_one_that_hangs_is_stopped_with_its_children(tmp_path: Path) -> None:
    ended = sh(f"sleep 600 & sleep 600 & echo $$ $! > {tmp_path / 'pids'}; wait", 1)
    assert (ended.code, ended.stopped) == (None, "did not end within 1 s")
    until(lambda: not any(map(runs, noted(tmp_path / "pids"))))


@pytest.mark.parametrize("where", ["", " >&2"], ids=["standard output", "standard error"])
def test_one_that_says_more_and_more_is_stopped_with_its_children(tmp_path: Path, where: str) -> None:
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, monotonic()
    ended = sh(f"yes more{where} & echo $$ $! > {tmp_path / 'pids'}; wait", 600)
    assert (ended.code, ended.stopped) == (None, "wrote more than 10 MB")
    assert monotonic() - start < PATIENCE_S
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000
    until(lambda: not any(map(runs, noted(tmp_path / "pids"))))


def test_what_it_leaves_running_is_stopped_where_it_holds_the_output_and_is_not_waited_for(tmp_path: Path) -> None:
    start = monotonic()
    ended = sh(f"sleep 600 & echo $! > {tmp_path / 'pids'}; echo well >&2; exit 3")
    assert (ended.code, ended.stderr) == (3, b"well\n")
    assert monotonic() - start < PATIENCE_S / 2
    until(lambda: not any(map(runs, noted(tmp_path / "pids"))))


def test_what_it_leaves_running_goes_on_where_it_has_let_go_of_the_output(tmp_path: Path) -> None:
    assert sh(f"sleep 600 >/dev/null 2>&1 & echo $! > {tmp_path / 'pids'}").code == 0
    (pid,) = noted(tmp_path / "pids")
    assert runs(pid)
    os.kill(pid, signal.SIGKILL)


def test_one_that_closes_its_output_is_waited_for() -> None:
    assert sh("exec >&- 2>&-; sleep 0.3; exit 5").code == 5
    assert sh("exec >&- 2>&-; sleep 600", 0.5).stopped == "did not end within 0.5 s"


def ours(script: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", OURS, script, os.environ["PATH"]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout and process.stdout.readline() == "started\n"
    return process


def test_one_that_still_runs_when_we_end_is_stopped_with_its_children_and_is_not_reported(tmp_path: Path) -> None:
    with ours(f"sleep 600 & echo $$ $! > {tmp_path / 'pids'}; wait") as process:
        pids = noted(tmp_path / "pids")
        assert all(map(runs, pids))
        out, _ = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out) == (0, "")
    until(lambda: not any(map(runs, pids)))


@pytest.mark.parametrize("where", ["", " >&2"], ids=["standard output", "standard error"])
def test_one_that_goes_on_to_write_ends_when_we_are_killed(tmp_path: Path, where: str) -> None:
    writes = f"while sleep 0.01; do echo more{where} || exit; done"
    with ours(f"sh -c '{writes}' & echo $$ $! > {tmp_path / 'pids'}; wait") as process:
        pids = noted(tmp_path / "pids")
        assert all(map(runs, pids))
        process.kill()
    until(lambda: not any(map(runs, pids)))
