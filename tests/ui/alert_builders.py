"""Alerts as sentences: `alert(3, level="cutoff")`. On the day of `builders`."""

from __future__ import annotations

from typing import Any

from opencode_tui.clock import DAY_MS
from opencode_tui.records.alerts import EVER_PERIOD, Alert, AlertedSession, Cause, Crossing, DeliveryResult, Level
from opencode_tui.records.answers import AlertList
from opencode_tui.records.requests import AlertsRequest
from tests.support.records import replace
from tests.ui.builders import NOW, at, nano
from tests.ui.session_builders import SESSION

CAUSE = Cause(
    '4× edits of Button.tsx in "Fix header spacing", about $0.20 a round',
    SESSION,
    "msg_turn_4",
    nano("$0.41"),
    remedy="say all you want of Button.tsx in one message, or /undo: that was round 4, at $0.20 each",
)
DAY_CROSSING = Crossing("day", "spend", "warning", "", "2026-05-13", nano("$0.83"), nano("$0.80"), at("14:21"))


def alert(id: int = 1, text: str = "", level: Level = "warning", cause: Cause = CAUSE, **changes: Any) -> Alert:
    """The day's spend past a line, told a minute before now unless `fired_ms` says otherwise."""
    crossing = replace(DAY_CROSSING, level=level)
    base = Alert(
        id=id,
        fired_ms=at("14:22"),
        crossing=crossing,
        cause=cause,
        text=text or f"$0.83 is past the {level} $0.80: {cause.sentence}",
    )
    return replace(base, **changes)


FILE = Crossing(
    "same_file", "edits", "notice", "ses_x:a.ts", "2026-05-13", 4, 4, at("11:40"), SESSION, 'a.ts in "Fix header"'
)
SESSION_CROSSING = Crossing(
    "session",
    "spend",
    "notice",
    "ses_1",
    EVER_PERIOD,
    nano("$0.41"),
    nano("$0.40"),
    at("13:05"),
    "ses_1",
    'in "Fix header spacing"',
)
RATE = Crossing("rate", "rate", "cutoff", "", "", nano("$4.10"), nano("$4"), at("09:30") - DAY_MS)
FIRED = (
    alert(
        4,
        results=(
            DeliveryResult("desktop", at("14:22"), True),
            DeliveryResult("webhook", at("14:22"), False, "HTTP 500 [from] hook"),
        ),
    ),
    alert(
        3,
        '$0.41 in "Fix header spacing" is past the notice $0.40: 3 subagents cost $0.11 of it',
        "notice",
        Cause("3 subagents cost $0.11 of it", "ses_1", None, nano("$0.11")),
        fired_ms=at("13:05"),
        crossing=SESSION_CROSSING,
        snoozed_until_ms=at("15:05"),
    ),
    alert(
        2,
        '4 turns edited a.ts in "Fix header"',
        "notice",
        Cause("nothing stands out", found=False),
        crossing=FILE,
        fired_ms=at("11:40"),
        seen_ms=at("11:52"),
    ),
    alert(
        1,
        "$4.10 in the last hour is past the cutoff $4.00: nothing stands out",
        "cutoff",
        Cause("nothing stands out", found=False),
        crossing=RATE,
        fired_ms=at("12:00") - DAY_MS,
        seen_ms=at("12:01") - DAY_MS,
    ),
)


ALERTED = (
    AlertedSession(SESSION, "Fix header spacing", nano("$0.83")),
    AlertedSession("ses_1", "Add login flow", nano("$0.41")),
)


def fired(*alerts: Alert, taken_ms: int = NOW) -> AlertList:
    return AlertList(AlertsRequest(), taken_ms, alerts, ALERTED)
