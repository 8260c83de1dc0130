"""Fingerprints as the ledger keeps them: made with a random key that is not in the ledger.

A fingerprint shows that a tool was given the same again. Without the key nobody can try out what it was given: not
with a copy of the ledger, not with an alert that a webhook was sent. Whoever can read the key's file as well, which is
this user and root, can test a guess; at 32 bits a right guess of a long secret drowns in wrong ones that fit too, one
of a few thousand candidates does not.

The key stands in a file of mode 0600 beside the ledger. Where it is lost another is made: what was counted before is
then not recognised again, and nothing else happens.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

_KEY_BYTES = 32


def key_file(ledger: Path) -> Path:
    return ledger.with_name(ledger.name + ".key")


def key_of(connection: sqlite3.Connection) -> bytes | None:
    """The key of the ledger that a connection is to; None where it can neither be read nor made."""
    path = connection.execute("PRAGMA database_list").fetchone()[2]
    try:
        return _key(key_file(Path(path))) if path else None
    except OSError:
        return None


def keyed(key: bytes | None, digest: int | None) -> int | None:
    """A fingerprint to keep, 32 bits; None where there is no key or nothing to make it of."""
    from hashlib import blake2b

    if key is None or digest is None:
        return None
    given = digest.to_bytes(8, "big", signed=True)
    return int.from_bytes(blake2b(given, digest_size=4, key=key).digest(), "big")


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
    """A whole key appears at once; of several processes that make the first one, one alone counts."""
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
