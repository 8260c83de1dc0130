"""Puts together the work of sessions, turn by turn, from the ledger."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from opencode_tui.analysis.deeds import deed_of
from opencode_tui.analysis.turn_work import turns_work
from opencode_tui.ledger import queries
from opencode_tui.ledger import session_work_queries as rows
from opencode_tui.readings.context import ContextLimits
from opencode_tui.readings.session_parts import main_key
from opencode_tui.readings.turn_settling import classified
from opencode_tui.records.calls import Tokens
from opencode_tui.records.facts import CallFacts
from opencode_tui.records.model_key import split_key
from opencode_tui.records.session import CallRates
from opencode_tui.records.work import ChildWork, SessionWork

_LOOKS = frozenset(("read", "search", "web"))


def session_works(
    connection: sqlite3.Connection,
    ids: Sequence[str],
    limits: ContextLimits | None = None,
    rates: Mapping[str, CallRates] | None = None,
) -> Iterator[SessionWork]:
    """The work of each of the sessions that has a paid call.

    `rates` are those of `latest_rates`, if they are known already.
    """
    calls, tools = rows.calls_of_sessions(connection, ids), rows.tools_of_sessions(connection, ids)
    titles = queries.titles(connection, ids)
    known = rows.latest_rates(connection) if rates is None else rates
    known_limits = _limits(known, limits)
    children = _children(connection, ids)
    for id, parent_id, fork_of, project, directory, is_deleted, kind_of_use in rows.worked_sessions(connection, ids):
        if id not in calls:
            continue
        yield SessionWork(
            id=id,
            title=titles.get(id, ""),
            turns=turns_work(calls[id], tools.get(id, ())),
            parent_id=parent_id,
            fork_of=fork_of,
            project=project,
            directory=directory,
            agent=_main_agent(calls[id]),
            kind_of_use=kind_of_use,
            is_deleted=bool(is_deleted),
            limits=known_limits | _limits({call.model for call in calls[id]}, limits, directory),
            rates=known,
            children=tuple(children.get(id, ())),
        )


def _main_agent(calls: Sequence[CallFacts]) -> str:
    shares: dict[str, tuple[int, int]] = {}
    for call in calls:
        nano, count = shares.get(call.agent, (0, 0))
        shares[call.agent] = nano + call.cost_nano, count + 1
    return main_key(shares)


def _limits(models: Iterable[str], limits: ContextLimits | None, directory: str = "") -> dict[str, int]:
    if limits is None:
        return {}
    found = {model: limits.context_limit(*split_key(model), directory) for model in models}
    return {model: limit for model, limit in found.items() if limit}


def _children(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, list[ChildWork]]:
    """The subagents below each of the sessions, in order of time."""
    places = rows.below(connection, ids)
    if not places:
        return {}
    below = sorted({id for _, id, _, _ in places})
    titles, tasks = queries.titles(connection, below), _tasks(connection, below)
    reads: dict[str, list[str]] = defaultdict(list)
    for id, name, target in rows.targets_of(connection, below):
        deed = deed_of(name, target, True)
        if deed.did in _LOOKS and not deed.is_command and target not in reads[id]:
            reads[id].append(target)
    paid = rows.paid_in(connection, below)
    sums: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows.sums_by_model(connection, below):
        sums[str(row[0])].append(row)
    found: dict[str, list[ChildWork]] = defaultdict(list)
    for root, id, parent_id, depth in places:
        if of := sums.get(id):
            models, agents = _shares(of, 1), _shares(of, 2)
            found[root].append(
                ChildWork(
                    *(id, parent_id, depth, titles.get(id, ""), main_key(agents), main_key(models)),
                    *(tasks.get(id, "conversation"), sum(row[3] for row in of), sum(row[4] for row in of)),
                    sum((Tokens(*row[7:12]) for row in of), Tokens()),
                    *(min(row[5] for row in of), max(row[6] for row in of), tuple(reads[id])),
                    call_ids=tuple(call_id for call_id, _ in paid.get(id, ())),
                    first_nano=next((nano for _, nano in paid.get(id, ())), 0),
                )
            )
    return {root: sorted(of, key=lambda child: (child.started_ms, child.id)) for root, of in found.items()}


def _tasks(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, str]:
    """The task that most of each session's spend was for; what is not kept yet is worked out."""
    kept = rows.main_tasks(connection, ids)
    spent: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for turn in classified(connection, [id for id in ids if id not in kept]):
        nano, calls = spent[turn.facts.session_id].get(turn.task, (0, 0))
        spent[turn.facts.session_id][turn.task] = nano + turn.facts.cost_nano, calls + turn.facts.calls
    return kept | {id: main_key(tasks) for id, tasks in spent.items()}


def _shares(of: Sequence[tuple[Any, ...]], column: int) -> dict[str, tuple[int, int]]:
    shares: dict[str, tuple[int, int]] = {}
    for row in of:
        nano, calls = shares.get(row[column], (0, 0))
        shares[row[column]] = nano + row[3], calls + row[4]
    return shares
