"""Loops: the same call of a tool made over and over in one session while nothing was edited."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from msgspec import Struct

from opencode_tui.paths import last_part
from opencode_tui.records.calls import EDIT_TOOLS
from opencode_tui.records.facts import CallFacts, ToolFacts


class Loop(Struct, frozen=True):
    """The longest run of one call of a tool in a session."""

    key: str
    what: str
    """Such as `grep of src`, for a command its head: `npm test`."""
    times: int
    calls: tuple[CallFacts, ...]
    """The model calls that made it, in order of time; one can make it several times."""


def loops(calls: Sequence[CallFacts], tools: Sequence[ToolFacts]) -> tuple[Loop, ...]:
    """How often each call of a tool was made over without a file edited in between, the most repeated first.

    Given are the model calls of one session, in order of time, and what they used. A test that is run again after
    every edit is work; the same call with nothing changed is a loop.
    """
    uses: dict[str, list[ToolFacts]] = defaultdict(list)
    for use in tools:
        uses[use.call_id].append(use)
    running: dict[str, list[CallFacts]] = {}
    longest: dict[str, tuple[str, list[CallFacts]]] = {}
    for call in calls:
        for use in uses.get(call.id, ()):
            key = identity(use)
            if changes_files(use):
                running.clear()
            elif key:
                run = running.setdefault(key, [])
                run.append(call)
                if len(run) > len(longest.get(key, ("", ()))[1]):
                    longest[key] = what_ran(use), run
    found = [
        Loop(key, what, len(run), tuple({call.id: call for call in run}.values()))
        for key, (what, run) in longest.items()
    ]
    return tuple(sorted(found, key=lambda loop: (-loop.times, loop.key)))


def identity(use: ToolFacts) -> str:
    """What is the same for identical calls of a tool in one session; empty where that cannot be told.

    Without a digest of all that it was given it has to be the target, where that says enough: a task's is the kind
    of its subagent, and `cd` stands before any command at all.
    """
    if use.digest is not None:
        return f"{use.name}:{use.target}:{use.digest:x}"
    vague = use.name == "bash" and (" " not in use.target or use.target.startswith("cd "))
    is_specific = use.target and not vague and use.name not in (*EDIT_TOOLS, "task", "subagent")
    return f"{use.name}:{use.target}" if is_specific else ""


def what_ran(use: ToolFacts) -> str:
    """A use of a tool for people: `grep of src`, and for a command its head."""
    if not use.target:
        return use.name
    return use.target if use.name == "bash" else f"{use.name} of {last_part(use.target)}"


def changes_files(use: ToolFacts) -> bool:
    """It changed a file, or is about to."""
    return use.name in EDIT_TOOLS and use.ok is not False


def is_edit(use: ToolFacts) -> bool:
    """It changed a file that is known, or is about to."""
    return changes_files(use) and use.target != ""
