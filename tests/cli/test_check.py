"""check: where the day stands, and the exit codes that scripts go by."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from opencode_tui.cli import EXIT_USAGE
from opencode_tui.clock import now_ms
from tests.stores import V1
from tests.support.alert_shell import configure, marking, spend, told
from tests.support.paths import ROOT
from tests.support.shell import PIPES, Shell, assert_one_sentence, spawn

pytestmark = pytest.mark.usefixtures("stopped_clock")


def test_check_is_0_under_the_warning(shell: Shell, store: V1) -> None:
    assert shell.run("check") == (0, "$0.50 today is under the warning $0.80\n", "")


def test_check_is_1_at_the_warning_and_says_why(shell: Shell, store: V1) -> None:
    spend(store, "0.30")
    code, out, err = shell.run("check")
    assert (code, err) == (1, "")
    assert out.startswith("$0.80 is past the warning $0.80: ")
    assert "Fix header" in out
    assert out.count("\n") == 1


def test_check_is_2_at_the_cutoff(shell: Shell, store: V1) -> None:
    spend(store, "1.00")
    code, out, err = shell.run("check")
    assert (code, err) == (2, "")
    assert out.startswith("$1.50 is past the cutoff $1.50: ")


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["--warn", "0.50"], 1),
        (["--warn", "0.500000001"], 0),
        (["--warn", "$0.40", "--cutoff", "0.50"], 2),
        (["--warn", "3", "--cutoff", "4"], 0),
    ],
)
def test_check_takes_other_lines(lines: list[str], code: int, shell: Shell, store: V1) -> None:
    assert shell.run("check", *lines)[0] == code


def test_check_does_not_say_that_an_amount_is_under_itself(shell: Shell, store: V1) -> None:
    spend(store, "0.2999")
    assert shell.run("check") == (0, "$0.80 today is just under the warning $0.80\n", "")


def test_check_as_json(shell: Shell, store: V1) -> None:
    spend(store, "0.33")
    code, out, err = shell.run("check", "--json")
    told = json.loads(out)
    assert told.pop("text").startswith("$0.83 is past the warning $0.80: ")
    assert (code, err) == (1, "")
    assert told == {
        "schema_version": 1,
        "exit_code": 1,
        "band": "warning",
        "spent_usd": 0.83,
        "lower_bound": False,
        "warning_usd": 0.8,
        "cutoff_usd": 1.5,
        "session": next(iter(store.sessions)),
        "troubles": [],
        "alerts": [],
    }


@pytest.mark.parametrize(
    "argv",
    [
        ("check", "--wran", "1"),
        ("check", "1"),
        ("check", "--warn"),
        ("--bad", "check"),
        ("check", "--warn", "much"),
        ("check", "--warn", "nan"),
        ("check", "--warn", "-1"),
        ("check", "--warn", "9"),
        ("check", "--warn", "1" + "0" * 400),
    ],
)
def test_a_wrong_command_line_of_check_does_not_look_like_the_cutoff(
    argv: tuple[str, ...], shell: Shell, store: V1
) -> None:
    code, out, err = shell.run(*argv)
    assert (code, out) == (3, "")
    assert err


def test_a_wrong_command_line_of_the_others_is_2_as_before(shell: Shell) -> None:
    assert (
        shell.run("today", "--bad")[0] == shell.run("--bad", "today")[0] == shell.run("alerts", "bad")[0] == EXIT_USAGE
    )


def test_check_without_a_store_cannot_answer(shell: Shell) -> None:
    shell.data_dir.mkdir()
    code, out, err = shell.run("check")
    assert (code, out) == (3, "")
    assert_one_sentence(err, "no OpenCode store")


def test_check_of_a_broken_store_cannot_answer(shell: Shell, store: V1) -> None:
    shell.said("sync")
    store.database.close()
    store.path.write_bytes(b"not a database at all" * 400)
    code, out, err = shell.run("check")
    assert (code, out) == (3, "")
    assert_one_sentence(err, str(store.path))
    code, out, _ = shell.run("check", "--json")
    assert (code, json.loads(out)["band"]) == (3, "unknown")


def test_a_cutoff_that_is_reached_is_one_even_if_a_store_is_broken(shell: Shell, store: V1) -> None:
    spend(store, "1.00")
    shell.said("sync")
    store.database.close()
    store.path.write_bytes(b"not a database at all" * 400)
    assert shell.run("check")[0] == 2


def test_check_of_a_file_that_is_no_ledger_cannot_answer(shell: Shell, store: V1) -> None:
    shell.ledger.write_text("this is my diary" * 100)
    code, out, err = shell.run("check")
    assert (code, out) == (3, "")
    assert_one_sentence(err, str(shell.ledger))


def test_check_with_wrong_settings_cannot_answer(shell: Shell, store: V1) -> None:
    code, out, err = shell.run("check", *configure(shell, "[budget]\nwarning_usd = -1\n"))
    assert (code, out) == (3, "")
    assert_one_sentence(err, "warning_usd")


def test_a_fault_of_our_own_is_not_the_warning(shell: Shell, store: V1, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("opencode_tui.cli.check.band", fail)
    code, out, err = shell.run("check")
    assert (code, out) == (3, "")
    assert_one_sentence(err, "ZeroDivisionError")


@pytest.mark.parametrize("target", ["&-", "/dev/full"])
def test_check_gives_its_code_also_where_its_line_cannot_be_written(target: str, shell: Shell, store: V1) -> None:
    command = f"{sys.executable} -m opencode_tui check --data-dir {store.data_dir} --ledger {shell.ledger} >{target}"
    done = subprocess.run(["/bin/sh", "-c", command], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_check_gives_its_code_also_where_nobody_reads_its_line(shell: Shell) -> None:
    store = V1(shell.home)
    store.call(store.session("Fix header"), cost="2.00", at=now_ms())
    process = spawn(shell, "-m", "opencode_tui", "check", *shell.places, **PIPES)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert process.wait(timeout=60) == 2


def test_check_delivers_alerts_only_when_asked_to_and_once(shell: Shell, store: V1) -> None:
    spend(store, "0.33")
    config = marking(shell)
    assert shell.run("check", *config)[0] == 1
    assert told(shell) == []
    assert shell.run("check", "--notify", *config)[::2] == (1, "")
    assert told(shell) == ["day warning"]
    code, out, _ = shell.run("check", "--notify", "--json", *config)
    assert (code, json.loads(out)["alerts"], told(shell)) == (1, [], ["day warning"])


def test_check_says_which_channel_failed_and_keeps_its_code(shell: Shell, store: V1) -> None:
    spend(store, "0.33")
    code, out, err = shell.run("check", "--notify", "--json", *marking(shell, code=4))
    assert (code, err) == (1, "opencode-tui: command: exit code 4\n")
    by_rule = {alert["rule"]: alert["told"] for alert in json.loads(out)["alerts"]}
    assert [(each["channel"], each["ok"]) for each in by_rule["day"]] == [("command", False)]
