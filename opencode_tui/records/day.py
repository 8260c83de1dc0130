"""The snapshot of one day, for the Today screen, `today` and `status`."""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import Struct

from opencode_tui.records.alerts import Alert
from opencode_tui.records.calls import Tokens
from opencode_tui.records.stores import StoreState
from opencode_tui.records.usage import Slice as Slice

Band = Literal["calm", "warning", "cutoff"]
"""An amount's position against the warning and the cutoff; an amount equal to a line is past it."""

Condition = Literal["guarded", "lifted", "trouble", "absent", "elsewhere"]
"""The guard's condition; `elsewhere` means that it enforces another ledger's limits."""
Verdict = Literal["on pace", "over pace", "over target"]


class Split(Struct, frozen=True):
    """A day's spend by kind of token; `unknown_nano` is that of models without known rates."""

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
    """Its spend if each remaining day costs as much as the shown day."""
    verdict: Verdict
    lower_bound: bool = False


class SessionLine(Struct, frozen=True):
    """A root session and what it and its subagents spent on the day."""

    id: str
    title: str
    """Free of control characters; may hold markup, which must not be interpreted."""
    project: str
    """The last part of the project's path."""
    model: str
    """The model with the most spend, as `provider/model`."""
    own_nano: int
    total_nano: int
    subagents: int
    turns: int
    calls: int
    context_tokens: int
    """The context of the root session's newest call."""
    context_limit: int | None
    """In tokens; None if not known."""
    last_ms: int
    """When it or one of its subagents was last active."""
    active: bool
    """A call is running or ended within the last two minutes."""
    is_fork: bool
    deleted: bool
    """No longer in OpenCode's store; its cost still counts."""
    lower_bound: bool = False

    @property
    def state(self) -> Literal["active", "idle", "deleted"]:
        if self.deleted:
            return "deleted"
        return "active" if self.active else "idle"


class Guard(Struct, frozen=True):
    """The state of the guard in OpenCode."""

    condition: Condition
    cutoff_nano: int
    """The cutoff that it enforces now, which is above the settings' while it is raised."""
    raised: bool = False
    lifted_until_ms: int | None = None
    """It lets calls pass until then, in Unix milliseconds."""
    trouble: str = ""
    """What is wrong with it, in one sentence; else empty."""
    limits: tuple[str, ...] = ()
    """What it holds beside the cutoff and can lift by itself: `rate`, `loop`, `subagent`, `budget`."""
    lifts: tuple[str, ...] = ()
    """Those of them that are lifted now."""


class LastCall(Struct, frozen=True):
    """The newest call before a day without any."""

    at_ms: int
    title: str
    """Of its session."""
    model: str
    """As `provider/model`."""


class Snapshot(Struct, frozen=True):
    taken_ms: int
    """When this snapshot was taken."""
    read_ms: int | None
    """When OpenCode's stores were last read without an error; None if never."""
    machine: str
    day: date
    is_today: bool
    day_start_ms: int
    day_end_ms: int
    spent_nano: int
    list_nano: int
    """The list price of calls that were not billed ($0 recorded, price known)."""
    warning_nano: int
    cutoff_nano: int
    band: Band
    rate_nano: int
    """Run rate in nano-dollars per hour: the spend of the 60 minutes up to `taken_ms`; 0 for a past day."""
    warning_at_ms: int | None
    """When the warning is reached at that rate; None if not on this day or already reached."""
    cutoff_at_ms: int | None
    calls: int
    copied_calls: int
    running_calls: int
    aborted_calls: int
    """Calls that were cut off. What they streamed was billed but not recorded, so that the total is a lower bound."""
    sessions: int
    """Root sessions with a call on this day, or with a subagent's."""
    subagents: int
    all_sessions: int
    """Sessions with a call of their own on this day, subagents included."""
    active_sessions: int
    split: Split
    tokens: Tokens
    models: tuple[Slice, ...]
    """Most expensive first."""
    providers: tuple[Slice, ...]
    curve: tuple[tuple[int, int], ...]
    """(Unix milliseconds, the day's spend so far) at each call with a cost, in order of time."""
    week_days: tuple[DaySpend, ...]
    """The seven days up to this one, oldest first, with bands by the chart's settings."""
    chart_warning_nano: int
    chart_cutoff_nano: int
    week: Week
    session_lines: tuple[SessionLine, ...]
    """Active ones first, then the most expensive first."""
    alerts: tuple[Alert, ...]
    """Alerts that are neither seen nor snoozed, the most severe first, then the newest."""
    guard: Guard | None
    """None if not requested or without a home directory."""
    unreadable_rows: int
    unreadable_reasons: tuple[tuple[str, int], ...]
    """(reason, count), most frequent first."""
    stores: tuple[StoreState, ...]
    has_calls: bool
    """Whether the ledger holds any call; false on a first run."""
    notices: tuple[str, ...] = ()
    """Sentences about events since the last snapshot, each to be shown once."""
    price_problems: tuple[str, ...] = ()
    """What cannot be read of OpenCode's prices, one sentence each."""
    lower_bound: bool = False
    """The day's amounts are lower bounds: a row or a store could not be read or is still being imported."""
    rate_lower_bound: bool = False
    """The run rate is a lower bound."""
    last_call: LastCall | None = None
    """The newest call of an earlier day, while today has none."""
    tasks: tuple[Slice, ...] = ()
    """What the day's spend was for, by one of work.TASKS, most expensive first; `NOT_KNOWN` is not classified yet."""
