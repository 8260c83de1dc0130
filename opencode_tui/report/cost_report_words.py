"""The sentences of a report, for Markdown and HTML alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from opencode_tui.clock import month_day, weekday
from opencode_tui.money import format_usd, percentages, plural, share, tokens_text
from opencode_tui.records.alerts import Alert
from opencode_tui.records.cost_report import CallsDigest, CostReport, Ranking, ReportDay, ReportSession
from opencode_tui.records.day import Band
from opencode_tui.records.model_key import short_name
from opencode_tui.report.papers.amounts import percent
from opencode_tui.report.words import band_glyph

Money = Callable[[int], str]
"""Writes an amount in nano-dollars."""

_EPOCH = date(1970, 1, 1)


def report_title(report: CostReport) -> str:
    """Such as `What OpenCode cost in week 2026-W19`."""
    return f"What OpenCode cost in {period_label(report.label)}"


def period_label(label: str) -> str:
    """Such as `week 2026-W19`."""
    return f"week {label}" if "-W" in label else label


def report_days(report: CostReport) -> str:
    """Such as `Mon 4 May to Sun 10 May 2026, days in Europe/Berlin`."""
    first, last = report.first, report.last
    zone = f"days in {report.timezone or f'the time zone of the machine{_offsets(report.digest)}'}"
    if report.today is not None:
        zone += f", {'not begun' if report.today < report.first else 'so far'}, on {_day(report.today)}"
    if first == last:
        return f"{_day(last)} {last.year}, {zone}"
    year = f" {first.year}" if first.year != last.year else ""
    return f"{_day(first)}{year} to {_day(last)} {last.year}, {zone}"


def _offsets(digest: CallsDigest) -> str:
    """How far the days are from UTC, such as ` (UTC+01:00)`, and where clocks changed ` (UTC+01:00 and UTC+02:00)`."""
    minutes = ((each.day - _EPOCH).days * 1440 - each.start_ms // 60_000 for each in digest.days)
    names = " and ".join(dict.fromkeys(map(_offset, minutes)))
    return f" ({names})" if names else ""


def _offset(minutes: int) -> str:
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}" if minutes else "UTC"


def _day(day: date) -> str:
    return f"{weekday(day)} {month_day(day)}"


def day_name(day: date, report: CostReport) -> str:
    """Such as `Wed 6 May`, with the year where the report has several."""
    return _day(day) + (f" {day.year}" if report.first.year != report.last.year else "")


def against_target(report: CostReport, money: Money = format_usd) -> str:
    """Such as `84% of the target $7.00, $1.10 left`."""
    spent, target = report.totals.spend_nano, report.lines.target_nano
    if not target:
        return "there is no target"
    spent_share, left = percent(spent, target) or "0%", target - spent
    least = "at least " if report.lower_bound else ""
    rest = f"{money(-left)} over" if left < 0 else f"{money(left)} left"
    return f"{least}{spent_share} of the target {money(target)}, {rest}"


def target_percent(report: CostReport) -> float:
    """How much of the target was spent, in percent, at most 100."""
    return round(min(max(100 * share(report.totals.spend_nano, report.lines.target_nano), 0.0), 100.0), 2)


def target_band(report: CostReport) -> Band:
    """`cutoff` for a spend above the target, else `calm`."""
    return "cutoff" if report.totals.spend_nano > report.lines.target_nano else "calm"


def against_before(report: CostReport, money: Money = format_usd) -> str:
    """Such as `week 2026-W18 was $4.80: 23% more now`; a period that is not over is held against the same point."""
    if report.since is None or report.since > report.before_end:
        return f"the ledger begins on {_with_year(report.since)}" if report.since else "the ledger has no call"
    spent, before = report.totals.spend_nano, report.before_point_nano
    least = "≥" if report.before_lower_bound else ""
    was = f"{period_label(report.before_label)} was {least}{money(report.before_nano)}"
    if report.since > report.before_first:
        return f"{was} from {_with_year(report.since)} on, where the ledger begins"
    if report.today is not None and report.today >= report.first:
        was += f" in all and {least}{money(before)} up to the same point"
    if not before or report.lower_bound or report.before_lower_bound:
        return was
    change = percent(abs(spent - before), before) or "0%"
    return f"{was}: {change} {'more' if spent > before else 'less'} now" if spent != before else f"{was}, the same"


def _with_year(day: date) -> str:
    return f"{_day(day)} {day.year}"


def counts_text(report: CostReport) -> str:
    """Such as `214 calls in 11 sessions and 3 subagents, 8.2M tokens`."""
    totals = report.totals
    tokens = f"{tokens_text(totals.tokens.total)} tokens"
    within = plural(len(report.sessions) + report.other_sessions, "session")
    within += f" and {plural(report.subagents, 'subagent')}" if report.subagents else ""
    return f"{plural(totals.calls, 'call')} in {within}, {tokens}"


def split_text(report: CostReport) -> str:
    """Such as `input 21%, output with reasoning 75%, cache 4%`."""
    totals = report.totals
    known = (
        *(("input", totals.input_nano), ("output with reasoning", totals.output_nano)),
        *(("cache", totals.cache_nano),),
    )
    unknown = totals.spend_nano - sum(nano for _, nano in known)
    parts = [*known, *([("models without known rates", unknown)] if unknown > 0 else [])]
    shares = percentages(tuple(max(nano, 0) for _, nano in parts))
    return ", ".join(f"{name} {part}%" for (name, _), part in zip(parts, shares, strict=True))


def days_summary(report: CostReport, money: Money = format_usd) -> str:
    """Such as `Of 7 days, 1 past the cutoff $1.50; the costliest was Wed 6 May with $1.62`."""
    lines, days = report.lines, report.days
    most = max(days, key=lambda day: day.digest.spend_nano, default=None)
    if most is None or not most.digest.spend_nano:
        return "Nothing was spent"
    cutoff = sum(day.band == "cutoff" for day in days)
    warning = sum(day.band == "warning" for day in days)
    past = [f"{cutoff:,} past the cutoff {money(lines.cutoff_nano)}"] if cutoff else []
    past += [f"{warning:,} past the warning {money(lines.warning_nano)}"] if warning else []
    crossed = " and ".join(past) or f"none reached the warning {money(lines.warning_nano)}"
    spent = f"{'≥' if most.lower_bound else ''}{money(most.digest.spend_nano)}"
    last = report.last if report.today is None else min(report.today, report.last)
    first = max(report.first, report.since or report.first)
    of = plural(max((last - first).days + 1, 0), "day") + (" in the ledger" if first > report.first else "")
    of += " so far" if report.today is not None else ""
    return f"Of {of}, {crossed}; the costliest was {day_name(most.digest.day, report)} with {spent}"


def band_text(day: ReportDay) -> str:
    """The line that the day's spend has crossed, such as `▲ warning`; `● calm` if none, `no calls` without any.

    A day that nothing is known of is `to come` or `before the ledger`.
    """
    if day.is_to_come:
        return "to come"
    if day.is_before_ledger:
        return "before the ledger"
    return f"{band_glyph(day.band)} {day.band}" if day.digest.calls else "no calls"


def ranking_title(ranking: Ranking) -> str:
    """Such as `Models`."""
    return f"{ranking.by.capitalize()}s"


def same_by_usage(report: CostReport, by: str) -> str:
    """The command that shows the same figures, from which a person can go on: `opencode-tui usage …`."""
    period = report.label.replace(" to ", "..")
    return f"opencode-tui usage --period {period} --by {by}"


def ranking_shares(ranking: Ranking) -> tuple[str, ...]:
    """The share of each row, the rest's last, each rounded by itself as in `usage`."""
    rows = [each.spend_nano for each in (*ranking.top, *([ranking.rest] if ranking.others else []))]
    return tuple(f"{share(nano, sum(rows)):.0%}" for nano in rows)


def session_facts_text(session: ReportSession, money: Money = format_usd) -> str:
    """Such as `of $0.50 in all, kimi-k2.6, 22 turns, 31 calls, 3 subagents (own $0.30)`.

    What it cost in all stands there if only a part of it is of the period.
    """
    facts = [f"of {money(session.whole_nano)} in all"] if session.whole_nano != session.total_nano else []
    facts += [short_name(session.model), plural(session.turns, "turn"), plural(session.calls, "call")]
    if session.subagents:
        facts.append(f"{plural(session.subagents, 'subagent')} (own {money(session.own_nano)})")
    return ", ".join([*facts, *(["deleted in OpenCode"] if session.deleted else [])])


def alert_level(alert: Alert) -> str:
    """Such as `▲ warning`."""
    glyph = {"notice": "•", "warning": "▲", "cutoff": "■"}[alert.crossing.level]
    return f"{glyph} {alert.crossing.level}"
