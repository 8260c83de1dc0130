"""Generates ids in OpenCode's format: a prefix, twelve hex digits of time and counter, fourteen letters and digits."""

from __future__ import annotations

from random import Random

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_MASK = (1 << 48) - 1


class Ids:
    """Generates ids that sort by time; the same seed and the same calls give the same ids."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._last_ms = -1
        self._counter = 0

    def ascending(self, prefix: str, ms: int) -> str:
        """An id of a kind that sorts oldest first: `msg`, `prt`, `evt`."""
        return f"{prefix}_{self._stamp(ms) & _MASK:012x}{self._tail()}"

    def descending(self, prefix: str, ms: int) -> str:
        """An id of a kind that sorts newest first: `ses`."""
        return f"{prefix}_{~self._stamp(ms) & _MASK:012x}{self._tail()}"

    def _stamp(self, ms: int) -> int:
        self._counter = self._counter + 1 if ms == self._last_ms else 1
        self._last_ms = ms
        return ms * 0x1000 + self._counter

    def _tail(self) -> str:
        return "".join(self._random.choices(_PAIRS, k=7))
