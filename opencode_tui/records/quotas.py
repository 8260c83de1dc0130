"""Records of plans with a quota: how much of each window is used, when it is full, and by which sessions.

Amounts are 1e-9 of the plan's unit: nano-dollars, or thousand millionths of a call or a turn.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from opencode_tui.records.requests import QuotasRequest
from opencode_tui.records.services import ServiceState

WHOLE = 100
"""A full quota in percent."""
NEARLY_FULL = 80
"""The percentage from which on another model is advised."""


class QuotaReading(Struct, frozen=True):
    """What the service said of a window, with what the ledger had of it at that moment."""

    window: str
    at_ms: int
    resets_ms: int
    percent: int
    """Whole percent that are used, rounded down; 100 from there on."""
    is_limited: bool
    """Whether the service refuses calls until the reset."""
    sums: dict[str, int]
    """By model what the ledger had counted since the window began, without any weight."""


class ModelWeight(Struct, frozen=True):
    """How much of the quota a dollar of a model takes, as learned from readings."""

    model: str
    """Its name without the provider."""
    factor: float
    low: float
    high: float
    """19 times out of 20 the factor is between these two."""
    readings: int
    """How many readings it was learned from."""


class ModelQuota(Struct, frozen=True):
    model: str
    """Its name without the provider."""
    amount: int
    calls: int


class SessionQuota(Struct, frozen=True):
    """A root session's part of a window, with its subagents."""

    id: str
    title: str
    amount: int
    """What it counted, by the weights."""
    least: int
    most: int
    """What it counted by the least and the greatest that the weights may be."""
    calls: int


class QuotaWindow(Struct, frozen=True):
    """One window of a plan as it stands now."""

    name: str
    """`5h`, `day`, `week` or `month`."""
    start_ms: int | None
    """Unix milliseconds; None for a block that no request has opened."""
    resets_ms: int | None
    cap: int
    used: int
    """What the ledger has, by the settings' counts: a lower bound."""
    calls: int
    reading: QuotaReading | None = None
    """What the service said last, if that is about this window."""
    estimate: int | None = None
    """What is used by now: the service's percent and what was spent since, or the ledger's by learned weights."""
    rate: int = 0
    """What is used an hour, of late."""
    full_ms: int | None = None
    """When it is full at that rate; None if it is reset before, or nothing is used."""
    models: tuple[ModelQuota, ...] = ()
    """Most first."""
    sessions: tuple[SessionQuota, ...] = ()
    """Most first."""

    @property
    def percent(self) -> int:
        """Whole percent that are used: the service's, else at least what the ledger has."""
        return self.reading.percent if self.reading else self.used * WHOLE // self.cap

    @property
    def percent_now(self) -> int:
        """The same with what was spent since the reading, and with learned weights."""
        if self.estimate is None:
            return self.percent
        return max(self.percent if self.reading else 0, self.estimate * WHOLE // self.cap)

    @property
    def is_lower_bound(self) -> bool:
        """Whether only the ledger tells what is used."""
        return self.reading is None


class ModelSwitch(Struct, frozen=True):
    """Which model to use instead, and until when."""

    model: str
    """Its `model_key`; empty if no other model has been used."""
    until_ms: int
    """When the fullest windows are reset."""
    nano_per_call: int
    """What its calls have cost on average; 0 where nothing was billed."""
    is_of_plan: bool
    """Whether it is paid by the same plan, and only counts less."""


class PlanQuota(Struct, frozen=True):
    name: str
    unit: Literal["usd", "calls", "turns"]
    providers: tuple[str, ...]
    windows: tuple[QuotaWindow, ...]
    weights: tuple[ModelWeight, ...] = ()
    """Those that were learned, of the models in use."""
    switch: ModelSwitch | None = None
    """From NEARLY_FULL on."""
    service: ServiceState | None = None
    """How the service that knows the quota was asked; None for a plan without one."""


class Quotas(Struct, frozen=True):
    """All plans of which something is known."""

    request: QuotasRequest
    taken_ms: int
    plans: tuple[PlanQuota, ...]
    lower_bound: bool
    """Whether the ledger itself may lack calls."""
