"""`opencode-tui usage --session ID`: what one session used, as a line with a line for each model."""

from __future__ import annotations

import argparse
import json
import sqlite3
from pathlib import Path

from opencode_tui.cli import EXIT_USAGE
from opencode_tui.cli.common import Trouble, opened
from opencode_tui.cli.session import one_session
from opencode_tui.clock import now_ms
from opencode_tui.ledger.session_usage_queries import newest_in
from opencode_tui.readings.session_usage import read_session_usage
from opencode_tui.report.session_usage import session_usage_json, session_usage_text

CURRENT = "current"


def run(arguments: argparse.Namespace) -> int:
    with opened(arguments) as at, at.reading(now_ms()) as context:
        wanted = arguments.session
        id = _current(context.connection) if wanted == CURRENT else one_session(context.connection, wanted)
        usage = read_session_usage(id, context)
    print(json.dumps(session_usage_json(usage)) if arguments.json else session_usage_text(usage, full=arguments.full))
    return 0


def _current(connection: sqlite3.Connection) -> str:
    """The newest session of the directory in which the command runs, or of one above it. Raises Trouble."""
    here = Path.cwd()
    for place in (here, *here.parents):
        if (found := newest_in(connection, str(place))) is not None:
            return found
    raise Trouble("no session of this directory is in the ledger; name one by its id", EXIT_USAGE)
