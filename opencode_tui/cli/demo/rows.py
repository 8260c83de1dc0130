"""The SQL statements that write and read single rows of OpenCode's tables."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import orjson

from opencode_tui.cli.demo.parts import PartData
from opencode_tui.records.calls import Tokens

Connection = sqlite3.Connection

_SLUGS = (
    ("witty", "crisp", "shiny", "quiet", "misty", "eager", "neon"),
    ("island", "orchid", "panda", "falcon"),
)


def dump(data: PartData) -> str:
    """JSON as JavaScript writes it, without spaces and ASCII escapes."""
    return orjson.dumps(data).decode()


def insert_project(db: Connection, project: str, worktree: str, ms: int) -> None:
    db.execute(
        "INSERT INTO project (id, worktree, vcs, time_created, time_updated, sandboxes)"
        " VALUES (?, ?, 'git', ?, ?, '[]') ON CONFLICT (id) DO NOTHING",
        (project, worktree, ms, ms),
    )
    db.execute(
        "INSERT INTO project_directory (project_id, directory, time_created) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (project, worktree, ms),
    )


def insert_session(
    db: Connection,
    session: str,
    project: str,
    parent: str | None,
    directory: str,
    title: str,
    version: str,
    ms: int,
) -> None:
    first, second = _SLUGS
    slug = f"{first[ms % len(first)]}-{second[ms // 7 % len(second)]}"
    db.execute(
        "INSERT INTO session (id, project_id, parent_id, slug, directory, path, title, version,"
        " summary_additions, summary_deletions, summary_files, time_created, time_updated)"
        " VALUES (?, ?, ?, ?, ?, '', ?, ?, 0, 0, 0, ?, ?)",
        (session, project, parent, slug, directory, title, version, ms, ms),
    )


def add_to_session(db: Connection, session: str, usd: float, tokens: Tokens, ms: int) -> None:
    db.execute(
        "UPDATE session SET cost = cost + ?, tokens_input = tokens_input + ?,"
        " tokens_output = tokens_output + ?, tokens_reasoning = tokens_reasoning + ?,"
        " tokens_cache_read = tokens_cache_read + ?, tokens_cache_write = tokens_cache_write + ?,"
        " time_updated = ? WHERE id = ?",
        (
            usd,
            tokens.input,
            tokens.output,
            tokens.reasoning,
            tokens.cache_read,
            tokens.cache_write,
            ms,
            session,
        ),
    )


def take_from_session(db: Connection, session: str, call: PartData) -> None:
    """Subtracts a call's cost and tokens from its session's sums, without changing `time_updated`."""
    count = call["tokens"]
    db.execute(
        "UPDATE session SET cost = max(0, cost - ?), tokens_input = tokens_input - ?,"
        " tokens_output = tokens_output - ?, tokens_reasoning = tokens_reasoning - ?,"
        " tokens_cache_read = tokens_cache_read - ?, tokens_cache_write = tokens_cache_write - ?"
        " WHERE id = ?",
        (
            call["cost"],
            count["input"],
            count["output"],
            count["reasoning"],
            count["cache"]["read"],
            count["cache"]["write"],
            session,
        ),
    )


def copy_sums(db: Connection, session: str, copy: str) -> None:
    """Copies the sums of a session to its fork."""
    columns = "cost, tokens_input, tokens_output, tokens_reasoning, tokens_cache_read, tokens_cache_write, agent, model"
    db.execute(
        f"UPDATE session SET ({columns}) = (SELECT {columns} FROM session WHERE id = ?) WHERE id = ?",
        (session, copy),
    )


def put_message(db: Connection, message: str, session: str, created: int, ms: int, data: PartData) -> None:
    db.execute(
        "INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET time_updated = excluded.time_updated, data = excluded.data",
        (message, session, created, ms, dump(data)),
    )


def insert_part(db: Connection, part: str, message: str, session: str, ms: int, data: PartData) -> None:
    db.execute(
        "INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES (?, ?, ?, ?, ?, ?)",
        (part, message, session, ms, ms, dump(data)),
    )


def messages(db: Connection, session: str) -> list[tuple[str, int, str]]:
    """(id, time created, data) of a session's messages, oldest first."""
    return db.execute(
        "SELECT id, time_created, data FROM message WHERE session_id = ? ORDER BY time_created, id",
        (session,),
    ).fetchall()


def message_parts(db: Connection, message: str) -> list[PartData]:
    found = db.execute("SELECT data FROM part WHERE message_id = ? ORDER BY id", (message,)).fetchall()
    return [json.loads(data) for (data,) in found]


def turn(db: Connection, user: str) -> list[tuple[str, str, str]]:
    """(id, session id, data) of a user message and the calls that answer it."""
    found: list[tuple[Any, ...]] = db.execute(
        "SELECT id, session_id, data FROM message"
        " WHERE session_id = (SELECT session_id FROM message WHERE id = :user)"
        " AND (id = :user OR json_extract(data, '$.parentID') = :user)",
        {"user": user},
    ).fetchall()
    return [(str(id), str(session), str(data)) for id, session, data in found]


def append_event(db: Connection, event: str, session: str, kind: str, data: PartData) -> None:
    """Appends an event to a session's sequence, which starts at 0."""
    (number,) = db.execute(
        "INSERT INTO event_sequence (aggregate_id, seq) VALUES (?, 0)"
        " ON CONFLICT (aggregate_id) DO UPDATE SET seq = seq + 1 RETURNING seq",
        (session,),
    ).fetchone()
    db.execute(
        "INSERT INTO event (id, aggregate_id, seq, type, data) VALUES (?, ?, ?, ?, ?)",
        (event, session, number, kind, dump(data)),
    )
