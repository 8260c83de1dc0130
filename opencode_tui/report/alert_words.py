"""The sentences about alerts: the banner's line, the rows and the details of Why, and the rules that watch."""

from __future__ import annotations

from opencode_tui.alerts.channels.message import try_text
from opencode_tui.clock import Calendar, month_day
from opencode_tui.config.settings import Alerts, Lines, Settings, SpendRule
from opencode_tui.counts import plural
from opencode_tui.money import format_usd
from opencode_tui.records.alerts import EVER, Alert, Level, Told
from opencode_tui.report.words import clock_time

_GLYPHS: dict[Level, str] = {"notice": "•", "warning": "▲", "cutoff": "■"}
_RULES = {
    "day": "the day's spend",
    "week": "the week's spend",
    "month": "the month's spend",
    "session": "the spend of one session with its subagents",
    "subagent": "the spend of one subagent with those below it",
    "rate": "the spend of the last 60 minutes",
    "every_calls": "every so many calls of a day",
    "every_usd": "every so much spend of a day",
    "every_minutes": "every so many minutes with spend",
    "subagent_depth": "how deep subagents are nested",
    "same_call": "the same tool call again and again, with no file edited in between",
    "same_file": "the same file edited in many turns",
    "context": "how full the context is",
    "guard": "whether the guard holds",
}


def level_glyph(level: Level) -> str:
    return _GLYPHS[level]


def brief_moment(ms: int, now_ms: int, calendar: Calendar) -> str:
    """Such as `14:23`, on another day `12 May`: at most six characters."""
    day = calendar.day(ms)
    return clock_time(ms, calendar) if day == calendar.day(now_ms) else month_day(day)


def banner_text(alert: Alert, now_ms: int, calendar: Calendar) -> str:
    """Such as `▲ 14:23  $0.83 is past the warning $0.80: …`, and which channels failed to tell it."""
    failed = "".join(f" · {name} failed" for name in dict.fromkeys(told.channel for told in failures(alert)))
    return f"{level_glyph(alert.crossing.level)} {calendar.moment(alert.fired_ms, now_ms)}  {alert.text}{failed}"


def failures(alert: Alert) -> tuple[Told, ...]:
    """The channels that did not tell it."""
    return tuple(told for told in alert.told if not told.ok)


def banner_hints(alert: Alert, more: int, *, focused: bool) -> tuple[str, ...]:
    """What can be done about it, and how many more there are, from the longest variant to the shortest.

    `enter` opens the cause only where the banner has the focus; `e` does everywhere.
    """
    others = (f"+{more:,} more",) if more else ()
    opens = f"{'⏎' if focused else 'e'} {'open' if session_of(alert) else 'why'}"
    keys = (opens, "a seen")
    return tuple("  ".join(each) for each in ((*others, *keys, "z in an hour"), (*others, *keys), keys))


def session_of(alert: Alert) -> str | None:
    """The session to look at: the cause's, else the one that the crossing is about."""
    return alert.cause.session_id or alert.crossing.session_id


def state_text(alert: Alert, now_ms: int, calendar: Calendar) -> str:
    """Whether somebody has seen it: `new`, `seen 14:25`, `snoozed to 15:20`, `acknowledged`."""
    if alert.acknowledged_ms is not None:
        return "acknowledged"
    if alert.snoozed_until_ms is not None and alert.is_snoozed(now_ms):
        return f"snoozed to {brief_moment(alert.snoozed_until_ms, now_ms, calendar)}"
    return f"seen {brief_moment(alert.seen_ms, now_ms, calendar)}" if alert.seen_ms is not None else "new"


def rule_text(rule: str) -> str:
    """What a rule watches, in words; the name of one that is the user's own."""
    return f"your rule “{rule.removeprefix('spend.')}”" if rule.startswith("spend.") else _RULES.get(rule, rule)


def measured(alert: Alert, value: int) -> str:
    """The value or the line of an alert, in the unit of its rule."""
    crossing = alert.crossing
    if crossing.kind in ("spend", "rate") or crossing.rule == "every_usd":
        return format_usd(value)
    if crossing.kind == "context":
        return f"{value}%"
    nouns = {"loop": "time", "edits": "turn", "depth": "level"}
    return plural(value, nouns.get(crossing.kind, "minute" if crossing.rule == "every_minutes" else "call"))


