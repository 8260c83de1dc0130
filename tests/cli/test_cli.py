"""The command line: `sync`, where things are, its codes, and how it is as a process of its own."""

from __future__ import annotations

import json
import re

import pytest

from opencode_tui.cli import EXIT_OK, EXIT_TROUBLE, EXIT_USAGE
from opencode_tui.clock import calendar_for
from tests.stores import V1
from tests.support.shell import PIPES, SEVEN_LINES, Shell, ago, assert_one_sentence, at, said_in_terminal, spawn

# sync


def test_sync_says_what_is_new(shell: Shell, store: V1) -> None:
    assert shell.said("sync") == f"10 new calls, 10 in all, in {shell.ledger}\n"
    store.call(next(iter(store.sessions)), cost="0.01", at=at("12:00"))
    assert shell.said("sync") == f"1 new call, 11 in all, in {shell.ledger}\n"


def test_sync_lists_why_rows_could_not_be_read(shell: Shell, store: V1) -> None:
    session = next(iter(store.sessions))
    for number, data in enumerate(("{", "{", "[1]")):
        row = {"id": f"msg_bad{number}", "session_id": session, "time_created": 1, "time_updated": 1}
        store.database.put("message", row | {"data": data})
    lines = shell.said("sync").splitlines()
    assert lines[1] == "3 rows could not be read:"
    assert [line.split(" ×")[0].strip() for line in lines[2:]] == ["2", "1"]


def test_sync_as_json(shell: Shell, store: V1) -> None:
    told = shell.json("sync")
    assert isinstance(told.pop("seconds"), float)
    assert told == {
        "schema_version": 1,
        "new_calls": 10,
        "calls": 10,
        "unreadable_rows": 0,
        "ledger": str(shell.ledger),
        "stores": [{"path": str(store.path), "generation": "sqlite", "state": "live"}],
        "price_problems": [],
    }
    assert shell.json("sync")["new_calls"] == 0


# What it says of itself


def test_the_codes_are_the_documented_ones(shell: Shell) -> None:
    assert (EXIT_OK, EXIT_USAGE, EXIT_TROUBLE) == (0, 2, 3)
    for argv in (["--help"], ["today", "--help"], ["usage", "--help"], ["sync", "--help"]):
        code, out, err = shell.run(*argv, places=())
        assert (code, err) == (0, "")
        text = " ".join(out.split())  # a narrow terminal breaks the lines elsewhere
        assert "exit codes: 0 done; 2 wrong command line; 3 something is wrong" in text
        assert "130 interrupted" in text


def test_the_version_is_said(shell: Shell) -> None:
    code, out, err = shell.run("--version", places=())
    assert (code, err) == (EXIT_OK, "")
    assert re.fullmatch(r"opencode-tui( \d+\.\d+\.\d+\S*|, not installed)\n", out)


# Where things are


def test_places_can_stand_before_and_after_the_command(shell: Shell, store: V1) -> None:
    config = shell.home / "my.toml"
    config.write_text("[budget]\nwarning_usd = 0.4\n")
    options = [*shell.places, "--config", str(config)]
    before = shell.run(*options, "today", places=())
    after = shell.run("today", *options, places=())
    apart = shell.run(*options[:2], "today", *options[2:], places=())
    assert before == after == apart == (EXIT_OK, SEVEN_LINES.replace("warning $0.80", "warning $0.40"), "")


def test_the_last_of_two_places_counts(shell: Shell, store: V1) -> None:
    elsewhere = ["--data-dir", str(shell.home), "today", *shell.places]
    assert shell.run(*elsewhere, places=()) == (EXIT_OK, SEVEN_LINES, "")


