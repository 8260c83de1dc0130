"""What a team's settings and commands choose from. The parser imports this: it must import next to nothing itself."""

from __future__ import annotations

from typing import Literal

SeatShare = Literal["sums", "sessions", "titles"]
"""What others see of a seat: what it cost; which of its sessions cost what as well; and how these are called."""
SHARES: tuple[SeatShare, ...] = ("sums", "sessions", "titles")
DATABASE_SERVERS = ("postgresql", "citus", "yugabytedb", "cockroachdb")
"""What speaks PostgreSQL and has what a team's tables need."""
