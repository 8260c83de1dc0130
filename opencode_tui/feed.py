"""The dashboard's poll, every two seconds: sync the ledger, and return a new snapshot if anything changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import date
from pathlib import Path

from msgspec.structs import replace

from opencode_tui import clock as clocks
from opencode_tui.alerts.actions import Workplace, act
from opencode_tui.alerts.watcher import look_for_alerts
from opencode_tui.clock import MINUTE_MS, Clock, calendar_for
from opencode_tui.config.settings import Settings, with_live
from opencode_tui.guard.install import PluginError
from opencode_tui.guard.setup import SyncProgram, install_guard
from opencode_tui.guard.state import StateError, state_file, with_raised_cutoff
from opencode_tui.guard.status import GuardStatus, guard_status
from opencode_tui.ledger import deliveries, queries
from opencode_tui.ledger.buckets import bucket_of, make_bucket
from opencode_tui.ledger.changed_work import READ_PARTS, counts_behind
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.paths import NoHomeError, stat_key
from opencode_tui.readings.answering import answer
from opencode_tui.readings.context import Context, context_of
from opencode_tui.readings.day import read_day
from opencode_tui.readings.insights import settle_insights
from opencode_tui.readings.keeping import keep_ahead
from opencode_tui.readings.kept import Kept
from opencode_tui.readings.limit_settling import settle_limits
from opencode_tui.readings.turn_settling import settle_for, settle_task_sums, settle_turns
from opencode_tui.records.alerts import Alert
from opencode_tui.records.answers import Answer
from opencode_tui.records.day import Snapshot
from opencode_tui.records.outcomes import GuardInstalled, Outcome
from opencode_tui.records.requests import (
    AccountsRequest,
    Action,
    AlertsRequest,
    BreakdownRequest,
    ComparisonRequest,
    DayRequest,
    HistoryRequest,
    HoursRequest,
    InsightsRequest,
    LeversRequest,
    ProjectsRequest,
    QuotasRequest,
    Request,
    SessionsRequest,
)
from opencode_tui.records.shipped import AskGit
from opencode_tui.sync import Sync

_REFRESH_MS = MINUTE_MS
_REPORT_S = 0.4
_PATIENCE = 10
"""An answer is reused for this many times as long as it took, so that slow queries do not run at every poll."""
_AT_A_BEAT = 200
"""Sessions whose turns are classified after a poll."""
_SUMS_AT_A_BEAT = 1_000
"""Sessions whose sums by task are made after a poll; whoever asks for these has all of them made."""
_BUCKETS_AT_A_BEAT = 4
_FROM_LEDGER = (
    *(SessionsRequest, AlertsRequest, ProjectsRequest, BreakdownRequest),
    *(ComparisonRequest, HistoryRequest, HoursRequest, InsightsRequest, LeversRequest),
)
"""Requests whose answers can change only with a new snapshot; the others read OpenCode's store as well."""


