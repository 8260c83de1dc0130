"""`opencode-tui team push`: sends what a team's database lacks of this machine's calls."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from opencode_tui.cli import EXIT_OK
from opencode_tui.cli.common import NOTIFIER_S, config_of, opened, say_trouble
from opencode_tui.cli.signals import ended_by_signals
from opencode_tui.cli.team.database import asked_database, database_troubles
from opencode_tui.cli.team.known_budgets import fetch_budgets
from opencode_tui.clock import Calendar, calendar_for, now_ms
from opencode_tui.config.database_values import DatabaseAddress
from opencode_tui.config.settings import Settings
from opencode_tui.ledger import unpushed_calls
from opencode_tui.ledger.bounds import unread_by_day
from opencode_tui.ledger.early_calls import early_calls
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.money import plural
from opencode_tui.records.pushes import PushResult


def push_seat(arguments: argparse.Namespace) -> int:
    with opened(arguments, NOTIFIER_S) as at:  # what is sent and not noted would be sent again
        address = asked_database(arguments.to, at.settings)
        if arguments.all:
            send_all_again(at.ledger, address)
        with ended_by_signals() as ended, database_troubles():
            result = push_ledger(at.ledger, address, at.settings, at.sync.machine, lambda: not ended.is_set())
        print(push_words(result, address))
        with database_troubles():
            if trouble := fetch_budgets(at.settings, address, at.ledger.path, config_of(arguments), result):
                say_trouble(trouble)
    return EXIT_OK


def push_ledger(
    ledger: Ledger,
    address: DatabaseAddress,
    settings: Settings,
    machine: str,
    keep_going: Callable[[], bool] = lambda: True,
) -> PushResult | None:
    """Send what the database lacks; None if that is nothing, and then no library is imported. Raises DatabaseError."""
    calendar = calendar_for(settings.timezone)
    if is_pushed(ledger, address, calendar):
        return None
    from opencode_tui.team.postgres.pushing import PushRequest, push_calls

    push = settings.team.push
    request = (ledger, address, push.password_file, calendar, settings.team.share, machine, now_ms, keep_going)
    return push_calls(PushRequest(*request))


def is_pushed(ledger: Ledger, address: DatabaseAddress, calendar: Calendar) -> bool:
    """Whether the database has all of the ledger, as far as the ledger knows."""
    target = unpushed_calls.known_target(ledger.connection, address.name)
    if target is None or unpushed_calls.waiting_count(ledger.connection, target):
        return False
    unread = unread_by_day(ledger.connection, calendar)
    return target.facts == unpushed_calls.facts_text(unread, early_calls(ledger.connection))


def send_all_again(ledger: Ledger, address: DatabaseAddress) -> None:
    with ledger.writing() as connection:
        unpushed_calls.queue_all(connection, unpushed_calls.push_target(connection, address.name))


def push_words(result: PushResult | None, address: DatabaseAddress) -> str:
    """What a push did, in one sentence."""
    if result is None:
        return f"nothing to send: {address.name} has all calls"
    known = f"; it had {plural(result.known, 'call')} already" if result.known else ""
    gaps = [f"the gaps of {plural(result.gaps, 'day')}"] if result.gaps else []
    calls = [plural(result.sent, "call")] if result.sent or not gaps else []
    return f"sent {' and '.join([*calls, *gaps])} as the seat {result.seat} to {address.name}{known}"
