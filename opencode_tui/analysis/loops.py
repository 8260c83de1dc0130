"""Loops: the same tool call repeated in one session, with nothing in between that may have changed files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from msgspec import Struct

from opencode_tui.analysis.file_changes import changes_files, may_change_files
from opencode_tui.paths import last_part
from opencode_tui.records.calls import EDIT_TOOLS
from opencode_tui.records.command_heads import heads_of
from opencode_tui.records.facts import CallFacts, ToolFacts


class Loop(Struct, frozen=True):
    """The longest run of one tool call in a session."""

    key: str
    what: str
    """Such as `grep of src`, or for a command its head: `npm test`."""
    times: int
    calls: tuple[CallFacts, ...]
    """The model calls that made it, in order of time; one of them can make it several times."""


def loops(calls: Sequence[CallFacts], tools: Sequence[ToolFacts]) -> tuple[Loop, ...]:
    """The longest run of each tool call with nothing in between that may have changed files, the most repeated first.

    `calls` are one session's, in order of time; `tools` are their tool uses. An edit ends all runs, so that a test that
    is run after every edit is no loop; so does a command that may change files, such as `sed -i`, unless the very same
    one was run before: two commands in turn are a loop of both.
    """
    uses: dict[str, list[ToolFacts]] = defaultdict(list)
    for use in tools:
        uses[use.call_id].append(use)
    running: dict[str, list[CallFacts]] = {}
    longest: dict[str, tuple[str, list[CallFacts]]] = {}
    ran: set[str] = set()
    for call in calls:
        for use in uses.get(call.id, ()):
            key = identity(use)
            if changes_files(use):
                running.clear()
                ran.clear()
                continue
            if may_change_files(use) and (use.digest is None or use.name == "task" or key not in ran):
                running = {key: running[key]} if key in running else {}
            if key:
                ran.add(key)
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
    """A key that identical tool calls of one session share; empty if that is not known.

    Without a digest of the input, the key is the target if that is specific: a task's is only its subagent's kind, and
    a command's may be only `cd`, or what is known of several commands.
    """
    if use.digest is not None:
        return f"{use.name}:{use.target}:{use.digest:x}"
    vague = use.name == "bash" and (
        " " not in use.target or use.target.startswith("cd ") or len(heads_of(use.target)) > 1
    )
    is_specific = use.target and not vague and use.name not in (*EDIT_TOOLS, "task", "subagent")
    return f"{use.name}:{use.target}" if is_specific else ""


def what_ran(use: ToolFacts) -> str:
    """A tool use as text: `grep of src`, or for a command its head."""
    if not use.target:
        return use.name
    return use.target if use.name == "bash" else f"{use.name} of {last_part(use.target)}"


def is_edit(use: ToolFacts) -> bool:
    """Whether it changed a known file or is about to."""
    return changes_files(use) and use.target != ""
