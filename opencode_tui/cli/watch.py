"""`opencode-tui watch`: fires and delivers alerts like the dashboard, without a screen."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
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
    file = SettingsFile(arguments)
    settings = settings_for(arguments)
    ledger = usable_ledger(settings)
    calendar = calendar_for(settings.timezone)
    notifier = Notifier(settings, lambda: open_ledger(settings, NOTIFIER_S), os.environ)
    machine = settings.machine or os.uname().nodename
    pusher = None
    if arguments.push:
        config = config_of(arguments)
        pusher = BackgroundPusher(settings, lambda: open_ledger(settings, NOTIFIER_S), machine, config)
    asker = ServiceAsker(settings, lambda: open_ledger(settings, NOTIFIER_S), os.environ)

    with ended_by_signals() as ended:

        def notify(alert: Alert) -> None:
            notifier.notify(alert)
            try:
                _say(alert, settings, calendar)
            except OSError:  # the reader has gone; other new alerts are still delivered
                silence_stdout()
                ended.set()

        def reread() -> Settings:
            """The settings of the next poll: config.toml may have been changed."""
            nonlocal settings
            try:
                changed = file.reread()
            except ValueError as error:
                print(f"opencode-tui: {error}; the settings from before hold", file=sys.stderr, flush=True)
                return settings
            if changed is not None:
                settings = with_live(settings, changed)
                feed.use(settings)
                print(_beginning(settings), flush=True)
            return settings

        def use(changed: Settings) -> None:
            notifier.use(changed)
            asker.use(changed)
            if pusher is not None:
                pusher.use(changed)

        def say_news() -> None:
            for sentence in pusher.news() if pusher is not None else ():
                print(f"opencode-tui: {sentence}", file=sys.stderr, flush=True)

        def push() -> None:
            if pusher is not None:
                pusher.push_due()
                say_news()

        feed = LedgerFeed(
            lambda: open_ledger(settings),
            settings,
            os.environ,
            now_ms,
            notify,
            notifier.deliver_waiting,
            use_channels=use,
            # One look ends before an answer can be there.
            ask_services=lambda watched: None if arguments.once else asker.ask_due(watched=watched),
        )
        try:
            _watch(feed, settings, ledger, ended, reread, push, once=arguments.once)
        except _Ended:
            pass
        finally:
            feed.close()
            _wait_for_deliveries(notifier, ended)
            notifier.close(_END_S)
            if pusher is not None:
                pusher.wait(lambda: not arguments.once or ended.is_set())
                pusher.close(_END_S)
                say_news()
    return pusher.exit_code if pusher is not None and arguments.once else EXIT_OK


def _wait_for_deliveries(notifier: Notifier, ended: Event) -> None:
    """Wait until nothing is pending, for _DELIVERY_S at most, or until a signal ends it."""
    end_s = monotonic_s() + _DELIVERY_S
    while notifier.is_delivering and monotonic_s() < end_s and not ended.wait(_STEP_S):
        pass


def _watch(
    feed: LedgerFeed,
    settings: Settings,
    ledger: Path,
    ended: Event,
    reread: Callable[[], Settings],
    push: Callable[[], None],
    *,
    once: bool,
) -> None:
    troubles: dict[str, str] = {}
    print(_beginning(settings), flush=True)

    def report(snapshot: Snapshot) -> None:
        if ended.is_set():
            raise _Ended

    while True:
        settings = reread()
        try:
            snapshot = feed.poll(report)
        except _Ended:
            raise
        except Trouble as trouble:
            if once:
                raise
            _say_troubles(troubles, troubles | {"the ledger": f"{trouble}; trying again"})
        except Exception as error:  # a damaged page of the ledger can raise any error
            sentence = fault_of(ledger, error)
            if once:
                raise Trouble(sentence) from error
            _say_troubles(troubles, troubles | {"the ledger": f"{sentence}; trying again"})
        else:
            if snapshot is not None:
                for notice in snapshot.notices:
                    print(f"opencode-tui: {notice}", file=sys.stderr, flush=True)
                troubled = {s.path: s.detail for s in snapshot.stores if _is_trouble(s, snapshot.taken_ms, once)}
                if snapshot.price_problems:
                    troubled["the reading of OpenCode's prices"] = " ".join(snapshot.price_problems)
                if not snapshot.stores:
                    places = settings.data_dirs or (paths.opencode_data_dir(os.environ),)
                    troubled[", ".join(map(str, places))] = no_store(places)
                _say_troubles(troubles, troubled)
            elif troubles.pop("the ledger", None):
                print("opencode-tui: the ledger is well again", file=sys.stderr, flush=True)
        push()
        if once or ended.wait(settings.poll.interval_s):
            return


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


def _say_troubles(known: dict[str, str], now: dict[str, str]) -> None:
    """Print one line for each trouble that is new or over."""
    for place, detail in now.items():
        if known.get(place) != detail:
            print(f"opencode-tui: {detail}", file=sys.stderr, flush=True)
    for place in known.keys() - now.keys():
        print(f"opencode-tui: {place} is well again", file=sys.stderr, flush=True)
    known.clear()
    known |= now
