"""What a team's seats cost in a period: one record, from files or from a database."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from opencode_tui.clock import DAY_MS
from opencode_tui.money import share


class SeatDay(Struct, frozen=True, gc=False):
    """What a seat's calls of one day add up to."""

    day: date
    spend_nano: int
    calls: int


class SeatPart(Struct, frozen=True, gc=False):
    """A model (`provider/model`) or a project, and what it cost in the period."""

    key: str
    spend_nano: int
    calls: int
    before_nano: int = 0
    """What it cost in the period before."""


TOP_SESSIONS = 5
"""So many sessions of a seat are in a report at most."""


class SeatSession(Struct, frozen=True, gc=False):
    """A session of a seat that shares its sessions."""

    id: str
    title: str
    """Empty unless the seat shares titles."""
    project: str
    spend_nano: int
    calls: int


class Seat(Struct, frozen=True):
    """A machine or a user with a ledger."""

    name: str
    spend_nano: int
    calls: int
    days: tuple[SeatDay, ...]
    """In order of time; a day that is left out had no calls."""
    over_warning: tuple[date, ...]
    """The days that reached the warning, those past the cutoff among them."""
    over_cutoff: tuple[date, ...]
    cause: str
    """Why the days ran over, by the seat's own alerts; empty if none did, or nothing is known."""
    models: tuple[SeatPart, ...]
    """Costliest first."""
    projects: tuple[SeatPart, ...]
    """Costliest first."""
    before_nano: int
    """The spend of the period before."""
    last_call_ms: int | None
    last_sync_ms: int | None
    """When the seat's ledger was last written, as its files or the database say."""
    digest: str
    """SHA-256 of the seat's calls of the period, as its own `report` gives it; empty where it is not known."""
    trouble: str
    """What is wrong with its data, in sentences; empty if nothing is."""
    late_ms: int = 0
    """For how long up to the end of the period, or up to now, nothing is known; 0 for less than a day."""
    sessions: tuple[SeatSession, ...] = ()
    """The costliest ones, if the seat shares them."""
    is_missing: bool = False
    """Whether nothing of it could be read, so that sums lack it."""
    since: date | None = None
    """The day of its first call of all times; None where it is not known."""
    unread: int = 0
    """The rows and calls that its ledger could not read completely, and that may belong to the period."""
    unread_days: tuple[date, ...] = ()
    """The days of the period to which these may belong, whose sums may lack something; all if that is not known."""

    @property
    def lower_bound(self) -> bool:
        """Whether its sums may lack something."""
        return self.is_missing or self.unread > 0

    @property
    def late_days(self) -> int:
        return self.late_ms // DAY_MS

    def spend_until(self, last: date | None) -> int:
        """What it cost in the days of the period up to this one; None for all of them."""
        return sum(each.spend_nano for each in self.days if last is None or each.day <= last)


class MonthForecast(Struct, frozen=True):
    """What the month of the period's last day will have cost."""

    first: date
    last: date
    spent_nano: int
    """Up to the day that the forecast is made from."""
    low_nano: int
    likely_nano: int
    high_nano: int
    days_left: int
    """The days that the forecast is about; 0 if the month is over, and its spend is known."""


class TeamChange(Struct, frozen=True):
    """One cause of the change against the period before: a seat with the model and project that it is about most."""

    seat: str
    model: str
    """Empty if no single model makes up most of it."""
    project: str
    """Empty if no single project makes up most of it."""
    nano: int
    """By how much this seat's spend changed; negative if it fell."""


class TeamReport(Struct, frozen=True):
    """A team's spend in a period. Its seats add up to its total, and their days to theirs."""

    period: str
    """`2026-W19`, `2026-05`, or a range of days."""
    first: date
    last: date
    seats: tuple[Seat, ...]
    """Costliest first."""
    total_nano: int
    budget_nano: int | None
    """The team's budget of the period; None if there is none."""
    before_nano: int
    models: tuple[SeatPart, ...]
    """Costliest first."""
    projects: tuple[SeatPart, ...]
    """Costliest first."""
    taken_ms: int
    warning_nano: int | None = None
    """Of a seat's day."""
    cutoff_nano: int | None = None
    """Of a seat's day."""
    before: str = ""
    """The name of the period before."""
    before_last: date | None = None
    """The last day of the period before that counts, where this one is not over; None where all of it does."""
    before_first: date | None = None
    """The first day of the period before; None where it is not known."""
    compared_last: date | None = None
    """The last day that is held against the period before: yesterday in a period that is not over, else None."""
    month: MonthForecast | None = None
    changes: tuple[TeamChange, ...] = ()
    """Two or three that make up most of the change, the largest first."""

    @property
    def calls(self) -> int:
        return sum(seat.calls for seat in self.seats)

    @property
    def lower_bound(self) -> bool:
        """Whether the sums may lack something, as those of a seat may."""
        return any(seat.lower_bound for seat in self.seats)

    @property
    def read_seats(self) -> tuple[Seat, ...]:
        """Those that are in the sums."""
        return tuple(seat for seat in self.seats if not seat.is_missing)

    @property
    def has_compared_days(self) -> bool:
        """Whether a day of the period is over, so that it can be held against the period before."""
        return self.compared_last is None or self.compared_last >= self.first

    def change_of(self, seat: Seat) -> int | None:
        """By how much its spend changed; None where that is not known, as for a ledger that began too late."""
        began = seat.since is not None and self.before_first is not None and seat.since > self.before_first
        if seat.is_missing or began or not self.has_compared_days:
            return None
        return seat.spend_until(self.compared_last) - seat.before_nano

    @property
    def compared_seats(self) -> tuple[Seat, ...]:
        """Those whose change is known."""
        return tuple(seat for seat in self.seats if self.change_of(seat) is not None)

    @property
    def changes_share(self) -> float:
        """How much of all seats' changes the named ones are."""
        whole = sum(abs(self.change_of(seat) or 0) for seat in self.seats)
        return share(sum(abs(each.nano) for each in self.changes), whole)

    def is_lower_bound_on(self, day: date) -> bool:
        """Whether the sum of all seats' calls of a day may lack something."""
        return any(seat.is_missing or day in seat.unread_days for seat in self.seats)

    def day_nano(self, day: date) -> int:
        """What all seats cost on a day."""
        return sum(each.spend_nano for seat in self.seats for each in seat.days if each.day == day)
