"""Tells alerts beyond the screen, on threads of its own: whoever finds an alert never waits for a channel."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from queue import SimpleQueue
from threading import Lock, Thread

from opencode_tui import clock as clocks
from opencode_tui.alert_records import Alert, Told
from opencode_tui.alerts.channels import Route, routes
from opencode_tui.alerts.channels.channel import ChannelError
from opencode_tui.clock import Clock
from opencode_tui.ledger import alert_log
from opencode_tui.ledger.ledger import Ledger, LedgerError
from opencode_tui.settings import Settings

CLOSE_S = 5.0


class Teller:
    """One daemon thread for each channel that is on, so that one that hangs holds up no other.

    Each outcome is kept in the alert's log, once. A channel's failure is an outcome too, and never raised.
    """

    def __init__(
        self,
        settings: Settings,
        open_ledger: Callable[[], Ledger],
        environ: Mapping[str, str],
        *,
        clock: Clock = clocks.now_ms,
        through: tuple[Route, ...] | None = None,
    ) -> None:
        """`open_ledger` is called on the threads, for each outcome. `through` takes the place of the settings' own."""
        self._open_ledger, self._clock = open_ledger, clock
        self._lock = Lock()
        self._pending: dict[tuple[int, str], Alert] = {}
        self._lines = {route.name: (route, SimpleQueue[Alert | None]()) for route in through or ()}
        if through is None:
            self._lines = {route.name: (route, SimpleQueue()) for route in routes(settings, environ)}
        self._threads: dict[str, Thread] = {}
        self._closed = False

    def tell(self, alert: Alert) -> None:
        """Hand an alert to every channel that is on for its level, and return at once."""
        for name, (route, queue) in self._lines.items():
            if self._closed or not route.takes(alert):
                continue
            with self._lock:
                self._pending[alert.id, name] = alert
            queue.put(alert)
            if name not in self._threads:
                self._threads[name] = Thread(target=self._run, args=(route, queue), name=f"tell {name}", daemon=True)
                self._threads[name].start()

    def close(self, wait_s: float = CLOSE_S) -> bool:
        """Wait at most so many seconds until all is told; False, and kept in the log, where something was not."""
        self._closed = True
        for _, queue in self._lines.values():
            queue.put(None)
        end_s = clocks.monotonic_s() + wait_s
        for thread in self._threads.values():
            thread.join(max(end_s - clocks.monotonic_s(), 0.0))
        with self._lock:
            left = list(self._pending)
        return not [self._record(id, name, False, "given up: the program ended first") for id, name in left]

    def _run(self, route: Route, queue: SimpleQueue[Alert | None]) -> None:
        while (alert := queue.get()) is not None:
            self._record(alert.id, route.name, *outcome(route, alert))

    def _record(self, id: int, name: str, ok: bool, detail: str) -> None:
        with self._lock:
            if self._pending.pop((id, name), None) is None:
                return  # it took so long that it was given up
        try:
            with closing(self._open_ledger()) as ledger, ledger.writing() as connection:
                alert_log.told(connection, id, Told(name, self._clock(), ok, detail))
        except (sqlite3.Error, LedgerError, OSError):
            pass  # the alert itself is told; only the note of it is lost


def outcome(route: Route, alert: Alert) -> tuple[bool, str]:
    """Whether a channel told an alert, and how that went. Never raises."""
    silenced = route.silenced(alert)
    if silenced:
        return True, silenced
    try:
        return True, route.channel.tell(alert)
    except ChannelError as error:
        return False, str(error)
    except Exception as error:
        # A channel's fault must not end the thread. Only its kind: its message may hold a secret.
        return False, f"failed ({type(error).__name__})"
