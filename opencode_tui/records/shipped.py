"""What became of what some sessions cost: lines that were changed, and commits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

CommitState = Literal["kept", "reverted", "abandoned"]
"""An abandoned commit is on no branch any more, and none that has its author and time has taken its place."""


class Commit(Struct, frozen=True):
    """A commit that is no merge."""

    id: str
    at_ms: int
    """When it was committed."""
    added: int
    removed: int
    state: CommitState = "kept"
    standing: int | None = None
    """How many of its added lines still stood a week later; None if it is younger than that, or not known."""


class GitHistory(Struct, frozen=True):
    """The commits of one repository since a moment."""

    commits: tuple[Commit, ...] = ()
    """In order of time."""
    trouble: str = ""
    """Why there is none, or not all of it, as a sentence without a full stop; else empty."""


AskGit = Callable[[str, int, int], GitHistory]
"""Returns the commits in a directory's repository from one Unix millisecond to before another."""


class PaidCall(Struct, frozen=True, gc=False):
    """A call, for finding the one that a commit followed."""

    at_ms: int
    session_id: str
    model: str
    """As its `model_key`."""
    cost_nano: int


class ModelShipped(Struct, frozen=True):
    """The spend on one model in the repositories, and the commits that followed its calls."""

    model: str
    spend_nano: int
    commits: int
    """Those that were kept."""
    standing: int
    """Lines of them that stood a week later."""


class GitShipped(Struct, frozen=True):
    """The commits that followed the calls of some sessions."""

    spend_nano: int
    """What the calls in the repositories cost that were looked at."""
    commits: int
    kept: int
    reverted: int
    abandoned: int
    added: int
    """Lines that the commits added."""
    aged: int
    """Lines of the commits that are a week old."""
    standing: int
    """How many of these still stood a week after their commit."""
    too_young: int
    """Commits that were kept and are younger than a week, or of which that is not known."""
    by_model: tuple[ModelShipped, ...]
    """Most expensive first."""
    troubles: tuple[str, ...] = ()
    """What could not be looked at, a sentence each."""


class Shipped(Struct, frozen=True):
    """What became of what some sessions cost."""

    spend_nano: int
    """With all subagents."""
    added: int
    """Lines that the edits added, as OpenCode recorded them; all lines of a file that was written whole."""
    removed: int
    edits: int
    unknown_edits: int
    """Edits of which OpenCode, or an earlier version of ours, recorded no lines."""
    git: GitShipped | None = None
    """None unless `insights.git` is on."""
