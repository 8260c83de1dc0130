"""What the alert rules are held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from opencode_tui.records.alerts import Period, Scope


@dataclass(frozen=True, slots=True)
class ScopeSpend:
    """What one of a scope cost: a root session with its tree, a model, a project, …"""

    key: str
    name: str
    """The title of a session, else the key."""
    nano: int


@dataclass(frozen=True, slots=True)
class RepeatedCall:
    """The same call of a tool, again and again in one session while nothing was edited."""

    session_id: str
    title: str
    key: str
    """What tells it from other calls of that session."""
    what: str
    """Such as `grep of src`."""
    times: int


@dataclass(frozen=True, slots=True)
class FileEdits:
    """A file that one session edited in several turns."""

    session_id: str
    title: str
    file: str
    turns: int


@dataclass(frozen=True, slots=True)
class SubagentDepth:
    """A subagent below others: 1 is a root's own."""

    session_id: str
    title: str
    depth: int


@dataclass(frozen=True, slots=True)
class ContextFill:
    """How full the context of a session was at each of its calls, in order of time."""

    session_id: str
    title: str
    percents: tuple[tuple[int, int], ...]
    """(Unix milliseconds, percent of the model's limit)."""


@dataclass(frozen=True, slots=True)
class Measures:
    """What the rules are held against; only what a rule in force asks for is filled in."""

    spends: Mapping[tuple[Scope, Period], tuple[ScopeSpend, ...]] = field(default_factory=dict)
    """By scope and present period; `all` has one sum with an empty key."""
    sessions: tuple[ScopeSpend, ...] = ()
    """Root sessions that did something today, with their trees, as long as they live."""
    subagents: tuple[ScopeSpend, ...] = ()
    """Subagents of those trees, each with those below it."""
    depths: tuple[SubagentDepth, ...] = ()
    calls: int = 0
    """Of today."""
    minutes: int = 0
    """Of today, those with spend."""
    costs: tuple[tuple[int, int], ...] = ()
    """(Unix milliseconds, nano-dollars) of the last hour's calls, and of the day before it where a line is near."""
    repeated: tuple[RepeatedCall, ...] = ()
    edited: tuple[FileEdits, ...] = ()
    filled: tuple[ContextFill, ...] = ()
