"""Reads the root sessions of a span from the ledger, each with the sums of its tree."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from opencode_tui.analysis.periods import PERIODS, days_of, parse_day
from opencode_tui.analysis.trees import Tree, roots, trees_of
from opencode_tui.clock import EVER, HOUR_MS, Calendar, Span
from opencode_tui.ledger import queries, session_queries
from opencode_tui.ledger.bounds import bounded_sessions, is_lower_bound
from opencode_tui.readings.context import Context
from opencode_tui.readings.naming import session_titles
from opencode_tui.readings.session_parts import SPARK_STEPS, combined, main_key, read_parts, read_sparks
from opencode_tui.records.calls import Tokens
from opencode_tui.records.facts import SessionFacts, SessionSum
from opencode_tui.records.requests import SessionsRequest
from opencode_tui.records.sessions import SessionList, SessionRow, State

RUNNING_MS = HOUR_MS // 2
"""An incomplete call older than this counts as aborted: OpenCode was ended."""
ACTIVE_MS = 120_000
"""A session counts as active for this long after its last call."""


def read_sessions(request: SessionsRequest, context: Context) -> SessionList:
    """The root sessions of the request's period, the most recently active first.

    Raises ValueError for an unknown period.
    """
    span = span_of(context.calendar, request.period, context.now_ms)
    rows = session_rows(span, context, sparks=request.sparks, contexts=request.contexts)
    rows.sort(key=lambda row: (-row.last_ms, row.id))
    return SessionList(request, context.now_ms, tuple(rows), is_lower_bound(context.connection, span, context.whole))


def span_of(calendar: Calendar, period: str, now_ms: int) -> Span:
    """The span of one of PERIODS or of a day (2026-05-13). Raises ValueError."""
    if period not in PERIODS:
        return calendar.span(parse_day(period))
    # including calls in the future, from when the clock was ahead
    if period == "all":
        return EVER
    today = calendar.day(now_ms)
    return calendar.span(*days_of(period, today, today))


def session_rows(span: Span, context: Context, *, sparks: bool = True, contexts: bool = True) -> list[SessionRow]:
    """The roots of all sessions active in the span, unordered; without `sparks` or `contexts` these are empty."""
    connection, now_ms, limits = context.connection, context.now_ms, context.limits
    parts = read_parts(connection, span, now_ms - RUNNING_MS)
    sums, models, agents = parts.sums, parts.models, parts.agents
    facts = _with_ancestors(connection, sums)
    parents = {id: facts[id].parent_id if id in facts else None for id in {*sums, *facts}}
    grown = trees_of(roots(list(sums), parents))
    newest = queries.newest_contexts(connection, span, [tree.root for tree in grown]) if contexts else {}
    bounded = bounded_sessions(
        connection, {id: (each.first_ms, each.last_ms) for id, each in sums.items()}, context.whole, span
    )
    untitled = [tree.root for tree in grown if tree.root not in facts or not facts[tree.root].title]
    names = session_titles(connection, untitled, context.calendar) if untitled else {}
    times = {tree.root: _times([sums[member] for member in tree.members]) for tree in grown}
    spans = {member: (tree.root, times[tree.root]) for tree in grown for member in tree.members}
    spark = read_sparks(connection, span, spans) if sparks else {}
    nothing = (0,) * SPARK_STEPS if sparks else ()
    rows = []
    for tree in grown:
        last, members = newest.get(tree.root), [sums[member] for member in tree.members]
        tree_models = combined([models[member] for member in tree.members])
        agent = agents.get(tree.root) or combined([agents[member] for member in tree.members])
        rows.append(
            _row(
                tree,
                names.get(tree.root) or facts[tree.root].title,
                facts.get(tree.root),
                sums.get(tree.root),
                members,
                now_ms,
                times=times[tree.root],
                models=tuple(tree_models),
                model=main_key(tree_models),
                agent=main_key(agent),
                context_tokens=last[0] if last else 0,
                context_limit=limits.context_limit(*last[1:]) if limits and last else None,
                spark=spark.get(tree.root, nothing),
                lower_bound=not bounded.isdisjoint(tree.members),
            )
        )
    return rows


def _times(members: Sequence[SessionSum]) -> tuple[int, int]:
    return min([each.first_ms for each in members]), max([each.last_ms for each in members])


def _row(
    tree: Tree,
    title: str,
    facts: SessionFacts | None,
    own: SessionSum | None,
    members: Sequence[SessionSum],
    now_ms: int,
    *,
    times: tuple[int, int],
    models: tuple[str, ...],
    model: str,
    agent: str,
    context_tokens: int,
    context_limit: int | None,
    spark: tuple[int, ...],
    lower_bound: bool,
) -> SessionRow:
    started_ms, last_ms = times
    return SessionRow(
        id=tree.root,
        title=title,
        project=facts.project if facts else "",
        model=model,
        models=models,
        agent=agent,
        state=state_of(facts, any(each.running for each in members), last_ms, now_ms),
        is_fork=facts.is_fork if facts else False,
        own_nano=own.spend_nano if own else 0,
        total_nano=sum([each.spend_nano for each in members]),
        subagents=tree.subagents,
        turns=own.turns if own else 0,
        calls=sum([each.calls for each in members]),
        tokens=members[0].tokens if len(members) == 1 else sum((each.tokens for each in members), Tokens()),
        context_tokens=context_tokens,
        context_limit=context_limit,
        started_ms=started_ms,
        last_ms=last_ms,
        spark=spark,
        lower_bound=lower_bound,
    )


def state_of(facts: SessionFacts | None, running: bool, last_ms: int, now_ms: int) -> State:
    """The state of a session; a running call makes it active."""
    if facts is not None and facts.deleted:
        return "deleted"
    if running or 0 <= now_ms - last_ms < ACTIVE_MS:
        return "active"
    return "archived" if facts is not None and facts.archived else "idle"


def _with_ancestors(connection: sqlite3.Connection, ids: Iterable[str]) -> dict[str, SessionFacts]:
    facts = queries.session_facts(connection, ids)
    above = {each.parent_id for each in facts.values() if each.parent_id and each.parent_id not in facts}
    if above:
        facts |= queries.session_facts(connection, session_queries.with_ancestors(connection, above))
    return facts