class LedgerFeed:
    """Owns the ledger's connection and the sync. Created and used on one thread, but for `answer_apart`."""

    def __init__(
        self,
        open_ledger: Callable[[], Ledger],
        settings: Settings,
        environ: Mapping[str, str],
        clock: Clock = clocks.now_ms,
        notify: Callable[[Alert], None] = lambda _: None,
        deliver_waiting: Callable[[], None] = lambda: None,
        use_channels: Callable[[Settings], None] = lambda _: None,
        program: Callable[[Path], SyncProgram] | None = None,
        ask_services: Callable[[bool], None] = lambda watched: None,
        ask_git: Callable[[Settings], AskGit | None] = lambda settings: None,
    ) -> None:
        """`notify` gets each alert once, when it fires; `deliver_waiting` is called when deliveries are due, including
        those that an ended process left; `use_channels` gets changed settings. All run on the thread of `poll` and must
        not block. `program` says how an installed guard runs `sync` for a ledger; without it none can be installed.
        `ask_services` is called after each poll, and with True when somebody looks at quotas or accounts: it must not
        block either. `ask_git` gives who answers for the repositories, if the settings allow it.
        """
        self._notify, self._deliver_waiting, self._use_channels = notify, deliver_waiting, use_channels
        self._program, self._ask_services, self._ask_git = program, ask_services, ask_git
        self._open_ledger, self._settings, self._environ, self._clock = open_ledger, settings, environ, clock
        self._calendar = calendar_for(settings.timezone)
        self._sync: Sync | None = None
        self._ledger: Ledger | None = None
        self._day: date | None = None
        self._taken_ms: int | None = None
        self._limits_ms: int | None = None
        """The snapshot after which the context limits were last compared."""
        self._taken_day: date | None = None
        self._version = 0
        self._kept: dict[Request, tuple[float, Answer]] = {}
        self._current: dict[Request, Answer] = {}
        """The answers since the last snapshot."""
        self._read_before = Kept()
        self._stale = True
        self._turns = 0
        self._all_ready_at: tuple[int, int, int] | None = None
        self._guard_key: tuple[int, ...] | None = None

    def select_day(self, day: date | None) -> None:
        """Set the day of the next snapshot; None means today, also after midnight."""
        if day != self._day:
            self._day = day
            self._stale = True

    def use(self, settings: Settings) -> None:
        """Use the budget, charts, prices, rules and channels of these settings from the next poll on.

        The others, such as the data directories, are those that it was created with.
        """
        self._settings = with_live(self._settings, settings)
        self._use_channels(self._settings)
        if self._sync is not None:
            self._sync.use(self._settings.pricing)
        self._stale = True

    def poll(self, report: Callable[[Snapshot], None]) -> Snapshot | None:
        """Read the stores. Returns a snapshot if anything changed or the last one is a minute old, else None.

        `report` gets snapshots during a long import. Raises LedgerError and sqlite3.Error.
        """
        self._leave_replaced_ledger()
        if self._ledger is None or self._sync is None:
            self._ledger = self._open_ledger()
            self._sync = Sync(self._ledger, *self._own)
        reported_s = 0.0

        def progress() -> None:
            nonlocal reported_s
            if clocks.monotonic_s() - reported_s >= _REPORT_S:
                now = self._clock()
                report(self._take(self._guard(now), self._in_force(now)))
                reported_s = clocks.monotonic_s()

        # Stale until this poll succeeds, so that the next one makes up for a failure.
        wanted, self._stale = self._stale, True
        changed = self._sync.poll(progress)
        self._ask_services(False)
        now = self._clock()
        aged = self._taken_ms is None or not 0 <= now - self._taken_ms < _REFRESH_MS
        next_day = self._day is None and self._calendar.day(now) != self._taken_day
        guard_key, self._guard_key = self._guard_key, stat_key(state_file(self._ledger.path))
        turned = guard_key != self._guard_key  # raised, lifted or taken out in another terminal
        if changed or wanted or aged or next_day or turned or self._ledger.data_version() != self._version:
            guard, settings = self._guard(now), self._in_force(now)
            self._watch(now, guard, settings)
            taken = self._take(guard, settings)
            self._turns = queries.cursor_moves(self._ledger.connection)
            return taken
        self._stale = False
        self._ledger.tidy()
        return None

    def catch_up(self) -> bool:
        """Look for insights in some more sessions with new calls, and classify their turns on the way.

        Called after a poll, so that no poll waits for it. Once nothing is left, the next poll takes a snapshot, so that
        what waited for it is answered again. Then the sums by task are made, and those of long periods, and long lists
        are read ahead. Returns whether something was done, and may be left.
        """
        if self._ledger is None:
            return False
        if self._sync is not None and self._limits_ms != self._taken_ms:  # with a snapshot, prices are read again
            self._limits_ms = self._taken_ms
            with suppress(sqlite3.OperationalError):
                settle_limits(self._ledger, self._sync.book)
        before = counts_behind(self._ledger.connection)
        if not any(before[part] for part in READ_PARTS):
            return self._make_task_sums() if before["tasks"] else self._make_ready()
        if before["findings"] or before["undone"]:
            self._find(_AT_A_BEAT)
        else:
            with suppress(sqlite3.OperationalError):  # another process has the ledger
                settle_turns(self._ledger, most=_AT_A_BEAT)
        # Some sessions may have to wait, so what was done shows in those that no longer are behind.
        after = counts_behind(self._ledger.connection)
        self._stale = self._stale or not any(after[part] for part in READ_PARTS)
        return after != before

    def _make_task_sums(self) -> bool:
        """Makes sums from which answers are read sooner; they are the same answers."""
        assert self._ledger is not None
        before = counts_behind(self._ledger.connection)
        with suppress(sqlite3.OperationalError):  # another process has the ledger
            settle_task_sums(self._ledger, most=_SUMS_AT_A_BEAT)
        return counts_behind(self._ledger.connection) != before

    def _make_ready(self) -> bool:
        """Makes some of the sums of past weeks that are missing; once these are there, reads long lists ahead.

        Does not look for anything to do until something changes.
        """
        assert self._ledger is not None
        connection, now = self._ledger.connection, self._clock()
        seen = self._ledger.data_version(), connection.total_changes, bucket_of(now)
        if seen == self._all_ready_at:
            return False
        with suppress(sqlite3.OperationalError):  # another process has the ledger
            if not all(make_bucket(self._ledger, now, self._calendar) for _ in range(_BUCKETS_AT_A_BEAT)):
                with self._context() as context:
                    if keep_ahead(context):
                        return True
                self._all_ready_at = seen[0], connection.total_changes, seen[2]
                return False
        return connection.total_changes != seen[1]

    @property
    def _is_importing(self) -> bool:
        """Whether a store is still read for the first time, which looking for insights would hold up."""
        return self._sync is not None and any(store.state == "importing" for store in self._sync.states)

    def _find(self, most: int) -> None:
        assert self._ledger is not None and self._sync is not None
        settle_insights(
            self._ledger, self._settings.insights.options, self._sync.book, most=most, live=self._sync.answers
        )

    def _leave_replaced_ledger(self) -> None:
        """Reopen the ledger if another file has taken its path."""
        ledger = self._ledger
        if ledger is None or (change := ledger.changed_outside()) == "no":
            return
        self.close()
        self._read_before = Kept()
        self._ledger = self._open_ledger()
        self._sync = Sync(self._ledger, *self._own)
        if change == "replaced" or queries.cursor_moves(self._ledger.connection) < self._turns:
            self._sync.notices.append(
                f"The ledger {ledger.path} was replaced; what only the old one held is no longer shown"
            )

    def answer(self, request: Request) -> Answer:
        """Answer a request from the ledger. Raises LookupError with a sentence for an unknown session.

        An answer that only the ledger gives is reused until the next snapshot, a slow one for a while.
        """
        if request in self._current:
            return self._current[request]
        began_s = clocks.monotonic_s()
        self._kept = {each: kept for each, kept in self._kept.items() if began_s < kept[0]}
        if request in self._kept:
            return self._kept[request][1]
        if self._ledger is not None and isinstance(request, BreakdownRequest):
            settle_for(self._ledger, request, _AT_A_BEAT)
        elif (
            self._ledger is not None and isinstance(request, InsightsRequest | LeversRequest) and not self._is_importing
        ):
            self._find(_AT_A_BEAT)
        if isinstance(request, QuotasRequest | AccountsRequest):
            self._ask_services(True)
        with self._context() as context:
            found = answer(request, context)
        ended_s = clocks.monotonic_s()
        self._kept[request] = (ended_s + (ended_s - began_s) * _PATIENCE, found)
        if isinstance(request, _FROM_LEDGER):
            self._current[request] = found
        return found

    def answer_apart(self, request: Request) -> Answer:
        """Answer a request over a ledger and stores of its own, on any thread: it holds no poll up.

        The stores are read into the ledger first, so that both are of one moment. Raises LookupError with a sentence.
        """
        with closing(self._open_ledger()) as ledger, closing(Sync(ledger, *self._own)) as sync:
            sync.poll()
            with ledger.reading() as connection:
                now = self._clock()
                settings = with_raised_cutoff(self._settings, ledger.path, now)
                context = context_of(sync, connection, now, settings, sync.states)
                return answer(request, replace(context, ask_git=self._ask_git(settings)))

    @property
    def _own(self) -> tuple[Settings, Mapping[str, str], Clock]:
        """What each sync gets besides its ledger."""
        return self._settings, self._environ, self._clock

    @contextmanager
    def _context(self, settings: Settings | None = None) -> Iterator[Context]:
        """The context of readings at this moment; `settings` are those in force, which are read if they are not given.

        Raises LookupError before the first poll.
        """
        if self._ledger is None or self._sync is None:
            raise LookupError("the ledger is not open yet")
        sync = self._sync
        with self._ledger.reading() as connection:
            now = self._clock()
            context = context_of(sync, connection, now, settings or self._in_force(now), sync.states)
            yield replace(context, kept=self._read_before)

    def _in_force(self, now_ms: int) -> Settings:
        """The settings with the cutoff that was raised for today, if one was."""
        assert self._ledger is not None
        return with_raised_cutoff(self._settings, self._ledger.path, now_ms)

    def act(self, action: Action) -> Outcome:
        """Carry out an action. Raises ValueError with a sentence that says why not, and sqlite3.Error."""
        if self._ledger is None:
            raise ValueError("the ledger is not open yet")
        self._stale = True
        ledger, now, calendar = self._ledger, self._clock(), self._calendar

        def spent_nano() -> int:
            return queries.spend(ledger.connection, calendar.span(calendar.day(now)))

        def install() -> GuardInstalled:
            assert self._program is not None
            path = ledger.path.absolute()
            return install_guard(self._settings, path, self._program(path), self._environ, now)

        at = Workplace(state_file(ledger.path), calendar, now, ledger, spent_nano, install if self._program else None)
        try:
            return act(action, at)
        except (StateError, PluginError) as error:
            raise ValueError(str(error)) from error

    def _guard(self, now_ms: int) -> GuardStatus | None:
        """The guard's status; None without a home directory, where no plugin is known."""
        assert self._ledger is not None
        with suppress(NoHomeError):
            return guard_status(self._settings, self._ledger.path, self._environ, now_ms, self._ledger.connection)
        return None

    def _watch(self, now_ms: int, guard: GuardStatus | None, settings: Settings) -> None:
        assert self._ledger is not None and self._sync is not None
        troubles = guard.troubles if guard else ()
        for alert in look_for_alerts(self._ledger, settings, now_ms, self._sync.book, troubles):
            self._notify(alert)
        if deliveries.free(self._ledger.connection, now_ms):
            self._deliver_waiting()

    @property
    def read_ms(self) -> int | None:
        """When the stores were last read without an error, in Unix milliseconds."""
        return self._sync.read_ms if self._sync else None

    def close(self) -> None:
        if self._sync is not None:
            self._sync.close()
        if self._ledger is not None:
            self._ledger.close()
        self._sync = self._ledger = None

    def _take(self, guard: GuardStatus | None, settings: Settings) -> Snapshot:
        assert self._ledger is not None and self._sync is not None
        self._version = self._ledger.data_version()
        self._current.clear()
        # The first snapshot checks the prices of all of today's directories; later calls bring theirs with them.
        problems = self._sync.look_at_prices() if self._taken_ms is None else self._sync.book.look()
        with self._context(settings) as context:
            context = replace(context, guard=guard.record if guard else None, price_problems=problems)
            snapshot = read_day(DayRequest(self._day), context)
        notices, self._sync.notices = tuple(self._sync.notices), []
        self._taken_ms, self._taken_day, self._stale = snapshot.taken_ms, snapshot.day, False
        return replace(snapshot, notices=notices)
