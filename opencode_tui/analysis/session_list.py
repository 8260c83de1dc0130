"""Filters, sorts and groups rows of sessions."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from msgspec import Struct

from opencode_tui.paths import last_part
from opencode_tui.records.calls import Tokens
from opencode_tui.records.day import SessionLine
from opencode_tui.records.model_key import split_key
from opencode_tui.records.sessions import SessionRow, State

ListedRow = TypeVar("ListedRow", contravariant=True)

FIELDS: dict[str, Callable[[SessionRow], tuple[str, ...]]] = {
    "title": lambda row: (row.title,),
    "project": lambda row: (row.project,),
    "model": lambda row: row.models or (row.model,),
    "provider": lambda row: tuple(split_key(model)[0] for model in row.models or (row.model,)),
    "agent": lambda row: (row.agent,),
}
"""The values that a filter searches, by the field name that a person can type before `:` or `=`."""
STATES: tuple[State, ...] = ("active", "idle", "archived", "deleted")
"""In sort order."""
_TERM = re.compile(r'(?:(\w+)([:=]))?("[^"]*"?|\S+)')


class FilterTerm(Struct, frozen=True):
    """One term of a filter: the field it searches (None: any), and whether it has to equal the whole value."""

    text: str
    field: str | None = None
    whole: bool = False

    def matches(self, row: SessionRow) -> bool:
        reads = (FIELDS[self.field],) if self.field else FIELDS.values()
        values = (value.casefold() for read in reads for value in read(row))
        return any(self.text == value if self.whole else self.text in value for value in values)


def filter_terms(filter: str) -> tuple[FilterTerm, ...]:
    """Parse a filter into terms: `kimi`, `project:shop`, `model=opencode/kimi-k2.6`, `title:"two words"`.

    A `:` or `=` after a name that is not a field is part of the term.
    """
    terms = []
    for match in _TERM.finditer(filter.casefold()):
        field, sign, text = match.groups()
        if text[-1] in ":=" and text[:-1] in FIELDS:
            continue  # its value is still to be typed
        if field is not None and field not in FIELDS:
            terms.append(FilterTerm(match[0]))
        elif text.strip('"'):
            terms.append(FilterTerm(text.strip('"'), field, sign == "="))
    return tuple(terms)


def quoted(field: str, value: str) -> str:
    """The filter for rows with exactly this value."""
    return f'{field}="{value}"' if re.search(r"\s", value) else f"{field}={value}"


def filtered(rows: Sequence[SessionRow], filter: str) -> tuple[SessionRow, ...]:
    """The rows that match every term; all rows for an empty filter."""
    terms = filter_terms(filter)
    return tuple(row for row in rows if all(term.matches(row) for term in terms))


class Sort(Struct, Generic[ListedRow], frozen=True):
    """A sort order of rows."""

    name: str
    value: Callable[[ListedRow], Any]
    descending: bool = True
    """The initial direction: amounts from the highest, names from A."""


def context_share(row: SessionRow | SessionLine) -> float:
    """How full the context is, from 0 to 1; negative if the limit is not known."""
    return row.context_tokens / row.context_limit if row.context_limit else -1.0 / (1 + row.context_tokens)


def ordered(rows: Iterable[SessionRow], sort: Sort[SessionRow], descending: bool) -> tuple[SessionRow, ...]:
    """The rows in this order; the sort is stable."""
    return tuple(sorted(rows, key=sort.value, reverse=descending))


class SessionTotals(Struct, frozen=True):
    """Sums over sessions."""

    sessions: int
    own_nano: int
    total_nano: int
    subagents: int
    calls: int
    tokens: Tokens
    lower_bound: bool = False


def session_totals(rows: Sequence[SessionRow]) -> SessionTotals:
    kinds = [(t.input, t.output, t.reasoning, t.cache_read, t.cache_write) for t in (row.tokens for row in rows)]
    return SessionTotals(
        sessions=len(rows),
        own_nano=sum(row.own_nano for row in rows),
        total_nano=sum(row.total_nano for row in rows),
        subagents=sum(row.subagents for row in rows),
        calls=sum(row.calls for row in rows),
        tokens=Tokens(*map(sum, zip(*kinds, strict=True))),
        lower_bound=any(row.lower_bound for row in rows),
    )


class ProjectGroup(Struct, frozen=True):
    """The sessions of one project."""

    project: str
    name: str
    """The last part of the project's path, or the whole path if two projects share that part."""
    rows: tuple[SessionRow, ...]
    totals: SessionTotals


def grouped(rows: Iterable[SessionRow]) -> tuple[ProjectGroup, ...]:
    """Group by project, the most expensive first; rows keep their order."""
    of: dict[str, list[SessionRow]] = defaultdict(list)
    for row in rows:
        of[row.project].append(row)
    names = [last_part(project) for project in of]
    groups = [
        ProjectGroup(project, name if names.count(name) == 1 else project, tuple(members), session_totals(members))
        for (project, members), name in zip(of.items(), names, strict=True)
    ]
    return tuple(sorted(groups, key=lambda group: -group.totals.total_nano))
