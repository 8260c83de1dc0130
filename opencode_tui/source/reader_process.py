"""The process that reads and decodes the messages of a large store for another one: see `read_ahead.py`.

It gets a `ReadRequest` through its standard input and writes the batches to its standard output, each as its length in
bytes and a `ReadPiece`. It ends without a word at the first trouble: whoever asked then goes on reading by itself.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from queue import Queue
from threading import Thread

import msgspec
from msgspec.structs import replace

import opencode_tui
from opencode_tui.records.collecting import paused_collection
from opencode_tui.source.batch import StoreTrouble
from opencode_tui.source.cursor import TableCursor
from opencode_tui.source.pieces import LENGTH_BYTES, ReadPiece, ReadRequest, gaps_of
from opencode_tui.source.sqlite_file import SqliteFile
from opencode_tui.source.sqlite_store import SqliteStore
from opencode_tui.source.sqlite_v1 import SqliteV1
from opencode_tui.source.sqlite_v2 import SqliteV2
from opencode_tui.source.store_cursor import Cursor

_STORES: Mapping[str, type[SqliteStore]] = {store.message_table: store for store in (SqliteV1, SqliteV2)}
_FRAMES = 3
"""So many batches may wait to be taken, so that a batch that takes long on one side does not stop the other."""


def _pieces(request: ReadRequest) -> Iterator[ReadPiece]:
    """The messages in the gaps that were asked for. Raises StoreTrouble."""
    store = _STORES[request.table](SqliteFile(Path(request.path), maps=True))
    if opencode_tui.__file__ != request.package or store.file.identity != request.identity:
        return
    at = replace(Cursor(request.identity), messages=TableCursor(gaps=gaps_of(request.gaps)))
    for batch, left, rows in store.messages_alone(at):
        yield ReadPiece(batch.calls, batch.tools, batch.unreadable, rows, json.dumps(left.messages.gaps))


def serve() -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent gets the signal too, and stops this
    with os.fdopen(0, "rb") as given:
        request = msgspec.msgpack.decode(given.read(), type=ReadRequest)
    encoder = msgspec.msgpack.Encoder()
    frames: Queue[bytes | None] = Queue(_FRAMES)
    writer = Thread(target=_write, args=(frames,), daemon=True)
    writer.start()
    code = 0
    try:
        with paused_collection():
            for piece in _pieces(request):
                frames.put(encoder.encode(piece))
    except (StoreTrouble, OSError, ValueError):
        code = 1
    frames.put(None)
    writer.join()
    return code


def _write(frames: Queue[bytes | None]) -> None:
    """Writes frames to the standard output up to None; ends the process once nobody reads them any more."""
    try:
        with os.fdopen(1, "wb") as asked:
            while (frame := frames.get()) is not None:
                asked.write(len(frame).to_bytes(LENGTH_BYTES, "big"))
                asked.write(frame)
                asked.flush()
    except OSError:
        os._exit(1)
