"""Delivers alerts through the channels, on its own threads, so that callers never wait for a channel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from queue import SimpleQueue
from secrets import token_hex
from sqlite3 import Connection
from threading import Lock, Thread
from typing import Literal

from msgspec.structs import replace

from opencode_tui import clock as clocks
from opencode_tui.alerts.channels import Route, routes
from opencode_tui.alerts.channels.channel import ChannelError
from opencode_tui.clock import Clock
from opencode_tui.config.settings import Settings
from opencode_tui.ledger import alert_log, deliveries
from opencode_tui.ledger.holder import this_process
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.records.alerts import Alert, DeliveryResult

CLOSE_S = 10.0
"""How many seconds `close` waits for running deliveries; one that is not recorded is sent again later."""
_STEP_S = 0.2
_BUSY_MS, _LAST_BUSY_MS = 3_000, 20_000
_Task = Alert | Literal["waiting"] | None
"""An alert to deliver, a request to deliver what waits in the ledger, or None to end the thread."""


def join(thread: Thread, wait_s: float | None = None) -> None:
    """Wait for a thread in short steps, for `wait_s` seconds at most; None is unlimited.

    A signal that arrives just before a wait begins is handled only when that wait ends.
    """
    end_s = None if wait_s is None else clocks.monotonic_s() + wait_s
    while thread.is_alive() and (end_s is None or clocks.monotonic_s() < end_s):
        thread.join(_STEP_S if end_s is None else max(min(_STEP_S, end_s - clocks.monotonic_s()), 0.0))


class Notifier:
    """Runs one daemon thread for each channel, so that a channel that hangs delays no other.

    Each alert is delivered under a lease in the ledger, so that only one of several processes sends it, and the result
    is recorded there. A channel's failure is a result and never raised.
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
        """`open_ledger` is called on the threads for each delivery; `through` replaces the settings' routes."""
        self._open_ledger, self._clock = open_ledger, clock
        self._holder = f"{this_process()}/{token_hex(4)}"
        self._lock = Lock()
        self._pending: dict[str, list[_Task]] = {}
        self._environ = environ
        used = routes(settings, environ) if through is None else through
        self._routes = {route.name: route for route in used}
        self._queues: dict[str, SimpleQueue[_Task]] = defaultdict(SimpleQueue)
        self._threads: dict[str, Thread] = {}
        self._closed = self._over = False
        self._unkept: list[tuple[int, DeliveryResult]] = []
        self.results: list[tuple[int, DeliveryResult]] = []
        """(alert id, result) of every delivery by this notifier, in the order of completion."""

    def notify(self, alert: Alert) -> None:
        """Queue an alert for every channel whose level it reaches. Does not block."""
        for name, route in self._routes.items():
            if route.takes(alert):
                self._hand(name, alert)

    def deliver_waiting(self) -> None:
        """Queue the undelivered alerts in the ledger, such as those of an ended process. Does not block."""
        for name in self._routes:
            with self._lock:
                is_asked = "waiting" in self._pending.get(name, ())
            if not is_asked:
                self._hand(name, "waiting")

    def use(self, settings: Settings) -> None:
        """Deliver through the channels of these settings from now on."""
        self._routes = {route.name: route for route in routes(settings, self._environ)}

    @property
    def is_delivering(self) -> bool:
        """Whether any delivery is pending."""
        return bool(self.waiting)

    @property
    def waiting(self) -> tuple[str, ...]:
        """The names of the channels with pending deliveries."""
        with self._lock:
            return tuple(name for name, tasks in self._pending.items() if tasks)

    def close(self, wait_s: float = CLOSE_S) -> bool:
        """Wait up to `wait_s` seconds for pending deliveries. Returns False if any is left for a later process."""
        self._closed = True
        for queue in self._queues.values():
            queue.put(None)
        end_s = clocks.monotonic_s() + wait_s
        for thread in list(self._threads.values()):
            join(thread, end_s - clocks.monotonic_s())
        self._over = True
        self._keep(_LAST_BUSY_MS)
        return not self.waiting

    def _hand(self, name: str, task: _Task) -> None:
        if self._closed:
            return
        with self._lock:
            self._pending.setdefault(name, []).append(task)
        self._queues[name].put(task)
        if name not in self._threads:
            self._threads[name] = Thread(target=self._run, args=(name,), name=f"notify {name}", daemon=True)
            self._threads[name].start()

    def _run(self, name: str) -> None:
        queue = self._queues[name]
        while (task := queue.get()) is not None and not self._over:
            # An error must not end the channel's thread; what was not delivered waits in the ledger.
            with suppress(Exception):
                route = self._routes[name]  # KeyError if it was turned off meanwhile
                if task == "waiting":
                    for alert in self._left_behind(route):
                        if not self._over:
                            self._deliver(route, alert, at_any_rate=False)
                else:
                    self._deliver(route, task, at_any_rate=True)
            with self._lock:
                self._pending[name].remove(task)

    def _left_behind(self, route: Route) -> list[Alert]:
        with self._opened() as ledger:
            found = deliveries.free(ledger.connection, self._clock())
            alerts = alert_log.with_ids(
                ledger.connection, (each.alert_id for each in found if each.channel == route.name)
            )
        return [alerts[id] for id in sorted(alerts)]

    def _deliver(self, route: Route, alert: Alert, *, at_any_rate: bool) -> None:
        """Deliver under a lease. `at_any_rate`, for new alerts, delivers even if the ledger cannot be written."""
        if any((alert.id, route.name) == (id, result.channel) for id, result in self._unkept):
            self._keep()
            return
        try:
            with self._writing() as connection:
                attempt = deliveries.take(connection, alert.id, route.name, self._holder, self._clock())
        except Exception:
            attempt = 1 if at_any_rate else None
        if attempt is None:
            return
        ok, detail = send(route, replace(alert, attempt=attempt))
        result = DeliveryResult(route.name, self._clock(), ok, detail, attempt)
        with self._lock:
            self._unkept.append((alert.id, result))
            self.results.append((alert.id, result))
        self._keep()

    def _keep(self, busy_ms: int = _BUSY_MS) -> None:
        """Record results in the ledger; those that cannot be recorded now are kept for the next attempt."""
        with self._lock:
            unkept, self._unkept = self._unkept, []
        if not unkept:
            return
        try:
            with self._writing(busy_ms) as connection:
                for id, result in unkept:
                    deliveries.finish(connection, id, self._holder, result)
        except Exception:
            with self._lock:
                self._unkept = unkept + self._unkept

    @contextmanager
    def _opened(self, busy_ms: int = _BUSY_MS) -> Iterator[Ledger]:
        with closing(self._open_ledger()) as ledger:
            ledger.connection.execute(f"PRAGMA busy_timeout = {busy_ms}")
            yield ledger

    @contextmanager
    def _writing(self, busy_ms: int = _BUSY_MS) -> Iterator[Connection]:
        with self._opened(busy_ms) as ledger, ledger.writing() as connection:
            yield connection


def send(route: Route, alert: Alert) -> tuple[bool, str]:
    """Deliver an alert. Returns whether it succeeded, and details. Never raises."""
    silenced = route.silenced(alert)
    if silenced:
        return True, silenced
    if not route.takes(alert):
        return True, deliveries.TURNED_OFF
    try:
        return True, route.channel.send(alert)
    except ChannelError as error:
        return False, str(error)
    except Exception as error:
        # Only the exception's type, since its message may hold a secret.
        return False, f"failed ({type(error).__name__})"
