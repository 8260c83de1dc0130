"""status: one line for tmux."""

from __future__ import annotations

import pytest

from opencode_tui.cli import EXIT_OK, EXIT_USAGE
from opencode_tui.report.status_line import PLACEHOLDERS
from tests.stores import V1
from tests.support.alert_shell import spend
from tests.support.paths import ROOT
from tests.support.shell import PIPES, Shell, assert_one_sentence, at, spawn

pytestmark = pytest.mark.usefixtures("stopped_clock")


def status(shell: Shell, format: str) -> str:
    return shell.said("status", "--format", format).removesuffix("\n")


def test_status_is_one_line_with_tmuxs_colours(shell: Shell, store: V1) -> None:
    assert shell.said("status") == "#[fg=green]● $0.50#[default] of $1.50 · $0.00/h\n"
    spend(store, "0.33")
    assert shell.said("status") == "#[fg=yellow]▲ $0.83#[default] of $1.50 · $0.33/h\n"
    spend(store, "1.00")
    assert shell.said("status") == "#[fg=red]■ $1.83#[default] of $1.50 · $1.33/h\n"


def test_status_takes_a_format(shell: Shell, store: V1) -> None:
    line = status(shell, "{{{spent}}} {warning} {cutoff} {band} {week} {target} {sessions} {active} {calls} {model}")
    assert line == "{$0.50} $0.80 $1.50 calm $0.90 $7.00 2 0 8 anthropic/claude-opus-4-5"
    assert status(shell, "") == ""


def test_status_says_whether_there_is_a_guard(shell: Shell, store: V1) -> None:
    assert status(shell, "{guard}") == "not guarded"


@pytest.mark.parametrize("name", PLACEHOLDERS)
def test_every_placeholder_can_be_used_alone_and_stands_in_the_readme(name: str, shell: Shell, store: V1) -> None:
    assert "{" not in status(shell, f"{{{name}}}")
    assert f"`{{{name}}}`" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("format", ["{cost}", "{", "}", "{spent", "{}", "{0}", "{spent!r}", "{spent:>10}", "{spent.a}"])
def test_a_format_that_is_none_is_one_sentence(format: str, shell: Shell, store: V1) -> None:
    code, out, err = shell.run("status", "--format", format)
    assert (code, out) == (EXIT_USAGE, "")
    assert_one_sentence(err, "--format")


def test_tmux_interprets_nothing_of_a_title(shell: Shell) -> None:
    store = V1(shell.home)
    session = store.session("#[fg=red]#(touch hit)\x1b[31m", created=at("09:00"))
    store.call(session, cost="0.90", at=at("14:20"))
    shell.said("watch", "--once")
    line = status(shell, "{alert}")
    assert "##[fg=red]##(touch hit)" in line
    assert line.isprintable()
    assert "#" not in line.replace("##", "")


def test_status_of_a_store_that_cannot_be_read_is_a_lower_bound(shell: Shell, store: V1) -> None:
    shell.said("sync")
    store.database.close()
    store.path.write_bytes(b"not a database at all" * 400)
    code, out, err = shell.run("status", "--format", "{spent}")
    assert (code, out) == (EXIT_OK, "≥$0.50\n")
    assert_one_sentence(err, str(store.path))


def test_status_of_an_unreadable_store_is_neither_green_nor_a_day_of_nothing(shell: Shell, store: V1) -> None:
    shell.said("sync")
    break_store(shell, store)
    assert shell.run("status")[1].startswith("#[fg=yellow]▲ ≥$0.50#[default] of $1.50")
    shell.ledger.unlink()
    assert shell.run("status")[1] == "#[fg=yellow]▲ unknown#[default]\n"
    assert "today's run-rate: unknown (warning" in shell.run("today")[1]


def break_store(shell: Shell, store: V1) -> None:
    for left in shell.data_dir.glob("opencode.db-*"):
        left.unlink()
    store.path.write_bytes(b"not a database at all" * 1000)


def test_status_and_check_import_next_to_nothing(shell: Shell, store: V1) -> None:
    shell.said("sync")  # makes the ledger, so that there is nothing to migrate
    code = (
        "import sys\nfrom opencode_tui.cli import main\ncode = main(sys.argv[1:])\n"
        "heavy = {'textual', 'pydantic', 'sqlite_utils', 'rich', 'tabulate', 'httpx', 'subprocess', 'asyncio',"
        " 'inspect', 'dataclasses', 'orjson', 'csv', 'platformdirs', 'tempfile', 'shutil', '_hashlib', 'calendar'}\n"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    config = shell.home / "set.toml"
    config.write_text("[budget]\ncutoff_usd = 2\n[alerts.session]\nwarning_usd = 1\n[channels]\nbell = 'cutoff'\n")
    for argv in (["status"], ["status", "--format", "{guard}"], ["status", "--config", str(config)]):
        process = spawn(shell, "-c", code, *argv, *shell.places, **PIPES)
        out, err = process.communicate(timeout=60)
        assert (err, out.splitlines()[-1]) == ("", "[]"), argv
    code = code.replace("'subprocess', ", "").replace("'tempfile', 'shutil', ", "")  # for channels
    process = spawn(shell, "-c", code, "check", *shell.places, **PIPES)
    assert process.communicate(timeout=60)[0].splitlines()[-1] == "[]"
