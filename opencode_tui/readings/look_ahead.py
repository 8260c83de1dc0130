"""Lets another process look at very many sessions from the last one on while this one looks from the first one on.

Python computes in one thread at a time, so only a process uses a second core. It only reads. What it found is good as
long as nobody but us has written to the ledger since it was started: whoever takes it asks that in the transaction that
keeps it. If it cannot be started or stops, this process looks at the rest by itself.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

import opencode_tui
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.ledger.session_work_queries import models_in_directories
from opencode_tui.readings.session_look import Look, Looked
from opencode_tui.records.model_key import split_key

if TYPE_CHECKING:
    from subprocess import Popen

    from opencode_tui.readings.look_process import LookRequest

    OtherProcess = Popen[bytes]

WORTH_A_PROCESS = 2_000
"""From so many sessions on, starting a process takes less time than it saves."""
_CODE = """
import sys
sys.path.append(sys.argv[1])
from opencode_tui.readings.look_process import serve_looks
sys.exit(serve_looks())
"""


@contextmanager
def other_process(sessions: int) -> Iterator[OtherProcess | None]:
    """Starts the process for so many sessions and ends it at the end; None if it is not worth it or cannot start.

    It waits for its request, but it takes as long to start as to find out what to request.
    """
    process = _started() if _is_worth_it(sessions) else None
    if process is None:
        yield None
        return
    with process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def looking_ahead(
    ledger: Ledger, look: Look, portions: Sequence[list[str]], process: OtherProcess | None
) -> Iterator[Iterator[tuple[list[str], Looked | None]]]:
    """Has the process look, if there is one.

    The iterator has each portion once, with what the process found in it, or None where this one has to look.
    """
    request = _encoded(ledger, look, portions[::-1]) if len(portions) > 1 and process is not None else None
    if process is None or request is None:
        yield ((ids, None) for ids in portions)
        return
    frames: SimpleQueue[bytes] = SimpleQueue()
    thread = Thread(target=_exchange, args=(process, request, frames), name="look-ahead", daemon=True)
    thread.start()
    try:
        yield _shared(portions, frames)
    finally:
        process.kill()
        thread.join()


def _is_worth_it(sessions: int) -> bool:
    return sessions >= WORTH_A_PROCESS and bool(sys.executable) and _cores() > 1


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _started() -> OtherProcess | None:
    try:
        return _start()
    except (OSError, ValueError):
        return None


def _request(ledger: Ledger, look: Look, portions: Sequence[list[str]]) -> LookRequest:
    from opencode_tui.readings.look_process import LookRequest

    limits = None
    if look.limits is not None:
        places = {*models_in_directories(ledger.connection), *((model, "") for model in look.rates)}
        known = ((*place, look.limits.context_limit(*split_key(place[0]), place[1])) for place in sorted(places))
        limits = [(model, directory, limit) for model, directory, limit in known if limit]
    where = os.fspath(ledger.path.absolute())
    return LookRequest(
        opencode_tui.__file__ or "", where, list(portions), dict(look.thresholds), dict(look.rates), limits
    )


def _encoded(ledger: Ledger, look: Look, portions: Sequence[list[str]]) -> bytes | None:
    """The request; None if it has a value that the encoding does not know, such as a very large number."""
    import msgspec

    try:
        return msgspec.msgpack.encode(_request(ledger, look, portions))
    except (ValueError, OverflowError):
        return None


def _start() -> OtherProcess:
    """Raises OSError and ValueError."""
    from subprocess import DEVNULL, PIPE, Popen  # here, as only a first look needs it

    # -P and the path at the end: nothing in the current folder, which may be anybody's project, is imported.
    root = os.fspath(Path(opencode_tui.__file__ or "").parent.parent)
    return Popen([sys.executable, "-P", "-c", _CODE, root], stdin=PIPE, stdout=PIPE, stderr=DEVNULL, close_fds=True)


def _exchange(process: OtherProcess, request: bytes, frames: SimpleQueue[bytes]) -> None:
    """Gives the process its request, and puts what it answers into a queue, and at last nothing.

    The request fills its pipe long before the process reads it, and the answers fill theirs before anybody wants them.
    """
    from opencode_tui.readings.look_process import SIZE_BYTES

    assert process.stdin is not None and process.stdout is not None
    with process.stdout as answers:
        with suppress(OSError), process.stdin as asked:  # it may have ended
            asked.write(request)
        while frame := answers.read(int.from_bytes(answers.read(SIZE_BYTES), "big")):
            frames.put(frame)
    frames.put(b"")


def _shared(portions: Sequence[list[str]], frames: SimpleQueue[bytes]) -> Iterator[tuple[list[str], Looked | None]]:
    """Takes what the process has found so far, and gives this one the first portion of those that are left.

    The process is at the last of them, so that a single one is waited for.
    """
    first, end, looked = 0, len(portions), _looked(frames)
    while first < end:
        if (found := looked(end - first == 1)) is not None:
            end -= 1
            yield portions[end], found
        else:
            first += 1
            yield portions[first - 1], None


def _looked(frames: SimpleQueue[bytes]) -> Callable[[bool], Looked | None]:
    """What takes the next of the frames, and may wait for it; it has None if there is none yet, or none any more."""
    import msgspec

    decoder, has_ended = msgspec.msgpack.Decoder(Looked), False

    def take(wait: bool) -> Looked | None:
        nonlocal has_ended
        if has_ended:
            return None
        try:
            if frame := frames.get(block=wait):
                return decoder.decode(frame)
        except Empty:
            return None
        except msgspec.MsgspecError:  # it was cut off
            pass
        has_ended = True
        return None

    return take
