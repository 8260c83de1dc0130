"""Makes of calls of the ledger the rows that the database takes, with only what the seat shares."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Struct

from opencode_tui.clock import Calendar
from opencode_tui.paths import last_part
from opencode_tui.records.calls import Tokens
from opencode_tui.records.pushes import PushedCall, WaitingCall
from opencode_tui.records.team_choices import SeatShare

_QUARTER_MS = 900_000
_GONE = PushedCall("", "", "", "", "", "", "", None, 0, None, "", None, Tokens())
_encoded = msgspec.json.Encoder().encode


class PushedRow(Struct, frozen=True, gc=False):
    """A row of `team_call`, without its seat and its revision."""

    created_ms: int
    id: str
    content: int
    """Stands for all that follows but the machine; 0 if the call is gone."""
    day: date
    machine: str
    session_id: str
    title: str
    project: str
    provider: str
    model: str
    agent: str
    completed_ms: int | None
    input: int
    output: int
    reasoning: int
    cache_read: int
    cache_write: int
    cost_nano: int
    list_nano: int | None
    basis: str
    error: str | None


def columns_of(rows: Sequence[PushedRow]) -> dict[str, list[Any]]:
    """A list a column."""
    return {name: [getattr(row, name) for row in rows] for name in PushedRow.__struct_fields__}


class RowMaker:
    """Remembers the days of quarters of an hour, which divide the days of every time zone."""

    def __init__(self, calendar: Calendar, share: SeatShare) -> None:
        self._calendar, self._share = calendar, share
        self._days: dict[int, date] = {}

    def row(self, waiting: WaitingCall) -> PushedRow:
        call, day = waiting.call or _GONE, self._day(waiting.created_ms)
        sent: tuple[Any, ...] = (
            _plain(call.session_id) if self._share != "sums" else "",
            _plain(call.title) if self._share == "titles" else "",
            *map(_plain, (last_part(call.project), call.provider, call.model, call.agent)),
            *(call.completed_ms, *call.tokens.counts, call.cost_nano, call.list_nano, _plain(call.basis)),
            None if call.error is None else _plain(call.error),
        )
        content = 0 if waiting.call is None else _content((day, *sent))
        return PushedRow(waiting.created_ms, _plain(waiting.id), content, day, _plain(call.machine), *sent)

    def _day(self, created_ms: int) -> date:
        quarter = created_ms // _QUARTER_MS
        if (day := self._days.get(quarter)) is None:
            day = self._days[quarter] = self._calendar.day(created_ms)
        return day


def _content(values: tuple[object, ...]) -> int:
    """A number that stands for these values; never 0."""
    return int.from_bytes(blake2b(_encoded(values), digest_size=8).digest(), "big", signed=True) or 1


def _plain(text: str) -> str:
    """The text as PostgreSQL takes it: without NUL, and in UTF-8."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "").encode("utf-8", "replace").decode()
