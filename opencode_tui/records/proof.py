"""What a written report carries to be held against the ledger later, and what came of that."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

from opencode_tui.records.cost_report import DayDigest

Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


class Proof(Struct, frozen=True):
    """The digests of the calls that a report covers."""

    label: str
    first: date
    last: date
    timezone: str
    start_ms: int
    """The period's first moment in Unix milliseconds, and the first one after it."""
    end_ms: int
    days: tuple[DayDigest, ...]
    """In order of time; a day that is left out had no calls."""
    sha256: str


class DayDifference(Struct, frozen=True):
    """A day on which the ledger no longer says what the report does."""

    day: date
    was_calls: int
    was_nano: int
    calls: int
    nano: int


class ProofCheck(Struct, frozen=True):
    """A report's proof held against the ledger."""

    proof: Proof
    differences: tuple[DayDifference, ...]
    """In order of time; empty if the ledger still says the same."""
    calls: int
    """The period's calls now."""
    nano: int
    """The period's spend now, in nano-dollars."""
    sha256: str
    """The digest of the period's calls now."""

    @property
    def holds(self) -> bool:
        return not self.differences and self.sha256 == self.proof.sha256

    @property
    def was_calls(self) -> int:
        return sum(day.calls for day in self.proof.days)

    @property
    def was_nano(self) -> int:
        return sum(day.spend_nano for day in self.proof.days)
