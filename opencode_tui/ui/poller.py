"""One thread that reads the store on a beat and speaks to the app by messages."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from datetime import date
from typing import Any, Protocol

from textual.app import App
from textual.message import Message

from opencode_tui.clock import Clock
from opencode_tui.snapshot import Snapshot

STOP_TIMEOUT_S = 3.0
UNSET = object()


class Stopping(Exception):
    """Raised out of `report` to end a long poll when the app is closing."""


class Feed(Protocol):
    """What fills the screen. Only the poller's thread calls it, so it may open its connections there."""

    def poll(self, report: Callable[[Snapshot], None]) -> Snapshot | None:
        """A new picture if anything changed since the last call, else None.

        A long import may `report` pictures on the way; `report` raises Stopping when the app closes.
        An exception becomes a state of the screen, and the next poll comes in its time.
        """

    def select_day(self, day: date | None) -> None:
        """The day that the next poll is about; None is today, also after midnight."""

    def close(self) -> None:
        """Let go of files and connections."""


class Poller(threading.Thread):
    """Polls every `interval_s` seconds, and at once after `refresh` or `select_day`."""

    class SnapshotTaken(Message):
        """There is a new picture."""

        def __init__(self, snapshot: Snapshot) -> None:
            super().__init__()
            self.snapshot = snapshot

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, Poller.SnapshotTaken)

    class PollSucceeded(Message):
        """A poll came back, with or without a new picture."""

        def __init__(self, at_ms: int) -> None:
            super().__init__()
            self.at_ms = at_ms

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, Poller.PollSucceeded)

    class PollFailed(Message):
        """A poll failed; `since_ms` is when one last went well, or when the first one failed."""

        def __init__(self, reason: str, since_ms: int) -> None:
            super().__init__()
            self.reason = reason
            self.since_ms = since_ms

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, Poller.PollFailed)

    def __init__(self, app: App[Any], feed: Feed, interval_s: float, clock: Clock) -> None:
        super().__init__(name="poller", daemon=True)
        self._app = app
        self._feed = feed
        self._interval_s = interval_s
        self._clock = clock
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._day: object = UNSET
        self._well_ms: int | None = None

    def refresh(self) -> None:
        """Poll now."""
        self._wake.set()

    def select_day(self, day: date | None) -> None:
        """Let the next poll, which comes now, be about a day; None is today."""
        with self._lock:
            self._day = day
        self._wake.set()

    def stop(self) -> None:
        """End the thread; it is waited for, but not for ever."""
        self._stopping.set()
        self._wake.set()
        if self.is_alive():
            self.join(STOP_TIMEOUT_S)

    def run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            self._poll()
            self._wake.wait(self._interval_s)
        with contextlib.suppress(Exception):
            self._feed.close()

    def _poll(self) -> None:
        try:
            self._hand_over_day()
            snapshot = self._feed.poll(self._report)
        except Stopping:
            return
        except Exception as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
            if self._well_ms is None:
                self._well_ms = self._clock()
            self._post(Poller.PollFailed(reason, self._well_ms))
            return
        self._well_ms = self._clock()
        if snapshot is not None:
            self._post(Poller.SnapshotTaken(snapshot))
        self._post(Poller.PollSucceeded(self._well_ms))

    def _hand_over_day(self) -> None:
        with self._lock:
            day, self._day = self._day, UNSET
        if day is None or isinstance(day, date):
            self._feed.select_day(day)

    def _report(self, snapshot: Snapshot) -> None:
        if self._stopping.is_set():
            raise Stopping
        self._post(Poller.SnapshotTaken(snapshot))

    def _post(self, message: Message) -> None:
        with contextlib.suppress(RuntimeError):  # the app's loop is closed already
            self._app.post_message(message)
