"""The alert log as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opencode_tui.alerts.channels.message import alert_fields, body, plain, try_text
from opencode_tui.clock import Calendar, short_day
from opencode_tui.records.alerts import Alert, DeliveryResult
from opencode_tui.report.json_values import moment_or_none


def alert_line(alert: Alert, calendar: Calendar) -> str:
    """Such as `14:23 warning: $0.83 is past the warning $0.80: … → esc in OpenCode, then /compact: …`."""
    return f"{calendar.local(alert.fired_ms):%H:%M} {alert.crossing.level}: {body(alert)}"


def alerts_text(alerts: Sequence[Alert], calendar: Calendar, now_ms: int) -> str:
    """The alerts in the given order, each with its id, its state and its deliveries."""
    if not alerts:
        return "no alert has fired yet"
    lines, day = [], None
    for alert in alerts:
        fired = calendar.day(alert.fired_ms)
        if fired != day:
            lines.append(f"{short_day(fired)} {fired.year}")
            day = fired
        lines.append(f"  {alert.id:>4}  {alert_line(alert, calendar)}{_mark(alert, calendar, now_ms)}")
        lines += [f"        {_result(result)}" for result in alert.results]
    return "\n".join(lines)


def alert_json(alert: Alert, calendar: Calendar) -> dict[str, Any]:
    """The JSON contract of an alert, with times in the calendar's zone."""
    moments = {
        "crossed_at": alert.crossing.at_ms,
        "fired_at": alert.fired_ms,
        "seen_at": alert.seen_ms,
        "snoozed_until": alert.snoozed_until_ms,
        "acknowledged_at": alert.acknowledged_ms,
    }
    results = [
        {
            "channel": each.channel,
            "at": moment_or_none(each.at_ms, calendar),
            "ok": each.ok,
            "detail": each.detail,
            "try": each.attempt,
        }
        for each in alert.results
    ]
    return alert_fields(alert) | {key: moment_or_none(ms, calendar) for key, ms in moments.items()} | {"told": results}


def _mark(alert: Alert, calendar: Calendar, now_ms: int) -> str:
    if alert.acknowledged_ms is not None:
        return " (acknowledged)"
    if alert.snoozed_until_ms is not None and alert.is_snoozed(now_ms):
        return f" (snoozed until {calendar.local(alert.snoozed_until_ms):%a %H:%M})"
    return " (seen)" if alert.seen_ms is not None else ""


def _result(result: DeliveryResult) -> str:
    again = f" ({try_text(result.attempt)})" if result.attempt > 1 else ""
    return f"{result.channel}: {'' if result.ok else 'failed, '}{plain(result.detail)}{again}"
