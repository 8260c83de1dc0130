"""Tells alerts beyond the screen, on threads of its own: whoever finds an alert never waits for a channel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from queue import SimpleQueue
from threading import Lock, Thread

from opencode_tui import clock as clocks
from opencode_tui.alert_records import Alert, Told
from opencode_tui.alerts.channels import Route, routes
from opencode_tui.alerts.channels.channel import ChannelError
from opencode_tui.clock import Clock
from opencode_tui.ledger import alert_log
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.settings import Settings

CLOSE_S = 5.0
_BUSY_MS = 3_000


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
        used = routes(settings, environ) if through is None else through
        self._lines = {route.name: (route, SimpleQueue[Alert | None]()) for route in used}
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

    @property
    def is_telling(self) -> bool:
        """Something is not told yet."""
        with self._lock:
            return bool(self._pending)

    def close(self, wait_s: float = CLOSE_S) -> bool:
        """Wait at most so many seconds until all is told; False, and kept in the log, where something was not."""
        self._closed = True
        for _, queue in self._lines.values():
            queue.put(None)
        end_s = clocks.monotonic_s() + wait_s
        for thread in self._threads.values():
            thread.join(max(end_s - clocks.monotonic_s(), 0.0))
        with self._lock:
            left, self._pending = list(self._pending), {}
        self._keep(left, False, "given up: the program ended first")
        return not left

    def _run(self, route: Route, queue: SimpleQueue[Alert | None]) -> None:
        while (alert := queue.get()) is not None:
            ok, detail = outcome(route, alert)
            with self._lock:
                in_time = self._pending.pop((alert.id, route.name), None) is not None
            if in_time:
                self._keep([(alert.id, route.name)], ok, detail)

    def _keep(self, which: Iterable[tuple[int, str]], ok: bool, detail: str) -> None:
        # The alerts are told, or not: a ledger that cannot be written loses no more than the note of that.
        with suppress(Exception):
            told = [(id, Told(name, self._clock(), ok, detail)) for id, name in which]
            if told:
                with closing(self._open_ledger()) as ledger:
                    ledger.connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
                    with ledger.writing() as connection:
                        for id, each in told:
                            alert_log.told(connection, id, each)


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
