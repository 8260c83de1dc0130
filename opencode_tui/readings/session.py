"""Reads one session from the ledger: its tree of subagents, its turns, its forks, and a turn's calls."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from opencode_tui.analysis.cause_finders import FoundCause
from opencode_tui.analysis.causes import causes_in
from opencode_tui.analysis.trees import TreeNode, tree_nodes
from opencode_tui.analysis.turns import growth_of, turns_of
from opencode_tui.ledger import session_list_queries, session_queries
from opencode_tui.ledger.bounds import bounded_sessions
from opencode_tui.ledger.residuals import UNDONE
from opencode_tui.readings.context import Context, ContextLimits, LiveStore, UnknownSession
from opencode_tui.readings.naming import session_titles
from opencode_tui.readings.session_parts import main_key
from opencode_tui.readings.session_rows import RUNNING_MS, state_of
from opencode_tui.readings.shipped import read_shipped_by_session
from opencode_tui.records.calls import Tokens, is_unlisted, message_id
from opencode_tui.records.evidence import SessionEvidence
from opencode_tui.records.facts import CallFacts, SessionFacts, SessionSum, ToolFacts
from opencode_tui.records.model_key import split_key
from opencode_tui.records.privacy.harmless import shown_id
from opencode_tui.records.requests import SessionRequest, TurnRequest
from opencode_tui.records.session import CallRates, CallRow, Node, SessionName, SessionView, ToolRow, Turn, TurnView
from opencode_tui.records.whole_files import with_whole_files


def read_session(request: SessionRequest, context: Context) -> SessionView:
    """The session over its whole life. Raises UnknownSession."""
    connection, now_ms = context.connection, context.now_ms
    tree = _tree(connection, request.session_id, context)
    facts = tree.facts.get(request.session_id)
    calls = session_queries.session_calls(connection, request.session_id)
    if facts is None and not calls:
        raise UnknownSession(f"no session {shown_id(request.session_id)} is in the ledger")
    tools = session_queries.session_tools(connection, request.session_id)
    turns = session_turns(
        request.session_id,
        calls,
        tools,
        now_ms,
        limits=context.limits,
        live=context.live,
        directory=facts.directory if facts else "",
    )
    saved = session_queries.cache_saved(connection, request.session_id)
    origin_id = (facts.fork_of if facts else None) or session_queries.origin_of(connection, request.session_id)
    fork_ids = session_queries.forks_of(connection, request.session_id)
    parent_id = facts.parent_id if facts else None
    others = session_titles(connection, [id for id in (origin_id, parent_id, *fork_ids) if id], context.calendar)
    root = tree.nodes[0]
    billed = [call for call in calls if not call.copied]
    tokens = sum((call.tokens for call in billed), Tokens())
    done = [use for use in tools if not use.refused]
    whole = with_whole_files(done, (facts.directory or facts.project) if facts else "")
    findings = causes_in(SessionEvidence(root.id, root.title, tuple(billed), tuple(whole)), context.calendar)
    return SessionView(
        request=request,
        taken_ms=now_ms,
        id=root.id,
        title=root.title,
        directory=facts.directory if facts else "",
        project=facts.project if facts else "",
        state=root.state,
        agent=root.agent,
        model=root.model,
        own_nano=root.own_nano,
        total_nano=root.total_nano,
        inherited_nano=sum(call.amount_nano for call in calls if call.copied),
        list_nano=sum(call.list_nano for call in billed),
        calls=len(billed),
        copied_calls=len(calls) - len(billed),
        tokens=tokens,
        started_ms=root.started_ms,
        last_ms=root.last_ms,
        cache_hit_rate=tokens.cache_read / tokens.context if tokens.context else 0.0,
        cache_saved_nano=saved,
        parent=_named(parent_id, others),
        fork_of=_named(origin_id, others),
        forks=tuple(SessionName(id, others[id]) for id in fork_ids),
        tree=tree.nodes,
        turns=tuple(_marked(turn, findings) for turn in turns),
        growth=growth_of(calls),
        causes=tuple(finding.cause for finding in findings),
        lower_bound=root.lower_bound,
        own_lower_bound=root.own_lower_bound,
        shipped=read_shipped_by_session(root.id, context),
    )


def session_turns(
    session_id: str,
    calls: Sequence[CallFacts],
    tools: Sequence[ToolFacts],
    now_ms: int,
    *,
    limits: ContextLimits | None = None,
    live: LiveStore | None = None,
    directory: str = "",
) -> tuple[Turn, ...]:
    """The turns of a session's own calls; `directory` is that of the session: of its files and context limits."""
    ids = live.shown_ids(session_id) if live else None
    undone = frozenset() if ids is None else frozenset(call.id for call in calls if is_undone(call.id, call.agent, ids))
    turn_ids = list(dict.fromkeys(call.turn_id for call in calls if call.turn_id))
    return turns_of(
        calls,
        tools,
        limit=_limit(limits, directory),
        undone=undone,
        running_since_ms=now_ms - RUNNING_MS,
        prompts=live.prompts(session_id, turn_ids) if live else {},
        directory=directory,
    )


