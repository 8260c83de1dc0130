"""One session: its tree of subagents, its turns, and the calls of a turn."""

from __future__ import annotations

from msgspec import Struct

from opencode_tui.records.alerts import Cause
from opencode_tui.records.calls import Basis, Tokens
from opencode_tui.records.requests import SessionRequest, TurnRequest
from opencode_tui.records.sessions import State
from opencode_tui.records.shipped import Shipped


class Node(Struct, frozen=True):
    """A session in a tree of subagents, with its sums over its whole life."""

    id: str
    parent_id: str | None
    """The parent in this tree; None for the root."""
    depth: int
    title: str
    agent: str
    model: str
    state: State
    own_nano: int
    total_nano: int
    """Its own cost and that of all descendants."""
    calls: int
    started_ms: int
    last_ms: int
    tasks: int
    """How many `task` tool uses started or resumed it; 0 for a root or if not known."""
    odd: str = ""
    """What is wrong with its parent (unknown, or a cycle); else empty."""
    lower_bound: bool = False
    """Part of it or of its descendants could not be read."""
    own_lower_bound: bool = False


class ToolCount(Struct, frozen=True):
    name: str
    uses: int
    failures: int


class Turn(Struct, frozen=True):
    """One prompt and the session's own calls that followed it, without subagents."""

    id: str
    """Empty for calls that belong to no turn."""
    number: int
    """Counted from 1 in order of time; 0 for calls that belong to no turn."""
    started_ms: int
    ended_ms: int
    """When its last call ended, or began if none has ended."""
    running: bool
    cost_nano: int
    inherited_nano: int
    """The cost of its copied calls in the session that paid for them."""
    list_nano: int
    tokens: Tokens
    calls: int
    errors: int
    undone: int
    """Calls that OpenCode no longer has; their cost still counts."""
    context_tokens: int
    """The context of its last call."""
    context_limit: int | None
    models: tuple[str, ...]
    switched: bool
    """Its model changed since the turn before or within it."""
    tools: tuple[ToolCount, ...]
    files: tuple[str, ...]
    """Files that its tools used, in order of first use."""
    tokens_per_second: float | None
    """Output and reasoning tokens per second of its completed calls; None if there are none."""
    prompt: str | None
    """The first line of the prompt, with `privacy.show_prompts` only."""
    causes: tuple[str, ...] = ()
    """Short names of the session's causes that this turn is part of, such as `same file`."""
    lower_bound: bool = False
    """Part of one of its calls could not be read."""
    task: str = ""
    """What it was for: one of work.TASKS."""
    edits: int = 0
    """Edits of files that did not fail."""
    edit_retries: int = 0
    """Files edited again after a failing command, a failing edit, or a run of the tests."""
    copied_calls: int = 0
    """Those of its calls that were paid for in the session that it was copied from."""

    @property
    def is_inherited(self) -> bool:
        """Whether all of it was copied from another session."""
        return self.copied_calls == self.calls > 0

    @property
    def is_one_shot(self) -> bool | None:
        """Whether it edited files without a retry; None if it edited none."""
        return None if not self.edits else not self.edit_retries

    @property
    def duration_ms(self) -> int:
        return self.ended_ms - self.started_ms


class SessionName(Struct, frozen=True):
    id: str
    title: str


class SessionView(Struct, frozen=True):
    request: SessionRequest
    taken_ms: int
    id: str
    title: str
    directory: str
    project: str
    state: State
    agent: str
    model: str
    own_nano: int
    total_nano: int
    inherited_nano: int
    """The cost of its copied calls in the session that paid for them."""
    list_nano: int
    calls: int
    copied_calls: int
    tokens: Tokens
    """Of its own calls without copies, as are the next two."""
    started_ms: int
    last_ms: int
    cache_hit_rate: float
    """Cache reads as a fraction of all input tokens."""
    cache_saved_nano: int | None
    """As `saved_nano` of a breakdown: less what writing the cache cost; None if no rates are known."""
    parent: SessionName | None
    fork_of: SessionName | None
    forks: tuple[SessionName, ...]
    tree: tuple[Node, ...]
    """This session, then its descendants in depth-first order, the more expensive sibling first."""
    turns: tuple[Turn, ...]
    """In order of time."""
    growth: tuple[tuple[str, tuple[tuple[int, int], ...]], ...]
    """By model, most expensive first: (Unix milliseconds, spend so far) at each call with a cost."""
    causes: tuple[Cause, ...] = ()
    """What made its own calls expensive, most expensive first."""
    lower_bound: bool = False
    """The total is a lower bound: part of the session or of its descendants could not be read."""
    own_lower_bound: bool = False
    shipped: Shipped | None = None
    """The lines that it and its subagents changed, as OpenCode recorded them; git is asked by a request of its own."""


class CallRates(Struct, frozen=True):
    """Rates in nano-dollars per million tokens, and their source."""

    input: int
    output: int
    cache_read: int
    cache_write: int
    source: str


class ModelRates(CallRates, frozen=True):
    """The latest known rates of a model, and whether it is in use."""

    worked_ms: int | None = None
    """When it last did somebody's work regularly, in Unix milliseconds.

    None if it was only tried out, or OpenCode alone used it, for a title or such.
    """


class ToolRow(Struct, frozen=True):
    name: str
    target: str
    ok: bool | None
    duration_ms: int | None
    child_session_id: str | None
    refused: bool = False
    """A person did not let it run."""


class CallRow(Struct, frozen=True):
    """One call with everything its cost follows from."""

    id: str
    created_ms: int
    completed_ms: int | None
    model: str
    agent: str
    tokens: Tokens
    cost_nano: int
    amount_nano: int
    """The cost of its tokens; for a copy, whose `cost_nano` is 0, what its original cost."""
    recorded_nano: int
    basis: Basis
    rates: CallRates | None
    list_nano: int | None
    copied_from: str | None
    finish: str | None
    error: str | None
    undone: bool
    """OpenCode no longer has it; its cost still counts."""
    tools: tuple[ToolRow, ...]
    variant: str | None = None
    streamed_ms: int | None = None
    """When the answer had arrived and its tools began; None if not recorded."""
    missing: str | None = None
    """What could not be read of it, in a few words."""


class TurnView(Struct, frozen=True):
    request: TurnRequest
    taken_ms: int
    calls: tuple[CallRow, ...]
    """In order of time."""
