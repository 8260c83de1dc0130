"""`opencode-tui session ID`: one session as a tree of subagents, with its turns."""

from __future__ import annotations

import argparse
import json
import sqlite3

from opencode_tui.cli import EXIT_USAGE
from opencode_tui.cli.asking_git import asking_git
from opencode_tui.cli.common import Trouble, opened
from opencode_tui.cli.streams import table_width
from opencode_tui.clock import now_ms
from opencode_tui.ledger import session_queries
from opencode_tui.readings.session import read_session, read_turns_of
from opencode_tui.readings.shipped import read_shipped_by_session
from opencode_tui.records.privacy.harmless import shown_id
from opencode_tui.records.requests import SessionRequest
from opencode_tui.records.session import Turn
from opencode_tui.report.session import session_json, session_text

_CANDIDATES = 5


def run(arguments: argparse.Namespace) -> int:
    turns: dict[str, tuple[Turn, ...]] = {}
    with opened(arguments) as at, at.reading(now_ms()) as context:
        session = read_session(SessionRequest(one_session(context.connection, arguments.id)), context)
        shipped = read_shipped_by_session(session.id, context, asking_git(context.settings))
        if arguments.json:
            turns = {node.id: read_turns_of(node.id, context) for node in session.tree[1:]}
    if arguments.json:
        print(json.dumps(session_json(session, turns | {session.id: session.turns}, at.calendar, shipped)))
    else:
        print(session_text(session, at.calendar, table_width(arguments.wide), shipped))
    return 0


def one_session(connection: sqlite3.Connection, text: str) -> str:
    """The session whose id is, or starts with, the text. Raises Trouble."""
    found = session_queries.ids_like(connection, text, _CANDIDATES + 1)
    if text in found or not found:
        return text
    if len(found) > 1:
        some = ", ".join(map(shown_id, found[:_CANDIDATES])) + (", …" if len(found) > _CANDIDATES else "")
        raise Trouble(f"{text!r} is the beginning of several sessions: {some}; write more of it", EXIT_USAGE)
    return found[0]
