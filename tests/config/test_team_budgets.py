"""A team's file of budgets: read again when it has changed, and one sentence where it cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from opencode_tui.config import load_settings
from opencode_tui.config.held import NamedBudget
from opencode_tui.config.settings import Settings
from opencode_tui.config.team import Team
from opencode_tui.config.team_budgets import all_budgets, all_tags, file_version, team_budgets
from opencode_tui.money import NANO

WEB = '[budgets.web]\nscope = "tag"\nonly = "client-a"\nowner = "Anna"\ncutoff_usd = 5\n[tags]\nclient-a = "/srv/a/*"\n'


def test_the_teams_budgets_stand_beside_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "budgets.toml"
    file.write_text(WEB)
    own = NamedBudget(cutoff_nano=NANO)
    settings = Settings(budgets={"web": own}, tags={"client-a": ("/mine",)}, team=Team(file))
    of_team = NamedBudget("tag", "client-a", "day", "Anna", None, 5 * NANO, of_team=True)
    assert all_budgets(settings) == {"web": own, "team:web": of_team}
    assert all_tags(settings) == {"client-a": ("/mine",)}
    assert team_budgets(file).tags == {"client-a": ("/srv/a/*",)}


def test_a_file_that_has_changed_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "budgets.toml"
    file.write_text(WEB)
    before = file_version(file)
    assert team_budgets(file).budgets["team:web"].cutoff_nano == 5 * NANO
    file.write_text(WEB.replace("= 5", "= 7"))
    os.utime(file, ns=(1, 1))
    assert file_version(file) != before
    assert team_budgets(file).budgets["team:web"].cutoff_nano == 7 * NANO


def test_a_relative_path_is_beside_the_settings(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[team]\nbudgets_file = "sync/budgets.toml"\n')
    assert load_settings({}, {}, config).team.budgets_file == tmp_path / "sync" / "budgets.toml"
    assert load_settings({"poll.interval_s": "3"}, {}, config).team.budgets_file == tmp_path / "sync/budgets.toml"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "there is no such file, though team.budgets_file names it"),
        ("[budgets.web]\ncutoff_usd = ", "line 2, column 14: invalid value; correct the TOML there"),
        ("[budgets.web]\ncutoff_usd = -1", "budgets.web.cutoff_usd: -1 is out of range"),
        ("[budgets.web]\ncutof_usd = 1", "budgets.web.cutof_usd: unknown key (there are scope, only"),
        ("[budgets.web]\nof_team = true", "budgets.web.of_team: unknown key"),
        ("[budgets.web]\nscope = 'agent'\ncutoff_usd = 1", "budgets.web: this budget is for one agent; write which"),
        ("[budgets.web]\nwarning_usd = 2\ncutoff_usd = 1", "budgets.web: the warning comes after the cutoff; lower it"),
        ("[budgets.'a b']\ncutoff_usd = 1", "is named with at most 40 letters"),
        ("[budgets]\nweb = 1", "budgets.web: 1 is not a table"),
        ("budgets = 1", "budgets: 1 is not a table"),
        ("[tags]\na = 'b'", "tags.a: 'b' is not a whole path"),
        ("[budget]\ncutoff_usd = 1", "budget: a team's file has [budgets.NAME] and [tags] alone"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path, text: str | None, words: str) -> None:
    file = tmp_path / "budgets.toml"
    if text is not None:
        file.write_text(text)
    found = team_budgets(file)
    assert words in found.trouble and "\n" not in found.trouble and "budgets.toml" in found.trouble
    assert found.budgets == {}
