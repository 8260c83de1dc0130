"""Fingerprints of the inputs of tools."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

LONG = 4000
"""Inputs of more characters get no fingerprint, so that they need not be read."""


def digest_of(session_id: str, given: bytes) -> int | None:
    """A signed 64-bit fingerprint of an input's JSON in UTF-8; None for an empty or a long input.

    It is keyed with the session's id, so that fingerprints of two sessions cannot be compared. Anybody who knows the
    id can still guess a short input, so it must not be stored as it is: the ledger keys it again with a secret
    (`ledger/fingerprints.py`).
    """
    if given in (b"", b"{}", b"null") or (len(given) > LONG and len(given.decode()) > LONG):
        return None
    made = _keyed(session_id).copy()  # several times as fast as keying each
    made.update(given)
    return int.from_bytes(made.digest(), "big", signed=True)


@lru_cache(maxsize=64)
def _keyed(session_id: str) -> Any:
    from hashlib import blake2b  # a slow import, which `status` skips if it reads no tool

    return blake2b(digest_size=8, key=session_id.encode(errors="replace")[:64])
