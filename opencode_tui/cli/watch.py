"""`opencode-tui watch`: fires and delivers alerts like the dashboard, without a screen."""

from __future__ import annotations

import argparse
import os
import sys
from threading import Event

from opencode_tui import paths
from opencode_tui.accounts.background import ServiceAsker
from opencode_tui.alerts.channels import routes
from opencode_tui.alerts.notifier import Notifier
from opencode_tui.cli import EXIT_OK, silence_stdout
from opencode_tui.cli.background_push import BackgroundPusher
from opencode_tui.cli.common import (
    NOTIFIER_S,
    Trouble,
    config_of,
    fault_of,
    no_store,
    open_ledger,
    settings_for,
    usable_ledger,
)
from opencode_tui.cli.settings_file import SettingsFile
from opencode_tui.cli.signals import ended_by_signals
from opencode_tui.cli.streams import ring
from opencode_tui.clock import Calendar, calendar_for, monotonic_s, now_ms
from opencode_tui.config.settings import Settings, with_live
from opencode_tui.feed import LedgerFeed
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.money import format_usd
from opencode_tui.records.alerts import Alert, at_least
from opencode_tui.records.day import Snapshot
from opencode_tui.records.stores import StoreState
from opencode_tui.report.alerts import alert_line

_DELIVERY_S = 45.0
"""Seconds to wait for deliveries with --once."""
_END_S = 3.0
"""Seconds to wait for deliveries when it is interrupted; the next look delivers the rest."""
_STEP_S = 0.05
_WELL = ("live", "importing")
_PASSING_MS = 10_000


class _Ended(Exception):
    """Interrupted during a long import."""


def run(arguments: argparse.Namespace) -> int:
    with ended_by_signals() as ended:
        watch = _Watch(arguments, ended)
        try:
            watch.look_until_the_end()
        except _Ended:
            pass
        finally:
            watch.close()
    return watch.exit_code


class _Watch:
    """Looks at every interval, or once, with the settings that hold at the time."""

    def __init__(self, arguments: argparse.Namespace, ended: Event) -> None:
        self._once, self._ended = bool(arguments.once), ended
        self._file = SettingsFile(arguments)
        self._settings = settings = settings_for(arguments)
        self._ledger = usable_ledger(settings)
        self._calendar = calendar_for(settings.timezone)
        self._notifier = Notifier(settings, self._open_own, os.environ)
        self._asker = ServiceAsker(settings, self._open_own, os.environ)
        self._pusher: BackgroundPusher | None = None
        if arguments.push:
            machine = settings.machine or os.uname().nodename
            self._pusher = BackgroundPusher(settings, self._open_own, machine, config_of(arguments))
        self._feed = LedgerFeed(
            lambda: open_ledger(self._settings),
            settings,
            os.environ,
            now_ms,
            self._notify,
            self._notifier.deliver_waiting,
            use_channels=self._use,
            # One look ends before an answer can be there.
            ask_services=lambda watched: None if self._once else self._asker.ask_due(watched=watched),
        )
        self._troubles = _Troubles()

    @property
    def exit_code(self) -> int:
        """That of the push with --once; otherwise it was ended, which is no failure."""
        return self._pusher.exit_code if self._pusher is not None and self._once else EXIT_OK

    def look_until_the_end(self) -> None:
        """Raises _Ended for a signal during an import, with --once Trouble for a ledger that cannot be read."""
        print(_beginning(self._settings), flush=True)
        while True:
            self._reread()
            self._look()
            self._push()
            if self._once or self._ended.wait(self._settings.poll.interval_s):
                return

    def close(self) -> None:
        """Ends what works in the background. What could not be delivered or pushed goes next time."""
        self._feed.close()
        _wait_for_deliveries(self._notifier, self._ended)
        self._notifier.close(_END_S)
        if self._pusher is not None:
            self._pusher.wait(lambda: not self._once or self._ended.is_set())
            self._pusher.close(_END_S)
            self._say_news()

    def _open_own(self) -> Ledger:
        """A connection for what works in the background, which can wait longer for its turn to write."""
        return open_ledger(self._settings, NOTIFIER_S)

    def _notify(self, alert: Alert) -> None:
        self._notifier.notify(alert)
        try:
            _say(alert, self._settings, self._calendar)
        except OSError:  # the reader has gone; other new alerts are still delivered
            silence_stdout()
            self._ended.set()

    def _reread(self) -> None:
        """Uses a changed config.toml from the next look on; one with an error changes nothing."""
        try:
            changed = self._file.reread()
        except ValueError as error:
            print(f"opencode-tui: {error}; the settings from before hold", file=sys.stderr, flush=True)
            return
        if changed is not None:
            self._settings = with_live(self._settings, changed)
            self._feed.use(self._settings)
            print(_beginning(self._settings), flush=True)

    def _use(self, changed: Settings) -> None:
        self._notifier.use(changed)
        self._asker.use(changed)
        if self._pusher is not None:
            self._pusher.use(changed)

    def _look(self) -> None:
        try:
            snapshot = self._feed.poll(self._end_if_asked)
        except _Ended:
            raise
        except Trouble as trouble:
            if self._once:
                raise
            self._troubles.add("the ledger", f"{trouble}; trying again")
        except Exception as error:  # a damaged page of the ledger can raise any error
            sentence = fault_of(self._ledger, error)
            if self._once:
                raise Trouble(sentence) from error
            self._troubles.add("the ledger", f"{sentence}; trying again")
        else:
            if snapshot is None:
                self._troubles.end("the ledger")
            else:
                self._say_of(snapshot)

    def _end_if_asked(self, _: Snapshot) -> None:
        if self._ended.is_set():
            raise _Ended

    def _say_of(self, snapshot: Snapshot) -> None:
        for notice in snapshot.notices:
            print(f"opencode-tui: {notice}", file=sys.stderr, flush=True)
        troubled = {s.path: s.detail for s in snapshot.stores if _is_trouble(s, snapshot.taken_ms, self._once)}
        if snapshot.price_problems:
            troubled["the reading of OpenCode's prices"] = " ".join(snapshot.price_problems)
        if not snapshot.stores:
            places = self._settings.data_dirs or (paths.opencode_data_dir(os.environ),)
            troubled[", ".join(map(str, places))] = no_store(places)
        self._troubles.replace(troubled)

    def _push(self) -> None:
        if self._pusher is not None:
            self._pusher.push_due()
            self._say_news()

    def _say_news(self) -> None:
        for sentence in self._pusher.news() if self._pusher is not None else ():
            print(f"opencode-tui: {sentence}", file=sys.stderr, flush=True)


