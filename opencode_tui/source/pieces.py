"""What passes between a process that imports a large store and the one that reads ahead for it."""

from __future__ import annotations

import json

from msgspec import Struct

from opencode_tui.records.calls import Call, ToolUse
from opencode_tui.records.stores import Unreadable

LENGTH_BYTES = 8
"""Before each piece stands how many bytes it has, as a big-endian number of so many bytes."""


class ReadRequest(Struct, frozen=True):
    """What to read: the gaps in a table of messages, newest first, in a file that must still be the same one."""

    package: str
    """The file of the package that asks. Another version of it would read rows in another way."""
    path: str
    table: str
    identity: str
    gaps: str
    """As JSON, since the lowest rowid is below what MessagePack can hold."""


class ReadPiece(Struct, frozen=True, array_like=True):
    """The rows of one batch, decoded, how many they were, and the gaps that are left below them."""

    calls: list[Call]
    tools: list[ToolUse]
    unreadable: list[Unreadable]
    rows: int
    gaps: str


def gaps_of(text: str) -> tuple[tuple[int, int], ...]:
    """The gaps in the text of a request or a piece. Raises ValueError."""
    return tuple((int(bottom), int(top)) for bottom, top in json.loads(text))
