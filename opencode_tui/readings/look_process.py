"""The process that looks at a part of very many sessions for another one: see `look_ahead.py`.

It gets a `LookRequest` through its standard input and writes what it found to its standard output, for each portion of
sessions its length in bytes and a `Looked`. It writes nothing to the ledger, and ends without a word at the first
trouble: whoever asked then goes on by itself.
"""

from __future__ import annotations

import os
import signal
import sqlite3
from pathlib import Path

import msgspec
from msgspec import Struct

import opencode_tui
from opencode_tui.ledger.ledger import Ledger, LedgerError
from opencode_tui.readings.session_look import Look
from opencode_tui.records.collecting import paused_collection
from opencode_tui.records.model_key import model_key
from opencode_tui.records.session import ModelRates

SIZE_BYTES = 8
"""Before each portion stands how many bytes it has, as a big-endian number of so many bytes."""


class LookRequest(Struct, frozen=True):
    """What to look at, and by what."""

    package: str
    """The file of the package that asks. Another version of it would find other things."""
    ledger: str
    portions: list[list[str]]
    """The ids of the sessions, in the portions in which they are looked at."""
    thresholds: dict[str, int]
    rates: dict[str, ModelRates]
    limits: list[tuple[str, str, int]] | None
    """(model key, directory, context limit) of each known one; None if nobody knows any."""


class KnownLimits:
    """Context limits that were looked up before."""

    def __init__(self, limits: list[tuple[str, str, int]]) -> None:
        self._limits = {(model, directory): limit for model, directory, limit in limits}

    def context_limit(self, provider: str, model: str, directory: str = "") -> int | None:
        return self._limits.get((model_key(provider, model), directory))


def serve_looks() -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent gets the signal too, and stops this
    with os.fdopen(0, "rb") as given:
        request = msgspec.msgpack.decode(given.read(), type=LookRequest)
    if opencode_tui.__file__ != request.package:
        return 1
    look = Look(request.thresholds, None if request.limits is None else KnownLimits(request.limits), request.rates)
    encoder = msgspec.msgpack.Encoder()
    try:
        ledger = Ledger(Path(request.ledger))
        with os.fdopen(1, "wb") as asked:
            for ids in request.portions:
                with paused_collection(), ledger.reading() as connection:
                    frame = encoder.encode(look.at(connection, ids))
                asked.write(len(frame).to_bytes(SIZE_BYTES, "big"))
                asked.write(frame)
                asked.flush()
    except (LedgerError, sqlite3.Error, OSError, ValueError, OverflowError):
        return 1
    return 0
