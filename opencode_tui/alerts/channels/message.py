"""An alert as channels send it: a title, a text, and its fields, with control characters removed."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from opencode_tui.alerts.rules import unit_of
from opencode_tui.clock import Calendar
from opencode_tui.money import usd
from opencode_tui.records.alerts import Alert
from opencode_tui.records.privacy.harmless import one_line

_LONGEST = 1000


def plain(text: str, limit: int = _LONGEST) -> str:
    """The text on one line without control characters, cut to `limit` characters."""
    return " ".join(one_line(text, limit).split())


def title(alert: Alert) -> str:
    """Such as `OpenCode: warning`, with the number of the attempt from the second on."""
    return f"OpenCode: {alert.crossing.level}" + (f" ({try_text(alert.attempt)})" if alert.attempt > 1 else "")


def body(alert: Alert, limit: int = _LONGEST) -> str:
    """The alert's text on one line, and after an arrow what to do about it."""
    remedy = alert.cause.remedy
    return plain(f"{alert.text} → {remedy}" if remedy else alert.text, limit)


def try_text(attempt: int) -> str:
    """Such as `second try`."""
    return f"{ {2: 'second', 3: 'third'}.get(attempt, f'{attempt}th') } try"


def alert_fields(alert: Alert) -> dict[str, Any]:
    """The alert as JSON. Times are ISO 8601 in UTC; `value` and `line` are in USD if `unit` says so."""
    crossing, cause = alert.crossing, alert.cause
    in_usd = unit_of(crossing).in_usd
    return {
        "id": alert.id,
        "level": crossing.level,
        "rule": crossing.rule,
        "kind": crossing.kind,
        "text": plain(alert.text),
        "cause": plain(cause.sentence),
        "remedy": plain(cause.remedy),
        "cause_usd": usd(cause.cost_nano),
        "subject": plain(crossing.subject),
        "period": crossing.period,
        "session": _id(crossing.session_id or cause.session_id),
        "turn": _id(cause.turn_id),
        "unit": "usd" if in_usd else "count",
        "value": usd(crossing.value) if in_usd else crossing.value,
        "line": usd(crossing.line) if in_usd else crossing.line,
        "crossed_at": _moment(crossing.at_ms),
        "fired_at": _moment(alert.fired_ms),
        "late": alert.late,
        "try": alert.attempt,
    }


def _id(id: str | None) -> str | None:
    return None if id is None else plain(id)


def _moment(ms: int) -> str:
    return Calendar(UTC).iso(ms)
