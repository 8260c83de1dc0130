"""`commands`: /usage and /globalusage as files of OpenCode's, which are ours alone to write and to take out."""

from __future__ import annotations

import shlex
import stat
from pathlib import Path

import pytest

from opencode_tui.cli import EXIT_TROUBLE
from tests.support.shell import Shell, assert_one_sentence

WORDS = {"usage": "usage --session current", "globalusage": "usage --compact"}


def folder(shell: Shell) -> Path:
    return shell.home / ".config" / "opencode" / "command"


def run(shell: Shell, *words: str) -> tuple[int, str, str]:
    return shell.run("commands", *words, places=[])


def test_both_are_installed_told_and_taken_out(shell: Shell) -> None:
    code, out, err = run(shell, "install")
    assert (code, err) == (0, "")
    for name, words in WORDS.items():
        file = folder(shell) / f"{name}.md"
        assert f"/{name} is installed: ~/.config/opencode/command/{name}.md\n" in out
        assert stat.S_IMODE(file.stat().st_mode) == 0o644
        head, body = file.read_text().removeprefix("---\n").split("\n---\n")
        assert "description: What " in head
        command = body.partition("!`")[2].partition("`")[0]
        program = shlex.split(command)[0]
        assert Path(program).is_absolute()
        assert command.endswith(f"{words} 2>&1")
        assert body.count("`") == 2
    assert "is there already" in run(shell, "install")[1]
    assert run(shell, "remove") == (0, "/usage is removed.\n/globalusage is removed.\n", "")
    assert list(folder(shell).iterdir()) == []
    assert run(shell, "remove")[1] == "There is no /usage in OpenCode.\nThere is no /globalusage in OpenCode.\n"


def test_the_places_of_the_command_line_are_passed_on_and_brought_up_to_date(shell: Shell) -> None:
    run(shell, "install")
    ledger = shell.home / "my ledger; rm -rf.db"
    code, out, _ = run(shell, "install", "--ledger", str(ledger))
    assert code == 0
    assert out.count("is brought up to date") == 2
    text = (folder(shell) / "globalusage.md").read_text()
    assert f"usage --compact --ledger {shlex.quote(str(ledger))} 2>&1`" in text


@pytest.mark.parametrize("place", ["command", "commands"])
def test_somebodys_own_file_is_never_overwritten_nor_shadowed_nor_removed(place: str, shell: Shell) -> None:
    own = shell.home / ".config" / "opencode" / place / "globalusage.md"
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    code, out, err = run(shell, "install")
    assert (code, out) == (EXIT_TROUBLE, "")
    assert_one_sentence(err, str(own), "rename it")
    assert [file.name for file in own.parent.iterdir()] == ["globalusage.md"]
    code, out, _ = run(shell, "remove")
    assert code == 0
    assert own.read_text() == "mine"
    assert ("stays" in out) is (place == "command")


def test_a_directory_that_cannot_be_written_is_one_sentence(shell: Shell) -> None:
    (shell.home / ".config" / "opencode").mkdir(parents=True)
    folder(shell).write_text("a file")
    code, out, err = run(shell, "install")
    assert (code, out) == (EXIT_TROUBLE, "")
    assert_one_sentence(err, "cannot be written")


@pytest.mark.parametrize("name", ["a`b.db", "a\nb.db"])
def test_a_path_that_would_end_the_command_is_refused(name: str, shell: Shell) -> None:
    code, out, err = run(shell, "install", "--ledger", str(shell.home / name))
    assert (code, out) == (EXIT_TROUBLE, "")
    assert_one_sentence(err, "backtick")
    assert not folder(shell).exists()
