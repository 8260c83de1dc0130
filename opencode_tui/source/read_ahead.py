"""Lets another process read and decode the messages of a large store while this one writes what has been read.

Python decodes rows in one thread at a time, so only a process uses a second core. It is a few batches ahead, waits
for us without a read transaction, and ends when we do, `kill -9` included, as its pipe closes. A thread of ours takes
the next batch out of the pipe while SQLite writes this one. If the process cannot be started or stops at a row, this
one reads on from where the last batch ended, and meets the trouble itself.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import opencode_tui
from opencode_tui.source.cursor import TableCursor
from opencode_tui.source.pieces import LENGTH_BYTES, ReadPiece, ReadRequest
from opencode_tui.source.sqlite_file import SqliteFile

if TYPE_CHECKING:
    from subprocess import Popen

WORTH_IT = 20_000
"""From so many rows on, starting a process takes less time than it saves."""
_MOST_BYTES = 1 << 29
"""A larger piece is none of ours."""
_CODE = """
import sys
sys.path.append(sys.argv[1])
from opencode_tui.source.reader_process import serve
sys.exit(serve())
"""


@contextmanager
def reading_ahead(file: SqliteFile, table: str, messages: TableCursor) -> Iterator[Iterator[ReadPiece]]:
    """Starts the process, if it is worth it, and ends it at the end.

    The pieces follow each other from the first gap downwards, and may end before the last gap does.
    """
    if not _is_worth_it(file, messages):
        yield iter(())
        return
    request = ReadRequest(
        opencode_tui.__file__ or "", os.fspath(file.path.absolute()), table, file.identity, json.dumps(messages.gaps)
    )
    try:
        process = _start(request)
    except (OSError, ValueError):
        yield iter(())
        return
    assert process.stdout is not None
    pieces = _one_ahead(_pieces(process.stdout))
    try:
        yield pieces
    finally:
        process.kill()  # which ends the thread
        pieces.close()
        process.stdout.close()
        process.wait()


def _is_worth_it(file: SqliteFile, messages: TableCursor) -> bool:
    # A private copy is in a folder of ours, which the other process would have to make again.
    many = messages.width is not None and messages.width >= WORTH_IT
    return many and not file.is_copied and bool(sys.executable) and _cores() > 1


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _start(request: ReadRequest) -> Popen[bytes]:
    """Starts the process and gives it the request. Raises OSError and ValueError."""
    from subprocess import DEVNULL, PIPE, Popen  # here, as only a long import needs it

    import msgspec

    # -P and the path at the end: nothing in the current folder, which may be anybody's project, is imported.
    root = Path(request.package).parent.parent
    process = Popen(
        [sys.executable, "-P", "-c", _CODE, os.fspath(root)], stdin=PIPE, stdout=PIPE, stderr=DEVNULL, close_fds=True
    )
    assert process.stdin is not None
    try:
        process.stdin.write(msgspec.msgpack.encode(request))
        process.stdin.close()
    except BaseException:
        process.kill()
        process.wait()
        raise
    return process


def _one_ahead(pieces: Iterator[ReadPiece]) -> Generator[ReadPiece]:
    """The same pieces, each taken by a thread while the one before is worked on."""
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(1)
    try:
        coming = pool.submit(next, pieces, None)
        while (piece := coming.result()) is not None:
            coming = pool.submit(next, pieces, None)
            yield piece
    finally:
        pool.shutdown(wait=False)


def _pieces(pipe: IO[bytes]) -> Iterator[ReadPiece]:
    """The pieces that come through the pipe, up to the first that is cut off or cannot be read."""
    import msgspec

    decoder = msgspec.msgpack.Decoder(ReadPiece)
    while True:
        length = int.from_bytes(pipe.read(LENGTH_BYTES), "big")
        try:
            piece = decoder.decode(pipe.read(length) if length <= _MOST_BYTES else b"")
        except msgspec.MsgspecError:
            return
        yield piece
