"""The calls of a session that carry on its conversation, what they asked for, and how long they took."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from opencode_tui.analysis.task_classes import OVERHEAD_AGENTS
from opencode_tui.records.calls import is_unlisted
from opencode_tui.records.facts import CallFacts, ToolFacts


def conversation(calls: Iterable[CallFacts]) -> Iterator[CallFacts]:
    """The calls that read the conversation, without OpenCode's own and those that no tokens are known of."""
    for call in calls:
        if call.agent not in OVERHEAD_AGENTS and call.tokens.context and not is_unlisted(call.id):
            yield call


def stretches(calls: Iterable[CallFacts]) -> list[list[CallFacts]]:
    """The conversation's calls, divided where the context fell to less than half: it was compacted, or much undone."""
    found: list[list[CallFacts]] = []
    for call in conversation(calls):
        if not found or call.tokens.context * 2 < found[-1][-1].tokens.context:
            found.append([])
        found[-1].append(call)
    return found


def uses_by_call(tools: Iterable[ToolFacts]) -> Mapping[str, Sequence[ToolFacts]]:
    """The tool uses by the id of the call that asked for them, none for a call without any."""
    uses: dict[str, list[ToolFacts]] = defaultdict(list)
    for use in tools:
        uses[use.call_id].append(use)
    return uses


def ms_of(call: CallFacts) -> int:
    """How long a call took, in milliseconds; one that never completed took no known time."""
    return max(0, (call.completed_ms or call.created_ms) - call.created_ms)


def is_aborted(call: CallFacts) -> bool:
    """Whether somebody stopped the call, or OpenCode ended before its answer."""
    return "abort" in (call.error or "").lower()
