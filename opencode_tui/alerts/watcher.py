"""One look for alerts: what is measured, which lines it crosses, which of these are new, why, and that they fired."""

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
    """The alerts that are new, in the order in which their lines were crossed, each given to one caller alone.

    What was crossed long before anybody looked fires too, once, in the present periods alone; its text says
    since when, and `Alert.late` lets a channel stay silent. `guard` is what is wrong with the guard now.
    Any number of processes may look in one ledger. Raises sqlite3.Error.
    """
    calendar, troubles = calendar_for(settings.timezone), tuple(guard)
    on = levels(settings.channels)
    if any(each.channel not in on for each in deliveries.free(ledger.connection, now_ms)):
        with ledger.writing() as connection:
            deliveries.drop_turned_off(connection, on, now_ms)
    with ledger.reading() as connection:
        if not _new(Measurements(connection, settings, now_ms, calendar, limits, troubles)):
            return ()
    # Measured again with the right to write, so that what is found is what is so when it is entered.
    with ledger.writing() as connection:
        again = Measurements(connection, settings, now_ms, calendar, limits, troubles)
        found = [_finding(crossing, again) for crossing in _new(again)]
        found.sort(key=lambda each: each[0].at_ms)
        return alert_log.fire(connection, found, now_ms, lambda level: takers(settings, level))


def takers(settings: Settings, level: Level) -> tuple[str, ...]:
    """The channels that an alert of a level goes to."""
    return tuple(name for name, least in levels(settings.channels).items() if at_least(level, least))


def explained(rule: Rule, crossing: Crossing, measured: Measurements) -> tuple[Crossing, Cause]:
    """The crossing with the moment that it happened at, and its cause."""
    scope, evidence = rule.calls(crossing, measured), NO_EVIDENCE
    if scope is not None:
        if rule.is_sum:
            crossing = dated(measured.connection, crossing, scope)
        evidence = evidence_of(measured.connection, crossing, scope)
    return crossing, rule.cause(crossing, evidence, measured.calendar)


def _new(measured: Measurements) -> tuple[Crossing, ...]:
    return alert_log.fresh(measured.connection, crossings(measured), measured.now_ms)


def _finding(crossing: Crossing, measured: Measurements) -> tuple[Crossing, Cause, str]:
    """A new crossing with its cause, and the line that says both."""
    rule = rule_of(crossing)
    assert rule is not None  # it has just made it
    crossing, cause = explained(rule, crossing, measured)
    crossing = replace(crossing, session_id=crossing.session_id or cause.session_id)
    since = since_text(crossing, measured.now_ms, measured.calendar)
    return crossing, cause, alert_text(rule, crossing, cause, measured.settings, since)
