"""A hostile ledger through every command: a documented exit code, no traceback, no hang, and never a total too sure."""

from __future__ import annotations

import json
import resource
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from opencode_tui.clock import EVER, Calendar, Span, now_ms
from opencode_tui.ledger import queries
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.readings.day import days_with_calls
from tests.stores import V1
from tests.support.hostile import LEAST, MOST, YEAR_9999, add_call, fill
from tests.support.shell import Shell

COMMANDS = (
    ("status", "--format", "{spent} {week} {rate} {guard} {model} {alert} {calls} {sessions} {active}"),
    ("today",),
    ("today", "--json"),
    ("why", "--period", "all"),
    ("why", "--period", "all", "--json"),
    *(
        ("usage", "--period", period, "--by", by, *form)
        for period, form in (("today", ()), ("all", ()), ("all", ("--json",)))
        for by in ("model", "provider", "agent", "project", "session", "day")
    ),
    *(
        ("usage", "--period", "all", "--json", "--by", by)
        for by in ("tool", "kind", "hour", "weekday", "week", "month")
    ),
    ("usage", "--period", "all", "--by", "tool", "--then", "hour", "--where", "kind=interactive", "agent=build"),
    ("usage", "--compact", "--year", "--all"),
    ("usage", "--session", "ses_1", "--full"),
    ("usage", "--period", "all", "--model", "9"),
    ("usage", "--period", "all", "--reprice", "openai/gpt-5.4"),
    ("usage", "--period", "all", "--by", "tool", "--then", "day", "--reprice", "openai/gpt-5.4", "--json"),
    ("prices",),
    ("prices", "--json"),
    ("usage", "--from", "1971-01-01", "--to", "9998-12-31", "--by", "day"),
    ("sessions", "--period", "all"),
    ("sessions", "--period", "all", "--json"),
    ("sessions", "--sort", "recent", "--limit", "3"),
    *(("report", "--from", "2020-01-01", "--format", format) for format in ("md", "html", "json", "csv")),
    ("sync",),
    ("sync", "--json"),
    ("reconcile",),
    ("reconcile", "--json"),
    ("quota",),
    ("accounts", "--period", "all"),
    ("accounts", "--period", "all", "--json"),
    ("levers", "--period", "all"),
    ("levers", "--period", "all", "--json"),
    ("levers", "list"),
    ("check",),
    ("check", "--json", "--notify"),
    ("watch", "--once"),
    ("alerts", "--limit", "1000"),
    ("alerts", "--json"),
    ("alerts", "snooze", "all", "--for", "1h"),
    ("alerts", "seen", "all"),
    ("alerts", "ack", "all"),
    ("guard", "status"),
    ("guard", "status", "--json"),
)


@pytest.fixture
def hostile(shell: Shell) -> list[str]:
    store = V1(shell.home)
    store.call(store.session("Plain"), cost="0.10", at=now_ms())
    shell.said("sync")
    return fill(shell.ledger, now_ms())


@pytest.fixture
def rows(tmp_path: Path) -> Ledger:
    """A ledger that calls can be added to."""
    ledger = Ledger(tmp_path / "rows.db")
    with ledger.writing() as connection:
        connection.execute("INSERT INTO machine VALUES (1, 'm')")
        connection.execute("INSERT INTO store (id, key) VALUES (1, 'k')")
    return ledger


def test_every_command_survives(shell: Shell, hostile: list[str]) -> None:
    for argv in COMMANDS:
        code, out, err = shell.run(*argv)
        assert "Traceback" not in err, argv
        assert "this should not happen" not in err, (argv, err)
        assert code in {"check": (0, 1, 2, 3), "reconcile": (0, 1, 3)}.get(argv[0], (0,)), (argv, code, err)
        if "--json" in argv:
            assert out.strip(), (argv, code, err)
        elif argv[0] in ("status", "today", "usage", "sessions"):
            assert "≥" in out, argv


def test_a_quota_of_hostile_calls_is_told(shell: Shell, hostile: list[str]) -> None:
    ledger = Ledger(shell.ledger)
    with closing(ledger), ledger.writing() as connection:
        connection.execute("UPDATE call SET provider = 'opencode-go'")
        rows = [("5h", MOST, MOST, MOST), ("week", -1, YEAR_9999, -5), ("month", 0, 0, 0), ("week", 0, LEAST, 9)]
        insert = "INSERT INTO quota_reading VALUES ('opencode-go', ?, ?, ?, ?, 1, '{\"\": 1}')"
        connection.executemany(insert, rows)
        connection.execute("INSERT INTO service VALUES ('opencode-go', '', ?, ?, ?, 'x', '', ?, '')", (MOST,) * 4)
    for argv in (("quota",), ("quota", "--json"), ("check", "--notify"), ("accounts", "--period", "all", "--json")):
        code, out, err = shell.run(*argv)
        assert "Traceback" not in err and "this should not happen" not in err, (argv, err)
        assert code in ((0, 1, 2, 3) if argv[0] == "check" else (0,)) and out.strip(), (argv, code, err)


def test_every_session_survives(shell: Shell, hostile: list[str]) -> None:
    for id in hostile:
        for form in ((), ("--json",)):
            # what begins with a dash is an option, what is empty is the beginning of all
            code, out, err = shell.run("session", *form, *shell.places, "--", id, places=())
            assert code in (0, 2), (id, code, err)
            assert "Traceback" not in err
            if form and code == 0:
                assert json.loads(out)["lower_bound"] is True


