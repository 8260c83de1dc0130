"""Alerts are told on other threads: nobody waits, a channel that fails or hangs stops no other, all is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from opencode_tui.alerts.channels import Route
from opencode_tui.alerts.channels.channel import ChannelError
from opencode_tui.alerts.channels.webhook import Webhook
from opencode_tui.alerts.notifier import Notifier
from opencode_tui.clock import HOUR_MS
from opencode_tui.config.settings import Settings
from opencode_tui.ledger import alert_log
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.records.alerts import Alert, DeliveryResult
from tests.support.chat import SECRET, Chat
from tests.support.options import channel_settings
from tests.support.records import replace
from tests.support.watched import NOON, Watched

LONG_S = 60.0


@dataclass
class Pigeon:
    """A channel that keeps what it told; `fails` is raised, and `hold` is waited for."""

    fails: Exception | None = None
    hold: threading.Event | None = None
    told: list[str] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)

    def send(self, alert: Alert) -> str:
        self.arrived.set()
        if self.hold:
            assert self.hold.wait(LONG_S)
        if self.fails:
            raise self.fails
        self.told.append(alert.text)
        return "flown"


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path / "ledger.db")
    yield watched
    watched.ledger.close()


def past_the_warning(watched: Watched) -> Alert:
    watched.session("ses_1", "Fix header")
    watched.call(cost="0.83")
    (alert,) = [alert for alert in watched.look() if alert.crossing.rule == "day"]
    return alert


def notifier_of(watched: Watched, **pigeons: Pigeon | Webhook) -> Notifier:
    through = tuple(Route(name, pigeon, "notice", interrupts=name == "desktop") for name, pigeon in pigeons.items())
    return Notifier(watched.settings, lambda: Ledger(watched.path), {}, clock=lambda: NOON, through=through)


def kept(watched: Watched, alert: Alert) -> dict[str, tuple[bool, str]]:
    (found,) = [each for each in alert_log.alerts(watched.ledger.connection) if each.id == alert.id]
    assert len({told.channel for told in found.results}) == len(found.results)
    return {told.channel: (told.ok, told.detail) for told in found.results}


def test_every_channel_is_reported_and_the_outcome_is_kept(watched: Watched) -> None:
    alert, desktop, command = past_the_warning(watched), Pigeon(), Pigeon()
    notifier = notifier_of(watched, desktop=desktop, command=command)
    notifier.notify(alert)
    assert notifier.close(LONG_S)
    assert desktop.told == command.told == [alert.text]
    assert kept(watched, alert) == {"desktop": (True, "flown"), "command": (True, "flown")}


def test_a_channel_that_fails_is_kept_and_the_others_are_reported(watched: Watched) -> None:
    alert, good = past_the_warning(watched), Pigeon()
    bad, broken = Pigeon(ChannelError("answered 500, 3 times")), Pigeon(RuntimeError(SECRET))
    notifier = notifier_of(watched, webhook=bad, desktop=broken, command=good)
    notifier.notify(alert)
    assert notifier.close(LONG_S)
    assert kept(watched, alert) == {
        "webhook": (False, "answered 500, 3 times"),
        "desktop": (False, "failed (RuntimeError)"),
        "command": (True, "flown"),
    }


def test_a_channel_that_failed_is_reported_the_next_alert(watched: Watched) -> None:
    alert, bad = past_the_warning(watched), Pigeon(RuntimeError())
    notifier = notifier_of(watched, webhook=bad)
    notifier.notify(alert)
    notifier.notify(replace(alert, id=alert.id))
    assert notifier.close(LONG_S)
    assert not bad.told


def test_a_channel_that_hangs_holds_up_nobody(watched: Watched) -> None:
    alert, free = past_the_warning(watched), threading.Event()
    hanging, good = Pigeon(hold=free), Pigeon()
    notifier = notifier_of(watched, webhook=hanging, command=good)
    notifier.notify(alert)  # returns, or the test would hang: nobody has freed the pigeon
    assert good.arrived.wait(LONG_S)
    assert hanging.arrived.wait(LONG_S)
    assert not notifier.close(0.5)
    assert notifier.waiting == ("webhook",)
    assert kept(watched, alert) == {"command": (True, "flown")}
    free.set()
    for thread in notifier._threads.values():
        thread.join(LONG_S)
    assert kept(watched, alert) == {"command": (True, "flown"), "webhook": (True, "flown")}  # it was, after all


def test_nothing_is_reported_after_the_close(watched: Watched) -> None:
    alert, pigeon = past_the_warning(watched), Pigeon()
    notifier = notifier_of(watched, command=pigeon)
    assert notifier.close(LONG_S)
    notifier.notify(alert)
    assert not pigeon.told
    assert kept(watched, alert) == {}


def test_what_stays_silent_is_kept_with_its_reason(watched: Watched) -> None:
    alert, pigeon = past_the_warning(watched), Pigeon()
    notifier = notifier_of(watched, desktop=pigeon)
    notifier.notify(replace(alert, fired_ms=alert.crossing.at_ms + 2 * HOUR_MS))
    assert notifier.close(LONG_S)
    assert not pigeon.told
    assert kept(watched, alert) == {"desktop": (True, "silent: crossed more than an hour before anybody looked")}


def test_a_ledger_that_cannot_be_written_stops_no_delivery(watched: Watched) -> None:
    alert, pigeon = past_the_warning(watched), Pigeon()

    def broken() -> Ledger:
        raise OSError("no disk")

    notifier = Notifier(watched.settings, broken, {}, through=(Route("command", pigeon, "notice"),))
    notifier.notify(alert)
    assert notifier.close(LONG_S)
    assert pigeon.told == [alert.text]


def test_the_settings_say_which_channels_and_from_which_level(watched: Watched, tmp_path: Path) -> None:
    mark, ids = tmp_path / "ran", count(2)
    fired = past_the_warning(watched)

    def told_at(**levels: str) -> bool:
        mark.unlink(missing_ok=True)
        channels = channel_settings(command_line=("touch", str(mark)), **levels)
        settings = Settings(channels=channels)
        notifier = Notifier(settings, lambda: Ledger(watched.path), {"PATH": "/usr/bin:/bin"})
        notifier.notify(replace(fired, id=next(ids)))
        assert notifier.close(LONG_S)
        return mark.exists()

    assert told_at(command="notice")
    assert told_at(command="warning")
    assert not told_at(command="cutoff")
    assert not told_at()


def test_the_webhooks_address_is_not_in_the_ledger(
    watched: Watched, chat: Chat, capfd: pytest.CaptureFixture[str]
) -> None:
    alert = past_the_warning(watched)
    addresses = {"good": chat.address, "bad": f"http://127.0.0.1:1/{SECRET}", "odd": SECRET}

    def address(name: str) -> Callable[[], str]:
        return lambda: addresses[name]

    notifier = notifier_of(watched, **{name: Webhook(address(name), wait=lambda _: None) for name in addresses})
    notifier.notify(alert)
    assert notifier.close(LONG_S)
    assert {name: ok for name, (ok, _) in kept(watched, alert).items()} == {"good": True, "bad": False, "odd": False}
    files = [path for path in watched.path.parent.iterdir() if path.name.startswith("ledger.db")]
    assert files
    assert all(SECRET.encode() not in path.read_bytes() for path in files)
    assert SECRET not in "".join(capfd.readouterr())


def test_a_server_that_hangs_delays_nothing_and_is_kept(watched: Watched, chat: Chat) -> None:
    alert, good = past_the_warning(watched), Pigeon()
    chat.hold.clear()
    notifier = notifier_of(
        watched, webhook=Webhook(lambda: chat.address, timeout_s=0.1, wait=lambda _: None), command=good
    )
    notifier.notify(alert)
    assert good.arrived.wait(LONG_S)
    assert notifier.close(LONG_S)
    assert kept(watched, alert)["webhook"] == (False, "no answer within 0.1 s")


def test_results_of_deliveries_have_their_time(watched: Watched) -> None:
    alert = past_the_warning(watched)
    notifier = notifier_of(watched, command=Pigeon())
    notifier.notify(alert)
    assert notifier.close(LONG_S)
    (found,) = [each for each in alert_log.alerts(watched.ledger.connection) if each.id == alert.id]
    assert found.results == (DeliveryResult("command", NOON, True, "flown"),)
