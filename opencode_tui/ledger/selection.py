"""Which calls a query is about, and what they are grouped by, as SQL."""

from __future__ import annotations

import json

from msgspec import Struct

from opencode_tui.clock import HOUR_MS, Calendar, Span
from opencode_tui.ledger.queries import SLICE_KEYS
from opencode_tui.ledger.sums import PaidCalls
from opencode_tui.records.dimensions import TIMES
from opencode_tui.records.requests import Filter

_WORKSPACES = (
    *("/home/runner/work/*", "/Users/runner/work/*", "/github/workspace*", "/__w/*", "/builds/*"),
    *("/home/vsts/work/*", "/bitbucket/pipelines/*", "/drone/src*", "/woodpecker/*", "/var/lib/buildkite-agent/*"),
)
"""Where CI machines check out: GitHub, GitLab, Azure, Bitbucket, Drone, Woodpecker, Buildkite."""
_IS_CI = " OR ".join(f"directory GLOB '{place}'" for place in _WORKSPACES)
KIND_OF_SESSION = f"""
  CASE WHEN {_IS_CI} THEN 'CI' WHEN k.parent_id IS NOT NULL THEN 'subagent'
    WHEN k.unattended = 1 THEN 'opencode run' ELSE 'interactive' END
"""
"""SQL for the kind of use of a session `k`, whose titles and compactions are of a kind of their own."""
_KIND = f"""
  CASE WHEN {_IS_CI} THEN 'CI'
    WHEN agent IN ('title', 'compaction', 'summary') THEN 'title or compaction'
    ELSE coalesce((
      SELECT CASE WHEN k.parent_id IS NOT NULL THEN 'subagent' WHEN k.unattended = 1 THEN 'opencode run' END
      FROM session k WHERE k.id = session_id), 'interactive') END
"""
KEYS = {**SLICE_KEYS, "kind": _KIND, "tool": "name", "task": "task"}
"""The dimensions that do not depend on the time, as SQL over `call` and the tables of sums."""


class NamedSpan(Struct, frozen=True):
    """A span of time with its key for each dimension of time, in the order in which they are asked for.

    The key is None for an hour of the day that is counted from the span's start.
    """

    names: tuple[str | None, ...]
    span: Span
    counted_from: int | None = None
    """The moment from which its hours are counted, if that is not its start."""

    @property
    def hours_from(self) -> int:
        return self.span.start_ms if self.counted_from is None else self.counted_from


class DaysOf(Struct, frozen=True):
    """All days of a span, in a calendar."""

    span: Span
    calendar: Calendar


class Selection(Struct, frozen=True):
    """The calls made in any of the spans, for which all filters hold; filters of time are in the spans already."""

    spans: tuple[NamedSpan, ...]
    by: tuple[str, ...] = ()
    where: tuple[Filter, ...] = ()
    days_of: DaysOf | None = None
    """What its spans are days of, if they have names."""
    brief: bool = False
    """Of its sums only the spend, the list price, the calls and their tokens are asked for."""

    @property
    def needs_tools(self) -> bool:
        return self.is_about("tool")

    @property
    def needs_tasks(self) -> bool:
        return self.is_about("task")

    def is_about(self, dimension: str) -> bool:
        """Whether its calls are grouped or filtered by a dimension."""
        return dimension in self.by or any(each.dimension == dimension for each in self.where)

    def keys(self, paid: PaidCalls) -> tuple[str, ...]:
        """SQL for the key of each dimension, over the rows of `source`."""
        times = [dimension for dimension in self.by if dimension in TIMES]
        named = {each: f"name{number}" for number, each in enumerate(times)}
        if "hour" in named:
            hours = f"(c.{paid.at} - counted_from) / {HOUR_MS // paid.unit_ms} % 24"
            named["hour"] = f"coalesce({named['hour']}, substr('0' || ({hours}), -2))"
        return tuple(each if each in paid.keys else named.get(each) or _key(each, paid) for each in self.by)

    def source(self, paid: PaidCalls) -> tuple[str, tuple[str, ...]]:
        """SQL from `WITH` to the conditions, with `{}` for what is selected, and its values."""
        unit_ms = paid.unit_ms
        spans = json.dumps([(*paid.bounds(each.span), each.hours_from // unit_ms, *each.names) for each in self.spans])
        wanted = [each for each in self.where if each.dimension not in TIMES]
        conditions = "".join(
            f" AND {_key(each.dimension, paid)} IN (SELECT value FROM json_each(?))" for each in wanted
        )
        return (
            f"""
            WITH span AS (
              SELECT json_extract(value, '$[0]') AS start_at, json_extract(value, '$[1]') AS end_at,
                json_extract(value, '$[2]') AS counted_from,
                json_extract(value, '$[3]') AS name0, json_extract(value, '$[4]') AS name1 FROM json_each(?))
            SELECT {{}} FROM span CROSS JOIN {paid.table} c ON c.{paid.at} >= start_at AND c.{paid.at} < end_at
            WHERE true {conditions}
            """,
            (spans, *(json.dumps(each.keys) for each in wanted)),
        )


def _key(dimension: str, paid: PaidCalls) -> str:
    return dimension if dimension in paid.keys else KEYS[dimension]


def group_by(count: int) -> str:
    """`GROUP BY` the first columns of a query, so many."""
    return f"GROUP BY {', '.join(str(number + 1) for number in range(count))}" if count else ""
