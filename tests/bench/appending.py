"""One new call in a generated store, as a running OpenCode would add it, and what the store says today cost."""

from __future__ import annotations

import random
import sqlite3
import time
from contextlib import closing
from decimal import Decimal
from pathlib import Path

from opencode_tui.records.calls import Tokens
from tests.bench import rows
from tests.bench.story import midnight

COST_NANO = 12_345_000
TOKENS = Tokens(input=2000, output=400, reasoning=30, cache_read=9000)


def append_call(store: Path, newer: int = 0) -> int:
    """Add a completed call with a tool to the session that has so many newer ones; returns its cost in nano-dollars."""
    now = int(time.time() * 1000)
    ids = rows.FastIds(random.Random(now))
    message, model = ids.make("msg", now), "opencode/kimi-k2.6"
    with closing(sqlite3.connect(store, timeout=10)) as db, db:
        (session, directory) = db.execute(
            "SELECT id, directory FROM session WHERE parent_id IS NULL ORDER BY time_created DESC LIMIT 1 OFFSET ?",
            (newer,),
        ).fetchone()
        data = rows.assistant_text(
            "msg_asked", "build", directory, model, COST_NANO, TOKENS, (now - 900, now), '"finish":"stop"'
        )
        db.execute("INSERT INTO message VALUES (?,?,?,?,?)", (message, session, now - 900, now, data))
        given = {"filePath": f"{directory}/a.tsx"}
        for part in (
            rows.step_start_text(),
            rows.tool_text("edit", "call_1", given, "ok", "{}", now - 500),
            rows.step_finish_text("stop", TOKENS, COST_NANO),
        ):
            part_id = ids.make("prt", now)
            db.execute("INSERT INTO part VALUES (?,?,?,?,?,?)", (part_id, message, session, now, now, part))
        db.execute(
            "UPDATE session SET time_updated = ?, cost = cost + ? WHERE id = ?",
            (now + 9, COST_NANO / 1e9, session),
        )
    return COST_NANO


def today_nano(store: Path) -> int:
    """What the calls of today cost by the store's own rows, forks' copies left out."""
    start = midnight(int(time.time() * 1000))
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as db:
        costs = db.execute(
            "SELECT json_extract(m.data, '$.cost') FROM session s JOIN message m ON m.session_id = s.id"
            " WHERE s.time_updated >= :start AND m.time_created >= :start AND m.time_created >= s.time_created"
            " AND json_extract(m.data, '$.role') = 'assistant'",
            {"start": start},
        ).fetchall()
    return int(sum((Decimal(str(cost)) for (cost,) in costs), Decimal(0)) * 1_000_000_000)
