"""check, watch, status and alerts: what they say, and the exit codes that scripts go by."""

from __future__ import annotations

import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from threading import Timer

import pytest

from opencode_tui.alert_records import Alert
from opencode_tui.cli import EXIT_OK, EXIT_TROUBLE, EXIT_USAGE
from opencode_tui.clock import now_ms
from opencode_tui.ledger import alert_log
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.report.status_line import PLACEHOLDERS
from tests.stores import V1
from tests.test_cli import DAY, PIPES, ROOT, Shell, assert_one_sentence, at, shell, spawn, store

__all__ = ["shell", "store"]
AROUND_NOON = "2026-05-13T14:23"


@pytest.fixture(autouse=True)
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    for command in ("check", "status", "alerts", "watch"):
        monkeypatch.setattr(f"opencode_tui.cli.{command}.now_ms", lambda: at("14:23"))


def spend(store: V1, cost: str, time: str = "14:20") -> None:
    store.call(next(iter(store.sessions)), cost=cost, at=at(time))


def configure(shell: Shell, text: str) -> list[str]:
    (shell.home / "my.toml").write_text(text)
    return ["--config", str(shell.home / "my.toml")]


def log(shell: Shell) -> tuple[Alert, ...]:
    ledger = Ledger(shell.ledger)
    found = alert_log.alerts(ledger.connection)
    ledger.close()
    return found


# check


def test_check_is_0_under_the_warning(shell: Shell, store: V1) -> None:
    assert shell.run("check") == (0, "$0.50 today is under the warning $0.80\n", "")


def test_check_is_1_at_the_warning_and_says_why(shell: Shell, store: V1) -> None:
    spend(store, "0.30")
    code, out, err = shell.run("check")
    assert (code, err) == (1, "")
    assert out.startswith("$0.80 has reached the warning $0.80: ")
    assert "Fix header" in out
    assert out.count("\n") == 1


def test_check_is_2_at_the_cutoff(shell: Shell, store: V1) -> None:
    spend(store, "1.00")
    code, out, err = shell.run("check")
    assert (code, err) == (2, "")
    assert out.startswith("$1.50 has reached the cutoff $1.50: ")


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
        "exit_code": 1,
        "band": "warning",
        "spent_usd": 0.83,
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


def test_check_without_a_store_cannot_tell(shell: Shell) -> None:
    shell.data_dir.mkdir()
    code, out, err = shell.run("check")
    assert (code, out) == (3, "")
    assert_one_sentence(err, "no OpenCode store")


def test_check_of_a_broken_store_cannot_tell(shell: Shell, store: V1) -> None:
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


def test_check_of_a_ledger_that_is_none_cannot_tell(shell: Shell, store: V1) -> None:
    shell.ledger.parent.mkdir()
    shell.ledger.write_text("this is my diary" * 100)
    code, out, err = shell.run("check")
    assert (code, out) == (3, "")
    assert_one_sentence(err, str(shell.ledger))


def test_check_with_wrong_settings_cannot_tell(shell: Shell, store: V1) -> None:
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


def marking(shell: Shell, code: int = 0) -> list[str]:
    """Settings with a command that writes a line for each alert."""
    program = shell.home / "program.sh"
    program.write_text(f'#!/bin/sh\necho "$ALERT_RULE $ALERT_LEVEL" >> "{shell.home}/told"\nexit {code}\n')
    program.chmod(0o755)
    channels = f'[channels]\ncommand = "warning"\ncommand_line = ["{program}"]\n'
    return configure(
        shell, channels + "[alerts.session]\nnotice_usd = 'off'\nwarning_usd = 'off'\n[alerts]\nsame_file = 'off'\n"
    )


def told(shell: Shell) -> list[str]:
    file = shell.home / "told"
    return file.read_text().splitlines() if file.exists() else []


def test_check_tells_by_the_channels_only_when_asked_to_and_once(shell: Shell, store: V1) -> None:
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


# status


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