def details(alert: Alert, title: str, now_ms: int, calendar: Calendar) -> tuple[tuple[str, str], ...]:
    """All that is known of an alert, each as what it is and its text. `title` is that of the session to look at."""
    crossing, cause = alert.crossing, alert.cause
    crossed, fired = (calendar.moment(ms, now_ms) for ms in (crossing.at_ms, alert.fired_ms))
    period = f", {crossing.period}" if crossing.period not in ("", EVER) else ""
    line = f"{crossing.level} at {measured(alert, crossing.line)}, it stood at {measured(alert, crossing.value)}"
    late = ", more than an hour after" if alert.late else ""
    looking = "none stands out" if session_of(alert) is None else title
    return (
        ("rule", f"{rule_text(crossing.rule)}{period}"),
        *((("line", line),) if crossing.kind != "guard" else ()),
        ("crossed", f"{crossed} · fired {fired}{late}"),
        *((("cause", f"cost {format_usd(cause.cost_nano)}"),) if cause.cost_nano else ()),
        ("session", looking),
        ("state", state_text(alert, now_ms, calendar)),
        *(("channel", told_text(told, now_ms, calendar)) for told in alert.told),
    )


def told_text(told: Told, now_ms: int, calendar: Calendar) -> str:
    """Such as `webhook failed at 14:23: HTTP 500`."""
    outcome = "delivered" if told.ok else "failed"
    outcome += f" on the {try_text(told.attempt)}" if told.attempt > 1 else ""
    detail = f": {told.detail}" if told.detail else ""
    return f"{told.channel} {outcome} at {calendar.moment(told.at_ms, now_ms)}{detail}"


def watching(settings: Settings) -> tuple[str, ...]:
    """The rules in force, one in each line."""
    budget, alerts = settings.budget, settings.alerts
    day = Lines(warning_nano=budget.warning_nano, cutoff_nano=budget.cutoff_nano)
    named = tuple(
        (f"{rule_text(f'spend.{name}')}: {_spend_text(rule)}", rule.lines) for name, rule in alerts.spend.items()
    )
    spends = (
        (rule_text("day"), day),
        (rule_text("week"), alerts.week),
        (rule_text("month"), alerts.month),
        (rule_text("session"), alerts.session),
        (rule_text("subagent"), alerts.subagent),
        (rule_text("rate"), alerts.rate),
        *named,
    )
    texts = [f"{what}: {lines}" for what, each in spends if (lines := _lines_text(each))]
    if full := ", ".join(f"{level} at {percent}%" for level, percent in alerts.context.levels):
        texts.append(f"{rule_text('context')}: {full}")
    return (*texts, *_habits(alerts))


def _habits(alerts: Alerts) -> tuple[str, ...]:
    every = format_usd(alerts.every_nano) if alerts.every_nano else ""
    found = (
        (
            alerts.same_call,
            f"the same tool call {alerts.same_call} times in a session, with no file edited in between: notice",
        ),
        (alerts.same_file, f"the same file edited in {alerts.same_file} turns of a day: notice"),
        (alerts.subagent_depth, f"a subagent deeper than {alerts.subagent_depth}: warning"),
        (alerts.every_calls, f"every {plural(alerts.every_calls, 'call')} of a day: notice"),
        (alerts.every_nano, f"every {every} of a day: notice"),
        (alerts.every_minutes, f"every {plural(alerts.every_minutes, 'minute')} with spend: notice"),
    )
    return tuple(text for on, text in found if on)


def _lines_text(lines: Lines) -> str:
    return ", ".join(f"{level} at {format_usd(nano)}" for level, nano in lines.levels)


def _spend_text(rule: SpendRule) -> str:
    whose = "all" if rule.scope == "all" else f"each {rule.scope}"
    only = f" with “{rule.only}”" if rule.only else ""
    return f"{whose}{only} in a {rule.period}"
