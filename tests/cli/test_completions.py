"""Completions in real shells, and the manual page."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from opencode_tui.cli.parser import make_parser
from tests.support.examples import examples
from tests.support.manpage import FILE, manpage
from tests.support.shell import Shell

_ASK = """
source {file}
COMP_WORDS=(opencode-tui {words})
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
COMP_LINE="${{COMP_WORDS[*]}}" COMP_POINT=${{#COMP_LINE}}
{function}
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("us", {"usage"}),
        ("usage --by pro", {"provider", "project"}),
        ("guard li", {"lift"}),
        ("completions ", {"bash", "zsh", "fish"}),
        ("tmux install --wi", {"--width"}),
    ],
)
def test_bash_completes_commands_options_and_values(
    shell: Shell, tmp_path: Path, words: str, expected: set[str]
) -> None:
    script = tmp_path / "completions.bash"
    script.write_text(shell.said("completions", "bash"))
    function = script.read_text().rsplit("complete -o", 1)[1].split("-F ", 1)[1].split()[0]
    last = "''" if words.endswith(" ") else ""
    asked = _ASK.format(file=script, words=words + last, function=function)
    done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True)
    assert expected <= {line.strip() for line in done.stdout.splitlines()}, done.stderr


@pytest.mark.parametrize("name", ["zsh", "fish"])
def test_other_shells_take_the_script(shell: Shell, tmp_path: Path, name: str) -> None:
    script = tmp_path / "completions"
    script.write_text(shell.said("completions", name))
    assert "sessions" in script.read_text()
    if shutil.which(name):
        subprocess.run([name, "-n", str(script)], check=True)


def test_the_manual_page_is_that_of_the_commands() -> None:
    assert FILE.read_text() == manpage(), "run `python -m tests.support.manpage`"


def test_the_manual_page_says_what_the_program_is_and_has_the_examples() -> None:
    page = FILE.read_text()
    assert "\nopencode\\-tui \\- what OpenCode costs" in page, "for whatis and apropos"
    assert ".SH EXAMPLES\n" in page and "opencode\\-tui usage \\-\\-period month \\-\\-by project\n" in page
    assert ".SH EXIT STATUS\nexit codes: 0 done" in page


def words_of_examples() -> list[list[str]]:
    """The words of each example that `--help` gives, without what is for the shell."""
    found = []
    for text in examples().values():
        words = shlex.split(text)
        ends = [number for number, word in enumerate(words) if word in (">", "||", "|")]
        found.append(words[: min(ends, default=len(words))])
    return found


@pytest.mark.parametrize("words", words_of_examples(), ids=" ".join)
def test_each_example_is_a_command_line(words: list[str]) -> None:
    assert make_parser().parse_args(words)


def test_each_command_has_an_example(shell: Shell) -> None:
    for command, example in examples().items():
        code, out, _ = shell.run(*command.split(), "--help", places=[])
        assert code == 0
        assert f"  opencode-tui {example}" in out.split("\n"), "in one line, to be copied"