def test_a_chain_of_subagents_of_any_depth_is_no_recursion(shell: Shell, hostile: list[str]) -> None:
    seen: list[Any] = [json.loads(shell.run("session", "ses_deep0", "--json")[1])]
    for node in seen:
        seen += node["children"]
    chain = {f"ses_deep{n}": f"ses_deep{n - 1}" for n in range(1, 1_200)}
    assert {node["id"]: node["parent"] for node in seen if node["id"].startswith("ses_deep")} == chain | {
        "ses_deep0": None
    }
    assert f"{len(seen) - 1} subagents" in shell.run("session", "ses_deep0")[1].replace(",", "")


def test_parents_that_run_in_a_circle_end(shell: Shell) -> None:
    V1(shell.home)
    shell.said("sync")
    ledger = Ledger(shell.ledger)
    with closing(ledger), ledger.writing() as connection:
        connection.execute("INSERT OR IGNORE INTO machine VALUES (1, 'm')")
        connection.execute("INSERT OR IGNORE INTO store (id, key) VALUES (1, 'k')")
        for n in range(1_100):  # deeper than Python calls functions
            add_call(connection, f"msg_{n}", f"ses_{n}", 1_000 + n, amount=1)
            connection.execute(
                "INSERT INTO session SELECT ?, ?, NULL, '', '', '', '', 1, 1, NULL, 1, 0, 1, 0",
                (f"ses_{n}", f"ses_{(n + 1) % 1_100}"),
            )
    told = shell.json("sessions", "--period", "all")
    assert [(row["id"], row["subagents"]) for row in told] == [("ses_0", 1_099)]
    assert shell.json("session", "ses_5")["total_usd"] == pytest.approx(1_100e-9)


def test_sums_beyond_what_sqlite_adds_up_do_not_fail(rows: Ledger) -> None:
    amounts = (MOST, MOST, -7, 1, 10**9 + 3, -(10**15))
    with closing(rows):
        with rows.writing() as connection:
            for n, amount in enumerate(amounts):
                add_call(connection, f"msg_{n}", "ses_1", n, amount=amount)
        assert queries.spend(rows.connection, Span(0, 2)) >= 9 * 10**18
        assert queries.totals(rows.connection, EVER, 0).spend_nano >= 8 * 10**18
        assert queries.spend(rows.connection, Span(2, 9)) == sum(amounts[2:])


def test_days_are_grouped_from_the_calls_there_are(rows: Ledger) -> None:
    moments = (0, 5, 86_400_000, YEAR_9999, YEAR_9999 + 10, MOST - 1, -9)
    asked: list[str] = []
    with closing(rows):
        with rows.writing() as connection:
            for n, moment in enumerate(moments):
                add_call(connection, f"msg_{n}", "ses_1", moment, amount=1)
        rows.connection.set_trace_callback(asked.append)
        days = days_with_calls(rows.connection, Calendar(), EVER)
    assert len(asked) <= len(moments) + 1
    assert all(one.end_ms <= other.start_ms for (_, one), (_, other) in pairwise(days))
    assert all(sum(moment in span for _, span in days) == 1 for moment in moments)
    assert len({day for day, _ in days}) == len(days)


def test_ten_thousand_odd_rows(shell: Shell) -> None:
    V1(shell.home)
    shell.said("sync")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ledger = Ledger(shell.ledger)
    with closing(ledger), ledger.writing() as connection:
        connection.execute("INSERT OR IGNORE INTO machine VALUES (1, 'm')")
        connection.execute("INSERT OR IGNORE INTO store (id, key) VALUES (1, 'k')")
        add_call(connection, "msg", "ses", 1, amount=10**15)
        columns = [row[1] for row in connection.execute("PRAGMA table_info(call)")]
        made = {"id": "'msg_' || n", "session_id": "'ses_' || (n / 20)", "created_ms": "n * 8446743356 + n % 7"}
        made |= {"missing": "CASE WHEN n % 1000 = 0 THEN 'cost' END"}
        numbers = "WITH RECURSIVE numbers(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < 10000)"
        connection.execute(
            f"{numbers} INSERT INTO call ({', '.join(columns)})"
            f" SELECT {', '.join(made.get(name, name) for name in columns)} FROM numbers, call WHERE id = 'msg'"
        )
        connection.execute(
            f"{numbers} INSERT INTO unreadable"
            " SELECT 1, 'message', 'bad_' || n, 'reason ' || (n % 50), n * 8446743356 FROM numbers"
        )
    for argv in (
        ("usage", "--period", "all", "--by", "day", "--json"),
        ("usage", "--period", "all", "--by", "session"),
        ("sessions", "--period", "all", "--limit", "5"),
        ("status",),
        ("session", "ses_77", "--json"),
    ):
        code, out, err = shell.run(*argv)
        assert (code, err) == (0, ""), argv
        assert argv == ("status",) or "≥" in out or '"lower_bound": true' in out, argv
    told = shell.json("usage", "--period", "all")
    assert (told["calls"], told["unreadable_rows"], told["lower_bound"]) == (10_001, 10_010, True)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 << 10  # KiB
