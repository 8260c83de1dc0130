"""Fingerprints of the inputs of tools."""

from __future__ import annotations

from functools import cache
from typing import Any


def digest_of(session_id: str, given: str) -> int | None:
    """A signed 64-bit fingerprint of an input's JSON; None for an empty input.

    It is keyed with the session's id, so that fingerprints of two sessions cannot be compared. Anybody who knows the
    id can still guess a short input, so it must not be stored as it is: the ledger keys it again with a secret
    (`ledger/fingerprints.py`).
    """
    if given in ("", "{}", "null"):
        return None
    key = session_id.encode(errors="replace")[:64]
    digest = _blake2b()(given.encode(errors="replace"), digest_size=8, key=key).digest()
    return int.from_bytes(digest, "big", signed=True)


@cache
def _blake2b() -> Any:
    from hashlib import blake2b  # a slow import, which `status` skips if it reads no tool

    return blake2b
