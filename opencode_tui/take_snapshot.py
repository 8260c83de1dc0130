"""From the ledger to the one frozen picture of a day that every reader gets."""

from __future__ import annotations

import sqlite3
from datetime import date, timedelta
from itertools import accumulate
from pathlib import PurePath

from opencode_tui.analysis.pace import band, crossing, run_rate, week
from opencode_tui.clock import HOUR_MS, Calendar, Span, calendar_for
from opencode_tui.ledger import alert_log, queries
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.records import StoreState
from opencode_tui.settings import LEVELS, Settings
from opencode_tui.snapshot import DaySpend, SessionLine, Snapshot, Split
from opencode_tui.take_sessions import RUNNING_MS, ContextLimits, session_rows


def take_snapshot(
    ledger: Ledger,
    settings: Settings,
    now_ms: int,
    *,
    day: date | None = None,
    machine: str = "",
    stores: tuple[StoreState, ...] = (),
    read_ms: int | None = None,
    limits: ContextLimits | None = None,
    guard: str = "",
    guard_trouble: str = "",
) -> Snapshot:
    """The picture of a day (today for None) at `now_ms` (Unix milliseconds). Reads that day and its week."""
    calendar = calendar_for(settings.timezone)
    today = calendar.day(now_ms)
    day = day or today
    span = calendar.span(day)
    with ledger.reading() as connection:
        sums = queries.totals(connection, span, now_ms - RUNNING_MS)
        costs = queries.costs(connection, span)
        # A run rate looks back over midnight.
        recent = queries.costs(connection, Span(now_ms - HOUR_MS, span.start_ms)) if day == today else []
        lines = _session_lines(connection, span, now_ms, limits)
        days = _seven_days(connection, calendar, day, settings)
        monday, _ = calendar.week(day)
        week_nano = queries.spend(connection, Span(calendar.start_of(monday), span.end_ms))
        models = queries.slices(connection, span, "model")
        providers = queries.slices(connection, span, "provider")
        unreadable = queries.unreadable_reasons(connection)
        has_calls = queries.has_calls(connection)
        alerts = alert_log.standing(connection, now_ms, since_ms=calendar.start_of(today - timedelta(days=1)))
    budget = settings.budget
    spent = sums.spend_nano
    rate = run_rate([*recent, *costs], now_ms) if day == today else 0
    points = zip((at for at, _ in costs), accumulate(nano for _, nano in costs), strict=True)

    def reached(line: int) -> int | None:
        return crossing(spent, line, rate, now_ms, span.end_ms) if day == today else None

    return Snapshot(
        taken_ms=now_ms,
        read_ms=read_ms,
        machine=machine,
        day=day,
        is_today=day == today,
        day_start_ms=span.start_ms,
        day_end_ms=span.end_ms,
        spent_nano=spent,
        list_nano=sums.list_nano,
        warning_nano=budget.warning_nano,
        cutoff_nano=budget.cutoff_nano,
        band=band(spent, budget.warning_nano, budget.cutoff_nano),
        rate_nano=rate,
        warning_at_ms=reached(budget.warning_nano),
        cutoff_at_ms=reached(budget.cutoff_nano),
        calls=sums.calls,
        copied_calls=sums.copied_calls,
        running_calls=sums.running,
        aborted_calls=sums.aborted,
        sessions=sums.sessions,
        subagents=sum(line.subagents for line in lines),
        active_sessions=sum(1 for line in lines if line.active),
        split=Split(
            sums.input_nano,
            sums.output_nano,
            sums.cache_nano,
            spent - sums.input_nano - sums.output_nano - sums.cache_nano,
        ),
        tokens=sums.tokens,
        models=models,
        providers=providers,
        curve=tuple(points),
        week_days=days,
        chart_warning_nano=settings.chart.warning_nano,
        chart_cutoff_nano=settings.chart.cutoff_nano,
        week=week(day, week_nano, spent, budget.week_target_nano),
        session_lines=lines,
        alerts=tuple(sorted(alerts, key=lambda alert: -LEVELS.index(alert.crossing.level))),
        guard=guard,
        guard_trouble=guard_trouble,
        unreadable_rows=sum(count for _, count in unreadable),
        unreadable_reasons=unreadable,
        stores=stores,
        has_calls=has_calls,
    )


def _seven_days(
    connection: sqlite3.Connection, calendar: Calendar, day: date, settings: Settings
) -> tuple[DaySpend, ...]:
    chart = settings.chart
    days = []
    for back in range(6, -1, -1):
        each = day - timedelta(days=back)
        spent = queries.spend(connection, calendar.span(each))
        days.append(DaySpend(each, spent, band(spent, chart.warning_nano, chart.cutoff_nano)))
    return tuple(days)


def _session_lines(
    connection: sqlite3.Connection, span: Span, now_ms: int, limits: ContextLimits | None
) -> tuple[SessionLine, ...]:
    lines = [
        SessionLine(
            id=row.id,
            title=row.title,
            project=PurePath(row.project).name,
            model=row.model,
            own_nano=row.own_nano,
            total_nano=row.total_nano,
            subagents=row.subagents,
            turns=row.turns,
            calls=row.calls,
            context_tokens=row.context_tokens,
            context_limit=row.context_limit,
            last_ms=row.last_ms,
            active=row.state == "active",
            is_fork=row.is_fork,
            deleted=row.state == "deleted",
        )
        for row in session_rows(connection, span, now_ms, limits)
    ]
    lines.sort(key=lambda line: (not line.active, -line.total_nano, -line.last_ms, line.id))
    return tuple(lines)
