"""One sentence and a documented code for all that can be wrong."""

from __future__ import annotations

import subprocess
import sys

import pytest

from opencode_tui.cli import EXIT_OK, EXIT_TROUBLE, EXIT_USAGE
from tests.stores import V1
from tests.support.paths import ROOT
from tests.support.shell import SEVEN_LINES, Shell, assert_one_sentence


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (
            ["--from", "2026-05-13", "--to", "2026-05-12"],
            "--from 2026-05-13 is after --to 2026-05-12; swap them",
        ),
        (["--from", "yesterday"], "'yesterday' is not a day; write one such as 2026-05-13"),
        (["--to", "2026-02-30"], "'2026-02-30' is not a day; write one such as 2026-05-13"),
        (["--period", "week", "--from", "2026-05-13"], "--period goes without --from and --to"),
        (["--period", "week", "--to", "2026-05-13"], "--period goes without --from and --to"),
    ],
)
def test_days_that_make_no_sense_are_a_wrong_command_line(argv: list[str], words: str, shell: Shell, store: V1) -> None:
    code, out, err = shell.run("usage", *argv)
    assert (code, out) == (EXIT_USAGE, "")
    assert_one_sentence(err, words)


@pytest.mark.parametrize(
    ("argv", "word"),
    [
        (["toady"], "'toady'"),
        (["usage", "--by", "mood"], "'mood'"),
        (["usage", "--mod", "kimi"], "--mod"),
        (["today", "--ledger"], "--ledger"),
    ],
)
def test_what_the_parser_does_not_know_is_a_wrong_command_line(argv: list[str], word: str, shell: Shell) -> None:
    code, out, err = shell.run(*argv, places=())
    assert (code, out) == (EXIT_USAGE, "")
    assert "error:" in err.splitlines()[-1]
    assert word in err.splitlines()[-1]


@pytest.mark.parametrize("command", ["today", "usage", "sync"])
def test_a_data_directory_that_does_not_exist_is_said(command: str, shell: Shell) -> None:
    missing = shell.home / "nowhere"
    code, out, err = shell.run(command, places=("--data-dir", str(missing), "--ledger", str(shell.ledger)))
    assert (code, out) == (EXIT_TROUBLE, "")
    assert_one_sentence(err, str(missing), "no such directory", "opencode debug paths")
    assert not shell.ledger.exists()


@pytest.mark.parametrize("command", ["today", "usage", "sync"])
def test_a_ledger_that_is_a_directory_is_said(command: str, shell: Shell, store: V1) -> None:
    code, out, err = shell.run(command, places=("--data-dir", str(shell.data_dir), "--ledger", str(shell.home)))
    assert (code, out) == (EXIT_TROUBLE, "")
    assert_one_sentence(err, str(shell.home), "cannot be opened", "--ledger")


@pytest.mark.parametrize("command", ["today", "usage", "sync"])
def test_a_ledger_that_is_something_else_is_said_and_left_alone(command: str, shell: Shell, store: V1) -> None:
    letter = shell.home / "letter.txt"
    letter.write_text("Dear diary, " * 100)
    code, out, err = shell.run(command, places=("--data-dir", str(shell.data_dir), "--ledger", str(letter)))
    assert (code, out) == (EXIT_TROUBLE, "")
    assert_one_sentence(err, str(letter), "cannot be used", "--ledger")
    assert letter.read_text() == "Dear diary, " * 100


@pytest.mark.parametrize("command", ["today", "usage", "sync"])
def test_a_slip_of_the_pen_in_the_settings_is_said(command: str, shell: Shell, store: V1) -> None:
    config = shell.home / "my.toml"
    config.write_text("[budget]\nwarnin_usd = 1\n")
    code, out, err = shell.run(command, "--config", str(config))
    assert (code, out) == (EXIT_TROUBLE, "")
    assert_one_sentence(err, "budget.warnin_usd", "did you mean 'warning_usd'?", "my.toml")


def test_a_settings_file_that_is_not_there_is_said(shell: Shell, store: V1) -> None:
    code, out, err = shell.run("today", "--config", str(shell.home / "none.toml"))
    assert (code, out) == (EXIT_TROUBLE, "")
    assert_one_sentence(err, "none.toml", "no such file")


@pytest.mark.parametrize("command", ["today", "usage", "sync"])
def test_a_place_without_a_store_is_said_and_is_no_failure(command: str, shell: Shell) -> None:
    shell.data_dir.mkdir()
    code, out, err = shell.run(command)
    assert code == EXIT_OK
    assert out
    assert_one_sentence(err, "no OpenCode store in", str(shell.data_dir), "--data-dir")


@pytest.mark.parametrize("command", ["today", "usage", "sync"])
def test_a_broken_store_is_said_beside_the_answer_from_the_ledger(command: str, shell: Shell, store: V1) -> None:
    shell.said("sync")
    for left in shell.data_dir.glob("opencode.db-*"):
        left.unlink()
    store.path.write_bytes(b"not a database at all" * 1000)
    code, out, err = shell.run(command)
    assert code == EXIT_OK
    assert_one_sentence(err, str(store.path))
    if command == "today":
        assert out.replace("≥", "").replace(" as far as known", "") == SEVEN_LINES
        assert "on pace as far as known" in out
        assert "today's run-rate: ≥$0.50 " in out


@pytest.mark.parametrize("argv", [[], ["--demo"], ["--no-mouse"]])
def test_the_dashboard_needs_a_terminal(argv: list[str], shell: Shell) -> None:
    code, out, err = shell.run(*argv)
    assert (code, out) == (EXIT_TROUBLE, "")
    assert_one_sentence(err, "needs a terminal", "`opencode-tui today`")


def test_the_demo_takes_no_command_which_would_read_the_real_ledger(shell: Shell) -> None:
    code, out, err = shell.run("--demo", "today")
    assert (code, out) == (2, "")
    assert "--demo shows the dashboard, and takes no COMMAND" in err


def test_interrupting_is_quiet(shell: Shell, store: V1, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("opencode_tui.cli.today.now_ms", interrupt)
    assert shell.run("today") == (130, "", "")


@pytest.mark.parametrize("argv", [("--to", "9999-12-31"), ("--from", "9999-12-31"), ("--from", "0001-01-01")])
def test_a_day_at_the_edge_of_the_calendar_is_one_sentence(argv: tuple[str, str], shell: Shell, store: V1) -> None:
    code, _, said = shell.run("usage", *argv)
    assert (code, said.count("\n")) == (2, 1)
    assert "too far away" in said


def test_a_home_that_nobody_has_is_one_sentence(shell: Shell) -> None:
    code, _, said = shell.run("today", places=("--data-dir", "~nosuchuser/x"))
    assert (code, said.count("\n")) == (3, 1)


def test_an_empty_data_dir_is_not_opencodes_own(shell: Shell) -> None:
    code, _, said = shell.run("today", places=("--data-dir", "", "--ledger", str(shell.ledger)))
    assert (code, said.count("\n")) == (3, 1)


def test_an_output_that_has_no_room_is_one_sentence(shell: Shell, store: V1) -> None:
    command = f"{sys.executable} -m opencode_tui today --data-dir {store.data_dir} --ledger {shell.ledger} >/dev/full"
    done = subprocess.run(["/bin/sh", "-c", command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == EXIT_TROUBLE
    assert_one_sentence(done.stderr, "the output cannot be written (No space left on device); make room for it")
