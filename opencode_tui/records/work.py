"""The work of a session, turn by turn, from which task classes, retries and insights are found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from operator import attrgetter

from msgspec import Struct, field

from opencode_tui.clock import MINUTE_MS, Calendar, Span
from opencode_tui.records.calls import Tokens
from opencode_tui.records.facts import CallFacts, ToolFacts
from opencode_tui.records.session import ModelRates

TASKS = (
    *("planning", "exploration", "coding", "refactoring", "debugging", "testing", "review", "documentation"),
    *("git", "build and deploy", "delegation", "conversation", "compaction"),
)
"""The classes of what a turn was for."""
_QUARTER_MS = 15 * MINUTE_MS
_TIME = attrgetter("created_ms", "id")
NOT_KNOWN = "not known yet"
"""The class of a turn that was not classified yet."""


class TurnWork(Struct, frozen=True):
    """The calls that one prompt led to in its own session, and what they did. Copies of a fork are left out."""

    id: str
    """Empty for calls that belong to no turn."""
    calls: tuple[CallFacts, ...]
    """In order of time; there is at least one."""
    tools: tuple[ToolFacts, ...] = ()
    """In the order in which the calls asked for them."""
    task: str = "conversation"
    """One of TASKS."""
    edits: int = 0
    """Edits of files that succeeded."""
    retries: int = 0
    """Files edited again after a command or an edit had failed."""
    is_one_shot: bool | None = None
    """Whether files were edited without a retry; None if no file was edited."""
    edit_call_id: str | None = None
    """The call of its first edit that did not fail."""

    @property
    def started_ms(self) -> int:
        return self.calls[0].created_ms

    @property
    def cost_nano(self) -> int:
        return sum([call.cost_nano for call in self.calls])

    @property
    def tokens(self) -> Tokens:
        return sum((call.tokens for call in self.calls), Tokens())

    def tools_of(self, call_id: str) -> tuple[ToolFacts, ...]:
        return tuple(use for use in self.tools if use.call_id == call_id)


class ChildWork(Struct, frozen=True):
    """A subagent below a session, at any depth."""

    id: str
    parent_id: str
    depth: int
    """1 for a subagent of the session itself."""
    title: str
    agent: str
    model: str
    """The model with the most spend, as its `model_key`."""
    task: str
    """The one of TASKS that most of its spend was for."""
    nano: int
    """Its own cost, without the subagents below it."""
    calls: int
    tokens: Tokens
    started_ms: int
    last_ms: int
    reads: tuple[str, ...] = ()
    """What it read or searched with a tool, and the files that its commands showed, each once."""
    call_ids: tuple[str, ...] = ()
    """The ids of its paid calls."""
    first_nano: int = 0
    """The cost of its first call, which reads the instructions and the descriptions of the tools."""


class SessionWork(Struct, frozen=True, dict=True):
    """One session with its own calls; what its subagents did is in works of their own, summed up in `children`."""

    id: str
    title: str
    turns: tuple[TurnWork, ...]
    """In order of time."""
    parent_id: str | None = None
    fork_of: str | None = None
    project: str = ""
    directory: str = ""
    agent: str = ""
    """The agent with the most spend."""
    kind_of_use: str = "interactive"
    """Who caused it: one of KINDS_OF_USE."""
    is_deleted: bool = False
    """OpenCode no longer has it."""
    limits: Mapping[str, int] = field(default_factory=dict)
    """The context limit in tokens by model key, of the models whose limit is known."""
    rates: Mapping[str, ModelRates] = field(default_factory=dict)
    """The latest known rates by model key, also of models that only other sessions used."""
    children: tuple[ChildWork, ...] = ()
    """All subagents below it, in order of time."""

    @property
    def is_unattended(self) -> bool:
        """No person was there to ask for it."""
        return self.kind_of_use in ("opencode run", "CI")

    @cached_property
    def calls(self) -> tuple[CallFacts, ...]:
        """All calls in order of time."""
        return tuple(sorted([call for turn in self.turns for call in turn.calls], key=_TIME))

    def keep_calls(self, calls: Iterable[CallFacts]) -> None:
        """Spares it sorting its calls, which whoever made it has in order of time."""
        self.__dict__["calls"] = tuple(calls)

    @property
    def started_ms(self) -> int:
        """When its first call was made."""
        return self.calls[0].created_ms

    @cached_property
    def tools(self) -> tuple[ToolFacts, ...]:
        return tuple(use for turn in self.turns for use in turn.tools)

    @cached_property
    def cost_nano(self) -> int:
        return sum(turn.cost_nano for turn in self.turns)

    def limit(self, model: str) -> int | None:
        """The context limit of a model in tokens; None if it is not known."""
        return self.limits.get(model)


class SessionShare(Struct, frozen=True, array_like=True):
    """What one session spent in a period, without its subagents."""

    id: str
    title: str
    parent_id: str | None
    fork_of: str | None
    project: str
    kind_of_use: str
    """One of KINDS_OF_USE."""
    is_deleted: bool
    nano: int
    calls: int
    first_ms: int
    last_ms: int
    undone_nano: int = 0
    """The cost of calls that are known to have been taken back in OpenCode."""
    undone_calls: int = 0
    copied_calls: int = 0
    """The calls that a fork copied, also from before the period."""
    inherited_nano: int = 0
    """What its copied calls cost where they were paid."""


class QuarterShare(Struct, frozen=True, gc=False, array_like=True):
    """What a session spent in a quarter of an hour, or in a piece of one, with one model and agent."""

    start_ms: int
    session_id: str
    model: str
    """As its `model_key`."""
    agent: str
    nano: int
    calls: int
    tokens: Tokens

    @property
    def end_ms(self) -> int:
        """The end of the quarter."""
        return (self.start_ms // _QUARTER_MS + 1) * _QUARTER_MS


class OfferedServer(Struct, frozen=True):
    """An MCP server in OpenCode's configuration, whose tools are described in every call."""

    name: str
    projects: tuple[str, ...]
    """Those whose configuration has it switched on."""
    since_ms: int
    """Since when it is certain to be there: the last change of a file that configures it."""
    last_used_ms: int | None = None
    """The last call that used one of its tools; None if there was none in the last weeks."""


class PeriodWork(Struct, frozen=True):
    """What a whole period spent, for insights that no single session shows."""

    span: Span
    calendar: Calendar
    """The user's, for nights and weekdays."""
    sessions: tuple[SessionShare, ...] = ()
    quarters: tuple[QuarterShare, ...] = ()
    """In order of time."""
    alone: tuple[QuarterShare, ...] = ()
    """What of them was spent long after the last prompt in any session, in order of time."""
    timed: frozenset[str] = frozenset()
    """The sessions that a timer seems to have begun at night."""
    tools: Mapping[str, int] = field(default_factory=dict)
    """The number of uses by tool name."""
    rates: Mapping[str, ModelRates] = field(default_factory=dict)
    """The latest known rates by model key."""
    servers: tuple[OfferedServer, ...] = ()
    ancestors: Mapping[str, tuple[str | None, str]] = field(default_factory=dict)
    """(parent, kind of use) of those sessions above its sessions that spent nothing in it, by id."""
