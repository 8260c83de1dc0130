"""Keeps the rows of a span's trees of sessions, and reads only those again in which something changed.

What changed is noted in the ledger (ledger/session_changes.py), but for what time alone changes: a session is no longer
active after a while. Titles without a name depend on the time zone, and limits on the price book.
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct
from msgspec.structs import replace

from opencode_tui.clock import Span
from opencode_tui.ledger.bounds import is_lower_bound
from opencode_tui.ledger.session_changes import MOST_CHANGES, changed_since, last_change
from opencode_tui.ledger.session_queries import whole_trees
from opencode_tui.ledger.sums import each_call, paid_calls
from opencode_tui.readings.context import Context, ContextLimits
from opencode_tui.readings.kept import KeptTrees, Place
from opencode_tui.readings.session_rows import ACTIVE_MS, tree_rows
from opencode_tui.records.requests import SessionsRequest
from opencode_tui.records.sessions import SessionRow


class _KnownLimits(Struct):
    """Looks each limit up once."""

    book: ContextLimits
    known: dict[Place, int | None]

    def context_limit(self, provider: str, model: str, directory: str = "") -> int | None:
        place = provider, model, directory
        if place not in self.known:
            self.known[place] = self.book.context_limit(*place)
        return self.known[place]


def kept_rows(request: SessionsRequest, span: Span, context: Context) -> list[SessionRow] | None:
    """The rows of a span's trees, in no order, as `tree_rows` reads them; None where that is to be asked.

    It is where nothing is kept, and as long as sums are not complete or are lower bounds.
    """
    kept, connection = context.kept, context.connection
    if kept is None or paid_calls(connection, span) == each_call() or is_lower_bound(connection, span, context.whole):
        return None
    key = span, request.parts
    trees = kept.trees.get(key)
    changed = None if trees is None else _changed(trees, context)
    if trees is None or changed is None:
        trees = KeptTrees(0, context.now_ms, context.settings.timezone)
        _read(trees, None, request, span, context)
    elif changed:
        _read(trees, changed, request, span, context)
    trees.number, trees.taken_ms = last_change(connection), context.now_ms
    kept.trees.keep(key, trees)
    return list(trees.rows.values())


def _changed(trees: KeptTrees, context: Context) -> frozenset[str] | None:
    """All sessions of the trees that may have changed; None if all have to be read."""
    if context.now_ms < trees.taken_ms or context.settings.timezone != trees.timezone:
        return None
    book = context.limits
    if any((book and book.context_limit(*place)) != limit for place, limit in trees.limits.items()):
        return None
    noted = changed_since(context.connection, trees.number)
    if noted is None:
        return None
    settled_ms = trees.taken_ms - ACTIVE_MS
    wanted = {*noted, *(row.id for row in trees.rows.values() if row.state == "active" or row.last_ms > settled_ms)}
    # A session may have left one tree and be in another one, with its subagents.
    changed = frozenset[str]()
    while not wanted <= changed:
        changed = frozenset(whole_trees(context.connection, wanted))
        if len(changed) > MOST_CHANGES:
            return None
        before = {trees.roots[id] for id in changed if id in trees.roots}
        wanted = {*changed, *before, *(id for id, root in trees.roots.items() if root in before)}
    return changed


def _read(
    trees: KeptTrees, ids: Collection[str] | None, request: SessionsRequest, span: Span, context: Context
) -> None:
    """Reads all trees, or replaces those of these sessions. If that fails, all is as before."""
    assert context.kept is not None
    limits = _KnownLimits(context.limits, trees.limits) if context.limits else None
    found = list(tree_rows(span, replace(context, limits=limits), request.parts, ids))
    for id in ids or ():
        trees.rows.pop(id, None)
        trees.roots.pop(id, None)
    for tree, row in found:
        trees.rows[tree.root] = context.kept.shared(row)
        trees.roots |= dict.fromkeys(tree.members, tree.root)
