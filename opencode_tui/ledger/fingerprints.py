"""Fingerprints as stored in the ledger, made with a random key that is not in the ledger.

A fingerprint shows that a tool got the same input again. Without the key nobody can guess the input, neither from a
copy of the ledger nor from an alert sent to a webhook. This user and root can read the key's file and test a guess:
with 32 bits, a guess at a long secret has many false matches, but one of a few thousand candidates can be confirmed.

The key is in a file of mode 0600 beside the ledger. If it is lost a new one is made, and earlier inputs are no longer
recognised; nothing else breaks.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from opencode_tui.ledger.environments import file_behind

_KEY_BYTES = 32


def key_file(ledger: Path) -> Path:
    return ledger.with_name(ledger.name + ".key")


def key_of(connection: sqlite3.Connection) -> bytes | None:
    """The key of the connected ledger; None if it can neither be read nor created."""
    ledger = file_behind(connection)
    try:
        return _key(key_file(ledger)) if ledger else None
    except OSError:
        return None


def keyed(key: bytes | None, digest: int | None) -> int | None:
    """The 32-bit fingerprint to store; None without a key or a digest."""
    return keyed_all(key, (digest,))[0]


def keyed_all(key: bytes | None, digests: Sequence[int | None]) -> list[int | None]:
    """The same of each digest."""
    if key is None:
        return [None] * len(digests)
    copy, to_bytes, from_bytes = _keyed(key).copy, int.to_bytes, int.from_bytes  # several times as fast as keying each
    found: list[int | None] = []
    for digest in digests:
        if digest is None:
            found.append(None)
            continue
        made = copy()
        made.update(to_bytes(digest, 8, "big", signed=True))
        found.append(from_bytes(made.digest(), "big"))
    return found


@lru_cache(maxsize=16)
def _keyed(key: bytes) -> Any:
    from hashlib import blake2b  # a slow import, for new uses of tools only

    return blake2b(digest_size=4, key=key)


@lru_cache(maxsize=16)
def _key(file: Path) -> bytes:
    try:
        key: bytes | None = file.read_bytes()
    except FileNotFoundError:
        key = None
    if key is None or len(key) != _KEY_BYTES:
        _make(file, instead=key is not None)
        return file.read_bytes()
    return key


def _make(file: Path, *, instead: bool) -> None:
    """Creates the key file atomically; if several processes create the first key, exactly one wins."""
    new = file.with_name(f"{file.name}.{os.urandom(4).hex()}")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as made:
            made.write(os.urandom(_KEY_BYTES))
        if instead:
            new.replace(file)
        else:
            with suppress(FileExistsError):
                os.link(new, file)
    finally:
        new.unlink(missing_ok=True)
