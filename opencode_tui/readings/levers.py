"""Reads what a period shows for each lever, and what changes of files follow from it."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Sequence

from opencode_tui.analysis.generated_files import ignore_line
from opencode_tui.clock import EVER, Span
from opencode_tui.ledger import lever_queries
from opencode_tui.readings.breakdown import days, read_breakdown, selection_of
from opencode_tui.readings.context import Context
from opencode_tui.readings.repricing import price_of, read_work
from opencode_tui.records.insights import LEVERS, Insight
from opencode_tui.records.levers import GeneratedReads, LeverEvidence, LeversView, LongSessions, SubagentModel
from opencode_tui.records.model_key import split_key
from opencode_tui.records.repricing import RepricedWork
from opencode_tui.records.requests import BreakdownRequest, Filter

MANY_TURNS = 20
"""A session with more turns is long."""
_LEAST_READS = 3
_LEAST_SAVING_NANO = 10_000_000
_LEAST_SHARE = 20
"""A cheaper model is worth a change if at least one part of so many of the period's calls was made on it."""
_MOST_OF_COST = 0.8


def read_levers(period: str, insights: Sequence[Insight], context: Context) -> LeversView:
    """The levers with the insights of the same period. Raises ValueError with a sentence for an unknown period."""
    first, last, label = days(period, None, None, context)
    span = EVER if label == "all" else context.calendar.span(first, last)
    return LeversView(
        label=label,
        first=first,
        last=last,
        levers=lever_evidence(insights),
        generated=tuple(_generated(span, context)),
        subagents=tuple(_subagents(period, span, context)),
        long_sessions=LongSessions(*lever_queries.long_sessions(context.connection, span, MANY_TURNS)),
    )


def lever_evidence(insights: Iterable[Insight]) -> tuple[LeverEvidence, ...]:
    """The insights by lever, in the order of LEVERS."""
    found: dict[str, list[Insight]] = defaultdict(list)
    for insight in sorted(insights, key=lambda insight: (-insight.saves_nano, -insight.cost_nano, insight.key)):
        if insight.state != "dismissed":
            found[insight.lever].append(insight)
    return tuple(
        LeverEvidence(
            lever,
            tuple(found[lever]),
            sum(insight.cost_nano for insight in found[lever]),
            sum(insight.saves_nano for insight in found[lever]),
        )
        for lever in LEVERS
    )


def _generated(span: Span, context: Context) -> list[GeneratedReads]:
    """Reads of generated files, of which a kind was read a few times at least."""
    reads: dict[tuple[str, str], int] = defaultdict(int)
    costs: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for project, directory, target, call_id, nano in lever_queries.reads_of_files(context.connection, span):
        line = ignore_line(_inside(project, directory, target))
        if line:
            reads[project, line] += 1
            costs[project, line][call_id] = nano
    found = [
        GeneratedReads(project, line, count, sum(costs[project, line].values()))
        for (project, line), count in reads.items()
        if count >= _LEAST_READS
    ]
    return sorted(found, key=lambda each: (-each.cost_nano, each.project, each.line))


def _inside(project: str, directory: str, target: str) -> str:
    """A target relative to its project; empty if it is outside of it."""
    path = posixpath.normpath(posixpath.join(directory or project, target))
    root = project.rstrip("/")
    return path[len(root) + 1 :] if root and path.startswith(f"{root}/") else ""


def _subagents(period: str, span: Span, context: Context) -> list[SubagentModel]:
    """The subagents that edited nothing and have a cheaper model among those that the user works with."""
    if context.book is None:
        return []
    readers = {
        agent: size
        for agent, (size, edits) in lever_queries.subagents(context.connection, span).items()
        if agent and not edits
    }
    if not readers:
        return []
    usage = read_breakdown(BreakdownRequest(("model",), period, details=False), context)
    in_use = [
        row.keys[0]
        for row in usage.rows
        if row.measures.spend_nano and row.measures.calls * _LEAST_SHARE >= usage.totals.calls
    ]
    request = BreakdownRequest(("agent", "model"), period, where=(Filter("kind", ("subagent",)),), details=False)
    selection = selection_of(request, context)
    best: dict[str, SubagentModel] = {}
    for cheaper in in_use:
        price_at = price_of(cheaper, (), context.book)
        works: dict[str, list[tuple[str, RepricedWork]]] = defaultdict(list)
        if price_at is not None:
            for (agent, model), work in read_work(context.connection, selection, price_at).items():
                works[agent].append((model, work))
        for agent in works.keys() & readers.keys():
            moved = _moved(agent, works[agent], cheaper)
            if moved is not None and _holds(cheaper, readers[agent], context):
                best[agent] = min(best.get(agent, moved), moved, key=lambda each: each.cheaper_nano)
    return sorted(best.values(), key=lambda each: (each.cheaper_nano - each.spend_nano, each.agent))


def _moved(agent: str, works: Sequence[tuple[str, RepricedWork]], cheaper: str) -> SubagentModel | None:
    """All of a subagent's calls on another model; None if that is not known to cost clearly less.

    Its free calls count as well: a model that is set for a subagent takes the place of all others.
    """
    if any(work.no_tokens or work.no_price for _, work in works):
        return None
    spend = sum(work.spend_nano for _, work in works)
    nano = sum(work.spend_nano if model == cheaper else work.repriced_nano for model, work in works)
    if not nano or spend - nano < _LEAST_SAVING_NANO or nano > spend * _MOST_OF_COST:
        return None
    others = sorted((work.spend_nano, model) for model, work in works if model != cheaper)
    calls = sum(work.calls for _, work in works)
    return SubagentModel(agent, tuple(model for _, model in reversed(others)), calls, spend, cheaper, nano)


def _holds(model: str, context_tokens: int, context: Context) -> bool:
    """Whether a model's context is known to be large enough."""
    limit = None if context.limits is None else context.limits.context_limit(*split_key(model))
    return limit is not None and limit > context_tokens
