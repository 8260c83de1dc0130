"""A ledger with many calls, written directly: for what does not care how they came there."""

from __future__ import annotations

from datetime import date

from opencode_tui.clock import DAY_MS
from opencode_tui.ledger.ledger import Ledger

_EPOCH = date(1970, 1, 1)
MODELS = (("opencode", "kimi-k2.6"), ("anthropic", "claude-opus-4-5"), ("openai", "gpt-5"))
PROJECTS = ("shop", "cart")
COST_NANO = 4_200_001


def start_of(day: date) -> int:
    """The day's start in UTC."""
    return (day - _EPOCH).days * DAY_MS


def cut_off(ledger: Ledger, call_id: str) -> None:
    """Makes a call one that could not be read completely."""
    with ledger.writing() as connection:
        connection.execute("UPDATE call SET missing = 'input' WHERE id = ?", (call_id,))


def lose_row(ledger: Ledger, at_ms: int | None) -> None:
    """A message that could not be read, and of which nothing but perhaps its time is known."""
    with ledger.writing() as connection:
        connection.execute("INSERT OR IGNORE INTO store (id, key) VALUES (1, 'a store')")
        connection.execute(
            "INSERT INTO unreadable (store_id, kind, id, reason, at_ms) VALUES (1, 'message', ?, 'broken', ?)",
            (f"lost_{at_ms}", at_ms),
        )


def add_calls(
    ledger: Ledger, first: date, days: int, a_day: int, *, prefix: str = "msg", machine: str = "laptop"
) -> int:
    """Adds `a_day` calls to each of so many days (UTC), from 09:00 on; returns what they cost in nano-dollars."""
    start_ms = start_of(first) + 9 * 3_600_000
    with ledger.writing() as connection:
        connection.execute("INSERT OR IGNORE INTO machine (name) VALUES (?)", (machine,))
        (machine_id,) = connection.execute("SELECT id FROM machine WHERE name = ?", (machine,)).fetchone()
        connection.execute("INSERT OR IGNORE INTO store (id, key) VALUES (1, 'a store')")
        for number, project in enumerate(PROJECTS):
            connection.execute(
                """INSERT OR IGNORE INTO session (id, title, directory, project, version, created_ms, updated_ms,
                     store_id, rank) VALUES (?, ?, '/home/dev', ?, '1', ?, ?, 1, 1)""",
                (f"ses_{number}", f"Secret title {number}", project, start_ms, start_ms),
            )
        connection.executemany(
            """INSERT INTO call (id, session_id, turn_id, machine_id, store_id, provider, model, agent, directory,
                 created_ms, completed_ms, input, output, reasoning, cache_read, cache_write, recorded_nano,
                 amount_nano, basis, copied) VALUES (?, ?, ?, ?, 1, ?, ?, 'build', '/home/dev', ?, ?, 1000, 200, 0,
                 9000, 0, ?, ?, 'recorded', 0)""",
            (
                (
                    f"{prefix}_{day:04}_{number:05}",
                    f"ses_{number % len(PROJECTS)}",
                    f"{prefix}_t{number // 10}",
                    machine_id,
                    *MODELS[number % len(MODELS)],
                    at_ms := start_ms + day * DAY_MS + number * (DAY_MS // 3 // a_day),
                    at_ms + 900,
                    COST_NANO,
                    COST_NANO,
                )
                for day in range(days)
                for number in range(a_day)
            ),
        )
    return days * a_day * COST_NANO
