"""alerts: what fired, what a person does about it, and the channels tried."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from opencode_tui.cli import EXIT_USAGE
from opencode_tui.records.alerts import Alert
from tests.stores import V1
from tests.support.alert_shell import AROUND_NOON, configure, log, marking, spend, told
from tests.support.shell import DAY, Shell, at, said_in_terminal

pytestmark = pytest.mark.usefixtures("stopped_clock")


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
    number = lines.index(f"  {fired.id:>4}  14:23 warning: {fired.text} → {fired.cause.remedy}")
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


def test_an_acknowledgement_is_taken_back(shell: Shell, fired: Alert) -> None:
    before = shell.json("alerts")
    shell.said("alerts", "ack", str(fired.id))
    assert shell.said("alerts", "unack", str(fired.id)) == "1 acknowledgement taken back\n"
    assert shell.json("alerts") == before
    assert shell.said("alerts", "unack", "all") == "0 acknowledgements taken back\n"


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
    assert code == 1
    assert json.loads(out) == [{"schema_version": 1, "channel": "command", "ok": False, "detail": "exit code 4"}]


def test_trying_the_channels_rings_the_bell_of_a_terminal(shell: Shell, store: V1) -> None:
    assert b"\x07bell: rung" in said_in_terminal(shell, "alerts", "test")


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
