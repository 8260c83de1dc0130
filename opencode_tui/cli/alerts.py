"""`opencode-tui alerts`: lists, marks, snoozes and acknowledges alerts, and tests the channels."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from threading import Thread
from typing import TYPE_CHECKING

from opencode_tui.alerts.actions import Workplace, act
from opencode_tui.cli import EXIT_OK, EXIT_USAGE
from opencode_tui.cli.common import Trouble, settings_for, using_ledger
from opencode_tui.cli.signals import ended_in_order
from opencode_tui.cli.streams import ring
from opencode_tui.clock import calendar_for, now_ms
from opencode_tui.config.settings import Settings
from opencode_tui.guard.control import lift_end
from opencode_tui.guard.state import state_file
from opencode_tui.ledger import alert_log
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.records.alerts import Alert, Cause, Crossing
from opencode_tui.records.requests import (
    AcknowledgeAlerts,
    Action,
    SeeAlerts,
    SnoozeAlerts,
    UnacknowledgeAlerts,
)
from opencode_tui.report.alerts import alert_json, alerts_text
from opencode_tui.report.json_values import SCHEMA_VERSION
from opencode_tui.report.outcome_words import outcome_words

if TYPE_CHECKING:
    from opencode_tui.alerts.channels import Route

EXIT_UNDELIVERED = 1
_ALL = "all"
_EVERY = 1 << 31


def run(arguments: argparse.Namespace) -> int:
    settings = settings_for(arguments)
    if arguments.action == "test":
        return _test(settings, arguments.json)
    with using_ledger(settings) as ledger:
        _DONE_BY[arguments.action](arguments, settings, ledger)
    return EXIT_OK


def _list(arguments: argparse.Namespace, settings: Settings, ledger: Ledger) -> None:
    calendar = calendar_for(settings.timezone)
    with ledger.reading() as connection:
        found = alert_log.alerts(connection, most=arguments.limit)
    if arguments.json:
        print(json.dumps([{"schema_version": SCHEMA_VERSION} | alert_json(alert, calendar) for alert in found]))
    else:
        print(alerts_text(found, calendar, now_ms()))


def _seen(arguments: argparse.Namespace, settings: Settings, ledger: Ledger) -> None:
    _act(SeeAlerts(_ids(ledger, arguments.ids)), settings, ledger)


def _acknowledge(arguments: argparse.Namespace, settings: Settings, ledger: Ledger) -> None:
    ids = _ids(ledger, arguments.ids, lambda alert: alert.acknowledged_ms is None)
    _act(AcknowledgeAlerts(ids), settings, ledger)


def _unacknowledge(arguments: argparse.Namespace, settings: Settings, ledger: Ledger) -> None:
    ids = _ids(ledger, arguments.ids, lambda alert: alert.acknowledged_ms is not None)
    _act(UnacknowledgeAlerts(ids), settings, ledger)


def _snooze(arguments: argparse.Namespace, settings: Settings, ledger: Ledger) -> None:
    try:
        until = lift_end(arguments.time, calendar_for(settings.timezone), now_ms())
    except ValueError:
        raise Trouble(
            f"--for: {arguments.time!r} is not a time; write 90s, 30m, 2h or today, up to a week", EXIT_USAGE
        ) from None
    _act(SnoozeAlerts(_ids(ledger, arguments.ids), until), settings, ledger)


_DONE_BY = {None: _list, "seen": _seen, "snooze": _snooze, "ack": _acknowledge, "unack": _unacknowledge}
"""The function of each action; None lists the alerts."""


def _act(action: Action, settings: Settings, ledger: Ledger) -> None:
    """Carries the action out, and prints its outcome."""
    at = Workplace(state_file(ledger.path), calendar_for(settings.timezone), now_ms(), ledger)
    print(outcome_words(act(action, at), at.calendar, at.now_ms))


def _ids(
    ledger: Ledger,
    texts: Sequence[str],
    is_open: Callable[[Alert], bool] = lambda alert: alert.seen_ms is None,
) -> tuple[int, ...]:
    """The alert ids named by `texts`; `all` means those that `is_open` holds for. Raises Trouble for an unknown id."""
    with ledger.reading() as connection:
        there = {alert.id: alert for alert in alert_log.alerts(connection, most=_EVERY)}
    ids: dict[int, None] = {}
    for text in texts:
        if text == _ALL:
            ids |= dict.fromkeys(id for id, alert in there.items() if is_open(alert))
        elif text.isdecimal() and int(text) in there:
            ids[int(text)] = None
        else:
            raise Trouble(f"there is no alert {text!r}; `opencode-tui alerts` lists those there are", EXIT_USAGE)
    return tuple(ids)


def _test(settings: Settings, as_json: bool) -> int:
    """Send a test alert through each enabled channel, print the results, and ring the terminal's bell.

    The banner and toasts are not tested: they are part of the dashboard.
    """
    from opencode_tui.alerts.channels import CHANNELS, routes

    alert, results = _made_up(), []
    for route in routes(settings, os.environ):
        with ended_in_order():
            ok, detail = _send(route, alert)
        results.append({"schema_version": SCHEMA_VERSION, "channel": route.name, "ok": ok, "detail": detail})
        if not as_json:
            print(f"{route.name}: {'works' if ok else 'does not work'}, {detail}", flush=True)
    if as_json:
        print(json.dumps(results))
    elif settings.channels.bell != "off" and sys.stdout.isatty():
        ring()
        print("bell: rung", flush=True)
    if not results and not as_json:
        *others, last = (channel.name for channel in CHANNELS)
        print(f"no channel is on; [channels] in config.toml turns on {', '.join(others)} and {last}")
    return EXIT_OK if all(each["ok"] for each in results) else EXIT_UNDELIVERED


def _send(route: Route, alert: Alert) -> tuple[bool, str]:
    """Deliver on a thread, since a signal during the start of a program would leave it running."""
    from opencode_tui.alerts.notifier import join, send

    found: list[tuple[bool, str]] = []
    thread = Thread(target=lambda: found.append(send(route, alert)), daemon=True)
    thread.start()
    join(thread)
    return found[0]


def _made_up() -> Alert:
    now = now_ms()
    crossing = Crossing("test", "spend", "cutoff", "", "", 0, 0, now)
    return Alert(0, now, crossing, Cause("only a test", found=False), "This is a test: nothing was crossed")
