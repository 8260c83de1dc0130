"""An alert's text: what was crossed, and why."""

from __future__ import annotations

from opencode_tui.alerts.rules.rule import Rule
from opencode_tui.clock import HOUR_MS, Calendar
from opencode_tui.config.settings import Settings
from opencode_tui.records.alerts import Cause, Crossing


def alert_text(rule: Rule, crossing: Crossing, cause: Cause, settings: Settings, since: str = "") -> str:
    """Such as `$0.83 is past the warning $0.80: 4× edits of Button.tsx in "Fix header", about $0.20 a round`.

    Titles are not escaped: markup in it must not be interpreted.
    """
    return f"{rule.headline(crossing, settings)}{since}: {cause.sentence}"


def since_text(crossing: Crossing, now_ms: int, calendar: Calendar) -> str:
    """` since ` and the time of the crossing if that is more than an hour ago, else empty."""
    if now_ms - crossing.at_ms <= HOUR_MS:
        return ""
    return f" since {calendar.moment(crossing.at_ms, now_ms)}"