def _marked(turn: Turn, findings: Sequence[FoundCause]) -> Turn:
    """The turn with the short names of the findings that it is part of."""
    marks = tuple(finding.mark for finding in findings if turn.id in finding.turns)
    return replace(turn, causes=tuple(dict.fromkeys(marks))) if marks else turn


def read_turn(request: TurnRequest, context: Context) -> TurnView:
    """The calls of one turn with the rates behind their cost; no calls if there is no such turn."""
    rows = session_queries.turn_rows(context.connection, request.session_id, request.turn_id)
    wanted = {row[0] for row in rows}
    tools: dict[str, list[ToolRow]] = defaultdict(list)
    for use in session_queries.session_tools(context.connection, request.session_id) if rows else ():
        if use.call_id in wanted:
            shown = ToolRow(use.name, use.target, use.ok, use.duration_ms, use.child_session_id, use.refused)
            tools[use.call_id].append(shown)
    ids = context.live.shown_ids(request.session_id) if context.live else None
    return TurnView(
        request,
        context.now_ms,
        tuple(_call_row(row, is_undone(row[0], row[4], ids), tuple(tools[row[0]])) for row in rows),
    )


def read_turns_of(session_id: str, context: Context) -> tuple[Turn, ...]:
    """The turns of one session, without the rest of its view."""
    calls = session_queries.session_calls(context.connection, session_id)
    tools = session_queries.session_tools(context.connection, session_id)
    facts = session_list_queries.session_facts(context.connection, [session_id]).get(session_id)
    directory = facts.directory if facts else ""
    return session_turns(
        session_id, calls, tools, context.now_ms, limits=context.limits, live=context.live, directory=directory
    )


class _Tree(Struct, frozen=True):
    nodes: tuple[Node, ...]
    facts: Mapping[str, SessionFacts]


def _tree(connection: sqlite3.Connection, root: str, context: Context) -> _Tree:
    now_ms, whole = context.now_ms, context.whole
    ids = session_queries.tree_ids(connection, root)
    facts = session_list_queries.session_facts(connection, ids)
    titles = session_titles(connection, ids, context.calendar)
    sums = session_list_queries.sums_of(connection, ids, now_ms - RUNNING_MS)
    tasks = session_queries.task_counts(connection, ids)
    models: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    agents: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for id, model, agent, nano, calls in session_queries.main_keys(connection, ids):
        for shares, key in ((models[id], model), (agents[id], agent)):
            had = shares.get(key, (0, 0))
            shares[key] = (had[0] + nano, had[1] + calls)
    own = {id: sums[id].spend_nano if id in sums else 0 for id in ids}
    parents = {id: facts[id].parent_id if id in facts else None for id in ids}
    known = session_list_queries.session_facts(connection, [parent for parent in (parents[root],) if parent])
    times = {id: (sums[id].first_ms, sums[id].last_ms) if id in sums else () for id in ids}
    bounded = bounded_sessions(connection, ids, times.__getitem__, whole)
    places = tree_nodes(root, parents, own)
    above = _above(places, bounded)
    nodes = tuple(
        _node(
            place,
            titles[place.id],
            facts.get(place.id),
            sums.get(place.id),
            main_key(models[place.id]),
            main_key(agents[place.id]),
            own[place.id],
            tasks.get(place.id, 0),
            _odd(place, parents, known),
            now_ms,
            bounds=(place.id in above, place.id in bounded),
        )
        for place in places
    )
    return _Tree(nodes, facts)


