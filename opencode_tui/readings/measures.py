"""From the ledger to what the rules in force are held against."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from opencode_tui.analysis.loops import loops
from opencode_tui.analysis.pace import run_rate
from opencode_tui.analysis.rules import spend_rules
from opencode_tui.analysis.trees import Place, laid_out, roots
from opencode_tui.clock import DAY_MS, HOUR_MS, Calendar, Span
from opencode_tui.config.settings import Settings
from opencode_tui.ledger import alert_log, alert_queries, queries
from opencode_tui.privacy.harmless import shown_id
from opencode_tui.readings.context import ContextLimits
from opencode_tui.records.alerts import Period, Scope
from opencode_tui.records.facts import CallScope
from opencode_tui.records.measures import ContextFill, FileEdits, Measures, RepeatedCall, ScopeSpend, SubagentDepth

_ALL = ""


def present(period: Period, now_ms: int, calendar: Calendar) -> Span:
    """The day, ISO week or month that it is now."""
    day = calendar.day(now_ms)
    if period == "week":
        return calendar.span(*calendar.week(day))
    return calendar.span(*_month(day)) if period == "month" else calendar.span(day)


def measure(
    connection: sqlite3.Connection, settings: Settings, now_ms: int, calendar: Calendar, limits: ContextLimits | None
) -> Measures:
    """What the rules ask for, and nothing that none of them does."""
    alerts = settings.alerts
    reading = _Reading(connection, now_ms, calendar)
    wanted: set[tuple[Scope, Period]] = {(rule.scope, rule.period) for rule in spend_rules(settings).values()}
    if alerts.every_nano:
        wanted.add(("all", "day"))
    with_trees = bool(alerts.session.levels or alerts.subagent.levels or alerts.subagent_depth)
    places = reading.places() if with_trees else ()
    below = [place for place in places if place.depth] if alerts.subagent.levels or alerts.subagent_depth else []
    counted = bool(alerts.every_calls or alerts.every_minutes)
    calls, minutes = alert_queries.day_counts(connection, reading.day) if counted else (0, 0)
    return Measures(
        spends={each: reading.spends(*each) for each in wanted},
        sessions=reading.sums(place for place in places if not place.depth),
        subagents=reading.sums(below) if alerts.subagent.levels else (),
        depths=tuple(SubagentDepth(place.id, reading.title(place.id), place.depth) for place in below),
        calls=calls,
        minutes=minutes,
        costs=reading.costs(min((line for _, line in alerts.rate.levels), default=0)),
        repeated=reading.repeated(alerts.same_call),
        edited=reading.edited(alerts.same_file),
        filled=reading.filled(limits, min((line for _, line in alerts.context.levels), default=0)),
    )


@dataclass(slots=True)
class _Reading:
    """One look at the ledger; what it has learned of sessions is asked for once."""

    connection: sqlite3.Connection
    now_ms: int
    calendar: Calendar
    known: dict[str, tuple[str | None, str]] = field(default_factory=dict)

    @property
    def day(self) -> Span:
        return present("day", self.now_ms, self.calendar)

    def spends(self, scope: Scope, period: Period) -> tuple[ScopeSpend, ...]:
        span = present(period, self.now_ms, self.calendar)
        if scope == "all":
            return (ScopeSpend("", "", queries.spend(self.connection, span)),)
        sums = alert_queries.sums_by(self.connection, span, scope)
        if scope != "session":
            return tuple(ScopeSpend(key, key, nano) for key, nano in sums)
        root_of = self.roots(id for id, _ in sums)
        totals: dict[str, int] = {}
        for id, nano in sums:
            totals[root_of[id]] = totals.get(root_of[id], 0) + nano
        return tuple(ScopeSpend(id, self.title(id), nano) for id, nano in totals.items())

    def places(self) -> tuple[Place, ...]:
        """The trees of all sessions that did something today, with what each ever cost; its roots have depth 0.

        Subagents that did nothing today are left out; their money is in what stands above them.
        """
        active = alert_queries.active_sessions(self.connection, self.day)
        tops = set(self.roots(active).values())
        parents = alert_queries.trees(self.connection, tops)
        spent = alert_queries.sums_of(self.connection, parents)
        # One root above all of them lays out every tree at once.
        above = {id: _ALL if id in tops else parent for id, parent in parents.items()}
        own = {id: spent.get(id, 0) for id in parents}
        shown = {*active, *tops}
        return tuple(
            replace(place, depth=place.depth - 1)
            for place in laid_out(_ALL, {_ALL: None} | above, {_ALL: 0} | own)
            if place.id in shown
        )

    def roots(self, ids: Iterable[str]) -> dict[str, str]:
        wanted = list(ids)
        self._learn(wanted)
        return roots(wanted, {id: parent for id, (parent, _) in self.known.items()})

    def sums(self, places: Iterable[Place]) -> tuple[ScopeSpend, ...]:
        return tuple(ScopeSpend(place.id, self.title(place.id), place.total) for place in places)

    def title(self, id: str) -> str:
        self._learn((id,))
        return self.known[id][1] or shown_id(id)

    def costs(self, line: int) -> tuple[tuple[int, int], ...]:
        """Those of the last hour; where they reach the line those before too, to see when they did.

        That is the day before, and all since the last alert: a rate that has stayed past its line from then on has
        not been crossed anew, however long it stays.
        """
        if not line:
            return ()
        hour = queries.costs(self.connection, Span(self.now_ms - HOUR_MS, self.now_ms + 1))
        if run_rate(hour, self.now_ms) < line:
            return tuple(hour)
        since_ms = self.now_ms - DAY_MS
        fired_ms = alert_log.last_fired_ms(self.connection, "rate", self.now_ms)
        since_ms = since_ms if fired_ms is None else min(since_ms, fired_ms)
        return tuple(queries.costs(self.connection, Span(since_ms - HOUR_MS, self.now_ms + 1)))

    def repeated(self, times: int) -> tuple[RepeatedCall, ...]:
        """Of the sessions that come into question each is read whole: what was done in between decides."""
        found = []
        for id in alert_queries.repeating(self.connection, self.day, times) if times else ():
            calls = alert_queries.calls_in(self.connection, CallScope(self.day, (id,)), id)
            tools = alert_queries.tools_of(self.connection, calls)
            found += [
                RepeatedCall(id, self.title(id), loop.key, loop.what, loop.times)
                for loop in loops(calls, tools)
                if loop.times >= times
            ]
        return tuple(found)

    def edited(self, turns: int) -> tuple[FileEdits, ...]:
        rows = alert_queries.edited(self.connection, self.day, turns) if turns else []
        return tuple(FileEdits(id, self.title(id), file, count) for id, file, count in rows)

    def filled(self, limits: ContextLimits | None, line: int) -> tuple[ContextFill, ...]:
        """Sessions whose newest call reaches the line; the whole course of those alone is read."""
        if limits is None or not line:
            return ()

        def percent(tokens: int, *model: str) -> int:
            limit = limits.context_limit(*model)
            return tokens * 100 // limit if limit else 0

        found = []
        for id, tokens, *model in alert_queries.newest_fills(self.connection, self.day):
            if percent(tokens, *model) >= line:
                course = alert_queries.fills(self.connection, id)
                percents = tuple((at_ms, percent(read, *each)) for at_ms, read, *each in course)
                found.append(ContextFill(id, self.title(id), percents))
        return tuple(found)

    def _learn(self, ids: Iterable[str]) -> None:
        unknown = {id for id in ids if id not in self.known}
        if unknown:
            self.known |= dict.fromkeys(unknown, (None, "")) | alert_queries.ancestry(self.connection, unknown)


def _month(day: date) -> tuple[date, date]:
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
