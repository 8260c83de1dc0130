"""Model calls as a store tells them, their tokens and the uses of tools in them.

Times are Unix milliseconds (UTC), amounts are nano-dollars, durations are milliseconds: in all of the records.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


def message_id(call_id: str) -> str:
    """The message that a call stands in: several calls in one message are `<message>`, `<message>#2` and so on."""
    return call_id.partition("#")[0]


Basis = Literal["custom", "recorded", "list"]
"""What made a call's amount: the user's own price, what OpenCode wrote, or the list price."""


class Tokens(Struct, frozen=True):
    """Five disjoint token counts of one or many calls; `output` does not hold `reasoning`."""

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
        """All five, in the order of the fields."""
        return self.input, self.output, self.reasoning, self.cache_read, self.cache_write

    @property
    def context(self) -> int:
        """What the model read: the size that context tiers and the context fill are measured by."""
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


class ToolUse(Struct, frozen=True):
    """One use of a tool by a call: small facts only, never what went in or came out."""

    id: str
    call_id: str
    session_id: str
    name: str
    target: str = ""
    """The file, or the head of the command, or the host that it worked on."""
    ok: bool | None = None
    """None while it runs."""
    duration_ms: int | None = None
    child_session_id: str | None = None
    """The subagent's session, for a `task`."""
    digest: int | None = None
    """A fingerprint of all that it was given, the same for identical uses in one session and hardly for others; None
    where that is nothing, or long."""


class Call(Struct, frozen=True):
    """One model call as a store tells it: an assistant message, before it has a price."""

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
    """It was made before its session was: a fork's copy of a call that another session paid for."""
    copy_of: str | None = None
    """The call that it was copied from, where the store names it."""
    variant: str | None = None
    """The model's variant (a reasoning effort, say), where the store names one."""
    streamed_ms: int | None = None
    """When the answer had arrived; from then to `completed_ms` its tools ran. None where the store does not say."""
    missing: str | None = None
    """What of the row could not be read, in a few words; None where all could. Its sums are lower bounds then."""

    @property
    def final(self) -> bool:
        """It has completed, so that nothing about it changes any more."""
        return self.completed_ms is not None


_UNLISTED, _UNDONE = ".unlisted.", ".undone."


def unlisted_id(session_id: str, number: int | None = None) -> str:
    """The id of a call that was worked out and stands in no row of a store; without a number, what it begins with."""
    return f"{session_id}{_UNLISTED}{'' if number is None else number}"


def undone_id(session_id: str, seq: int | None = None) -> str:
    """The id of an undone call that is known from a copy: its number in the session that had made it.

    Without a number, what it begins with.
    """
    return f"{session_id}{_UNDONE}{'' if seq is None else seq}"


def is_unlisted(call_id: str) -> bool:
    """Whether a call of this id was worked out."""
    return _UNLISTED in call_id


EDIT_TOOLS = ("edit", "write", "multiedit", "apply_patch", "patch")
