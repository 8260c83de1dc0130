"""One look for alerts: what is measured, which lines it crosses, which of these are new, why, and that they fired."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import replace

from opencode_tui.alerts.guard_rule import guard_cause, guard_crossings
from opencode_tui.alerts.text import alert_text, since_text
from opencode_tui.analysis.causes import cause_of
from opencode_tui.analysis.rules import crossings
from opencode_tui.clock import Calendar, calendar_for
from opencode_tui.config.settings import CHANNELS, Settings
from opencode_tui.guard.troubles import Trouble
from opencode_tui.ledger import alert_log, deliveries
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.readings.evidence import dated, evidence_of, scope_of
from opencode_tui.readings.measures import measure
from opencode_tui.readings.sessions import ContextLimits
from opencode_tui.records.alerts import Alert, Cause, Crossing, Level, at_least


class Watcher:
    """Looks for alerts in the ledger. It remembers nothing itself: any number of processes may watch one ledger."""

    def look(
        self,
        ledger: Ledger,
        settings: Settings,
        now_ms: int,
        limits: ContextLimits | None = None,
        guard: Iterable[Trouble] = (),
    ) -> tuple[Alert, ...]:
        """The alerts that are new, in the order in which their lines were crossed, each given to one caller alone.

        What was crossed long before anybody looked fires too, once, in the present periods alone; its text says
        since when, and `Alert.late` lets a channel stay silent. `guard` is what is wrong with the guard now.
        Raises sqlite3.Error.
        """
        calendar, of_guard = calendar_for(settings.timezone), guard_crossings(guard, now_ms)
        on = {name for name in CHANNELS if getattr(settings.channels, name) != "off"}
        if any(each.channel not in on for each in deliveries.free(ledger.connection, now_ms)):
            with ledger.writing() as connection:
                deliveries.drop_turned_off(connection, on, now_ms)
        with ledger.reading() as connection:
            if not _new(connection, settings, now_ms, calendar, limits, of_guard):
                return ()
        # Measured again with the right to write, so that what is found is what is so when it is entered.
        with ledger.writing() as connection:
            found = [
                _explained(connection, crossing, settings, now_ms, calendar)
                for crossing in _new(connection, settings, now_ms, calendar, limits, of_guard)
            ]
            found.sort(key=lambda each: each[0].at_ms)
            return alert_log.fire(connection, found, now_ms, lambda level: takers(settings, level))


def takers(settings: Settings, level: Level) -> tuple[str, ...]:
    """The channels that an alert of a level goes to."""
    from_on = {name: getattr(settings.channels, name) for name in CHANNELS}
    return tuple(name for name, least in from_on.items() if at_least(level, least))


def _new(
    connection: sqlite3.Connection,
    settings: Settings,
    now_ms: int,
    calendar: Calendar,
    limits: ContextLimits | None,
    of_guard: tuple[Crossing, ...],
) -> tuple[Crossing, ...]:
    measures = measure(connection, settings, now_ms, calendar, limits)
    found = (*crossings(measures, settings, now_ms, calendar), *of_guard)
    return alert_log.fresh(connection, found, now_ms)


def _explained(
    connection: sqlite3.Connection, crossing: Crossing, settings: Settings, now_ms: int, calendar: Calendar
) -> tuple[Crossing, Cause, str]:
    """The crossing with the moment that it happened at, its cause, and the line that tells both."""
    if crossing.kind == "guard":
        cause = guard_cause(crossing)
        return crossing, cause, alert_text(crossing, cause, since_text(crossing, now_ms, calendar))
    scope = scope_of(connection, crossing, settings, now_ms, calendar)
    crossing = dated(connection, crossing, scope)
    cause = cause_of(crossing, evidence_of(connection, crossing, scope), calendar)
    crossing = replace(crossing, session_id=crossing.session_id or cause.session_id)
    return crossing, cause, alert_text(crossing, cause, since_text(crossing, now_ms, calendar))
