"""Runs a program with limits on time and output, and stops it together with everything that it started.

Its output goes through pipes, which close however we end (`kill -9` included), so that a program that keeps writing
ends as well.
"""

from __future__ import annotations

import atexit
import os
import selectors
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Event, Lock

from msgspec import Struct

from opencode_tui.clock import monotonic_s

_KEPT = 4_000
_MOST = 10_000_000
_PIECE = 65_536
_LOOK_S = 0.05
_START_S = 10.0
_LAST_WORDS_S = 0.5
"""Seconds to wait for remaining output after a program has ended, if a process that it left running holds the pipe."""


class Ended(Struct, frozen=True):
    """How a program ended."""

    code: int | None
    """The exit code; None if it was stopped."""
    stderr: bytes
    """The beginning of its standard error."""
    stopped: str = ""
    """Why it was stopped, as the rest of a sentence, such as `did not end within 10 s`."""
    stdout: bytes = b""
    """Its standard output, if it was to be kept."""


def run_program(
    line: Sequence[str],
    given: bytes,
    environ: Mapping[str, str],
    timeout_s: float,
    *,
    keep_output: bool = False,
    most_memory: int | None = None,
) -> Ended:
    """Run a program without a shell, with `given` as its standard input, and wait for it.

    It is stopped with its process group after `timeout_s` seconds, after too much output, and if we end. Processes that
    it leaves running are stopped only if they still hold its output. `keep_output` keeps its standard output, and
    `most_memory` limits its data in bytes, on Linux. Raises OSError and ValueError if it does not start.
    """
    with tempfile.TemporaryFile() as file:
        file.write(given)
        file.seek(0)
        with _starting:
            if _is_over.is_set():
                raise SystemExit
            process = subprocess.Popen(
                line,
                stdin=file,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=dict(environ),
                start_new_session=True,
            )
            _running[process.pid] = process
            if most_memory is not None:
                _limit_memory(process.pid, most_memory)
    try:
        ended = _follow(process, timeout_s, keep_output=keep_output)
    except BaseException:
        _stop(process)
        raise
    finally:
        del _running[process.pid]
        for pipe in (process.stdout, process.stderr):
            assert pipe is not None
            pipe.close()
    if _is_over.is_set():
        raise SystemExit  # no exit code, since it was not waited for
    return ended


_running: dict[int, subprocess.Popen[bytes]] = {}
_is_over = Event()
_starting = Lock()
"""Held until a started program is in `_running`."""


def _limit_memory(pid: int, most: int) -> None:
    if sys.platform == "linux":
        import resource

        with suppress(OSError):  # it has ended already
            resource.prlimit(pid, resource.RLIMIT_DATA, (most, most))


def _follow(process: subprocess.Popen[bytes], timeout_s: float, *, keep_output: bool) -> Ended:
    """Read the program's output until it ends or reaches a limit."""
    assert process.stdout is not None and process.stderr is not None
    end_s = monotonic_s() + timeout_s
    stdout, stderr, size, stopped = bytearray(), bytearray(), 0, f"did not end within {timeout_s:g} s"
    with selectors.DefaultSelector() as pipes:
        for pipe in (process.stdout, process.stderr):
            os.set_blocking(pipe.fileno(), False)
            pipes.register(pipe, selectors.EVENT_READ)
        has_ended = False
        while pipes.get_map() and size <= _MOST and (left_s := end_s - monotonic_s()) > 0:
            if not has_ended and process.poll() is not None:
                has_ended, end_s = True, min(end_s, monotonic_s() + _LAST_WORDS_S)
            for key, _ in pipes.select(min(_LOOK_S, left_s)):
                piece = os.read(key.fd, _PIECE)
                size += len(piece)
                if not piece:
                    pipes.unregister(key.fileobj)
                elif key.fileobj is process.stderr:
                    stderr += piece[: _KEPT - len(stderr)]
                elif keep_output:
                    stdout += piece
        holds_output = bool(pipes.get_map())
    if size > _MOST:
        stopped = f"wrote more than {_MOST // 1_000_000} MB"
    elif not holds_output:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(end_s - monotonic_s(), 0.0))
    code = process.poll()
    if code is None or holds_output:
        _stop(process)
    return Ended(code, bytes(stderr), "" if code is not None else stopped, bytes(stdout))


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Kill a program and its process group."""
    with suppress(ProcessLookupError, PermissionError):  # macOS raises PermissionError for ended processes
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@atexit.register
def _stop_all() -> None:
    """Stop all running programs as we exit."""
    _is_over.set()
    has_started = _starting.acquire(timeout=_START_S)
    for pid in list(_running):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
    if has_started:
        _starting.release()
