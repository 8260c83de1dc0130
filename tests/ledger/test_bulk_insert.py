"""Rows that are inserted many at once are those that were given, in order, each with its own values."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from opencode_tui.ledger import writing
from opencode_tui.ledger.bulk_insert import insert_rows
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.pricing.book import Priced
from opencode_tui.records.calls import Call, Tokens, ToolUse


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
def test_any_number_of_rows_is_inserted_in_order(count: int) -> None:
    rows = [(number, f"text {number}") for number in range(count, 0, -1)]
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (a, b, c)")
        insert_rows(connection, "INSERT INTO t (a, b, c)", "(?, ?, 7)", rows)
        assert connection.execute("SELECT a, b, c FROM t ORDER BY rowid").fetchall() == [(*row, 7) for row in rows]


def _call(number: int) -> Call:
    """A call that has some of the fields that few calls have, by its number."""
    return Call(
        *(f"msg_{number:03}", "ses_1", None, "opencode", "kimi", "build", "/shop", 1_000 + number, 2_000 + number),
        Tokens(number, 2, 3, 4, 5),
        number,
        finish="stop",
        error="APIError" if number % 7 == 0 else None,
        variant="high" if number % 5 == 0 else None,
        streamed_ms=1_500 + number if number % 3 == 0 else None,
    )


def test_calls_and_tools_with_seldom_fields_among_others_keep_their_own(tmp_path: Path) -> None:
    calls = [_call(number) for number in range(300)]
    lists = [None if number % 2 else number * 10 for number in range(300)]
    priced = [Priced(call.recorded_nano, "recorded", None, nano, None) for call, nano in zip(calls, lists, strict=True)]
    tools = [
        ToolUse(
            *(f"prt_{number:03}", f"msg_{number:03}", "ses_1", "edit", "a.py", (None, True, False)[number % 3], number),
            child_session_id="ses_2" if number % 11 == 0 else None,
            added=number if number % 4 == 0 else None,
            files=("a.log", "b c.log") if number % 7 == 0 else (),
        )
        for number in range(300)
    ]
    with closing(Ledger(tmp_path / "ledger.db")) as ledger, ledger.writing() as connection:
        store, machine = writing.store_row(connection, "k").id, writing.machine_id(connection, "m")
        writing.write_calls(connection, store, machine, list(zip(calls, priced, strict=True)))
        writing.write_tools(connection, tools)
        kept = connection.execute(
            "SELECT id, input, amount_nano, list_nano, error, variant, streamed_ms, copied, machine_id, store_id"
            " FROM call ORDER BY id"
        ).fetchall()
        assert kept == [
            (c.id, c.tokens.input, c.recorded_nano, nano, c.error, c.variant, c.streamed_ms, 0, machine, store)
            for c, nano in zip(calls, lists, strict=True)
        ]
        used = connection.execute(
            "SELECT id, call_id, ok, duration_ms, child_session_id, added, removed, files FROM tool ORDER BY id"
        ).fetchall()
        assert used == [
            (t.id, t.call_id, t.ok, t.duration_ms, t.child_session_id, t.added, t.removed, "\n".join(t.files) or None)
            for t in tools
        ]
