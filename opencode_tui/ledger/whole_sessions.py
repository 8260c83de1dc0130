"""Sums of whole sessions, so that these are read without the sums of each quarter of an hour."""

from __future__ import annotations

from opencode_tui.clock import EVER
from opencode_tui.ledger.selection import Selection
from opencode_tui.ledger.sums import QUARTER_MS, PaidCalls

_KEPT = frozenset({"session", "provider", "model", "agent"})
"""The dimensions by which the sums of a session are kept."""


def sources_by_session(selection: Selection, paid: PaidCalls) -> list[tuple[PaidCalls, Selection]]:
    """Sums of the sessions that are wholly in a selection's span, and of the others the quarters that are in it.

    Both are to be added up. Empty unless the selection is by session and these sums have all that it asks for.
    """
    asked = {*selection.by, *(each.dimension for each in selection.where)}
    if "session" not in selection.by or not asked <= _KEPT or len(selection.spans) != 1 or paid.table != "call_sum":
        return []
    span = selection.spans[0].span
    start, end = paid.bounds(span)
    whole = f"(SELECT * FROM session_sum WHERE last_quarter >= {start} AND last_quarter < {end})"
    parts = f"""
      (SELECT c.* FROM session_sum s CROSS JOIN call_sum c ON c.session_id = s.session_id AND c.provider = s.provider
        AND c.model = s.model AND c.agent = s.agent
      WHERE s.last_quarter >= {start} AND s.first_quarter < {end}
        AND (s.last_quarter >= {end} OR s.first_quarter < {start}))
    """
    of_sessions = PaidCalls(whole, "first_quarter", QUARTER_MS, is_summed=True)
    if span == EVER:
        return [(of_sessions, selection)]
    return [(of_sessions, selection), (PaidCalls(parts, paid.at, paid.unit_ms), selection)]
