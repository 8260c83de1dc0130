"""A report on a period: what a budget owner reads, and what proves it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from msgspec import Struct

from opencode_tui.records.alerts import Alert
from opencode_tui.records.day import Band
from opencode_tui.records.insights import Insight
from opencode_tui.records.shipped import Shipped
from opencode_tui.records.usage import Slice, Totals


class DayDigest(Struct, frozen=True):
    """What the calls of one day add up to, and their digest. See ledger/digests.py."""

    day: date
    start_ms: int
    """The day's first moment in Unix milliseconds, and the first one after it: days depend on the time zone."""
    end_ms: int
    calls: int
    spend_nano: int
    sha256: str


class CallsDigest(Struct, frozen=True):
    """The digests of a period's calls."""

    days: tuple[DayDigest, ...]
    """Every day of a short period; of a long one, the days with calls."""
    sha256: str
    """That of all calls of the period."""


class ReportDay(Struct, frozen=True):
    """One day of the report's table."""

    digest: DayDigest
    band: Band
    """The line that the day's spend has crossed."""
    lower_bound: bool
    is_to_come: bool = False
    """It had not begun when the report was made."""
    is_before_ledger: bool = False
    """It is before the ledger's first call, so that what it cost is not known."""


class Ranking(Struct, frozen=True):
    """The most expensive members of one dimension; all of them add up to the period's total."""

    by: str
    """`model`, `provider`, `project` or `agent`."""
    top: tuple[Slice, ...]
    """Most expensive first."""
    others: int
    """How many more there are."""
    rest: Slice
    """Their sum."""


class ReportSession(Struct, frozen=True):
    """One of the costliest root sessions, with its subagents, in the period."""

    id: str
    title: str
    project: str
    model: str
    own_nano: int
    total_nano: int
    whole_nano: int
    """What it cost in all, as `opencode-tui session` shows it: with the calls outside of the period."""
    subagents: int
    calls: int
    turns: int
    deleted: bool
    lower_bound: bool
    causes: tuple[ReportCause, ...]
    """The most expensive first; empty if nothing stands out."""


class ReportCause(Struct, frozen=True):
    sentence: str
    remedy: str
    """What to do about it; empty if nothing is known."""
    nano: int


class Aside(Struct, frozen=True):
    """What stands beside the spend: some calls, and an amount that belongs to them."""

    calls: int
    nano: int


class Asides(Struct, frozen=True):
    """What was not billed, copied, undone or lost in the period."""

    not_billed: Aside
    """Calls that OpenCode recorded as $0 though they have a list price; the amount is that price, not spent."""
    forked: Aside
    """Copies of calls in forks; the amount was paid where they were made, and is not counted again."""
    undone: Aside
    """Calls that were undone in OpenCode; the amount is part of the spend."""
    titles: Aside
    """Titles that stand in no row, known from a session's sum; part of the spend."""
    compactions: Aside
    """Interrupted compactions that stand in no row, known from a session's sum; part of the spend."""
    deleted: Aside
    """Other calls of sessions that OpenCode no longer has, and the copies that stand for them; part of the spend."""
    incomplete: int
    """Calls that were aborted or have not completed: what they streamed is recorded nowhere."""
    unreadable: int
    """Rows that may belong to the period and could not be read completely."""
    bases: Mapping[str, int]
    """The number of calls by what made their cost: `recorded`, `custom` or `list`."""


class ReportLines(Struct, frozen=True):
    """What the spend is held against, from the settings."""

    warning_nano: int
    """Of a day."""
    cutoff_nano: int
    """Of a day."""
    week_target_nano: int
    target_nano: int
    """Of the period: the week's target for each seven days."""


class CostReport(Struct, frozen=True):
    """A report. That of a period that is over depends on the ledger and the settings only, not on when it is made."""

    label: str
    first: date
    last: date
    timezone: str
    """The IANA name of the zone that its days are in; empty for the machine's own."""
    lines: ReportLines
    totals: Totals
    lower_bound: bool
    before_label: str
    """The period before."""
    before_first: date
    before_end: date
    """Its last day."""
    before_nano: int
    before_lower_bound: bool
    before_point_nano: int
    """The spend of the period before up to where this one is; all of it if this one is over."""
    since: date | None
    """The first day that the ledger has a call of; None if it has none."""
    today: date | None
    """The day on which the report was made, if the period was not over."""
    digest: CallsDigest
    days: tuple[ReportDay, ...]
    rankings: tuple[Ranking, ...]
    sessions: tuple[ReportSession, ...]
    other_sessions: int
    subagents: int
    """Of all sessions."""
    """How many more root sessions there are."""
    other_sessions_nano: int
    alerts: tuple[Alert, ...]
    """Those whose line was crossed in the period, in order of time; of many, the most severe."""
    other_alerts: int
    insights: tuple[Insight, ...]
    """The costliest ones, whatever a person decided about them."""
    other_insights: int
    asides: Asides
    has_every_day: bool
    """Whether `days` has the days without calls as well."""
    shipped: Shipped
    """What became of it. What git says depends on when it is asked, and is there only if `insights.git` is on."""
