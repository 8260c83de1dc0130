"""The README says what is the case: its commands, options and keys exist, and all that exist are named."""

from __future__ import annotations

import argparse
import json
import re

import pytest

from opencode_tui.analysis.periods import PERIODS
from opencode_tui.cli.parser import make_parser
from opencode_tui.records.dimensions import DIMENSIONS
from tests.support.paths import ROOT

README = (ROOT / "README.md").read_text()


def commands() -> dict[str, argparse.ArgumentParser]:
    (subparsers,) = (a for a in make_parser()._actions if isinstance(a, argparse._SubParsersAction))
    found: dict[str, argparse.ArgumentParser] = dict(subparsers.choices)
    return found


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_stands_in_the_readme(name: str) -> None:
    assert f"`opencode-tui {name}" in README


def test_every_option_stands_in_the_readme() -> None:
    options = {
        option
        for parser in (make_parser(), *commands().values())
        for action in parser._actions
        for option in action.option_strings
        if option.startswith("--") and option not in ("--help", "--version")
    }
    missing = sorted(option for option in options if f"{option}" not in README)
    assert missing == []


def test_periods_and_groupings_are_written_out() -> None:
    assert "|".join(PERIODS) in README
    assert "|".join(DIMENSIONS) in README


def test_no_command_of_the_readme_is_made_up() -> None:
    named = set(re.findall(r"`(?:\$ )?opencode-tui ([a-z]+)", README))
    assert named <= commands().keys()


def test_the_json_in_the_readme_is_json() -> None:
    for block in re.findall(r"```json\n(.*?)```", README, re.DOTALL):
        json.loads(block)


def test_links_lead_somewhere() -> None:
    for target in re.findall(r'\]\(([^)#]+)\)|src="([^"]+)"', README):
        place = target[0] or target[1]
        assert place.startswith("https://") or (ROOT / place).exists(), place


def test_ci_runs_the_two_commands_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    for name in ("demo", "test"):
        assert re.search(rf"<!-- {name} -->\n```bash\npython3 -m venv [^\n]+\n```", README)
        assert f"command_of {name}" in script
