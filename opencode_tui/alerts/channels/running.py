"""Runs a program with its end in sight: so long at the most, and no more of what it says is kept than can be shown."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread

_KEPT = 4_000
_PIECE = 65_536
_LAST_WORDS_S = 0.5
"""How long is waited for the rest of what a program that has ended said, where something that it left running still
holds its output."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended; None for the code where it had to be stopped."""

    code: int | None
    said: bytes
    """The beginning of what it wrote to its standard error."""


def run(line: Sequence[str], given: bytes, environ: Mapping[str, str], timeout_s: float) -> Ended:
    """Start a program without a shell, with its input given, and wait for its end; after that stop all it started.

    What it leaves running when it ends in time keeps running. Raises OSError and ValueError where it does not start.
    """
    with tempfile.TemporaryFile() as file:
        file.write(given)
        file.seek(0)
        process = subprocess.Popen(
            line,
            stdin=file,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=dict(environ),
            start_new_session=True,
        )
    assert process.stderr is not None
    said = bytearray()
    # Read to its end whatever comes, on a thread that nobody has to wait for: a full pipe would stop the program.
    reader = Thread(target=_drain, args=(process.stderr.fileno(), said, process), name="read a command", daemon=True)
    reader.start()
    code: int | None
    try:
        code = process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        code = None
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    reader.join(_LAST_WORDS_S)
    return Ended(code, bytes(said))


def _drain(handle: int, said: bytearray, process: subprocess.Popen[bytes]) -> None:
    """The thread holds the process, and with it the pipe, as long as anybody can write to it."""
    with suppress(OSError):
        while piece := os.read(handle, _PIECE):
            said += piece[: _KEPT - len(said)]
    if process.stderr is not None:
        process.stderr.close()
