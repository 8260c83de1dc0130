"""Who asks through `opencode-tui mcp`, and what such an agent may be shown."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

HowFound = Literal["named", "newest"]
"""OpenCode named the session (2.x), or it is the newest one of the directory (1.x names none)."""


class Asker(Struct, frozen=True):
    """The session of the agent that asks."""

    session_id: str
    project: str
    how: HowFound
