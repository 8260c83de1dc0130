"""How OpenCode's services were asked, as text and as JSON."""

from __future__ import annotations

from typing import Any

from opencode_tui.analysis.quota_words import wait_text
from opencode_tui.clock import MINUTE_MS, Calendar
from opencode_tui.records.services import AskState, ServiceState
from opencode_tui.report.json_values import moment_or_none

_WORDS: dict[AskState, str] = {
    "off": "not asked ([network] turns it on)",
    "no key": "not asked: no key is known",
    "unasked": "not asked yet",
    "ok": "ok",
    "auth": "the key was refused",
    "no subscription": "no subscription",
    "limited": "asked too often",
    "failed": "no answer",
}


def service_json(service: ServiceState, calendar: Calendar) -> dict[str, Any]:
    return {
        "state": service.state,
        "detail": service.detail,
        "asked_at": moment_or_none(service.asked_ms, calendar),
        "answered_at": moment_or_none(service.answered_ms, calendar),
        "next_at": moment_or_none(service.next_ms, calendar),
    }


def service_text(service: ServiceState, now_ms: int, calendar: Calendar) -> str:
    """Such as `ok, 20 s ago`, or why it did not answer and when it is asked again."""
    words = _WORDS[service.state]
    if service.state == "ok" and service.answered_ms is not None:
        return f"{words}, {_ago(now_ms - service.answered_ms)}"
    if service.state in ("off", "no key", "unasked") or service.asked_ms is None:
        return words
    again = ""
    if service.next_ms is not None and service.next_ms > now_ms:
        again = f", asked again from {calendar.moment(service.next_ms, now_ms)} on"
    last = ""
    if service.answered_ms is not None:
        last = f"; its last answer is of {calendar.moment(service.answered_ms, now_ms)}"
    return f"{service.detail or words}{again}{last}"


def _ago(ms: int) -> str:
    return f"{max(ms, 0) // 1000} s ago" if ms < MINUTE_MS else f"{wait_text(ms)} ago"
