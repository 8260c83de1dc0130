"""What fired is delivered once, whoever does it and whatever ends it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import sleep

import pytest

from opencode_tui.alerts.channels import Route
from opencode_tui.alerts.channels.message import title
from opencode_tui.alerts.notifier import Notifier
from opencode_tui.alerts.watcher import look_for_alerts
from opencode_tui.clock import calendar_for
from opencode_tui.config.settings import Settings
from opencode_tui.ledger import alert_log, deliveries
from opencode_tui.ledger.holder import is_gone, this_process
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.records.alerts import Alert, DeliveryResult
from opencode_tui.report.alerts import alert_json, alerts_text
from tests.support.options import channel_settings
from tests.support.paths import ROOT
from tests.support.records import replace
from tests.support.watched import DAY_START, NOON, QUIET, Watched, only

YEAR = 365 * 24 * 3_600_000
LONG_S = 60.0
UTC = calendar_for("UTC")


@dataclass
class Pigeon:
    """A channel that keeps what it was given."""

    given: list[Alert] = field(default_factory=list)

    def send(self, alert: Alert) -> str:
        self.given.append(alert)
        return "flown"


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path / "ledger.db")
    watched.settings = replace(watched.settings, alerts=QUIET, channels=channel_settings(command="notice"))
    yield watched
    watched.ledger.close()


def fired(watched: Watched) -> Alert:
    watched.call(cost="0.83")
    (alert,) = watched.look()
    return alert


def deliver(watched: Watched, pigeon: Pigeon, now: int | None = None, name: str = "command") -> None:
    """What another process's next look delivers."""
    clock = watched.now if now is None else now
    route = Route(name, pigeon, "notice")
    notifier = Notifier(watched.settings, lambda: Ledger(watched.path), {}, clock=lambda: clock, through=(route,))
    notifier.deliver_waiting()
    assert notifier.close(LONG_S)


def left_by(watched: Watched, holder: str, *, until: int | None = None, tries: int = 1) -> None:
    """As if somebody else had taken it."""
    until = watched.now + deliveries.DELIVERY_LEASE_MS if until is None else until
    with watched.ledger.writing() as connection:
        connection.execute("UPDATE delivery SET holder = ?, lease_until_ms = ?, tries = ?", (holder, until, tries))


def told(watched: Watched) -> tuple[DeliveryResult, ...]:
    return alert_log.alerts(watched.ledger.connection)[0].results


def ended_process() -> str:
    """The name of a process that is no more."""
    code = "from opencode_tui.ledger.holder import this_process; print(this_process())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stdout.strip()


def test_what_nobody_began_to_deliver_is_delivered_by_the_next_look(watched: Watched) -> None:
    alert, pigeon = fired(watched), Pigeon()
    left_by(watched, ended_process(), tries=0)
    deliver(watched, pigeon)
    deliver(watched, pigeon)
    assert pigeon.given == [replace(alert, attempt=1)]
    assert told(watched) == (DeliveryResult("command", watched.now, True, "flown", 1),)


def test_a_delivery_that_was_begun_says_that_it_is_the_second_try(watched: Watched) -> None:
    alert, pigeon = fired(watched), Pigeon()
    left_by(watched, f"{ended_process()}/abcd")
    deliver(watched, pigeon)
    assert pigeon.given == [replace(alert, attempt=2)]
    assert title(pigeon.given[0]) == "OpenCode: warning (second try)"
    (kept,) = alert_log.alerts(watched.ledger.connection)
    assert "command: flown (second try)" in alerts_text([kept], UTC, watched.now)
    assert alert_json(kept, UTC)["told"][0]["try"] == 2


def test_what_somebody_is_delivering_is_left_to_him(watched: Watched) -> None:
    fired(watched)
    pigeon = Pigeon()
    left_by(watched, "another-machine||1@1")
    deliver(watched, pigeon)
    assert pigeon.given == []
    deliver(watched, pigeon, watched.now + deliveries.DELIVERY_LEASE_MS)  # its lease is over
    assert [each.attempt for each in pigeon.given] == [2]


def test_a_lease_of_a_clock_that_was_ahead_is_none(watched: Watched) -> None:
    fired(watched)
    pigeon = Pigeon()
    left_by(watched, "another-machine||1@1", until=watched.now + YEAR)
    deliver(watched, pigeon)
    assert len(pigeon.given) == 1


def test_it_is_given_up_after_some_tries(watched: Watched) -> None:
    fired(watched)
    pigeon = Pigeon()
    left_by(watched, ended_process(), tries=deliveries.MOST_TRIES)
    deliver(watched, pigeon)
    assert pigeon.given == []
    assert [(each.ok, each.detail) for each in told(watched)] == [(False, deliveries.GIVEN_UP)]
    assert deliveries.free(watched.ledger.connection, watched.now + YEAR) == ()


def test_a_channel_that_was_turned_off_meanwhile_does_not_deliver(watched: Watched) -> None:
    fired(watched)
    left_by(watched, ended_process())
    watched.settings = replace(watched.settings, channels=channel_settings(webhook="notice"))
    watched.look()
    assert [(each.channel, each.detail) for each in told(watched)] == [("command", deliveries.TURNED_OFF)]
    pigeon = Pigeon()
    deliver(watched, pigeon)
    assert pigeon.given == []


def test_a_level_that_was_raised_meanwhile_is_held_to(watched: Watched) -> None:
    fired(watched)
    left_by(watched, ended_process())
    pigeon = Pigeon()
    notifier = Notifier(
        watched.settings,
        lambda: Ledger(watched.path),
        {},
        clock=lambda: watched.now,
        through=(Route("command", pigeon, "cutoff"),),
    )
    notifier.deliver_waiting()
    assert notifier.close(LONG_S)
    assert (pigeon.given, told(watched)[0].detail) == ([], deliveries.TURNED_OFF)