def _above(places: Sequence[TreeNode], bounded: frozenset[str]) -> set[str]:
    """The ids whose totals are lower bounds: the bounded sessions and all their ancestors."""
    found = set(bounded)
    for place in reversed(places):
        if place.id in found and place.parent_id is not None:
            found.add(place.parent_id)
    return found


def _odd(place: TreeNode, parents: Mapping[str, str | None], known: Mapping[str, SessionFacts]) -> str:
    """What is wrong with a root's parent (unknown, or one of its own descendants); else empty."""
    parent = parents[place.id]
    if place.depth or parent is None:
        return ""
    if parent in parents:
        return "its parent is one of its own subagents"
    return "" if parent in known else f"its parent {parent} is not known"


def _node(
    place: TreeNode,
    title: str,
    facts: SessionFacts | None,
    sums: SessionSum | None,
    model: str,
    agent: str,
    own_nano: int,
    tasks: int,
    odd: str,
    now_ms: int,
    *,
    bounds: tuple[bool, bool],
) -> Node:
    """`bounds`: whether the total and whether the own amount is a lower bound."""
    last_ms = sums.last_ms if sums else 0
    return Node(
        id=place.id,
        parent_id=place.parent_id,
        depth=place.depth,
        title=title,
        agent=agent,
        model=model,
        state=state_of(facts, bool(sums and sums.running), last_ms, now_ms),
        own_nano=own_nano,
        total_nano=place.total,
        calls=sums.calls if sums else 0,
        started_ms=sums.first_ms if sums else 0,
        last_ms=last_ms,
        tasks=tasks,
        odd=odd,
        lower_bound=bounds[0],
        own_lower_bound=bounds[1],
    )


def _call_row(row: tuple[Any, ...], undone: bool, tools: tuple[ToolRow, ...]) -> CallRow:
    id, created_ms, completed_ms, model, agent, *rest = row
    cost, amount, recorded, basis, listed, copied_from, finish, error, variant, streamed_ms, *more = rest[5:]
    missing, *rates = more
    return CallRow(
        id=id,
        created_ms=created_ms,
        completed_ms=completed_ms,
        model=model,
        agent=agent,
        tokens=Tokens(*rest[:5]),
        cost_nano=cost,
        amount_nano=amount,
        recorded_nano=recorded,
        basis=basis,
        rates=None if rates[0] is None else CallRates(*rates),
        list_nano=listed,
        copied_from=copied_from,
        finish=finish,
        error=error,
        undone=undone,
        tools=tools,
        variant=variant,
        streamed_ms=streamed_ms,
        missing=missing,
    )


def is_undone(id: str, agent: str, ids: frozenset[str] | None) -> bool:
    """Whether OpenCode no longer has the call; `ids` are the messages that it shows. Titles have no message."""
    return ids is not None and message_id(id) not in ids and (agent == UNDONE or not is_unlisted(id))


def _limit(limits: ContextLimits | None, directory: str) -> Callable[[str], int | None]:
    def limit(model: str) -> int | None:
        return limits.context_limit(*split_key(model), directory) if limits else None

    return limit


def _named(id: str | None, titles: Mapping[str, str]) -> SessionName | None:
    return SessionName(id, titles[id]) if id else None
