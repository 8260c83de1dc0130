"""Groups a session's calls and tool uses into turns: a prompt and the calls that followed it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby

from opencode_tui.analysis.deeds import deeds_of
from opencode_tui.analysis.retries import edits_and_retries
from opencode_tui.analysis.task_classes import TurnDeeds, task_of
from opencode_tui.records.calls import Tokens, is_unlisted
from opencode_tui.records.facts import CallFacts, ToolFacts
from opencode_tui.records.session import ToolCount, Turn
from opencode_tui.records.whole_files import with_whole_files

_FILES = 40

Limit = Callable[[str], int | None]
"""Returns the context limit of a `provider/model` in tokens, or None."""


def turns_of(
    calls: Sequence[CallFacts],
    tools: Sequence[ToolFacts],
    *,
    limit: Limit,
    undone: frozenset[str],
    running_since_ms: int,
    prompts: Mapping[str, str],
    directory: str = "",
) -> tuple[Turn, ...]:
    """The turns in order of time.

    `directory` is that of the session, in which its relative paths are. `undone` are the ids of calls that OpenCode no
    longer has. An incomplete call is running if it began after `running_since_ms`.
    """
    used: dict[str, list[ToolFacts]] = {call_id: list(of) for call_id, of in groupby(tools, lambda t: t.call_id)}
    grouped: dict[str, list[CallFacts]] = {}
    for call in calls:
        grouped.setdefault(call.turn_id, []).append(call)
    turns: list[Turn] = []
    before = ""
    number = 0
    for turn_id, members in grouped.items():
        number += bool(turn_id)
        uses = [use for call in members for use in used.get(call.id, ())]
        turns.append(
            _turn(
                turn_id,
                number if turn_id else 0,
                members,
                uses,
                before,
                limit,
                undone,
                running_since_ms,
                prompts.get(turn_id),
                directory,
            )
        )
        before = members[-1].model if turn_id else before
    return tuple(turns)


def growth_of(calls: Sequence[CallFacts]) -> tuple[tuple[str, tuple[tuple[int, int], ...]], ...]:
    """By model, most expensive first: (Unix milliseconds, nano-dollars so far) at each call with a cost."""
    points: dict[str, list[tuple[int, int]]] = {}
    for call in calls:
        if call.cost_nano:
            line = points.setdefault(call.model, [])
            line.append((call.created_ms, (line[-1][1] if line else 0) + call.cost_nano))
    lines = sorted(points.items(), key=lambda item: (-item[1][-1][1], item[0]))
    return tuple((model, tuple(line)) for model, line in lines)


def _turn(
    turn_id: str,
    number: int,
    calls: Sequence[CallFacts],
    uses: Sequence[ToolFacts],
    model_before: str,
    limit: Limit,
    undone: frozenset[str],
    running_since_ms: int,
    prompt: str | None,
    directory: str,
) -> Turn:
    billed = [call for call in calls if not call.copied]
    models = tuple(dict.fromkeys(call.model for call in calls if not is_unlisted(call.id)))
    whole = with_whole_files(uses, directory)
    edits, retries = edits_and_retries(deeds_of(use for use in whole if not use.refused))
    read = next((call for call in reversed(calls) if call.tokens.context and not is_unlisted(call.id)), calls[-1])
    return Turn(
        id=turn_id,
        number=number,
        started_ms=calls[0].created_ms,
        ended_ms=max(call.completed_ms or call.created_ms for call in calls),
        running=any(call.completed_ms is None and call.created_ms >= running_since_ms for call in calls),
        cost_nano=sum(call.cost_nano for call in calls),
        inherited_nano=sum(call.amount_nano for call in calls if call.copied),
        list_nano=sum(call.list_nano for call in billed),
        tokens=sum((call.tokens for call in calls), Tokens()),
        calls=len(calls),
        errors=sum(1 for call in calls if call.error),
        undone=sum(1 for call in calls if call.id in undone),
        context_tokens=read.tokens.context,
        context_limit=limit(read.model),
        models=models,
        switched=len(models) > 1 or (bool(models and model_before) and models[0] != model_before),
        tools=_tool_counts(uses),
        files=tuple(dict.fromkeys(use.target for use in uses if "/" in use.target or "." in use.target))[:_FILES],
        tokens_per_second=_speed(calls),
        prompt=prompt,
        lower_bound=any(call.missing for call in calls),
        task=task_of(TurnDeeds([call.agent for call in calls], deeds_of(whole))),
        edits=edits,
        edit_retries=retries,
        copied_calls=len(calls) - len(billed),
    )


def _tool_counts(uses: Sequence[ToolFacts]) -> tuple[ToolCount, ...]:
    names = dict.fromkeys(use.name for use in uses)
    counts = [
        ToolCount(
            name,
            sum(1 for use in uses if use.name == name),
            sum(1 for use in uses if use.name == name and use.ok is False and not use.refused),
        )
        for name in names
    ]
    return tuple(sorted(counts, key=lambda count: (-count.uses, count.name)))


def _speed(calls: Sequence[CallFacts]) -> float | None:
    """Output tokens per second over the completed calls with output.

    A call's time ends with its answer if that moment is known, else with its tools.
    """
    written, took_ms = 0, 0
    for call in calls:
        tokens = call.tokens.output + call.tokens.reasoning
        end_ms = call.streamed_ms or call.completed_ms
        if call.completed_ms is not None and end_ms is not None and end_ms > call.created_ms and tokens:
            written += tokens
            took_ms += end_ms - call.created_ms
    return written * 1000 / took_ms if took_ms else None
