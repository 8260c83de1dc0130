"""Texts about alerts for the banner and the Why screen."""

from __future__ import annotations

from opencode_tui.alerts.channels.message import try_text
from opencode_tui.alerts.rules import rule_of, title_of, unit_of
from opencode_tui.analysis.alert_groups import AlertGroup
from opencode_tui.clock import Calendar, month_day
from opencode_tui.money import format_usd, plural
from opencode_tui.records.alerts import EVER_PERIOD, REARMED, Alert, DeliveryResult, Level
from opencode_tui.report.words import clock_time

_GLYPHS: dict[Level, str] = {"notice": "•", "warning": "▲", "cutoff": "■"}


def level_glyph(level: Level) -> str:
    return _GLYPHS[level]


def brief_moment(ms: int, now_ms: int, calendar: Calendar) -> str:
    """Such as `14:23`, or `12 May` on another day: at most six characters."""
    day = calendar.day(ms)
    return clock_time(ms, calendar) if day == calendar.day(now_ms) else month_day(day)


def banner_text(alert: Alert, now_ms: int, calendar: Calendar) -> str:
    """Such as `▲ 14:23  $0.83 is past the warning $0.80: …`, with the channels that failed."""
    failed = "".join(
        f" · {name} failed" for name in dict.fromkeys(result.channel for result in failed_deliveries(alert))
    )
    return f"{level_glyph(alert.crossing.level)} {calendar.moment(alert.fired_ms, now_ms)}  {alert.text}{failed}"


def cause_first(alert: Alert) -> tuple[str, str]:
    """The cause and what was crossed; without a cause what was crossed, and an empty text."""
    crossed = alert.text.removesuffix(f": {alert.cause.sentence}")
    return (alert.cause.sentence, crossed) if alert.cause.found else (crossed, "")


def group_texts(group: AlertGroup) -> tuple[str, tuple[str, ...]]:
    """The title of the session, and what follows it: such as ` · 4 alerts · $40.47`, the longest variant first.

    The amount is what the session has cost in all.
    """
    count = plural(len(group.alerts), "alert")
    if group.session is None:
        return "", (count,)
    return group.session.title, (f" · {count} · {format_usd(group.session.total_nano)}", f" · {count}")


def failed_deliveries(alert: Alert) -> tuple[DeliveryResult, ...]:
    """The deliveries that failed."""
    return tuple(result for result in alert.results if not result.ok)


def banner_hints(alert: Alert, more: int, *, focused: bool) -> tuple[str, ...]:
    """The banner's keys and the number of further alerts, from the longest variant to the shortest.

    `enter` opens the cause only while the banner has the focus; `e` always does.
    """
    others = (f"+{more:,} more",) if more else ()
    opens = f"{'⏎' if focused else 'e'} {'open' if alert_session(alert) else 'why'}"
    keys = (opens, "a seen")
    return tuple("  ".join(each) for each in ((*others, *keys, "z in an hour"), (*others, *keys), keys))


def alert_session(alert: Alert) -> str | None:
    """The session to look at: the cause's, else the crossing's."""
    return alert.leads_to


def state_text(alert: Alert, now_ms: int, calendar: Calendar) -> str:
    """The alert's state: `new`, `seen 14:25`, `snoozed to 15:20` or `acknowledged`."""
    if alert.acknowledged_ms is not None:
        return "acknowledged"
    if alert.snoozed_until_ms is not None and alert.is_snoozed(now_ms):
        return f"snoozed to {brief_moment(alert.snoozed_until_ms, now_ms, calendar)}"
    return f"seen {brief_moment(alert.seen_ms, now_ms, calendar)}" if alert.seen_ms is not None else "new"


def measured(alert: Alert, value: int) -> str:
    """A value of the alert in the unit of its rule."""
    return unit_of(alert.crossing).text(value)


def details(alert: Alert, title: str, now_ms: int, calendar: Calendar) -> tuple[tuple[str, str], ...]:
    """(label, text) for every detail of an alert. `title` is that of the session to look at."""
    crossing, cause = alert.crossing, alert.cause
    crossed, fired = (calendar.moment(ms, now_ms) for ms in (crossing.at_ms, alert.fired_ms))
    rule = rule_of(crossing)
    period = f", {crossing.period}" if crossing.period not in (REARMED, EVER_PERIOD) else ""
    line = f"{crossing.level} at {measured(alert, crossing.line)}, it stood at {measured(alert, crossing.value)}"
    late = ", more than an hour after" if alert.late else ""
    looking = "none stands out" if alert_session(alert) is None else title
    return (
        *((("do", cause.remedy),) if cause.remedy else ()),
        ("rule", f"{title_of(crossing)}{period}"),
        *((("line", line),) if rule is None or rule.has_line else ()),
        ("crossed", f"{crossed} · fired {fired}{late}"),
        *((("cause", f"cost {format_usd(cause.cost_nano)}"),) if cause.cost_nano else ()),
        ("session", looking),
        ("state", state_text(alert, now_ms, calendar)),
        *(("channel", result_text(result, now_ms, calendar)) for result in alert.results),
    )


def result_text(result: DeliveryResult, now_ms: int, calendar: Calendar) -> str:
    """Such as `webhook failed at 14:23: HTTP 500`."""
    outcome = "delivered" if result.ok else "failed"
    outcome += f" on the {try_text(result.attempt)}" if result.attempt > 1 else ""
    detail = f": {result.detail}" if result.detail else ""
    return f"{result.channel} {outcome} at {calendar.moment(result.at_ms, now_ms)}{detail}"
