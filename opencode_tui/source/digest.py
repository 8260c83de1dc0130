"""A fingerprint of what a tool was given."""

from __future__ import annotations

from functools import cache
from typing import Any


def digest_of(session_id: str, given: str) -> int | None:
    """A signed 64-bit fingerprint of an input's JSON; None for nothing.

    The session is its key, so that none says anything elsewhere. Whoever knows the session can still try out what
    a short input may have been: it must not be kept like this. The ledger keeps it under a key of its own
    (`ledger/fingerprints.py`).
    """
    if given in ("", "{}", "null"):
        return None
    key = session_id.encode(errors="replace")[:64]
    digest = _blake2b()(given.encode(errors="replace"), digest_size=8, key=key).digest()
    return int.from_bytes(digest, "big", signed=True)


@cache
def _blake2b() -> Any:
    from hashlib import blake2b  # where no tool is read, `status` does without it

    return blake2b
