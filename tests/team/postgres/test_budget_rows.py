"""A team's budgets as rows of its database: who may write them, and what of them reaches a seat's guard and how."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from opencode_tui.cli import EXIT_TROUBLE, EXIT_USAGE
from opencode_tui.cli.team import known_budgets
from opencode_tui.cli.team.database import EXIT_LATER
from opencode_tui.clock import MINUTE_MS, now_ms
from opencode_tui.money import NANO
from tests.cli.conftest import shell, store
from tests.stores import V1
from tests.support.postgres import OWNER
from tests.support.shell import Shell, assert_one_sentence
from tests.team.postgres.conftest import TeamDatabase
from tests.team.postgres.test_roles import is_refused

__all__ = ["shell", "store"]

ROW = "INSERT INTO team_budget (seat, name, owner, cutoff_nano) VALUES ('{}', '{}', 'Anna', {})"
SENT_AGAIN = ("team", "push", "--all")


@pytest.fixture
def config(shell: Shell, store: V1, database: TeamDatabase, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings of the seat anna, who has a guard."""
    file = shell.home / "config.toml"
    file.write_text(f"[team.push]\nto = '{database.url('anna')}'")
    monkeypatch.setenv("OPENCODE_TUI_CONFIG_FILE", str(file))
    shell.said("guard", "install")
    return file


def as_owner(shell: Shell, database: TeamDatabase, *words: str) -> str:
    return shell.said("team", "budgets", *words, "--to", database.url(OWNER))


def held(shell: Shell) -> dict[str, Any]:
    """The budgets that stand in guard.json, by name."""
    state = json.loads(shell.ledger.with_name("guard.json").read_text())
    return {each["name"]: each for each in state["held"]["budgets"]}


def test_a_row_reaches_the_guard_with_the_next_push_and_leaves_it_when_it_is_removed(
    shell: Shell, config: Path, database: TeamDatabase
) -> None:
    words = "set web --scope agent --only build --owner Anna --period week --cutoff-usd 12.5"
    as_owner(shell, database, *words.split(), "--automation-usd", "3.000000001")
    as_owner(shell, database, "set", "bens", "--seat", "ben", "--cutoff-usd", "1")
    assert held(shell) == {}
    shell.said(*SENT_AGAIN)
    (web,) = held(shell).values()
    assert (web["name"], web["owner"], web["of_team"], web["scope"], web["only"]) == (
        "database:web", "Anna", True, "agent", "build"
    )  # fmt: skip
    assert (web["cutoff_nano"], web["automation_nano"]) == (25 * NANO // 2, 3 * NANO + 1)
    lines = shell.said("budget").splitlines()
    assert lines[2].split()[:2] == ["database:web", "Anna"] and "held" in lines[2]
    assert lines[-1].startswith(f"the budgets in {database.url('anna')} are those of ")
    assert json.loads(shell.said("budget", "--json"))["database"] == database.url("anna")
    as_owner(shell, database, "set", "web", "--cutoff-usd", "7")
    shell.said(*SENT_AGAIN)
    assert held(shell)["database:web"]["cutoff_nano"] == 7 * NANO
    as_owner(shell, database, "remove", "web")
    shell.said(*SENT_AGAIN)
    assert held(shell) == {}


def test_watch_fetches_them_as_well_once_a_minute_where_nothing_is_sent(
    shell: Shell, config: Path, database: TeamDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.said("team", "push")
    database.rows(ROW.format("anna", "web", NANO))
    shell.run("watch", "--once", "--push")
    assert held(shell) == {}
    monkeypatch.setattr(known_budgets, "now_ms", lambda: now_ms() + MINUTE_MS)
    shell.run("watch", "--once", "--push")
    assert list(held(shell)) == ["seat:web"]


def test_what_was_known_holds_while_the_database_is_down_and_for_another_command(
    shell: Shell, config: Path, database: TeamDatabase
) -> None:
    database.rows(ROW.format("", "web", NANO))
    shell.said(*SENT_AGAIN)
    database.rows("DELETE FROM team_budget")
    database.server.stop("immediate")
    code, _, _ = shell.run(*SENT_AGAIN)
    shell.said("budget")
    database.server.start()
    assert code == EXIT_LATER
    assert list(held(shell)) == ["database:web"]


def test_a_row_that_is_wrong_is_one_sentence_and_what_was_known_of_it_holds(
    shell: Shell, config: Path, database: TeamDatabase
) -> None:
    for name in ("web", "all"):
        database.rows(ROW.format("", name, NANO))
    shell.said(*SENT_AGAIN)
    database.rows("UPDATE team_budget SET cutoff_nano = -1 WHERE name = 'web'")
    database.rows("UPDATE team_budget SET cutoff_nano = 5 WHERE name = 'all'")
    database.rows(ROW.format("", "a b", NANO))
    code, _, err = shell.run(*SENT_AGAIN)
    assert code == 0
    assert_one_sentence(err, f"{database.url('anna')}: budgets.", '"a b": this is named with', "(and 1 more)")
    assert {name: each["cutoff_nano"] for name, each in held(shell).items()} == {
        "database:web": NANO,
        "database:all": 5,
    }
    assert "this is named with" in shell.said("budget")
    assert "team database" in shell.said("guard", "status", "--json")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("scope = 'galaxy'", "budgets.web.scope: 'galaxy'"),
        ("period = ''", "budgets.web.period"),
        ("cutoff_nano = NULL", "budgets.web: this budget has no line"),
        ("cutoff_nano = 9223372036854775807", "is out of range"),
        ("scope = 'agent'", "budgets.web: this budget is for one agent"),
        ("warning_nano = 2000000000", "budgets.web: the warning comes after the cutoff"),
        ("owner = E'An\\x1bna'", "budgets.web.owner"),
    ],
)
def test_each_wrong_value_is_said(change: str, words: str, shell: Shell, config: Path, database: TeamDatabase) -> None:
    database.rows(ROW.format("", "web", NANO))
    database.rows(f"UPDATE team_budget SET {change}")
    _, _, err = shell.run(*SENT_AGAIN)
    assert_one_sentence(err, words)
    assert held(shell) == {}


