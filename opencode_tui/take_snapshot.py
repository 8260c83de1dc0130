"""From the ledger to the one frozen picture of a day that every reader gets."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import accumulate
from pathlib import PurePath
from typing import Protocol

from opencode_tui.analysis.pace import band, crossing, run_rate, week
from opencode_tui.analysis.trees import Tree, roots, trees
from opencode_tui.clock import DAY_MS, HOUR_MS, Calendar, Span, calendar_for
from opencode_tui.ledger import queries
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.ledger.queries import SessionFacts, SessionSum
from opencode_tui.records import StoreState
from opencode_tui.settings import Settings
from opencode_tui.snapshot import DaySpend, SessionLine, Snapshot, Split

RUNNING_MS = HOUR_MS // 2
"""A call that has not completed after this long never will: OpenCode was ended meanwhile."""
ACTIVE_MS = 120_000
"""A session is active until this long after its last call ended."""


class ContextLimits(Protocol):
    """Knows how many tokens a model can read; pricing.book does."""

    def context_limit(self, provider: str, model: str) -> int | None: ...


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
    sums = {each.session_id: each for each in queries.session_sums(connection, span, now_ms - RUNNING_MS)}
    facts = _with_ancestors(connection, sums)
    parents = {id: facts[id].parent_id if id in facts else None for id in {*sums, *facts}}
    models: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for session_id, model, nano, calls in queries.session_models(connection, span):
        models[session_id].append((nano, calls, model))
    contexts = queries.newest_contexts(connection, span)
    lines = [
        _line(tree, facts.get(tree.root), sums, models, contexts.get(tree.root), span, now_ms, limits)
        for tree in trees(roots(list(sums), parents))
    ]
    lines.sort(key=lambda line: (not line.active, -line.total_nano, -line.last_ms, line.id))
    return tuple(lines)


def _with_ancestors(connection: sqlite3.Connection, sums: dict[str, SessionSum]) -> dict[str, SessionFacts]:
    facts = queries.session_facts(connection, sums)
    missing = {fact.parent_id for fact in facts.values()} - facts.keys() - {None}
    while missing:
        found = queries.session_facts(connection, [id for id in missing if id])
        facts |= found
        missing = {fact.parent_id for fact in found.values()} - facts.keys() - {None}
    return facts


def _line(
    tree: Tree,
    facts: SessionFacts | None,
    sums: dict[str, SessionSum],
    models: dict[str, list[tuple[int, int, str]]],
    context: tuple[int, str, str] | None,
    span: Span,
    now_ms: int,
    limits: ContextLimits | None,
) -> SessionLine:
    own = sums.get(tree.root)
    members = [sums[member] for member in tree.members]
    last_ms = max(each.last_ms for each in members)
    running = any(each.running for each in members)
    return SessionLine(
        id=tree.root,
        title=(facts.title if facts else "") or tree.root,
        project=PurePath(facts.project).name if facts else "",
        model=_main_model([entry for member in tree.members for entry in models[member]]),
        own_nano=own.spend_nano if own else 0,
        total_nano=sum(each.spend_nano for each in members),
        subagents=tree.subagents,
        turns=own.turns if own else 0,
        calls=sum(each.calls for each in members),
        context_tokens=context[0] if context else 0,
        context_limit=limits.context_limit(*context[1:]) if limits and context else None,
        last_ms=last_ms,
        active=now_ms < span.end_ms + DAY_MS and (running or 0 <= now_ms - last_ms < ACTIVE_MS),
        is_fork=facts.is_fork if facts else False,
        deleted=facts.deleted if facts else False,
    )


def _main_model(entries: Sequence[tuple[int, int, str]]) -> str:
    """The model that most money went to, or most calls where none cost anything."""
    spent: dict[str, tuple[int, int]] = {}
    for nano, calls, model in entries:
        before = spent.get(model, (0, 0))
        spent[model] = (before[0] + nano, before[1] + calls)
    return max(sorted(spent), key=lambda model: spent[model]) if spent else ""
