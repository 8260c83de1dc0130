"""`≥` stands before every sum that is a lower bound, in every command, and `check` then never says "under"."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from opencode_tui.clock import Span
from opencode_tui.ledger.bounds import all_read, bounded_sessions
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.records.stores import StoreState
from tests.stores import V1
from tests.support.alert_shell import spend
from tests.support.shell import GPT, OPUS, Shell, ago, at

pytestmark = pytest.mark.usefixtures("stopped_clock")


def in_ledger(shell: Shell, sql: str, *values: object) -> None:
    shell.said("sync")
    with closing(sqlite3.connect(shell.ledger)) as connection, connection:
        connection.execute(sql, values)


def unreadable(shell: Shell, at_ms: int | None) -> None:
    """A message of an unknown session that could not be read, of a moment or of an unknown one."""
    insert = "INSERT INTO unreadable SELECT id, 'message', 'msg_x', 'cost is not a number', ? FROM store LIMIT 1"
    in_ledger(shell, insert, at_ms)


def partial(shell: Shell, model: str, at_ms: int) -> None:
    """The calls of a model up to a moment could be read in part only."""
    provider, _, name = model.partition("/")
    update = "UPDATE call SET missing = 'tokens' WHERE provider = ? AND model = ? AND created_ms <= ?"
    in_ledger(shell, update, provider, name, at_ms)


def table(text: str) -> dict[str, str]:
    """The first two columns of a table."""
    rows = (line.split() for line in text.splitlines() if "$" in line)
    return {row[0]: next(cell for cell in row if "$" in cell) for row in rows}


def test_a_row_that_could_not_be_read_makes_every_amount_of_its_day_a_lower_bound(shell: Shell, store: V1) -> None:
    unreadable(shell, at("12:00"))
    assert shell.said("status", "--format", "{spent} {week} {rate} {cutoff}") == "≥$0.50 ≥$0.90 $0.00 $1.50\n"
    today = shell.said("today")
    assert "run-rate: ≥$0.50 spent (warning $0.80" in today
    assert "this week so far: ≥$0.90 (target $7.00" in today
    assert f"{OPUS} (≥$0.30" in today
    assert table(shell.said("usage")) == {OPUS: "≥$0.30", GPT: "≥$0.20", "total": "≥$0.50"}
    days = table(shell.said("usage", "--by", "day", "--period", "all"))
    assert days == {"2026-05-13": "≥$0.50", "2026-05-11": "$0.40", "2026-05-10": "$9.99", "total": "≥$10.89"}


def test_a_row_of_another_day_leaves_today_as_it_is(shell: Shell, store: V1) -> None:
    unreadable(shell, at("12:00", ago(2)))
    assert shell.said("status", "--format", "{spent} {week} {rate}") == "$0.50 ≥$0.90 $0.00\n"
    assert "≥" not in shell.said("usage")
    assert shell.run("check")[0] == 0
    days = {day["day"]: day["lower_bound"] for day in shell.json("today")["week_days"]}
    assert [day for day, bound in days.items() if bound] == ["2026-05-11"]


def test_a_row_of_the_last_hour_makes_the_rate_a_lower_bound(shell: Shell, store: V1) -> None:
    unreadable(shell, at("14:00"))
    assert shell.said("status", "--format", "{rate}") == "≥$0.00\n"


@pytest.mark.parametrize("at_ms", [None, 0, -5, 1 << 62])
def test_a_row_of_no_known_time_counts_everywhere_and_one_of_an_odd_time_in_all(
    at_ms: int | None, shell: Shell, store: V1
) -> None:
    unreadable(shell, at_ms)
    told = shell.json("usage", "--period", "all")
    assert told["lower_bound"]
    assert told["unreadable_rows"] == 1
    assert shell.json("usage")["lower_bound"] is (at_ms is None)


def test_a_call_that_was_read_in_part_bounds_its_own_groups_only(shell: Shell, store: V1) -> None:
    partial(shell, GPT, at("11:00"))
    told = shell.json("usage")
    assert told["lower_bound"]
    assert {group["key"]: group["lower_bound"] for group in told["groups"]} == {OPUS: False, GPT: True}
    first, second = list(store.sessions)
    rows = {row["id"]: row["lower_bound"] for row in shell.json("sessions", "--period", "all")}
    assert rows == {first: False, second: True}
    turns = shell.json("session", second)["turns"]
    assert [turn["lower_bound"] for turn in turns] == [True, False]
    assert "total ≥$0.20 · own ≥$0.20" in shell.said("session", second)
    assert "≥" not in shell.said("session", first)
    assert "1 row could not be read" in shell.said("sync")
    assert "message in part: tokens" in shell.said("sync")


def test_a_subagent_bounds_the_total_of_its_parents_and_not_their_own(shell: Shell, store: V1) -> None:
    first = next(iter(store.sessions))
    child = store.session("dig", parent=first, created=at("12:00"))
    grandchild = store.session("deeper", parent=child, created=at("12:01"))
    store.call(child, cost="0.01", at=at("12:02"))
    store.call(grandchild, cost="0.01", at=at("12:03"), model=GPT)
    in_ledger(shell, "UPDATE call SET missing = 'cost' WHERE session_id = ?", grandchild)
    text = shell.said("session", first)
    assert f"total ≥${9.99 + 0.40 + 0.30 + 0.02:.2f} · own $10.69" in text
    assert "dig (@explore subagent)  ≥$0.02 · own $0.01" in text
    assert "deeper (@explore subagent)  ≥$0.01 · own ≥$0.01" in text
    rows = {row["id"]: row["lower_bound"] for row in shell.json("sessions", "--period", "all")}
    assert rows[first]


def test_sessions_that_were_not_there_at_the_time_of_an_unreadable_row_are_whole(shell: Shell, store: V1) -> None:
    old = store.session("Long ago", created=at("09:00", ago(60)))
    store.call(old, cost="1.00", at=at("09:01", ago(60)))
    unreadable(shell, at("12:00"))
    assert {row["title"]: row["lower_bound"] for row in shell.json("sessions", "--period", "all")} == {
        "Long ago": False,
        "Fix header": True,
        "Renew cart": True,
    }
    assert "3 sessions (all), ≥$11.89" in shell.said("sessions", "--period", "all")


def test_check_never_says_under_for_a_lower_bound(shell: Shell, store: V1) -> None:
    unreadable(shell, at("12:00"))
    code, out, err = shell.run("check")
    assert (code, out) == (3, "")
    assert err == (
        "opencode-tui: at least $0.50 today: 1 row of today could not be read; `opencode-tui sync` lists the reasons\n"
    )
    spend(store, "0.33")
    assert shell.run("check")[:2] == (3, "")
    answer = json.loads(shell.run("check", "--json")[1])
    assert (answer["band"], answer["lower_bound"], answer["exit_code"]) == ("unknown", True, 3)
    spend(store, "0.70")
    code, out, err = shell.run("check")
    assert (code, err) == (2, "")
    assert "past the cutoff" in out


@pytest.mark.parametrize(
    "argv",
    [
        ("status",),
        ("today",),
        ("usage",),
        ("usage", "--by", "day", "--period", "all"),
        ("sessions",),
        ("session", "ses"),
    ],
)
def test_a_store_that_cannot_be_read_makes_every_amount_a_lower_bound(
    argv: tuple[str, ...], shell: Shell, store: V1
) -> None:
    if argv[0] == "session":
        argv = ("session", next(iter(store.sessions)))
    shell.said("sync")
    store.database.close()
    store.path.write_bytes(b"not a database at all" * 400)
    code, out, err = shell.run(*argv)
    assert (code, err.count("\n")) == (0, 1)
    assert "≥$" in out
    spent = re.sub(r"(warning|cutoff|target|of|saved|hit, cost) \$[0-9.]+", "", out.partition("  turn  began")[0])
    spent = re.sub(r"^(why:|     →).*$", "", spent, flags=re.MULTILINE)  # what known calls cost is exact
    assert spent.count("≥$") == spent.count("$"), spent


@pytest.mark.parametrize("command", ["today", "usage", "sessions"])
def test_json_says_it_too(command: str, shell: Shell, store: V1) -> None:
    shell.said("sync")
    store.database.close()
    store.path.write_bytes(b"not a database at all" * 400)
    told: Any = json.loads(shell.run(command, "--json")[1])
    assert all(each["lower_bound"] for each in (told if isinstance(told, list) else [told]))


def test_no_store_at_all_is_not_all_that_was_spent() -> None:
    live = StoreState("/opencode.db", "sqlite", "live")
    assert all_read((live,))
    assert not all_read(())
    assert not all_read((live, StoreState("/b.db", "sqlite", "gone")))
    assert not all_read((StoreState("/b.db", "sqlite", "importing"),))


def test_a_session_without_calls_is_bounded_by_the_time_it_was_there(shell: Shell, store: V1) -> None:
    quiet = store.session("Quiet", created=at("12:00", ago(9)))
    unreadable(shell, at("15:00", ago(9)))
    with closing(Ledger(shell.ledger).connection) as connection:
        ids = (quiet, "ses_unknown")
        assert bounded_sessions(connection, ids, lambda _: ()) == {quiet}
        assert bounded_sessions(connection, ids, lambda _: (), span=Span(at("00:00"), at("23:00"))) == set()
