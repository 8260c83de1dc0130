"""What CONTRIBUTING, CI's workflow, the hooks and the release notes say is the case: files, commands and versions."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest

from opencode_tui.cli.parser import make_parser
from tests.test_readme import commands

ROOT = Path(__file__).parent.parent
CONTRIBUTING = (ROOT / ".github/CONTRIBUTING.md").read_text(encoding="utf-8")
WORKFLOW = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
HOOKS = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
CHANGELOG = (ROOT / ".github/CHANGELOG.md").read_text(encoding="utf-8")
CI = (ROOT / ".ci/run").read_text(encoding="utf-8")
FORMS = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"))
TOOLS = {"pytest", "ruff", "mypy", "python"}

in_text = re.sub(r"```.*?```", "", CONTRIBUTING, flags=re.DOTALL)
NAMED = sorted(
    set(
        re.findall(r"`((?:opencode_tui|tests|\.ci|\.github|screenshots)/[^`\s]*|[\w.-]+\.toml|\.pre-[\w.-]+)`", in_text)
    )
)
SHELL = re.search(r"```bash\n(.*?)```", CONTRIBUTING, re.DOTALL)
LINES = [line.partition("  #")[0].strip() for line in SHELL[1].splitlines()] if SHELL else []


def test_it_can_be_read_in_one_go() -> None:
    assert len(CONTRIBUTING.splitlines()) < 200
    assert len(NAMED) > 40 and len(LINES) > 8


@pytest.mark.parametrize("name", NAMED)
def test_what_it_names_is_there(name: str) -> None:
    place = ROOT / name
    assert place.is_dir() if name.endswith("/") else place.is_file() or name == "config.toml"


@pytest.mark.parametrize("recipe", ["screen", "store format", "alert rule", "channel", "command", "export", "column"])
def test_there_is_a_recipe_for_what_is_added_most(recipe: str) -> None:
    assert re.search(rf"(?m)^\*\*An? {recipe}\.?\*\*", CONTRIBUTING)


def test_every_folder_of_the_package_stands_on_the_map() -> None:
    folders = {path.name for path in (ROOT / "opencode_tui").iterdir() if (path / "__init__.py").exists()}
    assert folders == {name for name in folders if f"| `opencode_tui/{name}/` |" in CONTRIBUTING}


@pytest.mark.parametrize("line", LINES)
def test_its_commands_are_real_ones(line: str) -> None:
    for command in line.split(" && "):
        words = [word for word in shlex.split(command) if "=" not in word or word.startswith("-")]
        program = words[0]
        assert program.startswith((".venv/bin/", ".ci/"))
        if program.startswith(".venv/bin/"):
            assert Path(program).name in TOOLS
        else:
            assert (ROOT / program).stat().st_mode & 0o100
        for word in words[1:]:
            if word.startswith("tests/"):
                assert (ROOT / word).exists()
            elif word.startswith("tests."):
                module = ROOT / word.replace(".", "/")
                assert module.with_suffix(".py").exists() or (module / "__main__.py").exists()


@pytest.mark.parametrize("line", [line for line in LINES if " -k " in line])
def test_the_tests_that_it_chooses_exist(line: str) -> None:
    words = shlex.split(line)
    file, text = next(word for word in words if word.startswith("tests/")), words[words.index("-k") + 1]
    assert text in (ROOT / file).read_text(encoding="utf-8")


def test_the_workflow_runs_the_stages_of_ci() -> None:
    assert re.findall(r"run: (.+)", WORKFLOW) == [".ci/run fast", ".ci/run e2e"]
    assert re.findall(r"\[([a-z0-9]+)\|([a-z0-9]+)\]", CI)[0] == ("fast", "e2e")


@pytest.mark.parametrize("arguments", [["everything"], ["fast", "e2e"], [""]])
def test_ci_knows_no_other_stage(arguments: list[str]) -> None:
    done = subprocess.run([ROOT / ".ci/run", *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "usage: .ci/run [fast|e2e]\n")


def test_the_hooks_check_what_ci_does_and_fetch_nothing() -> None:
    entries = re.findall(r"entry: \.venv/bin/(.+)", HOOKS)
    assert entries == ["ruff check", "ruff format --check", "mypy", "pytest"]
    for tool in ("ruff", "mypy"):
        assert f'"$bin/{tool}"' in CI
    assert set(re.findall(r"language: (\w+)", HOOKS)) == {"system"}
    assert re.findall(r"repo: (\w+)", HOOKS) == ["local"]


@pytest.mark.parametrize("form", FORMS, ids=[form.stem for form in FORMS])
def test_a_form_asks_for_what_a_report_needs_and_warns_of_secrets(form: Path) -> None:
    text = form.read_text(encoding="utf-8")
    assert "Leave out prompts" in text and "passwords" in text
    for command in re.findall(r"`opencode-tui (.+?)`", text):
        word = command.split()[0]
        assert word in commands() or word in {
            option for action in make_parser()._actions for option in action.option_strings
        }
    for asked in ("opencode-tui --version", "opencode --version", "opencode-tui sync", "opencode-tui guard status"):
        assert f"`{asked}`" in text
    assert "terminal" in text.casefold() and "size" in text.casefold()


def test_the_newest_release_notes_are_of_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert re.findall(r"(?m)^## (\S+)", CHANGELOG)[0] == version


def test_nothing_that_ci_sets_for_the_tests_is_a_setting_of_the_product() -> None:
    assert re.findall(r"\bOPENCODE_TUI_\w+=", CI + WORKFLOW) == []
    assert [name for name in os.environ if name.startswith("OPENCODE_TUI_")] == []
