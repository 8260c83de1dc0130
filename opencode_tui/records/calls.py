"""Model calls as a store records them, their tokens and their tool uses.

In all records, times are Unix milliseconds (UTC), amounts nano-dollars and durations milliseconds.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


def message_id(call_id: str) -> str:
    """The id of a call's message. The calls of one message are `<message>`, `<message>#2` and so on."""
    return call_id.partition("#")[0]


Basis = Literal["custom", "recorded", "list"]
"""Where a call's cost is from: the user's own price, OpenCode's record, or the list price."""


class Tokens(Struct, frozen=True, gc=False, array_like=True):
    """Five disjoint token counts of one or many calls; `output` excludes `reasoning`."""

    input: int = 0
    output: int = 0
    reasoning: int = 0
    cache_read: int = 0
    cache_write: int = 0

    @property
    def total(self) -> int:
        return self.input + self.output + self.reasoning + self.cache_read + self.cache_write

    @property
    def counts(self) -> tuple[int, int, int, int, int]:
        """All five, in field order."""
        return self.input, self.output, self.reasoning, self.cache_read, self.cache_write

    @property
    def context(self) -> int:
        """The input tokens, cached or not: the size that context tiers and context fill are measured by."""
        return self.input + self.cache_read + self.cache_write

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(
            self.input + other.input,
            self.output + other.output,
            self.reasoning + other.reasoning,
            self.cache_read + other.cache_read,
            self.cache_write + other.cache_write,
        )

    def __sub__(self, other: Tokens) -> Tokens:
        return Tokens(
            self.input - other.input,
            self.output - other.output,
            self.reasoning - other.reasoning,
            self.cache_read - other.cache_read,
            self.cache_write - other.cache_write,
        )


class ToolUse(Struct, frozen=True, gc=False, array_like=True):
    """One tool use of a call, without its input and output."""

    id: str
    call_id: str
    session_id: str
    name: str
    target: str = ""
    """The file, the head of the command, or the host."""
    ok: bool | None = None
    """None while it runs."""
    duration_ms: int | None = None
    child_session_id: str | None = None
    """The subagent's session, for a `task`."""
    digest: int | None = None
    """A fingerprint of its input, equal for identical uses in one session; None if the input is empty or too long."""
    added: int | None = None
    """The lines that an edit added; all lines of a file that was written whole. None if not known."""
    removed: int | None = None
    refused: bool = False
    """The person, or a rule of theirs, did not let it run; it has no success, but is no failure of the model either."""
    files: tuple[str, ...] = ()
    """The files whose content a command showed, as far as its words tell."""
    found_nothing: bool = False
    """It is a search that said so."""


class Call(Struct, frozen=True, gc=False, array_like=True):
    """One model call (an assistant message) as a store records it, before it is priced."""

    id: str
    session_id: str
    turn_id: str | None
    provider: str
    model: str
    agent: str
    directory: str
    created_ms: int
    completed_ms: int | None
    tokens: Tokens
    recorded_nano: int
    finish: str | None = None
    error: str | None = None
    copied: bool = False
    """It is older than its session: a fork's copy of a call that another session paid for."""
    copy_of: str | None = None
    """The id of the call it was copied from, if the store names it."""
    variant: str | None = None
    """The model's variant, such as a reasoning effort, if the store names one."""
    streamed_ms: int | None = None
    """When the answer had arrived; its tools ran from then to `completed_ms`. None if not recorded."""
    missing: str | None = None
    """What could not be read of the row, in a few words, which makes its sums lower bounds; else None."""

    @property
    def final(self) -> bool:
        """Whether it has completed, after which it no longer changes."""
        return self.completed_ms is not None


UNLISTED, _UNDONE = ".unlisted.", ".undone."


def unlisted_id(session_id: str, number: int | None = None) -> str:
    """The id of a call that was inferred from a session's sum; without a number, the prefix of such ids."""
    return f"{session_id}{UNLISTED}{'' if number is None else number}"


def undone_id(session_id: str, seq: int | None = None) -> str:
    """The id of an undone call that is known from a copy, by its number in its session; without one, the prefix."""
    return f"{session_id}{_UNDONE}{'' if seq is None else seq}"


def is_unlisted(call_id: str) -> bool:
    """Whether the call of this id was inferred and has no row in a store."""
    return UNLISTED in call_id


EDIT_TOOLS = ("edit", "write", "multiedit", "apply_patch", "patch")
