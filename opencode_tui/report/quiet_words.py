"""A day before its first call: what came before it, and what is left of the week."""

from __future__ import annotations

from opencode_tui.clock import Calendar
from opencode_tui.money import format_usd
from opencode_tui.records.day import Snapshot, Week
from opencode_tui.records.model_key import short_name
from opencode_tui.report.words import amount_text, meter, week_line


def quiet_lines(snapshot: Snapshot, calendar: Calendar) -> tuple[tuple[str, ...], ...]:
    """What is known on a day without a call: the spend of the day before, and the last call."""
    found: list[tuple[str, ...]] = []
    if snapshot.is_today and len(snapshot.week_days) > 1:
        before = snapshot.week_days[-2]
        found.append((f"yesterday {amount_text(before.spend_nano, before.lower_bound)}",))
    if (call := snapshot.last_call) is not None:
        last, model = f"last call {calendar.moment(call.at_ms, snapshot.taken_ms)}", short_name(call.model)
        found.append((f"{last} · {call.title} · {model}", f"{last} · {call.title}", last))
    return tuple(found)


def week_left(week: Week) -> tuple[str, ...]:
    """Such as `$3.82 of $7.00 left this week`; over the target as `week_line` has it."""
    left = week.target_nano - week.spend_nano
    if left <= 0:
        return week_line(week)
    most = "at most " if week.lower_bound else ""
    text = f"{most}{format_usd(left)} of {format_usd(week.target_nano)} left this week"
    return (f"{text} {meter(week.spend_nano, week.target_nano, 8)}", text, f"{most}{format_usd(left)} left this week")
