"""Reads which session an agent asks from."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from opencode_tui.ledger.session_list_queries import session_facts
from opencode_tui.ledger.session_usage_queries import newest_in
from opencode_tui.readings.context import Context, UnknownSession
from opencode_tui.records.agent import Asker
from opencode_tui.records.insights import Insight
from opencode_tui.records.privacy.harmless import shown_id


def read_asker(given: str, directory: Path, context: Context) -> Asker | None:
    """The session whose id OpenCode gave, else the newest one of the directory or of one above it; None without one.

    Raises UnknownSession if that one is not in the ledger.
    """
    if given:
        facts = session_facts(context.connection, [given]).get(given)
        if facts is None:
            raise UnknownSession(f"no session {shown_id(given)} is in the ledger yet")
        return Asker(given, facts.project, "named")
    for place in (directory, *directory.parents):
        if (found := newest_in(context.connection, str(place))) is not None:
            return Asker(found, session_facts(context.connection, [found])[found].project, "newest")
    return None


def is_within(insight: Insight, project: str, context: Context) -> bool:
    """Whether each session that an insight is about belongs to a project, so that its words name no other."""
    ids: Collection[str] = [each.id for each in insight.sessions]
    facts = session_facts(context.connection, ids)
    return bool(ids) and all(id in facts and facts[id].project == project for id in ids)
