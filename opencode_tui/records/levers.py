"""The four levers: what a period shows for each, and what could be changed in a file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from msgspec import Struct

from opencode_tui.records.insights import Insight, Lever


class LeverEvidence(Struct, frozen=True):
    """One lever with the insights of a period that it answers."""

    lever: Lever
    insights: tuple[Insight, ...]
    """Those that are neither dismissed nor done, the one that would save most first."""
    cost_nano: int
    """What these insights cost together; no two have the same money."""
    saves_nano: int
    """What would not have been spent."""
    facts: tuple[str, ...] = ()
    """What else there is to see, a sentence each: how full each quota is now."""
    advice: str = ""
    """What to do about it now; empty if there is nothing."""
    already: tuple[str, ...] = ()
    """What would be advised and is set already, a sentence each."""

    @property
    def step(self) -> str:
        """The next thing to do; empty if there is nothing, or nothing that is not set already."""
        return self.advice or (self.insights[0].how if self.insights and not self.already else "")


class GeneratedReads(Struct, frozen=True):
    """Reads of generated or installed files of one kind in one project."""

    project: str
    line: str
    """The line of an ignore file that names them, such as `node_modules/`."""
    reads: int
    cost_nano: int
    """The cost of the calls that asked for them; a call that asked for several kinds is in each."""


class SubagentSpend(Struct, frozen=True):
    """What a subagent that changed nothing cost, and what its calls cost on one cheaper model."""

    agent: str
    models: tuple[str, ...]
    """The `model_key` of each model that it used, the one with the most spend first."""
    calls: int
    spend_nano: int
    cheaper: str
    """The `model_key` of a model that the user works with as well."""
    cheaper_nano: int
    """The same tokens at the price of that model."""
    directories: tuple[str, ...] = ()
    """Where it ran."""


class MixedSubagent(Struct, frozen=True):
    """A subagent of which some calls would be cheaper on another model, but not all of them together."""

    agent: str
    models: tuple[str, ...]
    """The `model_key` of each model that it used, the one with the most spend first."""
    how: str
    """What the insight on it says to do."""


class LongSessions(Struct, frozen=True):
    """Sessions that went on for many turns."""

    sessions: int
    most_turns: int
    spend_nano: int


class LeversView(Struct, frozen=True):
    """The evidence of a period for each lever, and what changes of files follow from it."""

    label: str
    first: date
    last: date
    levers: tuple[LeverEvidence, ...]
    """In the order of LEVERS."""
    generated: tuple[GeneratedReads, ...]
    """Most expensive first."""
    subagents: tuple[SubagentSpend, ...]
    """The largest saving first."""
    long_sessions: LongSessions
    mixed: tuple[MixedSubagent, ...] = ()


class FileChange(Struct, frozen=True):
    """A change of one file that a lever offers."""

    name: str
    """What `levers apply` calls it: such as `model-explore`."""
    lever: Lever
    file: Path
    """No link, so that a link to it stays one."""
    before: str | None
    """Its text now; None if there is no such file."""
    after: str
    what: str
    """What it does and why, in a few sentences."""


class NotOffered(Struct, frozen=True):
    """Why a change of a file is not offered, and what to do instead."""

    lever: Lever
    sentence: str
    """Without a full stop."""
    is_set: bool = False
    """Whether it is set already, which the lever says as well."""


class AppliedChange(Struct, frozen=True):
    """A change that was written."""

    id: int
    name: str
    lever: Lever
    what: str
    file: str
    applied_ms: int
    existed: bool
    """Whether the file was there before."""
    after_sha256: str
    """Of the text that was written."""
    undone_ms: int | None = None
