"""Evaluates the rules and fires new alerts with their causes."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from opencode_tui.alerts.channels import levels
from opencode_tui.alerts.rules import crossings, rule_of
from opencode_tui.alerts.rules.measurements import Measurements
from opencode_tui.alerts.rules.rule import Rule
from opencode_tui.alerts.text import alert_text, since_text
from opencode_tui.clock import calendar_for
from opencode_tui.config.settings import Settings
from opencode_tui.guard.troubles import GuardTrouble
from opencode_tui.ledger import alert_log, deliveries
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.readings.context import ContextLimits
from opencode_tui.readings.evidence import dated, evidence_of
from opencode_tui.records.alerts import Alert, Cause, Crossing, Level, at_least
from opencode_tui.records.evidence import NO_EVIDENCE


def look_for_alerts(
    ledger: Ledger,
    settings: Settings,
    now_ms: int,
    limits: ContextLimits | None = None,
    guard: Iterable[GuardTrouble] = (),
) -> tuple[Alert, ...]:
    """Fire and return the new alerts in the order of their crossings. Only one caller gets each.

    A crossing long ago fires too if it is in a current period: its text says since when, and `Alert.late` is true.
    `guard` are the guard's current troubles. Safe with several processes on one ledger. Raises sqlite3.Error.
    """
    calendar, troubles = calendar_for(settings.timezone), tuple(guard)
    on = levels(settings.channels)
    if any(each.channel not in on for each in deliveries.free(ledger.connection, now_ms)):
        with ledger.writing() as connection:
            deliveries.drop_turned_off(connection, on, now_ms)
    with ledger.reading() as connection:
        if not _new(Measurements(connection, settings, now_ms, calendar, limits, troubles)):
            return ()
    # measured again in the write transaction, so that another process cannot fire the same alert
    with ledger.writing() as connection:
        again = Measurements(connection, settings, now_ms, calendar, limits, troubles)
        found = [_finding(crossing, again) for crossing in _new(again)]
        found.sort(key=lambda each: each[0].at_ms)
        return alert_log.fire(connection, found, now_ms, lambda level: takers(settings, level))


def takers(settings: Settings, level: Level) -> tuple[str, ...]:
    """The names of the channels that get an alert of this level."""
    return tuple(name for name, least in levels(settings.channels).items() if at_least(level, least))


def explained(rule: Rule, crossing: Crossing, measured: Measurements) -> tuple[Crossing, Cause]:
    """The crossing with its time of crossing, and its cause."""
    scope, evidence = rule.calls(crossing, measured), NO_EVIDENCE
    if scope is not None:
        if rule.is_sum:
            crossing = dated(measured.connection, crossing, scope)
        evidence = evidence_of(measured.connection, crossing, scope, measured.calendar, measured.settings)
    return crossing, rule.cause(crossing, evidence, measured.calendar)


def _new(measured: Measurements) -> tuple[Crossing, ...]:
    return alert_log.fresh(measured.connection, crossings(measured), measured.now_ms)


def _finding(crossing: Crossing, measured: Measurements) -> tuple[Crossing, Cause, str]:
    """A new crossing, its cause, and the alert's text."""
    rule = rule_of(crossing)
    assert rule is not None  # a known rule made it
    crossing, cause = explained(rule, crossing, measured)
    crossing = replace(crossing, session_id=crossing.session_id or cause.session_id)
    since = since_text(crossing, measured.now_ms, measured.calendar)
    return crossing, cause, alert_text(rule, crossing, cause, measured.settings, since)
