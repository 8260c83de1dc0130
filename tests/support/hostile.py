"""A ledger that holds the worst that its schema lets in: what no store should hold, and what old versions kept."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import product
from pathlib import Path

from opencode_tui.ledger.ledger import Ledger

MOST, LEAST = (1 << 63) - 1, -(1 << 63)
YEAR_9999 = 253_402_300_799_999
TEXTS = (
    "",
    " ",
    "\n\r\t\0\x1b[31m\x9b2J",
    "[b]bold[/b] [red",
    "$(touch /tmp/hit) `id` ; rm -rf ~ && \"'\\",
    "#[fg=red]#(touch hit) %n ${x} {spent} {0}",
    "\u202eevil\u2066\u2069\u200f\u061c\ufeff",
    "e\u0301" * 200,
    "日本語🎨👩\u200d👧🇩🇪",
    "a" * 5_000,
    "/" * 50,
    "../../etc/passwd",
    "9" * 310,
    "-1e400",
    "NaN",
    "\ud7ff\ue000\U0010ffff",
)
NUMBERS = (0, 1, -1, 10**9, 10**15, MOST, LEAST, 1 << 53, -(10**12))
COUNTS = (0, 1, 1_000, 10**12, MOST, -1, LEAST)


def fill(path: Path, now_ms: int, *, depth: int = 1_200) -> list[str]:
    """Fill a ledger, and give the ids of some of its sessions: an ordinary one first, then the top of a deep chain."""
    moments = (0, 1, -5, now_ms, now_ms - 1_000, now_ms + 86_400_000, YEAR_9999, 1 << 62, LEAST, MOST)
    ledger = Ledger(path)
    with closing(ledger), ledger.writing() as connection:
        connection.execute("INSERT OR IGNORE INTO machine (id, name) VALUES (1, ?)", (TEXTS[2],))
        connection.execute("INSERT OR IGNORE INTO store (id, key) VALUES (1, ?)", (TEXTS[4],))
        ids = ["ses_plain", "ses_deep0", *(f"ses_{text}" for text in TEXTS), *TEXTS]
        for n, id in enumerate(ids):
            _session(connection, id, _parent(ids, n), TEXTS[n % len(TEXTS)], moments[n % len(moments)], now_ms)
        for n in range(1, depth):
            _session(connection, f"ses_deep{n}", f"ses_deep{n - 1}", TEXTS[n % len(TEXTS)], now_ms, now_ms)
            if n % 3:
                add_call(connection, f"msg_deep{n}", f"ses_deep{n}", now_ms - n, amount=n)
        connection.execute("INSERT OR IGNORE INTO rates VALUES (1, ?, ?, ?, ?, ?)", (MOST, 0, LEAST, 1, TEXTS[3]))
        for n, (moment, number) in enumerate(product(moments, NUMBERS)):
            text = TEXTS[n % len(TEXTS)]
            add_call(
                connection,
                f"msg_{n}{text}",
                ids[n % len(ids)],
                moment,
                amount=number,
                tokens=COUNTS[n % len(COUNTS)],
                text=text,
                completed=None if n % 5 == 0 else moments[-n % len(moments)],
                missing=text if n % 7 == 0 else None,
            )
        for n, text in enumerate(TEXTS):
            row = (1, ("message", "session", "part", "event")[n % 4], text, text, moments[n % len(moments)])
            connection.execute("INSERT OR IGNORE INTO unreadable VALUES (?, ?, ?, ?, ?)", row)
            _alert(connection, n, text, moments[n % len(moments)], NUMBERS[n % len(NUMBERS)], now_ms)
        connection.execute("INSERT INTO unreadable VALUES (1, 'message', 'at no known time', 'odd', NULL)")
    return ids


def _parent(ids: list[str], n: int) -> str | None:
    """No parent, itself, an unknown one, and two that are each other's."""
    if n < 2 or n % 5 == 0:
        return None
    return (ids[n], "ses_unknown", ids[n - 1], ids[min(n + 1, len(ids) - 1)])[n % 4]


def _session(
    connection: sqlite3.Connection, id: str, parent: str | None, title: str, created_ms: int, now_ms: int
) -> None:
    connection.execute(
        "INSERT OR IGNORE INTO session (id, parent_id, fork_of, title, directory, project, version, created_ms,"
        " updated_ms, archived_ms, store_id, rank, present) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 0, ?)",
        (
            *(id, parent, parent if created_ms % 2 else None, title, title, title[::-1], title, created_ms),
            *(now_ms, created_ms if created_ms % 3 == 0 else None, created_ms % 2),
        ),
    )


def add_call(
    connection: sqlite3.Connection,
    id: str,
    session: str,
    created_ms: int,
    *,
    amount: int,
    tokens: int = 5,
    text: str = "x",
    completed: int | None = 1,
    missing: str | None = None,
) -> None:
    """A call with a tool; its machine and its store are 1."""
    connection.execute(
        "INSERT OR IGNORE INTO call (id, session_id, turn_id, machine_id, store_id, provider, model, agent, directory,"
        " created_ms, completed_ms, input, output, reasoning, cache_read, cache_write, recorded_nano, amount_nano,"
        " basis, rates_id, list_nano, input_nano, output_nano, cache_nano, finish, error, copied, missing)"
        " VALUES (?, ?, ?, 1, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(id, session, text or None, text, text, text, text, created_ms, completed),
            *(tokens, tokens, tokens, tokens, tokens, amount, amount),
            *(("recorded", "custom", "list")[tokens % 3], 1 if tokens % 2 else None, amount, amount, amount, amount),
            *(text, text if tokens % 2 else None, tokens == 1, missing),
        ),
    )
    connection.execute(
        "INSERT OR IGNORE INTO tool (id, call_id, session_id, name, target, ok, duration_ms, child_session_id, digest)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (f"tool_{id}", id, session, text, text, (None, 0, 1, MOST)[tokens % 4], amount, session, amount),
    )


def _alert(connection: sqlite3.Connection, n: int, text: str, moment: int, number: int, now_ms: int) -> None:
    levels, kinds = ("notice", "warning", "cutoff"), ("spend", "rate", "loop", "context", "depth")
    connection.execute(
        "INSERT OR IGNORE INTO alert (fired_ms, rule, kind, level, subject, period, mark, value, line, at_ms,"
        " session_id, about, cause, cause_session_id, cause_turn_id, cause_nano, cause_found, text, snoozed_until_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(now_ms - n if n % 2 else moment, ("day", "rate", text)[n % 3], kinds[n % 5], levels[n % 3], text, text),
            *(n, number, number, moment, text or None, text, text, text or None, text, number, n % 2, text),
            moment if n % 4 == 0 else None,
        ),
    )
