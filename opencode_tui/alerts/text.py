"""An alert in one line: what was crossed, and why."""

from __future__ import annotations

from opencode_tui.clock import HOUR_MS, Calendar
from opencode_tui.counts import plural
from opencode_tui.money import format_usd
from opencode_tui.records.alerts import Cause, Crossing


def alert_text(crossing: Crossing, cause: Cause, since: str = "") -> str:
    """Such as `$0.83 is past the warning $0.80: 4× edits of Button.tsx in "Fix header", about $0.20 a round`.

    Titles stand in it as they are: whoever shows it must not interpret markup.
    """
    return f"{_what(crossing)}{since}: {cause.sentence}"


def since_text(crossing: Crossing, now_ms: int, calendar: Calendar) -> str:
    """When it was crossed, where that was more than an hour ago: an alert must not look newer than it is."""
    if now_ms - crossing.at_ms <= HOUR_MS:
        return ""
    return f" since {calendar.moment(crossing.at_ms, now_ms)}"


def _what(crossing: Crossing) -> str:
    about, value, line = crossing.about, crossing.value, crossing.line
    if crossing.kind in ("spend", "rate"):
        # An amount that reads like the line is not said to be past it.
        verb = "has reached" if format_usd(value) == format_usd(line) else "is past"
        passed = f"{verb} the {crossing.level} {format_usd(line)}"
    if crossing.kind == "spend":
        where = f" {about}" if about else ""
        when = " this week" if "W" in crossing.period else " this month" if len(crossing.period) == 7 else ""
        return f"{format_usd(value)}{where}{when} {passed}"
    if crossing.kind == "rate":
        return f"{format_usd(value)} in the last hour {passed}"
    if crossing.kind == "context":
        return f"the context {about} is {value}% full, {'past' if value > line else 'at'} the {crossing.level} {line}%"
    if crossing.kind == "depth":
        return f"{about} is a subagent at depth {value}, deeper than {line}"
    if crossing.kind == "edits":
        return f"{value} turns edited {about}"
    if crossing.kind == "guard":
        return "the guard is weakened" if crossing.level == "notice" else "the guard does not hold"
    if crossing.kind == "loop":
        return f"{value} identical calls {about}"
    return {
        "every_calls": f"past {plural(line, 'call')} today",
        "every_usd": f"past {format_usd(line)} today",
        "every_minutes": f"past {plural(line, 'minute')} with spend today",
    }[crossing.rule]
