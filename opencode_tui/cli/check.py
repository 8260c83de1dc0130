"""`opencode-tui check`: the band of today's spend as an exit code, for cron and scripts."""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import sys
from contextlib import suppress

from msgspec import Struct
from msgspec.structs import replace

from opencode_tui.alerts.rules.measurements import Measurements
from opencode_tui.alerts.rules.spend import DAY
from opencode_tui.alerts.text import alert_text
from opencode_tui.alerts.watcher import explained, look_for_alerts
from opencode_tui.analysis.pace import band
from opencode_tui.cli import EXIT_TROUBLE, silence_stdout
from opencode_tui.cli.common import NOTIFIER_S, Trouble, opened
from opencode_tui.cli.signals import ended_in_order
from opencode_tui.clock import Calendar, now_ms
from opencode_tui.config.settings import Budget, Settings
from opencode_tui.guard.status import guard_status
from opencode_tui.guard.troubles import GuardTrouble
from opencode_tui.ledger import alert_log, deliveries, queries
from opencode_tui.ledger.bounds import is_lower_bound
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.money import format_usd, nano_from_usd, plural, usd
from opencode_tui.paths import NoHomeError
from opencode_tui.records.alerts import Alert, Cause, Crossing
from opencode_tui.records.day import Band
from opencode_tui.report.alerts import alert_json
from opencode_tui.report.json_values import SCHEMA_VERSION
from opencode_tui.sync import Sync

EXIT_OF: dict[Band, int] = {"calm": 0, "warning": 1, "cutoff": 2}
NOTIFY_S = 45.0
"""Seconds to wait for deliveries."""


def run(arguments: argparse.Namespace) -> int:
    try:
        code, line = _check(arguments)
        try:
            print(line, end="", flush=True)
        except OSError:  # the exit code is the answer, even if the line cannot be written
            silence_stdout()
        return code
    except Trouble:
        raise
    except Exception as error:
        # Python would exit with 1, which means here that the warning is reached
        raise Trouble(f"today's spend could not be determined ({type(error).__name__}: {error})") from error


class _DayState(Struct, frozen=True):
    """Today's spend and its band."""

    spent: int
    band: Band
    missing: int
    """The number of today's rows that could not be read completely."""
    known: bool
    """Whether the band is certain; if the sum is a lower bound, only the cutoff is."""
    crossing: Crossing | None
    cause: Cause | None


def _check(arguments: argparse.Namespace) -> tuple[int, str]:
    """The exit code and the output."""
    with opened(arguments, change=lambda found: _with_lines(found, arguments)) as at:
        calendar, now = at.calendar, now_ms()
        settings = at.in_force(now) if arguments.cutoff is None else at.settings
        with at.ledger.reading() as connection:
            today = _day_state(connection, settings, at.whole, now, calendar)
        alerts = _notified(at.settings, settings, at.ledger, at.sync, now) if arguments.notify else ()
    code, text = EXIT_OF[today.band] if today.known else EXIT_TROUBLE, _text(today, settings)
    if today.missing and not today.known:
        rows = f"{plural(today.missing, 'row')} of today could not be read"
        print(f"opencode-tui: {text}: {rows}; `opencode-tui sync` lists the reasons", file=sys.stderr)
    if arguments.json:
        answer = {
            "schema_version": SCHEMA_VERSION,
            "exit_code": code,
            "band": today.band if today.known else "unknown",
            "spent_usd": usd(today.spent),
            "lower_bound": not at.whole or bool(today.missing),
            "warning_usd": usd(settings.budget.warning_nano),
            "cutoff_usd": usd(settings.budget.cutoff_nano),
            "text": text,
            "session": today.cause.session_id if today.cause else None,
            "troubles": [state.detail for state in at.states if state.state != "live"],
            "alerts": [alert_json(alert, calendar) for alert in alerts],
        }
        return code, json.dumps(answer) + "\n"
    return code, f"{text}\n" if today.known else ""


def _day_state(
    connection: sqlite3.Connection, settings: Settings, whole: bool, now_ms: int, calendar: Calendar
) -> _DayState:
    today = calendar.span(calendar.day(now_ms))
    spent, missing = queries.spend(connection, today), queries.missing_rows(connection, today)
    reached = band(spent, settings.budget.warning_nano, settings.budget.cutoff_nano)
    known = reached == "cutoff" or not is_lower_bound(connection, today, whole)
    return _DayState(spent, reached, missing, known, *_reached(connection, settings, spent, reached, now_ms, calendar))


