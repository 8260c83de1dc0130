"""What the dashboard asks every two seconds: read what is new, and the picture if it is another one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date

from opencode_tui import clock as clocks
from opencode_tui.alerts.watcher import look_for_alerts
from opencode_tui.clock import MINUTE_MS, Clock, calendar_for
from opencode_tui.config.settings import Settings
from opencode_tui.guard.control import lift, raise_cutoff, unraise
from opencode_tui.guard.state import StateError, state_file
from opencode_tui.guard.status import GuardStatus, guard_status
from opencode_tui.guard.troubles import Trouble
from opencode_tui.ledger import alert_log, deliveries, queries
from opencode_tui.ledger.bounds import all_read
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.money import format_usd
from opencode_tui.paths import NoHomeError
from opencode_tui.readings.day import take_snapshot
from opencode_tui.readings.session import take_session, take_turn
from opencode_tui.readings.sessions import take_sessions
from opencode_tui.records.alerts import Alert
from opencode_tui.records.answers import AlertsView, View
from opencode_tui.records.day import Snapshot
from opencode_tui.records.requests import (
    AcknowledgeAlerts,
    Action,
    AlertsQuery,
    LiftGuard,
    Query,
    RaiseCutoff,
    SessionQuery,
    SessionsQuery,
    SnoozeAlerts,
)
from opencode_tui.sync import Sync

_REFRESH_MS = MINUTE_MS
_REPORT_S = 0.4
_PATIENCE = 20
"""A look is kept for this many times as long as it took: all of a large ledger is not summed at every poll."""


class LedgerFeed:
    """Owns the ledger's connection and the sync; made and used on one thread."""

    def __init__(
        self,
        open_ledger: Callable[[], Ledger],
        settings: Settings,
        environ: Mapping[str, str],
        clock: Clock = clocks.now_ms,
        tell: Callable[[Alert], None] = lambda _: None,
        deliver: Callable[[], None] = lambda: None,
    ) -> None:
        """`tell` is given each alert that fires, once, on the thread of `poll`; `deliver` is called where some have not
        been delivered, also by a process that has ended. Neither may wait.
        """
        self._tell, self._deliver = tell, deliver
        self._open_ledger, self._settings, self._environ, self._clock = open_ledger, settings, environ, clock
        self._calendar = calendar_for(settings.timezone)
        self._sync: Sync | None = None
        self._ledger: Ledger | None = None
        self._day: date | None = None
        self._taken_ms: int | None = None
        self._taken_day: date | None = None
        self._version = 0
        self._kept: dict[Query, tuple[float, View]] = {}
        self._stale = True
        self._turns = 0

    def select_day(self, day: date | None) -> None:
        """The day that the next picture shows; None is today, whichever day that will be."""
        if day != self._day:
            self._day = day
            self._stale = True

    def poll(self, report: Callable[[Snapshot], None]) -> Snapshot | None:
        """Read the stores; a new picture if there is anything new, or if a minute has changed the rate.

        `report` gets pictures on the way through a long import. Raises LedgerError and sqlite3.Error.
        """
        self._leave_replaced_ledger()
        if self._ledger is None or self._sync is None:
            self._ledger = self._open_ledger()
            self._sync = Sync(self._ledger, self._settings, self._environ, self._clock)
        reported_s = 0.0

        def progress() -> None:
            nonlocal reported_s
            if clocks.monotonic_s() - reported_s >= _REPORT_S:
                report(self._take())
                reported_s = clocks.monotonic_s()

        # Whatever fails on the way, the next poll makes up for it.
        wanted, self._stale = self._stale, True
        changed = self._sync.poll(progress)
        now = self._clock()
        aged = self._taken_ms is None or not 0 <= now - self._taken_ms < _REFRESH_MS
        next_day = self._day is None and self._calendar.day(now) != self._taken_day
        if changed or wanted or aged or next_day or self._ledger.data_version() != self._version:
            self._watch(now)
            taken = self._take()
            self._turns = queries.turns(self._ledger.connection)
            return taken
        self._stale = False
        self._ledger.tidy()
        return None

    def _leave_replaced_ledger(self) -> None:
        """Close the ledger if its path no longer leads to what is open, so that the poll opens what is there now."""
        ledger = self._ledger
        if ledger is None or (change := ledger.changed_outside()) == "no":
            return
        self.close()
        self._ledger = self._open_ledger()
        self._sync = Sync(self._ledger, self._settings, self._environ, self._clock)
        if change == "replaced" or queries.turns(self._ledger.connection) < self._turns:
            self._sync.notices.append(
                f"The ledger {ledger.path} was replaced; what only the old one held is no longer shown"
            )

    def look(self, query: Query) -> View:
        """What a query asks for. Raises LookupError with a sentence for a session that is not known.

        A look that took long is not taken anew at once.
        """
        if self._ledger is None or self._sync is None:
            raise LookupError("the ledger is not open yet")
        kept = self._kept.get(query)
        if kept is not None and clocks.monotonic_s() < kept[0]:
            return kept[1]
        began_s = clocks.monotonic_s()
        view = self._look(query)
        ended_s = clocks.monotonic_s()
        self._kept = {query: (ended_s + (ended_s - began_s) * _PATIENCE, view)}
        return view

    def _look(self, query: Query) -> View:
        assert self._ledger is not None and self._sync is not None
        now, limits, whole = self._clock(), self._sync.book, all_read(self._sync.states)
        if isinstance(query, SessionsQuery):
            return take_sessions(self._ledger, self._settings, now, query, limits, whole=whole)
        if isinstance(query, SessionQuery):
            present = self._sync
            return take_session(self._ledger, now, query, self._calendar, limits=limits, present=present, whole=whole)
        if isinstance(query, AlertsQuery):
            return AlertsView(query, now, alert_log.alerts(self._ledger.connection, most=query.most))
        return take_turn(self._ledger, now, query, present=self._sync)

    def act(self, action: Action) -> str:
        """Do what a person asked for; a sentence says what was done. Raises ValueError with one that says why not."""
        if self._ledger is None:
            raise ValueError("the ledger is not open yet")
        self._stale = True
        now, guard = self._clock(), state_file(self._ledger.path)
        try:
            if isinstance(action, LiftGuard):
                until_ms = now + action.minutes * MINUTE_MS if action.minutes else 0
                lift(guard, until_ms)
                return f"the guard is lifted for {action.minutes} minutes" if until_ms else "the guard holds again"
            if isinstance(action, RaiseCutoff) and not action.cutoff_nano:
                return f"today's cutoff is {format_usd(unraise(guard).cutoff_nano)} again"
            if isinstance(action, RaiseCutoff):
                today = self._calendar.span(self._calendar.day(now))
                spent = queries.spend(self._ledger.connection, today)
                raise_cutoff(guard, action.cutoff_nano, spent, self._calendar, now)
                return f"today's cutoff is {format_usd(action.cutoff_nano)}"
        except StateError as error:
            raise ValueError(str(error)) from error
        with self._ledger.writing() as connection:
            if isinstance(action, SnoozeAlerts):
                if not alert_log.snooze(connection, action.ids, now + action.minutes * MINUTE_MS, now):
                    return "acknowledged already: it does not come back"
                return f"asleep for {action.minutes} minutes"
            if isinstance(action, AcknowledgeAlerts):
                alert_log.acknowledge(connection, action.ids, now)
                return "acknowledged"
            alert_log.mark_seen(connection, action.ids, now)
        return "seen"

    def _watch(self, now_ms: int) -> None:
        assert self._ledger is not None and self._sync is not None
        guard: tuple[Trouble, ...] = ()
        with suppress(NoHomeError):
            guard = self._guard(now_ms).troubles
        for alert in look_for_alerts(self._ledger, self._settings, now_ms, self._sync.book, guard):
            self._tell(alert)
        if deliveries.free(self._ledger.connection, now_ms):
            self._deliver()

    def _guard(self, now_ms: int) -> GuardStatus:
        assert self._ledger is not None
        return guard_status(self._settings, self._ledger.path, self._environ, now_ms, self._ledger.connection)

    @property
    def read_ms(self) -> int | None:
        """When the stores were last read without trouble."""
        return self._sync.read_ms if self._sync else None

    def close(self) -> None:
        if self._sync is not None:
            self._sync.close()
        if self._ledger is not None:
            self._ledger.close()
        self._sync = self._ledger = None

    def _take(self) -> Snapshot:
        assert self._ledger is not None and self._sync is not None
        self._version = self._ledger.data_version()
        now = self._clock()
        # The first picture looks where today's calls were made as well; later ones are told of with their calls.
        problems = self._sync.look_at_prices() if self._taken_ms is None else self._sync.book.look()
        snapshot = take_snapshot(
            self._ledger,
            self._settings,
            now,
            day=self._day,
            machine=self._sync.machine,
            stores=self._sync.states,
            read_ms=self._sync.read_ms,
            limits=self._sync.book,
            price_problems=problems,
        )
        with suppress(NoHomeError):  # where there is no home, OpenCode's plugins are not known either
            snapshot = _guarded(snapshot, self._guard(now))
        notices, self._sync.notices = tuple(self._sync.notices), []
        self._taken_ms, self._taken_day, self._stale = snapshot.taken_ms, snapshot.day, False
        return replace(snapshot, notices=notices)


def _guarded(snapshot: Snapshot, guard: GuardStatus) -> Snapshot:
    raised = f", cutoff {format_usd(guard.cutoff_nano)}" if guard.raised else ""
    return replace(
        snapshot,
        guard=guard.words + raised,
        guard_cutoff_nano=guard.cutoff_nano,
        guard_trouble=guard.detail if guard.condition == "trouble" else guard.trouble,
    )
