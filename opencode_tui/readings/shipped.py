"""Reads what became of what sessions cost: the lines that OpenCode recorded and, if it may be asked, git."""

from __future__ import annotations

from collections.abc import Callable

from opencode_tui.analysis.shipping import AFTER_MS, shipped_by_git
from opencode_tui.clock import Span
from opencode_tui.ledger import shipped_queries as queries
from opencode_tui.ledger.session_queries import tree_ids
from opencode_tui.readings.context import Context
from opencode_tui.records.answers import SessionShipped
from opencode_tui.records.requests import ShippedRequest
from opencode_tui.records.shipped import AskGit, GitShipped, PaidCall, Shipped


def read_session_shipped(request: ShippedRequest, context: Context) -> SessionShipped:
    """Of a session with all its subagents; git is asked if it may be, which can take seconds."""
    return SessionShipped(
        request, context.now_ms, read_shipped_by_session(request.session_id, context, context.ask_git)
    )


def read_shipped_by_session(session_id: str, context: Context, ask_git: AskGit | None = None) -> Shipped:
    """Of a session with all its subagents. `ask_git` is only called if `insights.git` is on."""
    ids = frozenset(tree_ids(context.connection, session_id))
    return _shipped(queries.of_sessions(ids), lambda call: call.session_id in ids, context, ask_git)


def read_shipped_in(span: Span, context: Context, ask_git: AskGit | None = None) -> Shipped:
    """Of all calls of a span."""
    return _shipped(queries.of_span(span), lambda call: span.start_ms <= call.at_ms < span.end_ms, context, ask_git)


def _shipped(
    where: queries.Where, counts: Callable[[PaidCall], bool], context: Context, ask_git: AskGit | None
) -> Shipped:
    added, removed, edits, unknown = queries.changed_lines(context.connection, where)
    is_on = ask_git is not None and context.settings.insights.git
    return Shipped(
        spend_nano=queries.spend_of(context.connection, where),
        added=added,
        removed=removed,
        edits=edits,
        unknown_edits=unknown,
        git=_git(where, counts, context, ask_git) if is_on and ask_git is not None else None,
    )


def _git(where: queries.Where, counts: Callable[[PaidCall], bool], context: Context, ask_git: AskGit) -> GitShipped:
    """The commits of each project, from its first call on; one that a later session followed is that one's."""
    places = []
    for project, directory, first_ms, last_ms in list(queries.projects_of(context.connection, where)):
        span = Span(first_ms - AFTER_MS, last_ms + AFTER_MS + 1)
        calls = queries.calls_in_project(context.connection, project, span)
        places.append((calls, ask_git(project or directory, first_ms, last_ms + AFTER_MS + 1)))
    return shipped_by_git(places, counts)
