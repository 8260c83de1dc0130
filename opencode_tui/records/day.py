"""The picture of one day for every reader: the screen subscribes to it, `today --json` prints it."""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import Struct

from opencode_tui.records.alerts import Alert
from opencode_tui.records.calls import Tokens
from opencode_tui.records.stores import StoreState
from opencode_tui.records.usage import Slice as Slice

Band = Literal["calm", "warning", "cutoff"]
"""Where an amount stands against the warning and the cutoff; at the line is past it."""

Condition = Literal["guarded", "lifted", "trouble", "absent", "elsewhere"]
"""Of the guard; `elsewhere`: it holds another ledger's limits."""
Verdict = Literal["on pace", "over pace", "over target"]


class Split(Struct, frozen=True):
    """A day's spend by what it was spent on; `unknown_nano` is of models whose rates are not known."""

    input_nano: int = 0
    output_nano: int = 0
    """Output with reasoning."""
    cache_nano: int = 0
    unknown_nano: int = 0


class DaySpend(Struct, frozen=True):
    day: date
    spend_nano: int
    band: Band
    lower_bound: bool = False


class Week(Struct, frozen=True):
    """The ISO week that the day is in, up to the end of that day."""

    label: str
    """Such as `2026-W19`."""
    spend_nano: int
    target_nano: int
    projected_nano: int
    """Its spend if every day that is left costs what the shown day has cost."""
    verdict: Verdict
    lower_bound: bool = False


class SessionLine(Struct, frozen=True):
    """A root session with what it and its subagents spent on the day."""

    id: str
    title: str
    """Already free of control characters; may hold markup, which must not be interpreted."""
    project: str
    """The last part of the project's path."""
    model: str
    """The model that most of the spend went to, as `provider/model`."""
    own_nano: int
    total_nano: int
    subagents: int
    turns: int
    calls: int
    context_tokens: int
    """What the newest call of the root session read."""
    context_limit: int | None
    """The model's context limit, None where it is not known."""
    last_ms: int
    """When something last happened in it or in one of its subagents."""
    active: bool
    """A call is running, or one ended within the last two minutes."""
    is_fork: bool
    deleted: bool
    """OpenCode no longer has it; its money stays spent."""
    lower_bound: bool = False

    @property
    def state(self) -> Literal["active", "idle", "deleted"]:
        if self.deleted:
            return "deleted"
        return "active" if self.active else "idle"


class Guard(Struct, frozen=True):
    """How the guard in OpenCode is doing."""

    condition: Condition
    cutoff_nano: int
    """The cutoff that it holds to now: more than the settings' where it is raised."""
    raised: bool = False
    lifted_until_ms: int | None = None
    """Until when it lets calls pass, in Unix milliseconds."""
    trouble: str = ""
    """What keeps it from holding or has weakened it, in one sentence."""


class Snapshot(Struct, frozen=True):
    taken_ms: int
    """When this picture was taken."""
    read_ms: int | None
    """When OpenCode's stores were last read without trouble; None when they never were."""
    machine: str
    day: date
    is_today: bool
    day_start_ms: int
    day_end_ms: int
    spent_nano: int
    list_nano: int
    """What the calls that were not billed ($0 recorded, price known) would have cost at list price."""
    warning_nano: int
    cutoff_nano: int
    band: Band
    rate_nano: int
    """Spend of the 60 minutes up to `taken_ms`, so nano-dollars an hour; 0 for a past day."""
    warning_at_ms: int | None
    """When the warning is reached at that rate, None when not on this day (or when it is already)."""
    cutoff_at_ms: int | None
    calls: int
    copied_calls: int
    running_calls: int
    aborted_calls: int
    """Calls that were cut off: what they streamed was billed and recorded nowhere; the total is a lower bound."""
    sessions: int
    """Sessions with a call on this day, subagents among them."""
    subagents: int
    active_sessions: int
    split: Split
    tokens: Tokens
    models: tuple[Slice, ...]
    """Dearest first."""
    providers: tuple[Slice, ...]
    curve: tuple[tuple[int, int], ...]
    """(Unix milliseconds, spend of the day so far): one point a call that cost something, in order of time."""
    week_days: tuple[DaySpend, ...]
    """The seven days that end with this one, oldest first, banded by the chart's settings."""
    chart_warning_nano: int
    chart_cutoff_nano: int
    week: Week
    session_lines: tuple[SessionLine, ...]
    """Active ones first, then dearest first."""
    alerts: tuple[Alert, ...]
    """Those that nobody has seen and that are not snoozed: the gravest first, and of one level the newest."""
    guard: Guard | None
    """None where it is not known: no home directory, or not asked for."""
    unreadable_rows: int
    unreadable_reasons: tuple[tuple[str, int], ...]
    """(reason, count), most frequent first."""
    stores: tuple[StoreState, ...]
    has_calls: bool
    """The ledger holds any call at all; false on a first run."""
    notices: tuple[str, ...] = ()
    """Sentences about what has happened since the last picture, each to be shown once."""
    price_problems: tuple[str, ...] = ()
    """What of OpenCode's prices cannot be read, a sentence each."""
    lower_bound: bool = False
    """The day's amounts are lower bounds: a row, or a store, could not be read, or is still being imported."""
    rate_lower_bound: bool = False
    """So is the rate."""
