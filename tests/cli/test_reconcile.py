"""`reconcile`: the contract of its JSON, amounts that add up on paper, and an exit code for a rest."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from opencode_tui.money import nano_from_usd
from opencode_tui.readings.context import Context
from opencode_tui.readings.reconcile import read_reconciliation
from opencode_tui.records import causes
from opencode_tui.records.reconciliation import Explained, OpenCodeFigure, Reconciliation, StoreFigures
from opencode_tui.records.requests import ReconcileRequest
from opencode_tui.report.reconciliation import CAUSES, reconciliation_lines
from tests.stores import V1, V2, Tokens
from tests.support.ledgers import lay_out
from tests.support.shell import Shell

AMOUNT = re.compile(r"(.*?) ([+-]?)\$([\d,]+\.\d+)$")


def a_year(shell: Shell) -> V2:
    """A store with a fork, a title and a free call."""
    lay_out(shell.ledger)
    store = V2(shell.home)
    first = store.session("one")
    store.call(first, cost="0.020000001", tokens=Tokens(input=100, output=10))
    store.title(first, cost="0.01", tokens=Tokens(input=300, output=9))
    store.call(store.fork(first), cost="0.05")
    store.call(first, cost="0", model="opencode/glm-5")
    return store


def test_the_json_is_exactly_the_contract(shell: Shell) -> None:
    store = a_year(shell)
    title = {"cause": "titles", "usd": 0.01, "calls": 1}
    stats = {
        "opencode_usd": 0.070000001,
        "ledger_usd": 0.080000001,
        "difference_usd": 0.01,
        "explained": [title],
        "unexplained_usd": 0.0,
    }
    told = shell.json("reconcile")
    listed = told.pop("not_billed")
    assert (listed["cause"], listed["calls"]) == ("list price", 1)
    assert listed["usd"] > 0
    assert told == {
        "schema_version": 1,
        **stats,
        "complete": True,
        "unread": [],
        "figures": {
            "stats": stats,
            "sessions": stats | {"opencode_usd": 0.080000001, "difference_usd": 0.0, "explained": []},
            "messages": stats
            | {
                "opencode_usd": 0.090000002,
                "difference_usd": -0.010000001,
                "explained": [{"cause": "forks", "usd": -0.020000001, "calls": 1}, title],
            },
        },
        "stores": [
            {
                "path": str(store.path),
                "form": "OpenCode 2",
                "is_current": True,
                "stats_usd": 0.070000001,
                "sessions_usd": 0.080000001,
                "messages_usd": 0.090000002,
                "calls": 4,
            }
        ],
        "charged_twice": {"cause": "reasoning counted twice", "usd": 0.0, "calls": 0},
    }


def added_up(text: str) -> list[tuple[int, int]]:
    """(OpenCode's figure and its differences, the ledger), in nano-dollars, of each figure in the text."""
    found, sum_nano = [], 0
    for line in text.splitlines():
        if not (amount := AMOUNT.match(line)):
            continue
        nano = nano_from_usd(amount[3].replace(",", "")) * (-1 if amount[2] == "-" else 1)
        if amount[1].strip() == "the ledger":
            found.append((sum_nano, nano))
            sum_nano = 0
        else:
            sum_nano += nano
    return found


@pytest.mark.parametrize("columns", [30, 48, 76])
def test_the_text_adds_up_in_every_width(columns: int, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    a_year(shell)
    monkeypatch.setattr("opencode_tui.cli.reconcile.table_width", lambda is_wide: columns)
    said = shell.said("reconcile")
    assert max(map(len, said.splitlines())) <= columns
    figures = added_up(said)
    assert len(figures) == 3
    assert all(sum_nano == ledger == 80_000_001 for sum_nano, ledger in figures)
    assert "Every difference is explained" in said
    assert "at list price" in " ".join(said.split())


def test_equal_figures_stand_once(shell: Shell, store: V1) -> None:
    said = shell.said("reconcile")
    assert said.count("the ledger ") == 1
    assert "The same for OpenCode's sums of the sessions and the sum of the messages." in said


def test_a_rest_is_shown_and_ends_with_1(shell: Shell, store: V1) -> None:
    shell.said("sync")
    with closing(sqlite3.connect(shell.ledger)) as connection, connection:
        connection.execute("UPDATE call SET recorded_nano = recorded_nano + 7, amount_nano = amount_nano + 7")
    code, out, err = shell.run("reconcile")
    assert (code, err) == (1, "")
    assert "not explained" in out
    assert "Not explained: $0.000000070 beside what `opencode stats` shows" in " ".join(out.split())
    code, out, _ = shell.run("reconcile", "--json")
    told: Any = json.loads(out)
    assert (code, told["unexplained_usd"], told["explained"]) == (1, 7e-08, [])


def test_what_opencode_writes_meanwhile_is_read_before_anything_is_unexplained(
    shell: Shell, store: V1, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[Reconciliation] = []

    def while_opencode_writes(request: ReconcileRequest, context: Context) -> Reconciliation:
        if not looks:
            store.call(next(iter(store.sessions)), cost="0.07")
        looks.append(found := read_reconciliation(request, context))
        return found

    monkeypatch.setattr("opencode_tui.cli.reconcile.read_reconciliation", while_opencode_writes)
    assert "Every difference is explained" in shell.said("reconcile")
    assert [found.is_whole for found in looks] == [False, True]


def test_without_a_store_it_says_so(shell: Shell) -> None:
    shell.data_dir.mkdir(parents=True)
    code, out, err = shell.run("reconcile")
    assert code == 3
    assert "no OpenCode store" in err
    assert re.search(r"what `opencode stats` shows +not known\n", out)
    assert re.search(r"the ledger +≥\$0\.00\n", out)
    assert "explained" not in out
    code, out, _ = shell.run("reconcile", "--json")
    told: Any = json.loads(out)
    assert (code, told["opencode_usd"], told["unexplained_usd"], told["complete"]) == (3, None, None, False)


def test_a_store_that_cannot_be_read_leaves_its_figure_unknown(shell: Shell, store: V1) -> None:
    shell.said("sync")
    whole = store.path.read_bytes()
    store.path.write_bytes(whole[:5_000])
    for each in ("-wal", "-shm"):
        store.path.with_name(store.path.name + each).unlink(missing_ok=True)
    code, out, _ = shell.run("reconcile")
    assert code == 3
    said = " ".join(out.split())
    assert "not known the ledger ≥$" in said
    assert "Not known: what OpenCode's figures are, because" in said
    assert "explained" not in said
    code, out, _ = shell.run("reconcile", "--json")
    assert (code, json.loads(out)["unread"]) == (3, [str(store.path)])


def test_one_store_of_two_that_cannot_be_read_makes_a_lower_bound(shell: Shell, store: V1) -> None:
    broken = store.path.with_name("opencode-beta.db")
    broken.write_bytes(b"no database" * 500)
    code, out, _ = shell.run("reconcile")
    assert code == 3
    assert re.search(r"what `opencode stats` shows +≥\$\d+\.\d+\n", out)
    assert "so its figures are at least these" in " ".join(out.split())
    assert json.loads(shell.run("reconcile", "--json")[1])["complete"] is False


def test_a_locked_ledger_is_a_lower_bound(shell: Shell, store: V1, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.said("sync")
    monkeypatch.setattr("opencode_tui.cli.common.WAIT_S", 0.01)
    store.call(next(iter(store.sessions)), cost="0.07")
    with closing(sqlite3.connect(shell.ledger, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        code, out, err = shell.run("reconcile")
    assert "locked by another process" in err
    assert re.search(r"the ledger +≥\$", out)
    assert "Not known: what is not in the ledger yet" in " ".join(out.split())
    assert "Every difference is explained" not in out
    assert code == 0


def test_every_cause_is_put_into_words() -> None:
    assert set(CAUSES) == {value for name, value in vars(causes).items() if name.isupper()}


def test_the_tables_of_before_an_upgrade_are_named_as_part_of_their_file() -> None:
    def store(form: str, path: str, *, is_current: bool = True) -> StoreFigures:
        return StoreFigures(path, form, is_current, 1, None, 1, 1)

    nothing = Explained("list price", 0, 0)
    figure = OpenCodeFigure("stats", 1, 1, ())
    stores = (
        store("OpenCode 2", "/a.db"),
        store("OpenCode 2", "/b.db"),
        store("OpenCode 1", "/a.db", is_current=False),
        store("OpenCode 0", "/storage", is_current=False),
    )
    lines = reconciliation_lines(Reconciliation(ReconcileRequest(), 1, (figure,), stores, nothing, nothing), 76)
    assert lines[lines.index("") + 1 : -1] == [
        "OpenCode 2: /a.db",
        "its OpenCode 1 tables in the same file, which OpenCode no longer reads",
        "OpenCode 2: /b.db",
        "OpenCode 0, which OpenCode no longer reads: /storage",
    ]
