"""Asks OpenCode's services on a thread of its own while a dashboard or `watch` runs, so that no poll waits for them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from threading import Thread

from opencode_tui import paths
from opencode_tui.accounts.asking import GO_USAGE, SERVICES, ask_services
from opencode_tui.accounts.service import Service
from opencode_tui.accounts.sign_ins import SignInSource
from opencode_tui.clock import MINUTE_MS, Clock, now_ms
from opencode_tui.config.settings import Settings
from opencode_tui.ledger.ledger import Ledger, LedgerError

_LOOK_MS = 10_000
"""It is looked no sooner than so long after the last time whether a service is due."""
_UNWATCHED_MS = 5 * MINUTE_MS
"""Zen and the console, which only a screen shows, are asked so often while nobody looks at them."""


class ServiceAsker:
    """Starts at most one thread at a time. Its methods are called on one thread and do not block."""

    def __init__(
        self,
        settings: Settings,
        open_ledger: Callable[[], Ledger],
        environ: Mapping[str, str],
        clock: Clock = now_ms,
    ) -> None:
        """`open_ledger` is called on the thread."""
        self._settings, self._open_ledger, self._environ, self._clock = settings, open_ledger, environ, clock
        self._looked_ms: int | None = None
        self._unwatched_ms: int | None = None
        self._thread: Thread | None = None

    def use(self, settings: Settings) -> None:
        """Ask by these settings from now on."""
        self._settings = settings
        self._looked_ms = None

    def ask_due(self, *, watched: bool = False) -> None:
        """Ask what is due; `watched` says that somebody looks, so that Zen and the console are asked as well."""
        now = self._clock()
        is_recent = self._looked_ms is not None and 0 <= now - self._looked_ms < _LOOK_MS
        if (is_recent and not watched) or (self._thread is not None and self._thread.is_alive()):
            return
        self._looked_ms = now
        services: tuple[Service, ...] = (GO_USAGE,)
        if watched or self._unwatched_ms is None or not 0 <= now - self._unwatched_ms < _UNWATCHED_MS:
            services, self._unwatched_ms = SERVICES, now
        try:
            source = SignInSource(self._environ, paths.opencode_data_dirs(self._settings.data_dirs, self._environ))
        except paths.NoHomeError:
            return
        if any(each.is_on(self._settings.network, source) for each in services):
            self._thread = Thread(target=self._ask, args=(services, source), name="ask services", daemon=True)
            self._thread.start()

    def wait(self, seconds: float) -> None:
        """Wait until nothing is asked, for so long at most."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _ask(self, services: tuple[Service, ...], source: SignInSource) -> None:
        """What goes wrong is in the ledger, or is that of the ledger, which the poll meets as well."""
        with suppress(sqlite3.Error, LedgerError, OSError), closing(self._open_ledger()) as ledger:
            ask_services(ledger, self._settings, source, self._clock, services)