def test_status_and_check_import_next_to_nothing(shell: Shell, store: V1) -> None:
    shell.said("sync")  # makes the ledger, so that there is nothing to migrate
    code = (
        "import sys\nfrom opencode_tui.cli import main\ncode = main(sys.argv[1:])\n"
        "heavy = {'textual', 'pydantic', 'sqlite_utils', 'rich', 'tabulate', 'httpx', 'subprocess', 'asyncio'}\n"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    for argv in (["status"], ["status", "--format", "{guard}"]):
        process = spawn(shell, "-c", code, *argv, *shell.places, **PIPES)
        out, err = process.communicate(timeout=60)
        assert (err, out.splitlines()[-1]) == ("", "[]"), argv
    process = spawn(shell, "-c", code.replace("'subprocess', ", ""), "check", *shell.places, **PIPES)
    assert process.communicate(timeout=60)[0].splitlines()[-1] == "[]"


# watch


def test_watch_once_prints_each_new_alert_and_tells_it(shell: Shell, store: V1) -> None:
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


def test_watch_of_a_ledger_that_is_none_is_one_sentence(shell: Shell, store: V1) -> None:
    shell.ledger.parent.mkdir()
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


def test_what_fires_is_told_also_when_the_reader_of_watch_has_gone(
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
    assert all([told.ok for told in alert.told] == [True] for alert in fired)


def test_watch_rings_the_bell_of_a_terminal_alone(shell: Shell) -> None:
    store = V1(shell.home)
    store.call(store.session("Fix header"), cost="0.90", at=now_ms())
    ours, theirs = pty.openpty()
    process = spawn(shell, "-m", "opencode_tui", "watch", "--once", *shell.places, **PIPES | {"stdout": theirs})
    process.communicate(timeout=60)
    os.close(theirs)
    said = os.read(ours, 100_000)
    os.close(ours)
    assert b"\x07" in said
    piped = spawn(shell, "-m", "opencode_tui", "watch", "--once", "--ledger", str(shell.home / "l"),
                  *shell.places[:2], **PIPES)  # fmt: skip
    out, _ = piped.communicate(timeout=60)
    assert "$0.90" in out
    assert "\x07" not in out


# alerts


@pytest.fixture
def fired(shell: Shell, store: V1) -> Alert:
    """The day's warning, which fired and was told by a command."""
    spend(store, "0.33")
    shell.said("watch", "--once", *marking(shell))
    (alert,) = [alert for alert in log(shell) if alert.crossing.rule == "day"]
    return alert


def line_of(shell: Shell, alert: Alert) -> str:
    (line,) = [line for line in shell.said("alerts").splitlines() if line.split()[0] == str(alert.id)]
    return line


def test_alerts_lists_what_fired_with_its_cause_and_its_channels(shell: Shell, fired: Alert) -> None:
    lines = shell.said("alerts").splitlines()
    assert lines[0] == f"Wed {DAY.day} May {DAY.year}"
    number = lines.index(f"  {fired.id:>4}  14:23 warning: {fired.text}")
    assert lines[number + 1] == "        command: exit code 0"


def test_alerts_as_json(shell: Shell, fired: Alert) -> None:
    (found,) = [alert for alert in shell.json("alerts") if alert["id"] == fired.id]
    assert (found["text"], found["cause"]) == (fired.text, fired.cause.sentence)
    assert (found["value"], found["line"], found["unit"]) == (0.83, 0.8, "usd")
    assert found["fired_at"] == f"{AROUND_NOON}:00.000+00:00"
    assert [(each["channel"], each["ok"], each["detail"]) for each in found["told"]] == [
        ("command", True, "exit code 0")
    ]


def test_alerts_are_at_most_as_many_as_asked_for(shell: Shell, store: V1, fired: Alert) -> None:
    spend(store, "1.00")
    shell.said("watch", "--once")
    assert len(log(shell)) > 1
    assert len(shell.json("alerts", "--limit", "1")) == 1


def test_before_the_first_alert_there_is_a_sentence(shell: Shell, store: V1) -> None:
    assert shell.said("alerts") == "no alert has fired yet\n"
    assert shell.json("alerts") == []


def test_an_alert_is_seen(shell: Shell, fired: Alert) -> None:
    assert shell.said("alerts", "seen", str(fired.id)) == "1 alert seen\n"
    assert line_of(shell, fired).endswith(" (seen)")
    assert shell.json("today")["alerts"] == [each for each in shell.json("today")["alerts"] if each["id"] != fired.id]


def test_all_alerts_are_seen(shell: Shell, fired: Alert) -> None:
    shell.said("alerts", "seen", "all")
    assert all(alert.seen_ms == at("14:23") for alert in log(shell))
    assert shell.said("alerts", "seen", "all") == "0 alerts seen\n"


def test_an_alert_is_snoozed(shell: Shell, fired: Alert) -> None:
    assert shell.said("alerts", "snooze", str(fired.id), "--for", "1h") == "1 alert snoozed until Wed 15:23\n"
    assert line_of(shell, fired).endswith(" (snoozed until Wed 15:23)")


def test_what_is_acknowledged_is_not_brought_back_by_a_snooze(shell: Shell, fired: Alert) -> None:
    assert shell.said("alerts", "ack", str(fired.id)) == "1 alert acknowledged\n"
    assert line_of(shell, fired).endswith(" (acknowledged)")
    assert shell.json("alerts")[-1]["acknowledged_at"].startswith("2026-05-13T14:23")
    said = shell.said("alerts", "snooze", str(fired.id), "--for", "1h")
    assert said == "0 alerts snoozed until Wed 15:23; 1 alert acknowledged already\n"
    assert line_of(shell, fired).endswith(" (acknowledged)")


def test_all_alerts_are_acknowledged_the_seen_ones_too(shell: Shell, fired: Alert) -> None:
    shell.said("alerts", "seen", str(fired.id))
    shell.said("alerts", "ack", "all")
    assert all(alert.acknowledged_ms == at("14:23") for alert in log(shell))


@pytest.mark.parametrize(
    "argv",
    [
        ("seen", "77"),
        ("ack", "77"),
        ("seen", "1", "x"),
        ("seen",),
        ("snooze", "1"),
        ("snooze", "1", "--for", "soon"),
        ("snooze", "1", "--for", "0m"),
        ("--limit", "0"),
        ("--limit", "99999999999999999999"),
        ("nonsense",),
    ],
)
def test_what_is_no_alert_or_no_time_is_said(argv: tuple[str, ...], shell: Shell, fired: Alert) -> None:
    code, out, err = shell.run("alerts", *argv)
    assert (code, out) == (EXIT_USAGE, "")
    assert err
    assert all(alert.seen_ms is None and alert.snoozed_until_ms is None for alert in log(shell))


def test_trying_the_channels_says_of_each_whether_it_works(shell: Shell, store: V1) -> None:
    config = marking(shell)
    assert shell.run("alerts", "test", *config) == (0, "command: works, exit code 0\n", "")
    assert told(shell) == ["test cutoff"]
    config = marking(shell, code=4)
    assert shell.run("alerts", "test", *config) == (1, "command: does not work, exit code 4\n", "")
    code, out, _ = shell.run("alerts", "test", "--json", *config)
    assert (code, json.loads(out)) == (1, [{"channel": "command", "ok": False, "detail": "exit code 4"}])


def test_trying_a_webhook_that_has_no_address_says_so(shell: Shell, store: V1) -> None:
    code, out, _ = shell.run("alerts", "test", *configure(shell, '[channels]\nwebhook = "notice"\n'))
    assert (code, out.count("\n")) == (1, 1)
    assert "there is no address; set OPENCODE_TUI_WEBHOOK_URL" in out


def test_trying_no_channel_says_how_to_turn_one_on(shell: Shell, store: V1) -> None:
    assert "no channel is on" in shell.said("alerts", "test")


def test_a_title_cannot_move_the_cursor(shell: Shell) -> None:
    store = V1(shell.home)
    store.call(store.session("a", created=at("09:00")), cost="0.90", at=at("14:20"))
    shell.said("watch", "--once")
    connection = sqlite3.connect(shell.ledger)
    connection.execute("UPDATE alert SET text = 'x' || char(27) || '[2J' || char(10) || 'y'")
    connection.commit()
    connection.close()
    lines = shell.said("alerts").splitlines()
    assert all(line.isprintable() for line in lines)


def test_places_are_those_of_the_other_commands(shell: Shell, fired: Alert, tmp_path: Path) -> None:
    elsewhere = ["--ledger", str(tmp_path / "other.db")]
    assert shell.run("alerts", places=elsewhere)[1] == "no alert has fired yet\n"
