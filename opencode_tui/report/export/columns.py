"""The columns of a call, declared once for CSV, JSON Lines, SQLite and Parquet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from msgspec import Struct

from opencode_tui.clock import Calendar
from opencode_tui.records.exports import ExportedCall

ValueType = Literal["text", "count", "moment", "amount", "yes_no"]
"""`moment` is in Unix milliseconds, `amount` in nano-dollars; any of them but yes_no can be None."""


class CallColumn(Struct, frozen=True):
    name: str
    """An amount's without its unit, which each format adds: `cost` becomes `cost_usd` or `cost_nano`."""
    type: ValueType
    meaning: str
    value: Callable[[ExportedCall], Any]

    @property
    def usd_name(self) -> str:
        return f"{self.name}_usd" if self.type == "amount" else self.name

    @property
    def nano_name(self) -> str:
        return f"{self.name}_nano" if self.type == "amount" else self.name


_COLUMNS = (
    CallColumn(
        "id", "text", "the call: OpenCode's message id, with #2, #3 for further calls of a message", lambda c: c.id
    ),
    CallColumn("session_id", "text", "its session", lambda c: c.session_id),
    CallColumn("parent_session_id", "text", "the session whose subagent it is", lambda c: c.parent_session_id),
    CallColumn("turn_id", "text", "the prompt that led to it", lambda c: c.turn_id),
    CallColumn("project", "text", "the project's name, or its directory", lambda c: c.project),
    CallColumn("machine", "text", "where it was read", lambda c: c.machine),
    CallColumn("provider", "text", "who was asked", lambda c: c.provider),
    CallColumn("model", "text", "which model", lambda c: c.model),
    CallColumn("variant", "text", "the model's variant, such as a reasoning effort", lambda c: c.variant),
    CallColumn("agent", "text", "OpenCode's agent", lambda c: c.agent),
    CallColumn("created_at", "moment", "when it was made", lambda c: c.created_ms),
    CallColumn("streamed_at", "moment", "when its answer had arrived", lambda c: c.streamed_ms),
    CallColumn("completed_at", "moment", "when its tools had ended as well", lambda c: c.completed_ms),
    CallColumn("input_tokens", "count", "input that no cache served", lambda c: c.tokens.input),
    CallColumn("output_tokens", "count", "output without reasoning", lambda c: c.tokens.output),
    CallColumn("reasoning_tokens", "count", "reasoning", lambda c: c.tokens.reasoning),
    CallColumn("cache_read_tokens", "count", "input that the cache served", lambda c: c.tokens.cache_read),
    CallColumn("cache_write_tokens", "count", "input that was written to the cache", lambda c: c.tokens.cache_write),
    CallColumn("cost", "amount", "what was spent on it: 0 for a copy", lambda c: c.cost_nano),
    CallColumn("input_cost", "amount", "the input's part of it, if the rates are known", lambda c: c.input_nano),
    CallColumn("output_cost", "amount", "the part of output and reasoning", lambda c: c.output_nano),
    CallColumn("cache_cost", "amount", "the part of cache read and write", lambda c: c.cache_nano),
    CallColumn("list_price", "amount", "what it would have cost where $0 was recorded", lambda c: c.list_nano),
    CallColumn("recorded", "amount", "what OpenCode recorded", lambda c: c.recorded_nano),
    CallColumn("basis", "text", "what made the cost: custom, recorded or list", lambda c: c.basis),
    CallColumn("finish", "text", "why the answer ended", lambda c: c.finish),
    CallColumn("error", "text", "the kind of its error", lambda c: c.error),
    CallColumn("is_copy", "yes_no", "whether it is a fork's copy, which another call paid for", lambda c: c.is_copy),
    CallColumn("copied_from", "text", "the call that paid", lambda c: c.copied_from),
    CallColumn("unreadable", "text", "what could not be read: its figures are lower bounds", lambda c: c.missing),
)
_TITLE = CallColumn("session_title", "text", "the session's title", lambda c: c.title)


def day_column(calendar: Calendar) -> CallColumn:
    """The day of a call in the user's time zone, by which `usage --by day` counts."""
    return CallColumn("day", "text", "the day in your time zone", lambda c: calendar.day(c.created_ms).isoformat())


def columns_of_calls(calendar: Calendar, titles: bool) -> tuple[CallColumn, ...]:
    """All columns; the sessions' titles only where they are asked for."""
    return (*_COLUMNS, day_column(calendar), *((_TITLE,) if titles else ()))
