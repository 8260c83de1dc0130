"""Puts together the work of sessions, turn by turn, from the ledger."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from opencode_tui.analysis.session_signs import signs_of
from opencode_tui.analysis.turn_work import works_of_turns
from opencode_tui.ledger import session_work_queries as rows
from opencode_tui.readings.families import family_signs
from opencode_tui.readings.session_parts import main_key
from opencode_tui.records.facts import CallFacts
from opencode_tui.records.model_key import split_key
from opencode_tui.records.session import ModelRates
from opencode_tui.records.signs import NO_FAMILY, SessionSigns
from opencode_tui.records.work import SessionWork

if TYPE_CHECKING:
    from opencode_tui.readings.context import ContextLimits


def session_works(
    connection: sqlite3.Connection,
    ids: Sequence[str],
    limits: ContextLimits | None = None,
    rates: Mapping[str, ModelRates] | None = None,
) -> Iterator[tuple[SessionWork, SessionSigns]]:
    """The work of each of the sessions that has a paid call, without its subagents and its title, and its signs.

    `rates` are those of `latest_rates`, if they are known already.
    """
    families = family_signs(connection, ids)
    known = rows.latest_rates(connection) if rates is None else rates
    read = _Limits(limits)
    known_limits = read.of(known)
    about = {each[0]: each for each in rows.worked_sessions(connection, ids)}
    for id, calls, turns in rows.calls_of_sessions(connection, ids):
        _, parent_id, fork_of, project, directory, is_deleted, kind_of_use = about[id]
        own_limits = known_limits | read.of({call.model for call in calls}, directory)
        work = SessionWork(
            id=id,
            title="",
            turns=works_of_turns(turns),
            parent_id=parent_id,
            fork_of=fork_of,
            project=project,
            directory=directory,
            agent=_main_agent(calls),
            kind_of_use=kind_of_use,
            is_deleted=bool(is_deleted),
            limits=own_limits,
            rates=known,
        )
        work.keep_calls(calls)
        yield work, signs_of(work, calls, families.get(id, NO_FAMILY))


def _main_agent(calls: Sequence[CallFacts]) -> str:
    if len({call.agent for call in calls}) == 1:
        return calls[0].agent
    shares: dict[str, tuple[int, int]] = {}
    for call in calls:
        nano, count = shares.get(call.agent, (0, 0))
        shares[call.agent] = nano + call.cost_nano, count + 1
    return main_key(shares)


class _Limits:
    """Context limits, each asked for once in each directory."""

    def __init__(self, limits: ContextLimits | None) -> None:
        self._limits = limits
        self._known: dict[tuple[str, str], int | None] = {}

    def of(self, models: Iterable[str], directory: str = "") -> dict[str, int]:
        """The limits that are known, by model key."""
        if self._limits is None:
            return {}
        found = {}
        for model in models:
            key = model, directory
            if key not in self._known:
                self._known[key] = self._limits.context_limit(*split_key(model), directory)
            if limit := self._known[key]:
                found[model] = limit
        return found
