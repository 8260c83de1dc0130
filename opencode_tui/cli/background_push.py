"""Pushes to a team's database on a thread of its own while `watch` runs, so that no look for alerts waits for it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread

from opencode_tui.cli import EXIT_OK, Trouble
from opencode_tui.cli.team.database import asked_database, database_troubles
from opencode_tui.cli.team.known_budgets import fetch_budgets
from opencode_tui.cli.team.push import push_ledger, push_words
from opencode_tui.clock import MINUTE_MS, Clock, now_ms
from opencode_tui.config.settings import Settings
from opencode_tui.ledger.ledger import Ledger, LedgerError

PUSH_EVERY_MS = MINUTE_MS
"""Between two pushes. Each of them writes the sums of its days once more."""
_MOST_MS = 15 * MINUTE_MS
"""Between two tries while the database does not answer."""
_STEP_S = 0.05


class BackgroundPusher:
    """Starts at most one thread at a time. Its methods are called on one thread and do not block, but for `close`."""

    def __init__(
        self,
        settings: Settings,
        open_ledger: Callable[[], Ledger],
        machine: str,
        config: Path,
        clock: Clock = now_ms,
    ) -> None:
        """`open_ledger` is called on the thread; `config` is the settings' file.

        Raises Trouble if no database is named, or its libraries lack.
        """
        asked_database("", settings)
        with database_troubles():
            import opencode_tui.team.postgres.pushing  # noqa: F401
        self._settings, self._open_ledger, self._machine, self._clock = settings, open_ledger, machine, clock
        self._config, self._row_trouble = config, ""
        self._ended, self._news = Event(), SimpleQueue[str]()
        self._thread: Thread | None = None
        self._trouble, self._wait_ms, self.exit_code = "", PUSH_EVERY_MS, EXIT_OK
        self._began_ms: int | None = None

    def use(self, settings: Settings) -> None:
        """Push by these settings from now on."""
        self._settings, self._began_ms = settings, None

    def push_due(self) -> None:
        """Push, if the last time is long enough ago."""
        now = self._clock()
        is_recent = self._began_ms is not None and 0 <= now - self._began_ms < self._wait_ms
        if not is_recent and not self.is_pushing:
            self._began_ms = now
            self._thread = Thread(target=self._push, args=(self._settings,), name="push", daemon=True)
            self._thread.start()

    @property
    def is_pushing(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def news(self) -> Iterator[str]:
        """What there is to say since the last time: a trouble that is new or over."""
        while True:
            try:
                yield self._news.get_nowait()
            except Empty:
                return

    def wait(self, is_enough: Callable[[], bool]) -> None:
        """Wait until nothing is being sent, or until it is enough."""
        while self._thread is not None and self._thread.is_alive() and not is_enough():
            self._thread.join(_STEP_S)

    def close(self, seconds: float) -> None:
        """End after the batch that is being sent, and wait for that so long at most; the next push sends the rest."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(seconds)

    def _push(self, settings: Settings) -> None:
        """A locked or lost ledger is met by the look for alerts as well, which says it."""
        try:
            with closing(self._open_ledger()) as ledger, database_troubles():
                address = asked_database("", settings)
                result = push_ledger(ledger, address, settings, self._machine, lambda: not self._ended.is_set())
                self._say_of_rows(fetch_budgets(settings, address, ledger.path, self._config, result))
        except Trouble as trouble:
            self._say_trouble(str(trouble))
            self.exit_code = trouble.exit_code
        except (sqlite3.Error, LedgerError, OSError):
            return
        else:
            if self._trouble:
                self._news.put(f"the team's database is well again: {push_words(result, address)}")
            self._trouble, self._wait_ms, self.exit_code = "", PUSH_EVERY_MS, EXIT_OK

    def _say_of_rows(self, trouble: str) -> None:
        """What is wrong with the database's budgets, once."""
        if trouble and trouble != self._row_trouble:
            self._news.put(trouble)
        self._row_trouble = trouble

    def _say_trouble(self, sentence: str) -> None:
        """Once for each trouble, whatever it counts; and longer apart from time to time."""
        kind = sentence.partition(";")[0]
        if kind != self._trouble:
            self._news.put(sentence)
        self._trouble, self._wait_ms = kind, min(2 * self._wait_ms, _MOST_MS)