def _text(today: _DayState, settings: Settings) -> str:
    if today.crossing and today.cause:
        return alert_text(DAY, today.crossing, today.cause, settings)
    return (
        _under(today.spent, settings.budget.warning_nano)
        if today.known
        else f"at least {format_usd(today.spent)} today"
    )


def _under(spent: int, warning: int) -> str:
    just = "just " if format_usd(spent) == format_usd(warning) else ""
    return f"{format_usd(spent)} today is {just}under the warning {format_usd(warning)}"


def _reached(
    connection: sqlite3.Connection, settings: Settings, spent: int, reached: Band, now_ms: int, calendar: Calendar
) -> tuple[Crossing, Cause] | tuple[None, None]:
    """The day's highest line that is reached, and its cause; (None, None) below the warning."""
    if reached == "calm":
        return None, None
    line = settings.budget.cutoff_nano if reached == "cutoff" else settings.budget.warning_nano
    today = Measurements(connection, settings, now_ms, calendar)
    return explained(DAY, DAY.crossing(today, reached, spent, line), today)


def _notified(settings: Settings, lines: Settings, ledger: Ledger, sync: Sync, now_ms: int) -> tuple[Alert, ...]:
    """Fire and deliver new alerts; returns them with their results. Prints failures on standard error.

    `lines` are the settings with the lines in force.
    """
    from opencode_tui.alerts.notifier import Notifier

    troubles: tuple[GuardTrouble, ...] = ()
    try:
        with suppress(NoHomeError):  # without a home directory there are no plugins
            troubles = guard_status(settings, ledger.path, os.environ, now_ms, ledger.connection).troubles
        new = look_for_alerts(ledger, lines, now_ms, sync.book, troubles)
    except sqlite3.Error as error:
        print(f"opencode-tui: alerts could not be looked for ({error})", file=sys.stderr)
        return ()
    if not new and not deliveries.free(ledger.connection, now_ms):
        return ()
    notifier = Notifier(settings, lambda: Ledger(ledger.path, NOTIFIER_S), os.environ)
    with ended_in_order():
        for alert in new:
            notifier.notify(alert)
        notifier.deliver_waiting()  # earlier alerts whose process ended before their delivery
        notifier.close(NOTIFY_S)
    for failed in {f"{result.channel}: {result.detail}": None for _, result in notifier.results if not result.ok}:
        print(f"opencode-tui: {failed}", file=sys.stderr)
    for name in notifier.waiting:
        print(f"opencode-tui: {name}: not delivered within {NOTIFY_S:g} s, the next look tries again", file=sys.stderr)
    ids = {alert.id for alert in new}
    found = [alert for alert in alert_log.alerts(ledger.connection, since_ms=now_ms) if alert.id in ids]
    return tuple(reversed(found))


def _with_lines(settings: Settings, arguments: argparse.Namespace) -> Settings:
    return replace(settings, budget=_budget(settings.budget, arguments.warn, arguments.cutoff))


def _budget(budget: Budget, warn: str | None, cutoff: str | None) -> Budget:
    """The budget with the command line's lines. Raises Trouble with an exit code other than the cutoff's."""
    if warn is not None:
        budget = replace(budget, warning_nano=_amount("--warn", warn))
    if cutoff is not None:
        budget = replace(budget, cutoff_nano=_amount("--cutoff", cutoff))
    if (warn, cutoff) != (None, None) and budget.warning_nano > budget.cutoff_nano:
        lines = f"the warning {format_usd(budget.warning_nano)} is above the cutoff {format_usd(budget.cutoff_nano)}"
        raise Trouble(f"{lines}; give both --warn and --cutoff, the smaller one first")
    return budget


def _amount(flag: str, text: str) -> int:
    try:
        nano = nano_from_usd(text.removeprefix("$"))
    except ValueError:
        nano = -1
    if nano < 0:
        raise Trouble(f"{flag}: {text!r} is not an amount in USD; write one such as 0.80")
    return nano
