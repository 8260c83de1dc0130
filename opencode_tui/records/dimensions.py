"""What calls can be grouped and filtered by."""

from __future__ import annotations

TIMES = ("hour", "weekday", "day", "week", "month")
"""The dimensions that a call's time decides."""
DIMENSIONS = ("model", "provider", "agent", "project", "task", "tool", "session", "kind", *TIMES)
"""All dimensions; `task` is what the call's turn was for, one of work.TASKS; `kind` is one of KINDS_OF_USE."""
KINDS_OF_USE = ("interactive", "opencode run", "subagent", "title or compaction", "CI")
"""Who caused a call: a person, or one of four machines.

A call is CI's if its directory is where a CI machine checks out, a title's or compaction's by its agent, a subagent's
if its session has a parent, and of `opencode run` if the session denies questions, as OpenCode 1 sets it there.
OpenCode 2 does not record that, so its runs are interactive.
"""
