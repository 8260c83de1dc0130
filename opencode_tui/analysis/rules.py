"""Which lines are crossed: the rules of the settings held against what was measured."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import PurePath

from opencode_tui.analysis.pace import run_rate
from opencode_tui.clock import HOUR_MS, Calendar
from opencode_tui.config.settings import Alerts, Lines, Settings, SpendRule
from opencode_tui.records.alerts import EVER, Crossing, Kind, Level, Period, Scope
from opencode_tui.records.measures import Measures, ScopeSpend

Levels = tuple[tuple[Level, int], ...]


def spend_rules(settings: Settings) -> dict[str, SpendRule]:
    """The rules about the spend of a day, a week or a month that have a line, by name."""
    budget, alerts = settings.budget, settings.alerts
    day = Lines(warning_nano=budget.warning_nano, cutoff_nano=budget.cutoff_nano)
    built_in = {
        "day": SpendRule(day),
        "week": SpendRule(alerts.week, period="week"),
        "month": SpendRule(alerts.month, period="month"),
    }
    named = {f"spend.{name}": rule for name, rule in alerts.spend.items()}
    return {name: rule for name, rule in (built_in | named).items() if rule.lines.levels}


def period_name(period: Period, now_ms: int, calendar: Calendar) -> str:
    """The present day, ISO week or month: `2026-05-13`, `2026-W20`, `2026-05`."""
    day = calendar.day(now_ms)
    if period == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02d}"
    return f"{day:%Y-%m}" if period == "month" else day.isoformat()


def crossings(measures: Measures, settings: Settings, now_ms: int, calendar: Calendar) -> tuple[Crossing, ...]:
    """Every level of every rule that stands at or past its line, for each subject the lowest level first.

    A spend's moment is `now_ms` here; `crossed_at` finds the one at which it crossed.
    """
    return tuple(
        replace(crossing, at_ms=crossing.at_ms or now_ms)
        for crossing in _crossings(measures, settings, now_ms, calendar)
    )


def _crossings(measures: Measures, settings: Settings, now_ms: int, calendar: Calendar) -> Iterator[Crossing]:
    alerts = settings.alerts
    today = period_name("day", now_ms, calendar)
    for rule, spend in spend_rules(settings).items():
        period = period_name(spend.period, now_ms, calendar)
        for each in measures.spends.get((spend.scope, spend.period), ()):
            if spend.only.casefold() in f"{each.key}\n{each.name}".casefold():
                session_id = each.key if spend.scope == "session" else None
                about = _about(spend.scope, each)
                levels = spend.lines.levels
                yield from _reached(rule, "spend", levels, each.key, period, each.nano, about, session_id)
    for rule, sums, lines in (
        ("session", measures.sessions, alerts.session),
        ("subagent", measures.subagents, alerts.subagent),
    ):
        for each in sums:
            about = _about("session", each)
            yield from _reached(rule, "spend", lines.levels, each.key, EVER, each.nano, about, each.key)
    rate = run_rate(measures.costs, now_ms)
    yield from _anew("rate", "rate", alerts.rate.levels, "", rate, "", None, list(rates(measures.costs)))
    for fill in measures.filled:
        percent = fill.percents[-1][1]
        about = f'of "{fill.title}"'
        levels = alerts.context.levels
        yield from _anew("context", "context", levels, fill.session_id, percent, about, fill.session_id, fill.percents)
    yield from _steps(measures, alerts, today)
    yield from _habits(measures, alerts, today)


def _steps(measures: Measures, alerts: Alerts, today: str) -> Iterator[Crossing]:
    """The last of the even steps that the day has passed."""
    spent = sum(each.nano for each in measures.spends.get(("all", "day"), ()))
    for rule, value, step in (
        ("every_calls", measures.calls, alerts.every_calls),
        ("every_usd", spent, alerts.every_nano),
        ("every_minutes", measures.minutes, alerts.every_minutes),
    ):
        if step and value >= step:
            yield from _reached(rule, "every", (("notice", value // step * step),), "", today, value)


def _habits(measures: Measures, alerts: Alerts, today: str) -> Iterator[Crossing]:
    """What agents do: subagents of subagents, the same call over and over, the same file in turn after turn."""
    for deep in measures.depths if alerts.subagent_depth else ():
        if deep.depth > alerts.subagent_depth:
            levels: Levels = (("warning", alerts.subagent_depth),)
            about = f'"{deep.title}"'
            yield from _reached(
                "subagent_depth", "depth", levels, deep.session_id, EVER, deep.depth, about, deep.session_id
            )
    for each in measures.repeated if alerts.same_call else ():
        subject, about = f"{each.session_id}:{each.key}", f'({each.what}) in "{each.title}"'
        levels = (("notice", alerts.same_call),)
        yield from _reached("same_call", "loop", levels, subject, today, each.times, about, each.session_id)
    for edit in measures.edited if alerts.same_file else ():
        subject, about = f"{edit.session_id}:{edit.file}", f'{file_name(edit.file)} in "{edit.title}"'
        levels = (("notice", alerts.same_file),)
        yield from _reached("same_file", "edits", levels, subject, today, edit.turns, about, edit.session_id)


def _reached(
    rule: str,
    kind: Kind,
    levels: Levels,
    subject: str,
    period: str,
    value: int,
    about: str = "",
    session_id: str | None = None,
) -> Iterator[Crossing]:
    for level, line in levels:
        if value >= line:
            yield Crossing(rule, kind, level, subject, period, value, line, 0, session_id, about)


def _anew(
    rule: str,
    kind: Kind,
    levels: Levels,
    subject: str,
    value: int,
    about: str,
    session_id: str | None,
    course: Sequence[tuple[int, int]],
) -> Iterator[Crossing]:
    """Levels that can be crossed again, each with the moment of the last time."""
    for level, line in levels:
        at_ms = last_rise(course, line)
        if value >= line and at_ms is not None:
            yield Crossing(rule, kind, level, subject, "", value, line, at_ms, session_id, about)


def last_rise(course: Iterable[tuple[int, int]], line: int) -> int | None:
    """When a measure that comes and goes last rose to a line, None where it has fallen again since.

    It has fallen below nine tenths of the line, that is: a measure that wavers about it crosses once.
    """
    at_ms = None
    for moment, value in course:
        if at_ms is None and value >= line:
            at_ms = moment
        elif value * 10 < line * 9:
            at_ms = None
    return at_ms


def rates(costs: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The spend of the last hour, just before and just after each of the calls."""
    hour: deque[tuple[int, int]] = deque()
    rate = 0
    for at_ms, nano in costs:
        while hour and hour[0][0] <= at_ms - HOUR_MS:
            rate -= hour.popleft()[1]
        yield at_ms, rate
        hour.append((at_ms, nano))
        rate += nano
        yield at_ms, rate


def crossed_at(costs: Sequence[tuple[int, int]], line: int) -> int | None:
    """The call that carried the sum over the line; None where it did not get there."""
    spent = 0
    for at_ms, nano in costs:
        spent += nano
        if spent >= line:
            return at_ms
    return None


def file_name(path: str) -> str:
    """The last part of a path, written either way round; what is no path as it is."""
    return PurePath(path.replace("\\", "/")).name or path


def _about(scope: Scope, each: ScopeSpend) -> str:
    if scope == "session":
        return f'in "{each.name}"'
    if scope == "project":
        return f"in {file_name(each.key)}"
    return {"model": f"on {each.key}", "provider": f"at {each.key}", "agent": f"by {each.key}"}.get(scope, "")
