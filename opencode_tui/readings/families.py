"""Reads the subagents below sessions: a few sums of all of them, or each as a record."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from opencode_tui.analysis.deeds import deed_of
from opencode_tui.analysis.tool_kinds import files_shown
from opencode_tui.analysis.turn_work import works_of_turns
from opencode_tui.ledger import session_work_queries as rows
from opencode_tui.readings.session_parts import main_key
from opencode_tui.records.calls import Tokens
from opencode_tui.records.signs import NO_FAMILY, FamilySigns
from opencode_tui.records.work import ChildWork, TurnWork

_LOOKS = frozenset(("read", "search", "web"))


def family_signs(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, FamilySigns]:
    """The sums of the subagents below each of the sessions that has any."""
    places = rows.below(connection, ids)
    if not places:
        return {}
    nano: dict[str, int] = defaultdict(int)
    tokens: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows.sums_by_model(connection, sorted({id for place in places for id in place[:2]})):
        nano[row[0]] += row[3]
        tokens[row[0]][row[1]] += sum(row[7:12])
    found: dict[str, FamilySigns] = {}
    for root, id, parent_id, depth in places:
        if id in nano:
            had = found.get(root, NO_FAMILY)
            found[root] = FamilySigns(
                many=had.many + 1,
                direct=had.direct + (parent_id == root),
                depth=max(had.depth, depth),
                nano=had.nano + nano[id],
                tokens=had.tokens + sum(tokens[id].values()),
                own_tokens=min(tokens[root].values(), default=0),
            )
    return found


def child_works(
    connection: sqlite3.Connection, ids: Sequence[str], tasks_known: Mapping[str, str] | None = None
) -> dict[str, list[ChildWork]]:
    """The subagents below each of the sessions, in order of time, without their titles.

    `tasks_known` is the `main_task` of sessions whose calls were read already; only those of others are read again.
    """
    places = rows.below(connection, ids)
    if not places:
        return {}
    below = sorted({id for _, id, _, _ in places})
    tasks = _tasks(connection, below, tasks_known or {})
    reads: dict[str, dict[str, None]] = defaultdict(dict)
    for id, use in rows.targets_of(connection, below):
        deed = deed_of(use.name, use.target, True)
        looked_at = (use.target,) if deed.did in _LOOKS and not deed.is_command else files_shown(use)
        reads[id].update(dict.fromkeys(looked_at))
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
                    *(id, parent_id, depth, "", main_key(agents), main_key(models)),
                    *(tasks.get(id, "conversation"), sum(row[3] for row in of), sum(row[4] for row in of)),
                    sum((Tokens(*row[7:12]) for row in of), Tokens()),
                    *(min(row[5] for row in of), max(row[6] for row in of), tuple(reads[id])),
                    call_ids=tuple(call_id for call_id, _ in paid.get(id, ())),
                    first_nano=next((nano for _, nano in paid.get(id, ())), 0),
                )
            )
    return {root: sorted(of, key=lambda child: (child.started_ms, child.id)) for root, of in found.items()}


def main_task(turns: Iterable[TurnWork]) -> str:
    """The task that most of a session's spend was for."""
    spent: dict[str, tuple[int, int]] = {}
    for turn in turns:
        nano, calls = spent.get(turn.task, (0, 0))
        spent[turn.task] = nano + turn.cost_nano, calls + len(turn.calls)
    return main_key(spent)


def _tasks(connection: sqlite3.Connection, ids: Sequence[str], known: Mapping[str, str]) -> dict[str, str]:
    """The main task of each session; what is neither kept nor known yet is worked out."""
    found = {**known, **rows.main_tasks(connection, ids)}
    for of in rows.calls_of_sessions(connection, [id for id in ids if id not in found]):
        found[of.session_id] = main_task(works_of_turns(of.turns))
    return found


def _shares(of: Sequence[tuple[Any, ...]], column: int) -> dict[str, tuple[int, int]]:
    shares: dict[str, tuple[int, int]] = {}
    for row in of:
        nano, calls = shares.get(row[column], (0, 0))
        shares[row[column]] = nano + row[3], calls + row[4]
    return shares
