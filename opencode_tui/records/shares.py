"""What others may see of a seat. The parser imports this: it must import next to nothing itself."""

from __future__ import annotations

from typing import Literal

SeatShare = Literal["sums", "sessions", "titles"]
"""What it cost; which of its sessions cost what as well; and how these are called."""
SHARES: tuple[SeatShare, ...] = ("sums", "sessions", "titles")
