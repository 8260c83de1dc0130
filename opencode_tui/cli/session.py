"""`opencode-tui session ID`: one session as a tree of subagents, with its turns."""

from __future__ import annotations

import argparse
import json
import sqlite3

from opencode_tui.cli import EXIT_USAGE
from opencode_tui.cli.common import Trouble, look, settings_for, using_ledger
from opencode_tui.clock import calendar_for, now_ms
from opencode_tui.ledger import queries, session_queries
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.privacy.harmless import shown_id
from opencode_tui.readings.session import UnknownSession, session_turns, take_session
from opencode_tui.records.requests import SessionQuery
from opencode_tui.records.session import Turn
from opencode_tui.report.session import session_json, session_text
from opencode_tui.sync import Sync

_CANDIDATES = 5


def run(arguments: argparse.Namespace) -> int:
    settings = settings_for(arguments)
    calendar = calendar_for(settings.timezone)
    with using_ledger(settings) as ledger:
        seen = look(settings, ledger)
        sync, id = seen.sync, _one(ledger.connection, arguments.id)
        try:
            session = take_session(
                ledger, now_ms(), SessionQuery(id), calendar, limits=sync.book, present=sync, whole=seen.whole
            )
        except UnknownSession as error:
            raise Trouble(f"{error}; `opencode-tui sessions` lists those there are", EXIT_USAGE) from None
        turns = {}
        if arguments.json:
            turns = {node.id: _turns(ledger, sync, node.id) for node in session.tree[1:]} | {id: session.turns}
        sync.close()
    if arguments.json:
        print(json.dumps(session_json(session, turns, calendar)))
    else:
        print(session_text(session, calendar))
    return 0


def _one(connection: sqlite3.Connection, text: str) -> str:
    """The session that the text is the id of, or the beginning of. Raises Trouble."""
    found = session_queries.ids_like(connection, text, _CANDIDATES + 1)
    if text in found or not found:
        return text
    if len(found) > 1:
        some = ", ".join(map(shown_id, found[:_CANDIDATES])) + (", …" if len(found) > _CANDIDATES else "")
        raise Trouble(f"{text!r} is the beginning of several sessions: {some}; write more of it", EXIT_USAGE)
    return found[0]


def _turns(ledger: Ledger, sync: Sync, id: str) -> tuple[Turn, ...]:
    with ledger.reading() as connection:
        calls = session_queries.session_calls(connection, id)
        tools = session_queries.session_tools(connection, id)
        facts = queries.session_facts(connection, [id]).get(id)
    directory = facts.directory if facts else ""
    return session_turns(id, calls, tools, now_ms(), limits=sync.book, present=sync, directory=directory)
