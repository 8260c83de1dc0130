"""`opencode-tui budget`: who answers for what, what is spent, what is left, and whether the guard holds it."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.stores import V1
from tests.support.shell import Shell

NOON = int(datetime(2026, 5, 13, 12, tzinfo=UTC).timestamp() * 1000)
BUDGETS = """
[budgets.builders]
scope = "agent"
only = "build"
owner = "Anna"
warning_usd = 0.80
cutoff_usd = 1.50
automation_usd = 1.20
[budgets.nightly]
scope = "environment"
only = "ci"
period = "week"
cutoff_usd = 3
"""


@pytest.fixture
def config(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A day that has cost $1.00 by noon, and two budgets."""
    for module in ("cli.budget", "cli.guard", "guard.state"):
        monkeypatch.setattr(f"opencode_tui.{module}.now_ms", lambda: NOON)
    store = V1(tmp_path)
    store.call(store.session("Fix header", created=NOON - 7_200_000), cost="1.00", at=NOON - 3_600_000)
    file = tmp_path / "config.toml"
    file.write_text(BUDGETS)
    monkeypatch.setenv("OPENCODE_TUI_CONFIG_FILE", str(file))
    return file


def test_each_budget_is_a_line_and_what_cannot_be_known_is_said(shell: Shell, config: Path) -> None:
    lines = shell.said("budget").splitlines()
    assert lines[2].split() == [
        *("builders", "Anna", "agent", "build", "day", "$1.00", "$0.80", "$1.50", "$0.50"),
        *("past", "the", "warning,", "not", "held"),
    ]
    nightly = "nightly  environment ci  week  $0.00  off  $3.00  $3.00  calm, not held"
    assert lines[3].split() == nightly.split()
    assert lines[4] == "builders: the guard refuses calls of automation from $1.20 on"
    assert lines[5].startswith("OpenCode records no environment")


def test_a_guard_that_holds_them_and_its_lifts_are_said(shell: Shell, config: Path) -> None:
    shell.said("guard", "install")
    assert "past the warning, held" in shell.said("budget")
    shell.said("guard", "lift", "budget", "builders", "--for", "30m")
    text = shell.said("budget")
    assert "past the warning, lifted until 12:30" in text and "calm, held" in text
    shell.said("guard", "lift", "--for", "1h")
    assert "calm, lifted until 13:00" in shell.said("budget")


def test_json(shell: Shell, config: Path) -> None:
    shell.said("guard", "install")
    found = json.loads(shell.said("budget", "--json"))
    assert found["trouble"] is None
    assert found["budgets"][0] == {
        "name": "builders",
        "owner": "Anna",
        "of_team": False,
        "scope": "agent",
        "only": "build",
        "period": "day",
        "from_at": "2026-05-13T00:00:00.000+00:00",
        "until_at": "2026-05-14T00:00:00.000+00:00",
        "spent_usd": 1.0,
        "lower_bound": False,
        "left_usd": 0.5,
        "warning_usd": 0.8,
        "cutoff_usd": 1.5,
        "ci_usd": None,
        "automation_usd": 1.2,
        "background_usd": None,
        "state": "warning",
        "held": True,
        "lifted_until_at": None,
    }


def test_the_teams_budgets_are_listed_and_a_broken_file_is_one_sentence(shell: Shell, config: Path) -> None:
    team = config.with_name("team.toml")
    team.write_text('[budgets.all]\nowner = "Bo"\ncutoff_usd = 0.50\n')
    config.write_text('[team]\nbudgets_file = "team.toml"\n')
    (line,) = shell.said("budget").splitlines()[2:]
    assert line.split()[:3] == ["team:all", "Bo", "seat"] and "$0.50 over" in line and "past the cutoff" in line
    team.write_text("[budgets.all]\ncutoff_usd = 'much'\n")
    assert "team.toml: budgets.all.cutoff_usd: 'much' is not an amount in USD" in shell.said("budget")


def test_a_teams_budget_for_a_tag_that_nobody_defines_is_said_and_the_others_hold(shell: Shell, config: Path) -> None:
    team = config.with_name("team.toml")
    web = "[budgets.web]\nscope = 'tag'\nonly = 'client-b'\ncutoff_usd = 1\n"
    team.write_text(f"{web}[budgets.all]\ncutoff_usd = 0.50\n[tags]\nclient-a = '/srv/a/*'\n")
    config.write_text('[team]\nbudgets_file = "team.toml"\n')
    sentence = "the budget team:web holds nothing: no tag is called 'client-b'; see [tags], which has client-a"
    *_, said = shell.said("budget").splitlines()
    assert said.endswith(f"team.toml: {sentence}")
    found = json.loads(shell.said("budget", "--json"))
    assert found["trouble"] == said and {each["name"] for each in found["budgets"]} == {"team:web", "team:all"}
    shell.said("team", "add", "me", str(shell.ledger), "--config", str(config))
    code, _, error = shell.run("team", "report", "--week", "2026-W20")
    assert code == 0 and said in error
    shell.run("guard", "install")
    os.utime(team, (1_700_000_000, 1_700_000_000))  # it is no longer being copied
    assert sentence in shell.run("guard", "status")[1]
    config.write_text(f"{config.read_text()}\n[tags]\nclient-b = '/srv/b/*'\n")
    assert "client-b'" not in shell.said("budget")


def test_a_broken_file_of_the_team_is_said_once_and_not_for_its_tags_as_well(shell: Shell, config: Path) -> None:
    config.with_name("team.toml").write_text("[tags]\nclient-b = ")
    web = "[budgets.web]\nscope = 'tag'\nonly = 'client-b'\ncutoff_usd = 1\n"
    config.write_text(f'{web}[team]\nbudgets_file = "team.toml"\n')
    said = shell.said("budget")
    assert "correct the TOML there" in said and "holds nothing" not in said


def test_without_a_budget_it_says_how_to_set_one(shell: Shell, config: Path) -> None:
    config.write_text("")
    assert shell.said("budget") == "no budget is set; see [budgets.NAME] in config.example.toml\n"
    assert json.loads(shell.said("budget", "--json"))["budgets"] == []


def test_a_teams_file_that_is_gone_is_said_and_the_others_are_shown(shell: Shell, config: Path) -> None:
    config.write_text(f'{BUDGETS}\n[team]\nbudgets_file = "gone.toml"\n')
    code, said, error = shell.run("budget")
    assert (code, error) == (0, "")
    assert "builders" in said and "gone.toml: there is no such file, though team.budgets_file names it" in said
    assert "there is no such file" in json.loads(shell.said("budget", "--json"))["trouble"]
