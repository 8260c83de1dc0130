"""Counts and maxima of a session, which show cheaply which insight rules can find nothing in it."""

from __future__ import annotations

from msgspec import Struct


class FamilySigns(Struct, frozen=True):
    """The subagents below a session."""

    many: int = 0
    direct: int = 0
    """Those that the session itself started."""
    depth: int = 0
    nano: int = 0
    tokens: int = 0
    own_tokens: int = 0
    """The session's own, with that model of its own on which it used the fewest."""


NO_FAMILY = FamilySigns()


class SessionSigns(Struct, frozen=True):
    """A session's own calls and tool uses, without copies."""

    nano: int
    calls: int
    turns: int
    is_subagent: bool = False
    errors: int = 0
    """Calls that ended with an error."""
    fullest_percent: int = 0
    """The largest context as a share of its model's limit; 0 where no limit is known."""
    most_lost: int = 0
    """The most tokens that a call read again although the cache had held them minutes before."""
    lost_after_ms: int = -1
    """The longest pause before a call that lost its cache; -1 without such a call."""
    hit_drop: int = 0
    """The most percentage points by which the share read from the cache fell from one call to a later one."""
    searches: int = 0
    """The most searches for text in one turn, or those of all turns that found nothing, if these are more."""
    failed_edits: int = 0
    edit_turns: int = 0
    """Turns that edited a file."""
    most_retries: int = 0
    """The most retries of one turn."""
    most_reads: int = 0
    """At least the number of reads of the file that was read most."""
    most_repeats: int = 0
    """At least the number of uses with one input in one turn, without reads."""
    loud: int = 0
    """Builds and tests that ran and whose output can be measured (see `context_inputs.py`): in a session whose context
    falls again and again, only those that are known to have shown a file."""
    unwritten: int = 0
    """Reads and searches of files that nobody wrote."""
    family: FamilySigns = NO_FAMILY