def _wait_for_deliveries(notifier: Notifier, ended: Event) -> None:
    """Wait until nothing is pending, for _DELIVERY_S at most, or until a signal ends it."""
    end_s = monotonic_s() + _DELIVERY_S
    while notifier.is_delivering and monotonic_s() < end_s and not ended.wait(_STEP_S):
        pass


class _Troubles:
    """What is wrong, by place: each is printed once, and once more when it is over."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def add(self, place: str, detail: str) -> None:
        """One more than before."""
        self.replace(self._known | {place: detail})

    def end(self, place: str) -> None:
        """One that is over, if it was there."""
        self.replace({other: detail for other, detail in self._known.items() if other != place})

    def replace(self, now: dict[str, str]) -> None:
        """All that there are now."""
        for place, detail in now.items():
            if self._known.get(place) != detail:
                print(f"opencode-tui: {detail}", file=sys.stderr, flush=True)
        for place in self._known.keys() - now.keys():
            print(f"opencode-tui: {place} is well again", file=sys.stderr, flush=True)
        self._known = now


def _is_trouble(store: StoreState, now_ms: int, once: bool) -> bool:
    """Whether to report a store: it is not well, and a lock has lasted longer than a lock usually does."""
    is_new = store.since_ms is not None and 0 <= now_ms - store.since_ms < _PASSING_MS
    return store.state not in _WELL and (once or store.state != "locked" or not is_new)


def _say(alert: Alert, settings: Settings, calendar: Calendar) -> None:
    level, own = settings.channels.bell, alert.crossing.level
    loud = at_least(own, level) and (own == "cutoff" or not alert.late)
    if loud:
        ring()
    print(alert_line(alert, calendar), flush=True)


def _beginning(settings: Settings) -> str:
    budget, on = settings.budget, ", ".join(route.name for route in routes(settings, {})) or "none is on"
    return (
        f"watching every {settings.poll.interval_s:g} s: warning {format_usd(budget.warning_nano)},"
        f" cutoff {format_usd(budget.cutoff_nano)} a day; channels: {on}"
    )