def test_budgets_of_one_name_all_hold_and_it_is_said(shell: Shell, config: Path, database: TeamDatabase) -> None:
    config.write_text(f"[budgets.web]\ncutoff_usd = 4\n[team]\nbudgets_file = 'team.toml'\n{config.read_text()}")
    config.with_name("team.toml").write_text("[budgets.web]\ncutoff_usd = 3\n")
    database.rows(ROW.format("", "web", 2 * NANO))
    database.rows(ROW.format("anna", "web", NANO))
    shell.said(*SENT_AGAIN)
    assert {name: each["cutoff_nano"] // NANO for name, each in held(shell).items()} == {
        "web": 4, "team:web": 3, "database:web": 2, "seat:web": 1
    }  # fmt: skip
    said = shell.said("budget")
    assert "the team has more than one budget web (team:web, database:web, seat:web): each of them holds" in said
    config.with_name("team.toml").write_text("[budgets.web]\ncutoff_usd =")
    database.rows("DELETE FROM team_budget")
    shell.said(*SENT_AGAIN)  # the file is half-copied, but the rows are gone
    assert set(held(shell)) == {"web", "team:web"}


def test_only_the_database_of_the_settings_is_heard(shell: Shell, config: Path, database: TeamDatabase) -> None:
    database.rows(ROW.format("", "web", NANO))
    shell.said(*SENT_AGAIN)
    assert set(held(shell)) == {"database:web"}
    config.write_text("")
    shell.said("budget")
    assert held(shell) == {}
    shell.said(*SENT_AGAIN, "--to", database.url("anna"))
    assert held(shell) == {}


def test_a_damaged_file_of_what_was_known_lets_nothing_pass(shell: Shell, config: Path, database: TeamDatabase) -> None:
    database.rows(ROW.format("", "web", NANO))
    shell.said(*SENT_AGAIN)
    shell.ledger.with_name("team-budgets.json").write_text("{")
    assert "team-budgets.json cannot be read" in shell.said("budget")
    assert list(held(shell)) == ["database:web"]
    shell.said(*SENT_AGAIN)
    assert "cannot be read" not in shell.said("budget")


def test_a_place_that_takes_no_file_is_said_after_the_calls_were_sent(
    shell: Shell, config: Path, database: TeamDatabase
) -> None:
    database.rows(ROW.format("", "web", NANO))
    shell.ledger.with_name("team-budgets.json").mkdir()
    code, out, err = shell.run(*SENT_AGAIN)
    assert code == EXIT_TROUBLE and out.startswith("sent 10 calls")
    assert_one_sentence(err, "the database's budgets cannot be kept in ", "team-budgets.json (Is a directory)")


def test_a_database_without_the_table_takes_a_push(shell: Shell, config: Path, database: TeamDatabase) -> None:
    database.rows("DROP TABLE team_budget")
    assert shell.run(*SENT_AGAIN)[0] == 0
    assert held(shell) == {}


def test_nobody_but_the_owner_writes_a_budget(database: TeamDatabase) -> None:
    changes = "UPDATE team_budget SET cutoff_nano = 9", "DELETE FROM team_budget", ROW.format("anna", "more", 1)
    tried = [(change, user) for change in changes for user in ("anna", "boss")]
    assert [each for each in tried if not is_refused(*each, database)] == []


def test_a_seat_reads_its_own_and_everybodys(database: TeamDatabase) -> None:
    for seat in ("", "anna", "ben"):
        database.rows(ROW.format(seat, f"of{seat}", NANO))
    names = "SELECT name FROM team_budget ORDER BY 1"
    assert database.rows(names, "anna") == [("of",), ("ofanna",)]
    assert database.rows(names, "boss") == [("of",), ("ofanna",), ("ofben",)]


def test_the_owner_lists_sets_and_removes(shell: Shell, store: V1, database: TeamDatabase) -> None:
    assert "has no budgets" in as_owner(shell, database)
    said = as_owner(shell, database, "set", "web", "--seat", "ben", "--warning-usd", "2", "--cutoff-usd", "4")
    assert said.startswith("web holds for ben from its next push on")
    assert as_owner(shell, database).splitlines()[2].split() == ["web", "ben", "seat", "day", "$2.00", "$4.00", "off",
                                                                 "off", "off"]  # fmt: skip
    (listed,) = json.loads(as_owner(shell, database, "--json"))["budgets"]
    assert (listed["name"], listed["seat"], listed["cutoff_usd"], listed["ci_usd"]) == ("web", "ben", 4.0, None)
    one = "--cutoff-usd 1"
    wrong = ("set", "set web", f"set a/b {one}", "remove web", "set web --ci-usd much", f"set web {one} --scope tag")
    for words in wrong:
        code, _, err = shell.run("team", "budgets", *words.split(), "--to", database.url(OWNER))
        assert code == EXIT_USAGE
        assert_one_sentence(err)
    assert as_owner(shell, database, "remove", "web", "--seat", "ben").startswith("web for ben is removed")
    code, _, err = shell.run("team", "budgets", "set", "web", "--cutoff-usd", "1", "--to", database.url("anna"))
    assert code == EXIT_TROUBLE
    assert_one_sentence(err, "permission denied for table team_budget", "ask its owner")
