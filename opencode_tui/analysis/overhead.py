"""Calls that OpenCode makes for itself, such as those for titles and compactions."""

from __future__ import annotations

from opencode_tui.analysis.task_classes import OVERHEAD_AGENTS
from opencode_tui.records.calls import is_unlisted
from opencode_tui.records.facts import CallFacts


def is_overhead(call: CallFacts) -> bool:
    """Whether a call is for a title or a compaction, or was worked out and stands in no row."""
    return call.agent in OVERHEAD_AGENTS or is_unlisted(call.id)
