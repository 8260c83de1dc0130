"""Ids as OpenCode makes them: a time that sorts, and letters. Seeded, so that a test writes the same ids again."""

from __future__ import annotations

import random
import string

LETTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
LOW_48_BITS = (1 << 48) - 1


class Ids:
    """Messages, parts and events sort oldest first, sessions newest first."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)
        self._last_ms = 0
        self._counter = 0

    def message(self, ms: int) -> str:
        return self._ascending("msg", ms)

    def part(self, ms: int) -> str:
        return self._ascending("prt", ms)

    def event(self, ms: int) -> str:
        return self._ascending("evt", ms)

    def session(self, ms: int) -> str:
        return f"ses_{~self._moment(ms) & LOW_48_BITS:012x}{self._letters()}"

    def _ascending(self, prefix: str, ms: int) -> str:
        return f"{prefix}_{self._moment(ms) & LOW_48_BITS:012x}{self._letters()}"

    def _moment(self, ms: int) -> int:
        self._counter = self._counter + 1 if ms == self._last_ms else 1
        self._last_ms = ms
        return ms * 0x1000 + self._counter

    def _letters(self) -> str:
        random = self._random.random
        return "".join([LETTERS[int(random() * 62)] for _ in range(14)])
