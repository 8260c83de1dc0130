"""Brings what the turns were for up to date with the calls, for the sessions that changed."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from opencode_tui.analysis.deeds import EDITS, Deed, deed_of
from opencode_tui.analysis.retries import edits_and_retries, is_one_shot
from opencode_tui.analysis.task_classes import VERSION, TurnDeeds, task_of
from opencode_tui.clock import EVER, Span
from opencode_tui.ledger.changed_work import Part, is_stamped, restamp, sessions_behind
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.ledger.turns import KeptTurn, TurnFacts, keep_turns, tools_of_turns, turn_facts
from opencode_tui.records.collecting import paused_collection
from opencode_tui.records.requests import BreakdownRequest
from opencode_tui.records.work import SessionWork

_AT_ONCE = 2_000
"""Sessions that are settled in one transaction."""
_ON_THE_WAY = 500
"""Sessions that are settled for what can do without."""


def settle_turns(ledger: Ledger, span: Span = EVER, most: int | None = None) -> None:
    """Classifies the turns of the sessions around a span that changed, at most so many, a transaction for each step.

    May be interrupted anywhere and run twice at once. Raises sqlite3.OperationalError if the ledger is locked.
    """
    stamp_part(ledger, "turns", VERSION)
    behind = sessions_behind(ledger.connection, "turns", span)[:most]
    for first in range(0, len(behind), _AT_ONCE):
        ids = behind[first : first + _AT_ONCE]
        with paused_collection(), ledger.writing() as connection:
            keep_turns(connection, ids, classified(connection, ids))


def stamp_part(ledger: Ledger, part: Part, stamp: str) -> None:
    """Notes all sessions as behind if a part was made by other rules than those that a stamp stands for."""
    if not is_stamped(ledger.connection, part, stamp):
        with ledger.writing() as connection:
            if not is_stamped(connection, part, stamp):
                restamp(connection, part, stamp)


def settle_for(ledger: Ledger, request: BreakdownRequest, most: int | None = None) -> None:
    """Classifies what a breakdown needs, at most so many sessions; by task it needs all, else a few on the way.

    A ledger that is locked is left as it is.
    """
    if request.is_about_tasks or request.details:
        with suppress(sqlite3.OperationalError):
            settle_turns(ledger, most=most if request.is_about_tasks else _ON_THE_WAY)


def settle_span(ledger: Ledger, span: Span) -> None:
    """Classifies what is new around a span. A ledger that is locked is left as it is."""
    with suppress(sqlite3.OperationalError):
        settle_turns(ledger, span)


def classified(connection: sqlite3.Connection, ids: Sequence[str]) -> Iterator[KeptTurn]:
    """The turns of sessions, each with its task."""
    deeds = _deeds(connection, ids)
    for facts in turn_facts(connection, ids):
        yield _kept(facts, deeds.get((facts.session_id, facts.turn_id), ()))


_Uses = Sequence[tuple[str, Deed]]
"""The id of the call that asked for it, and the deed, in their order."""


def turns_to_keep(work: SessionWork) -> Iterator[KeptTurn]:
    """The turns of a session whose work is put together already."""
    for turn in work.turns:
        facts = TurnFacts(
            *(work.id, turn.id, turn.started_ms, max(call.completed_ms or call.created_ms for call in turn.calls)),
            *(len(turn.calls), turn.cost_nano, ",".join(dict.fromkeys(call.agent for call in turn.calls))),
        )
        edits = (
            use.call_id
            for use in turn.tools
            if use.ok is not False and deed_of(use.name, use.target, None).did in EDITS
        )
        edit_call_id = next(edits) if turn.edits else None
        yield KeptTurn(facts, turn.task, turn.edits, turn.retries, turn.is_one_shot, edit_call_id)


def _deeds(connection: sqlite3.Connection, ids: Sequence[str]) -> Mapping[tuple[str, str], _Uses]:
    found: dict[tuple[str, str], list[tuple[str, Deed]]] = defaultdict(list)
    of_call: list[tuple[str, Deed]] = []
    last_call = ""
    for session_id, turn_id, call_id, use_id, name, target, ok in tools_of_turns(connection, ids):
        deed = deed_of(name, target, None if ok is None else bool(ok))
        uses = found[session_id, turn_id]
        if call_id != last_call:
            last_call, of_call = call_id, []
        of_call.append((use_id, deed))
        if len(of_call) > 1:  # the uses of a call come in no order
            del uses[1 - len(of_call) :]
            uses += [(call_id, each) for _, each in sorted(of_call, key=lambda use: use[0])]
        else:
            uses.append((call_id, deed))
    return found


def _kept(facts: TurnFacts, uses: _Uses) -> KeptTurn:
    deeds = tuple(deed for _, deed in uses)
    task = task_of(TurnDeeds(facts.agents.split(","), deeds))
    edits, retries = edits_and_retries(deeds)
    if not edits:
        return KeptTurn(facts, task, retries=retries)
    edit_call_id = next(call_id for call_id, deed in uses if deed.did in EDITS and deed.ok is not False)
    return KeptTurn(facts, task, edits, retries, is_one_shot(edits, retries), edit_call_id)
