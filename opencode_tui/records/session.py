"""One session: its tree of subagents, its turns, and the calls of a turn."""

from __future__ import annotations

from msgspec import Struct

from opencode_tui.records.alerts import Cause
from opencode_tui.records.calls import Basis, Tokens
from opencode_tui.records.requests import SessionRequest, TurnRequest
from opencode_tui.records.sessions import State


class Node(Struct, frozen=True):
    """A session in a tree of subagents, as long as it lived."""

    id: str
    parent_id: str | None
    """The node above in this tree, None for the root."""
    depth: int
    title: str
    agent: str
    model: str
    state: State
    own_nano: int
    total_nano: int
    """Own and all descendants."""
    calls: int
    started_ms: int
    last_ms: int
    tasks: int
    """By how many `task` tools it was started or resumed; 0 for a root, or where that is not known."""
    odd: str = ""
    """What is wrong with its place in the tree, such as a parent that is not known or a cycle; or empty."""
    lower_bound: bool = False
    """Something of it or of what is below it could not be read."""
    own_lower_bound: bool = False


class ToolCount(Struct, frozen=True):
    name: str
    uses: int
    failures: int


class Turn(Struct, frozen=True):
    """What one prompt of the session led to, subagents left out."""

    id: str
    """Empty for calls that belong to no turn."""
    number: int
    """Counted from 1 in order of time; 0 for calls that belong to no turn."""
    started_ms: int
    ended_ms: int
    """When its last call ended, or began where none has ended."""
    running: bool
    cost_nano: int
    inherited_nano: int
    """What its copied calls cost where they were made; not billed again."""
    list_nano: int
    tokens: Tokens
    calls: int
    errors: int
    undone: int
    """Calls that OpenCode no longer has; spent all the same."""
    context_tokens: int
    """What its last call read."""
    context_limit: int | None
    models: tuple[str, ...]
    switched: bool
    """It began with another model than the turn before ended with, or changed it on the way."""
    tools: tuple[ToolCount, ...]
    files: tuple[str, ...]
    """Files that its tools named, in order of their first use."""
    tokens_per_second: float | None
    """Output and reasoning over the time that its calls took; None where none has completed."""
    prompt: str | None
    """The first line of what was asked, only with `privacy.show_prompts`."""
    causes: tuple[str, ...] = ()
    """What made the session dear that this turn has a part in, in two or three words each: `same file`."""
    lower_bound: bool = False
    """Something of one of its calls could not be read."""

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
    """What its copied calls cost where they were made."""
    list_nano: int
    calls: int
    copied_calls: int
    tokens: Tokens
    """Of its own calls, copies left out; so are the next ones."""
    started_ms: int
    last_ms: int
    cache_hit_rate: float
    """The fraction of what its calls read that came from the cache."""
    cache_saved_nano: int | None
    """What reading from the cache cost less than reading anew, at the rates known; None where none are."""
    parent: SessionName | None
    fork_of: SessionName | None
    forks: tuple[SessionName, ...]
    tree: tuple[Node, ...]
    """This session first, then its descendants, each below its parent; the dearer sibling first."""
    turns: tuple[Turn, ...]
    """In order of time."""
    growth: tuple[tuple[str, tuple[tuple[int, int], ...]], ...]
    """For each of its models, dearest first: (Unix milliseconds, spend so far) at each of its calls that cost."""
    causes: tuple[Cause, ...] = ()
    """What made its own calls dear, the dearest first."""
    lower_bound: bool = False
    """The total is a lower bound: something of the session or of what is below it could not be read."""
    own_lower_bound: bool = False


class CallRates(Struct, frozen=True):
    """Rates in nano-dollars per million tokens, and where they stood."""

    input: int
    output: int
    cache_read: int
    cache_write: int
    source: str


class ToolRow(Struct, frozen=True):
    name: str
    target: str
    ok: bool | None
    duration_ms: int | None
    child_session_id: str | None


class CallRow(Struct, frozen=True):
    """One call with all that makes its cost."""

    id: str
    created_ms: int
    completed_ms: int | None
    model: str
    agent: str
    tokens: Tokens
    cost_nano: int
    amount_nano: int
    """What its tokens cost; more than `cost_nano` only for a copy."""
    recorded_nano: int
    basis: Basis
    rates: CallRates | None
    list_nano: int | None
    copied_from: str | None
    finish: str | None
    error: str | None
    undone: bool
    """OpenCode no longer has it; spent all the same."""
    tools: tuple[ToolRow, ...]
    variant: str | None = None
    streamed_ms: int | None = None
    """When the answer had arrived; its tools ran from then on. None where the store does not say."""
    missing: str | None = None
    """What of it could not be read, in a few words."""


class TurnView(Struct, frozen=True):
    request: TurnRequest
    taken_ms: int
    calls: tuple[CallRow, ...]
    """In order of time."""
