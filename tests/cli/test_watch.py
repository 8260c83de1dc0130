"""watch: what the dashboard does about alerts, without a screen."""

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing
from threading import Timer

import pytest

from opencode_tui.cli import EXIT_OK, EXIT_TROUBLE
from opencode_tui.clock import now_ms
from tests.stores import V1
from tests.support.alert_shell import log, marking, spend, told
from tests.support.shell import PIPES, Shell, assert_one_sentence, said_in_terminal, spawn

pytestmark = pytest.mark.usefixtures("stopped_clock")


def test_watch_once_prints_and_delivers_each_new_alert(shell: Shell, store: V1) -> None:
    spend(store, "0.33")
    config = marking(shell)
    first, alert = shell.said("watch", "--once", *config).splitlines()
    assert first == "watching every 2 s: warning $0.80, cutoff $1.50 a day; channels: command"
    assert alert.startswith("14:23 warning: $0.83 is past the warning $0.80: ")
    assert told(shell) == ["day warning"]
    assert shell.said("watch", "--once", *config).splitlines() == [first]
    assert told(shell) == ["day warning"]


def test_watch_says_what_is_wrong_with_a_store(shell: Shell, store: V1) -> None:
    shell.said("sync")
    store.database.close()
    store.path.write_bytes(b"not a database at all" * 400)
    code, out, err = shell.run("watch", "--once")
    assert (code, out.splitlines()[0].split()[0]) == (EXIT_OK, "watching")
    assert_one_sentence(err, str(store.path))


def test_watch_says_where_there_is_no_store(shell: Shell) -> None:
    shell.data_dir.mkdir()
    code, out, err = shell.run("watch", "--once")
    assert (code, out.splitlines()[0].split()[0]) == (EXIT_OK, "watching")
    assert_one_sentence(err, "no OpenCode store in", str(shell.data_dir), "--data-dir")


def test_a_watch_that_finds_the_ledger_locked_tries_again(shell: Shell, store: V1) -> None:
    shell.said("sync")
    spend(store, "0.60")
    with closing(sqlite3.connect(shell.ledger, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        process = spawn(shell, "-m", "opencode_tui", "watch", *shell.places, **PIPES)
        late = Timer(60, process.kill)
        late.start()
        assert process.stderr is not None
        assert process.stdout is not None
        assert "locked by another process; try again once that has ended; trying again" in process.stderr.readline()
        other.execute("ROLLBACK")
    assert process.stderr.readline() == "opencode-tui: the ledger is well again\n"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    late.cancel()


def test_a_watch_uses_what_config_toml_says_from_its_next_poll_on(shell: Shell, store: V1) -> None:
    config = shell.home / "config.toml"
    config.write_text("[poll]\ninterval_s = 0.2\n")
    process = spawn(shell, "-m", "opencode_tui", "watch", "--config", str(config), *shell.places, **PIPES)
    late = Timer(60, process.kill)
    late.start()
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith("watching every 0.2 s: warning $0.80, cutoff $1.50 a day")
    config.write_text("[poll]\ninterval_s = 0.2\n[budget]\nwarning_usd = 9\n")
    assert process.stderr.readline().endswith("lower the warning or raise the cutoff; the settings from before hold\n")
    config.write_text("[poll]\ninterval_s = 0.2\n[budget]\nwarning_usd = 0.90\n")
    assert process.stdout.readline().startswith("watching every 0.2 s: warning $0.90, cutoff $1.50 a day")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    late.cancel()


def test_watch_of_a_ledger_that_is_none_is_one_sentence(shell: Shell, store: V1) -> None:
    shell.ledger.parent.mkdir(exist_ok=True)
    shell.ledger.write_text("this is my diary" * 100)
    code, out, err = shell.run("watch")
    assert (code, out) == (EXIT_TROUBLE, "")
    assert_one_sentence(err, str(shell.ledger))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_watch_sees_what_is_new_and_ends_cleanly(number: signal.Signals, shell: Shell) -> None:
    store = V1(shell.home)
    session = store.session("Fix header")
    process = spawn(shell, "-m", "opencode_tui", "watch", *shell.places, **PIPES)
    late = Timer(60, process.kill)
    late.start()
    assert process.stdout is not None
    assert process.stdout.readline().startswith("watching every 2 s")
    store.call(session, cost="0.90", at=now_ms())
    assert any("warning: $0.90 is past the warning $0.80: " in process.stdout.readline() for _ in range(2))
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    late.cancel()
    assert (process.returncode, err) == (0, "")


def test_what_fires_is_reported_also_when_the_reader_of_watch_has_gone(
    shell: Shell, store: V1, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("opencode_tui.cli.watch._say", gone)
    monkeypatch.setattr("opencode_tui.cli.watch.silence_stdout", lambda: None)
    spend(store, "3")
    assert shell.run("watch", *marking(shell))[0] == EXIT_OK  # and it ends by itself
    fired = log(shell)
    assert len(fired) > 1
    assert all([told.ok for told in alert.results] == [True] for alert in fired)


def test_watch_rings_the_bell_of_a_terminal_alone(shell: Shell) -> None:
    store = V1(shell.home)
    store.call(store.session("Fix header"), cost="0.90", at=now_ms())
    assert b"\x07" in said_in_terminal(shell, "watch", "--once")
    piped = spawn(shell, "-m", "opencode_tui", "watch", "--once", "--ledger", str(shell.home / "l"),
                  *shell.places[:2], **PIPES)  # fmt: skip
    out, _ = piped.communicate(timeout=60)
    assert "$0.90" in out
    assert "\x07" not in out
