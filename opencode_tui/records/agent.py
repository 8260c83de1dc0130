"""Who asks through `opencode-tui mcp`, and what such an agent may be told."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

HowFound = Literal["told", "newest"]
"""OpenCode told the session (2.x), or it is the newest one of the directory (1.x tells none)."""


class Asker(Struct, frozen=True):
    """The session of the agent that asks."""

    session_id: str
    project: str
    how: HowFound