def test_without_any_place_opencodes_own_is_read(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    store = V1(shell.home / ".local" / "share")
    store.call(store.session("Fix header", created=at("09:00")), cost="0.20", at=at("09:01"))
    monkeypatch.setenv("OPENCODE_TUI_LEDGER", str(shell.ledger))
    code, out, err = shell.run("usage", "--json", places=())
    assert (code, err, json.loads(out)["spend_usd"]) == (EXIT_OK, "", 0.2)
    assert shell.ledger.exists()


def test_days_are_those_of_the_zone_in_the_settings(shell: Shell, store: V1, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENCODE_TUI_TIMEZONE", "Asia/Tokyo")  # its 13 May began at 15:00 of the 12th
    store.call(next(iter(store.sessions)), cost="0.03", at=at("15:00"))
    store.call(next(iter(store.sessions)), cost="0.02", at=at("15:00", ago(1)))
    told = shell.json("usage", "--by", "day", "--from", "2026-05-13", "--to", "2026-05-14")
    assert [(group["key"], group["spend_usd"]) for group in told["groups"]] == [
        ("2026-05-13", 0.52),
        ("2026-05-14", 0.03),
    ]
    assert calendar_for("Asia/Tokyo").day(at("15:00")) == ago(-1)


def test_a_data_dir_may_have_a_colon_in_its_name(shell: Shell) -> None:
    store = V1(shell.home / "a:b")
    store.call(store.session("x", created=at("09:00")), cost="0.2", at=at("09:01"))
    places = ("--data-dir", str(store.data_dir), "--ledger", str(shell.ledger))
    _, out, said = shell.run("usage", "--json", places=places)
    assert (said, json.loads(out)["spend_usd"]) == ("", 0.2)


# In a process of its own


def test_the_module_is_the_command_and_gives_its_code_to_the_shell(shell: Shell, store: V1) -> None:
    good = spawn(shell, "-m", "opencode_tui", "usage", "--period", "all", "--json", *shell.places, **PIPES)
    out, err = good.communicate(timeout=60)
    assert (good.returncode, err) == (0, "")
    assert round(json.loads(out)["spend_usd"] * 1e9) == store.truth.total_nano
    bad = spawn(shell, "-m", "opencode_tui", **PIPES)
    out, err = bad.communicate(timeout=60)
    assert (bad.returncode, out) == (3, "")
    assert_one_sentence(err, "needs a terminal")


@pytest.mark.parametrize("command", ["today", "usage", "sync"])
def test_a_reader_that_has_gone_is_no_trouble(command: str, shell: Shell, store: V1) -> None:
    process = spawn(shell, "-m", "opencode_tui", command, *shell.places, **PIPES)
    assert process.stdout is not None
    process.stdout.close()  # as `| head -1` does when it has its line
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert process.wait(timeout=60) == 0


def test_a_command_line_is_fast_because_heavy_libraries_stay_out(shell: Shell, store: V1) -> None:
    shell.said("sync")  # makes the ledger, so that there is nothing to migrate
    code = (
        "import sys\nfrom opencode_tui.cli import main\ncode = main(sys.argv[1:])\n"
        "heavy = {'textual', 'pydantic', 'pydantic_settings', 'sqlite_utils', 'rich', 'tabulate', 'plotext',"
        " 'wcwidth'}\n"
        "print(sorted(heavy & sys.modules.keys()), code)"
    )
    for argv in (["today"], ["today", "--json"], ["usage"], ["usage", "--json"], ["sync"]):
        process = spawn(shell, "-c", code, *argv, *shell.places, **PIPES)
        out, err = process.communicate(timeout=60)
        assert err == ""
        assert out.splitlines()[-1] == "[] 0", argv


def test_a_command_leaves_no_garbage_to_search_at_its_end(shell: Shell, store: V1) -> None:
    code = "import gc, sys\nfrom opencode_tui.cli import program\nprogram()\nprint(gc.get_freeze_count() > 10_000)"
    process = spawn(shell, "-c", code, "status", *shell.places, **PIPES)
    assert process.communicate(timeout=60)[0].splitlines()[-1] == "True"


@pytest.mark.parametrize("command", ["usage --period all", "sessions --period all", "session ses_"])
def test_a_table_fits_the_terminal_and_is_whole_in_a_pipe(shell: Shell, store: V1, command: str) -> None:
    words = command.replace("session ses_", f"session {next(iter(store.sessions))}").split()
    narrow = said_in_terminal(shell, *words, columns=60).decode().splitlines()
    rule = next(number for number, line in enumerate(narrow) if line.startswith("---"))
    assert all(len(line) <= 60 for line in narrow[rule - 1 :])
    whole, wide = shell.said(*words), said_in_terminal(shell, *words, "--wide", columns=60).decode()
    heads = [text.split("---")[0].splitlines()[-1].split() for text in (whole, wide)]
    assert heads[0] == heads[1] != narrow[rule - 1].split()
