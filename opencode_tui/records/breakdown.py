"""The cost of a period by one or two dimensions, with the measures of each group."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from msgspec import Struct

from opencode_tui.records.calls import Tokens
from opencode_tui.records.requests import BreakdownRequest, Filter


class Percentiles(Struct, frozen=True, gc=False):
    """The median and the 95th percentile, by nearest rank."""

    median: float
    high: float


class Measures(Struct, frozen=True, gc=False, array_like=True):
    """What some calls cost and how they went; copies are left out.

    After a brief request, the numbers of sessions, the parts of the spend and `saved_nano` are 0.
    """

    spend_nano: int
    list_nano: int
    """The list price of the calls that were not billed."""
    calls: int
    sessions: int
    """Root sessions of which, or of whose subagents, these calls are."""
    subagents: int
    all_sessions: int
    """Sessions with a call of their own among these, subagents included."""
    tokens: Tokens
    input_nano: int
    output_nano: int
    cache_nano: int
    """The parts of the spend, for the calls whose rates are known."""
    saved_nano: int
    """What the cached tokens would have cost as input, less what they cost; negative if writing them cost more."""
    aborted: int
    errors: int | None = None
    """Calls that failed, aborted ones not among them; None as long as they are not counted."""
    retries: int | None = None
    """Failed calls after which the same turn went on."""
    turns: int | None = None
    seconds: Percentiles | None = None
    """Seconds from a call's start to its end, its tools among them in OpenCode 1."""
    speed: Percentiles | None = None
    """Tokens a second, where the end of the answer is known."""
    uses: int | None = None
    """How often a tool was used; None unless the calls are grouped or filtered by tool."""
    failures: int | None = None
    tool_ms: int | None = None
    """How long the tool ran in all."""
    edit_turns: int | None = None
    """Turns that edited files, each where its first edit was; None if not all turns are classified yet."""
    one_shots: int | None = None
    """Those in which no file had to be edited again."""
    edit_retries: int | None = None
    """Files edited again after a failing command, a failing edit, or a run of the tests."""

    @property
    def one_shot_rate(self) -> float | None:
        """The share of the turns with edits that needed no retry; None without such a turn."""
        return self.one_shots / self.edit_turns if self.edit_turns and self.one_shots is not None else None

    @property
    def hit_rate(self) -> float | None:
        """The share of the context that came from the cache; None without a context."""
        context = self.tokens.context
        return self.tokens.cache_read / context if context else None


class BreakdownRow(Struct, frozen=True, gc=False, array_like=True):
    """A group of calls."""

    keys: tuple[str, ...]
    """One key for each dimension of the request."""
    measures: Measures
    lower_bound: bool = False
    """Part of it could not be read."""


class Breakdown(Struct, frozen=True):
    """The groups, most expensive first (times in their order); of two dimensions, those of one first key together."""

    request: BreakdownRequest
    taken_ms: int
    first: date
    last: date
    label: str
    """The request's period, or `custom`."""
    totals: Measures
    rows: tuple[BreakdownRow, ...]
    titles: Mapping[str, str]
    """Titles by session id, where a dimension is the session."""
    lower_bound: bool = False
    """The totals are lower bounds: a row or a store could not be read."""
    copied_calls: int = 0
    """Calls that forks copied, which are billed once."""
    unfinished: int = 0
    """Calls that never completed, beside those that were aborted."""
    unreadable_rows: int = 0
    outer: tuple[BreakdownRow, ...] = ()
    """The groups of the first dimension, in order, where tools are the second: those add up to more, as a call is in
    the row of each of its tools, or to less, as it may have none."""
    since: date | None = None
    """The day of the first call in the ledger; None if there is none."""
    known: tuple[str, ...] | None = None
    """Some of the keys that there are, if nothing matches a filter; else None."""
    unknown: Filter | None = None
    """The filter that nothing matches."""
