"""Reads the trees of sessions that were active in a span from the ledger, each with its sums."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from sys import intern

from opencode_tui.analysis.trees import Tree, roots, trees_of
from opencode_tui.clock import HOUR_MS, Span
from opencode_tui.ledger import session_list_queries, session_queries
from opencode_tui.ledger.bounds import bounded_sessions
from opencode_tui.readings.context import Context
from opencode_tui.readings.naming import session_titles
from opencode_tui.readings.session_parts import main_agent, read_parts, sum_of, turns_in
from opencode_tui.records.facts import SessionFacts, SessionPart
from opencode_tui.records.sessions import SessionRow, State

RUNNING_MS = HOUR_MS // 2
"""An incomplete call older than this counts as aborted: OpenCode was ended."""
ACTIVE_MS = 120_000
"""A session counts as active for this long after its last call."""


def session_rows(
    span: Span, context: Context, *, sparks: bool = True, contexts: bool = True, turns: bool = True
) -> Iterator[SessionRow]:
    """The roots of all sessions active in the span, unordered, without `sparks`, `contexts` or `turns` if not asked."""
    return (row for _, row in tree_rows(span, context, (sparks, contexts, turns)))


def tree_rows(
    span: Span, context: Context, parts_asked: tuple[bool, bool, bool], ids: Collection[str] | None = None
) -> Iterator[tuple[Tree, SessionRow]]:
    """Those rows, each with its tree; `ids` are all sessions of some trees, which then are the only ones."""
    sparks, contexts, turns = parts_asked
    connection, now_ms, limits = context.connection, context.now_ms, context.limits
    parts = read_parts(connection, span, ids, costs=sparks, turns=turns)
    running = session_list_queries.running_sessions(connection, span, now_ms - RUNNING_MS)
    facts = _with_ancestors(connection, parts)
    parents = {**dict.fromkeys(parts), **{id: each.parent_id for id, each in facts.items()}}
    grown = trees_of(roots(list(parts), parents))
    newest = session_list_queries.newest_contexts(connection, span, [tree.root for tree in grown]) if contexts else {}
    bounded = bounded_sessions(connection, parts, lambda id: _times(parts[id]), context.whole, span)
    untitled = [tree.root for tree in grown if tree.root not in facts or not facts[tree.root].title]
    names = session_titles(connection, untitled, context.calendar) if untitled else {}
    for tree in grown:
        id, last = tree.root, newest.get(tree.root)
        own = parts.get(id, [])
        of_tree = [part for member in tree.members for part in parts.pop(member)]  # so that both are not held at once
        whole = sum_of(of_tree)
        known = facts.get(id)
        row = SessionRow(
            id=id,
            title=names.get(id) or facts[id].title,
            project=intern(known.project) if known else "",
            model=whole.model,
            models=whole.models,
            agent=main_agent(own or of_tree),
            state=state_of(known, not running.keys().isdisjoint(tree.members), whole.last_ms, now_ms),
            is_fork=known.is_fork if known else False,
            own_nano=sum([part.spend_nano for part in own]),
            total_nano=whole.spend_nano,
            subagents=tree.subagents,
            turns=turns_in(own) if turns else None,
            calls=whole.calls,
            tokens=whole.tokens,
            context_tokens=last[0] if last else 0,
            context_limit=limits.context_limit(*last[1:]) if limits and last else None,
            started_ms=whole.first_ms,
            last_ms=whole.last_ms,
            costs=whole.costs if sparks else None,
            lower_bound=not bounded.isdisjoint(tree.members),
        )
        yield tree, row


def _times(parts: Sequence[SessionPart]) -> tuple[int, int]:
    if len(parts) == 1:
        return parts[0].first_ms, parts[0].last_ms
    return min([part.first_ms for part in parts]), max([part.last_ms for part in parts])


def state_of(facts: SessionFacts | None, running: bool, last_ms: int, now_ms: int) -> State:
    """The state of a session; a running call makes it active."""
    if facts is not None and facts.deleted:
        return "deleted"
    if running or 0 <= now_ms - last_ms < ACTIVE_MS:
        return "active"
    return "archived" if facts is not None and facts.archived else "idle"


def _with_ancestors(connection: sqlite3.Connection, ids: Collection[str]) -> dict[str, SessionFacts]:
    facts = session_list_queries.session_facts(connection, ids)
    above = {each.parent_id for each in facts.values() if each.parent_id and each.parent_id not in facts}
    if above:
        facts |= session_list_queries.session_facts(connection, session_queries.with_ancestors(connection, above))
    return facts