def test_what_was_acknowledged_meanwhile_interrupts_nobody(watched: Watched) -> None:
    alert, pigeon = fired(watched), Pigeon()
    left_by(watched, ended_process())
    alert_log.acknowledge(watched.ledger.connection, [alert.id], watched.now)
    deliver(watched, pigeon)
    assert (pigeon.given, told(watched)[0].ok) == ([], True)


def test_alerts_of_before_deliveries_were_kept_are_not_delivered(watched: Watched) -> None:
    alert, pigeon = fired(watched), Pigeon()
    watched.ledger.connection.execute("DELETE FROM delivery")  # as after the migration
    deliver(watched, pigeon)
    assert (pigeon.given, told(watched)) == ([], ())
    assert alert.results == ()


def test_several_that_look_at_once_deliver_each_alert_once(watched: Watched) -> None:
    watched.settings = replace(only(every_calls=1), channels=channel_settings(command="notice"))
    for _ in range(12):
        watched.call()
        watched.look()
    left_by(watched, ended_process(), tries=0)
    pigeon, start = Pigeon(), threading.Barrier(4)

    def look() -> None:
        start.wait(LONG_S)
        deliver(watched, pigeon)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG_S)
    assert sorted(each.id for each in pigeon.given) == list(range(1, 13))
    waiting = "SELECT count(*) FROM delivery WHERE done = 0"
    assert watched.ledger.connection.execute(waiting).fetchone()[0] == 0


def test_one_that_fires_and_one_that_looks_do_not_both_deliver(watched: Watched) -> None:
    alert, pigeon = fired(watched), Pigeon()
    route = Route("command", pigeon, "notice")
    ours = Notifier(watched.settings, lambda: Ledger(watched.path), {}, clock=lambda: watched.now, through=(route,))
    ours.notify(alert)
    ours.deliver_waiting()
    deliver(watched, pigeon)
    assert ours.close(LONG_S)
    assert len(pigeon.given) == len(told(watched)) == 1


def test_a_delivery_that_the_ledger_could_not_note_is_not_made_again(watched: Watched) -> None:
    alert, pigeon, closed = fired(watched), Pigeon(), True

    def open_ledger() -> Ledger:
        if closed:
            raise OSError("no disk")
        return Ledger(watched.path)

    route = Route("command", pigeon, "notice")
    notifier = Notifier(watched.settings, open_ledger, {}, clock=lambda: watched.now, through=(route,))
    notifier.notify(alert)
    while notifier.is_delivering:
        sleep(0.01)
    closed = False
    notifier.deliver_waiting()
    assert notifier.close(LONG_S)
    assert (len(pigeon.given), len(told(watched))) == (1, 1)


def test_a_process_is_gone_when_it_is_gone() -> None:
    assert not is_gone(this_process())
    assert not is_gone(f"{this_process()}/0123")
    assert is_gone(ended_process())
    pid, began = this_process().rpartition("|")[2].split("@")
    assert is_gone(this_process().replace(f"@{began}", "@12"))  # another has its number now
    for unknown in ("", "nonsense", f"elsewhere|pid:[1]|{pid}@{began}"):
        assert not is_gone(unknown)


def test_a_process_that_is_killed_but_not_yet_asked_for_is_gone() -> None:
    process = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    with process:
        place = this_process().rpartition("|")[0]
        began = Path(f"/proc/{process.pid}/stat").read_text().rpartition(") ")[2].split()[19]
        name = f"{place}|{process.pid}@{began}"
        assert not is_gone(name)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert is_gone(name)


# With real processes


def test_kill_9_between_firing_and_delivery_loses_nothing(tmp_path: Path) -> None:
    """The command kills the process that started it, before it can note anything; the next look delivers."""
    watched = Watched(tmp_path / "ledger.db")
    watched.call(cost="0.83", at=DAY_START + 1000)
    watched.ledger.close()
    log = tmp_path / "log"
    hook = tmp_path / "hook"
    hook.write_text(f'#!/bin/sh\necho "$ALERT_TRY" >> {log}\n[ "$ALERT_TRY" = 1 ] && kill -9 $PPID\nexit 0\n')
    hook.chmod(0o755)
    first, second = run_look(tmp_path, hook), run_look(tmp_path, hook)
    assert (first, second) == (-signal.SIGKILL, 0)
    assert log.read_text().split() == ["1", "2"]
    assert run_look(tmp_path, hook) == 0
    assert log.read_text().split() == ["1", "2"]
    with closing(Ledger(tmp_path / "ledger.db")) as ledger:
        (alert,) = alert_log.alerts(ledger.connection)
    assert [(each.ok, each.attempt) for each in alert.results] == [(True, 2)]


def run_look(place: Path, hook: Path) -> int | None:
    """One look with the command channel, in a process of its own at a fixed moment; returns its exit code."""
    process = multiprocessing.get_context("fork").Process(target=look_and_deliver, args=(place / "ledger.db", hook))
    process.start()
    process.join(120)
    return process.exitcode


def look_and_deliver(path: Path, hook: Path) -> None:
    channels = channel_settings(command="notice", command_line=(str(hook),))
    settings = Settings(timezone="UTC", alerts=QUIET, channels=channels)
    new = look_for_alerts(Ledger(path), settings, NOON)
    notifier = Notifier(settings, lambda: Ledger(path), {"PATH": "/usr/bin:/bin"}, clock=lambda: NOON)
    for alert in new:
        notifier.notify(alert)
    notifier.deliver_waiting()
    assert notifier.close(60)
