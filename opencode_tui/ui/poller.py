"""The poller: a thread that polls the feed at an interval and posts messages to the app.

What takes seconds to answer is read on a thread of its own, so that the polls go on meanwhile.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from datetime import date
from typing import Any, Protocol

from msgspec.structs import replace
from textual.app import App
from textual.message import Message

from opencode_tui.clock import Clock, monotonic_s
from opencode_tui.config.settings import Settings
from opencode_tui.ledger.busy import is_busy
from opencode_tui.records.answers import Answer
from opencode_tui.records.day import Snapshot
from opencode_tui.records.outcomes import Outcome
from opencode_tui.records.requests import Action, ReconcileRequest, Request, ShippedRequest, TeamRequest

STOP_TIMEOUT_S = 3.0
LEAST_REST = 0.1
"""The least rest after a poll, as a fraction of the interval."""
_BREAK = 2.0
"""How long a pause is in what can wait, compared with what was done: a third of a core is used at most."""
UNSET = object()
SLOW = (ReconcileRequest, ShippedRequest, TeamRequest)
"""Requests that are answered once, on a thread of their own."""


class Stopping(Exception):
    """Raised by `report` to end a long poll when the app closes."""


class Feed(Protocol):
    """The app's source of data. Only the poller's thread calls it, so that it can open connections there.

    `answer_apart` alone is called on other threads.
    """

    def poll(self, report: Callable[[Snapshot], None]) -> Snapshot | None:
        """Returns a new snapshot if anything changed since the last call, else None.

        A long import can `report` snapshots; `report` raises Stopping when the app closes. Exceptions are shown as a
        state, and polling continues.
        """

    def select_day(self, day: date | None) -> None:
        """Set the day of the next snapshots; None is today, also after midnight."""

    def use(self, settings: Settings) -> None:
        """Use the budget, rules and channels of these settings from the next poll on."""

    def answer(self, request: Request) -> Answer:
        """Answer a request. Raises LookupError with a sentence for an unknown session."""

    def answer_apart(self, request: Request) -> Answer:
        """Answer a slow request on any thread, over connections of its own. Raises LookupError with a sentence."""

    def catch_up(self) -> bool:
        """Do a little of what can wait; called after each poll. Returns whether something was done, and may be left."""

    def act(self, action: Action) -> Outcome:
        """Carry out an action. Raises ValueError with a sentence that says why not."""

    def close(self) -> None:
        """Close files and connections."""


class Poller(threading.Thread):
    """Polls every `interval_s` seconds, and at once after `refresh`, `select_day`, `ask` or `act`.

    Requests are answered at once, and again after each poll with a new snapshot; those that are SLOW once.
    """

    class SnapshotTaken(Message):
        """There is a new snapshot."""

        def __init__(self, snapshot: Snapshot) -> None:
            super().__init__()
            self.snapshot = snapshot

        def can_replace(self, message: Message) -> bool:
            # its notices are in no later snapshot
            return isinstance(message, Poller.SnapshotTaken) and not self.snapshot.notices

    class PollSucceeded(Message):
        """A poll succeeded, with or without a new snapshot."""

        def __init__(self, at_ms: int) -> None:
            super().__init__()
            self.at_ms = at_ms

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, Poller.PollSucceeded)

    class SettingsRead(Message):
        """The settings' file was changed; `settings` is None if they are refused, for the `reason`."""

        def __init__(self, settings: Settings | None, reason: str = "") -> None:
            super().__init__()
            self.settings, self.reason = settings, reason

    class PollFailed(Message):
        """A poll failed; `since_ms` is when the last one succeeded, else when the first one failed."""

        def __init__(self, reason: str, since_ms: int) -> None:
            super().__init__()
            self.reason = reason
            self.since_ms = since_ms

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, Poller.PollFailed)

    class Answered(Message):
        """The first or a changed answer to a request."""

        def __init__(self, answer: Answer) -> None:
            super().__init__()
            self.answer = answer

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, Poller.Answered) and message.answer.request == self.answer.request

    class Unanswered(Message):
        """A request could not be answered; `reason` is a sentence."""

        def __init__(self, request: Request, reason: str) -> None:
            super().__init__()
            self.request = request
            self.reason = reason

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, Poller.Unanswered) and message.request == self.request

    class Acted(Message):
        """An action was carried out."""

        def __init__(self, outcome: Outcome) -> None:
            super().__init__()
            self.outcome = outcome

    class ActionFailed(Message):
        """An action could not be carried out; `reason` is a sentence."""

        def __init__(self, action: Action, reason: str) -> None:
            super().__init__()
            self.action = action
            self.reason = reason

    def __init__(
        self,
        app: App[Any],
        feed: Feed,
        interval_s: float,
        clock: Clock,
        reread: Callable[[], Settings | None] = lambda: None,
    ) -> None:
        """`reread` gives the settings if they were changed outside, and raises ValueError if they are refused."""
        super().__init__(name="poller", daemon=True)
        self._reread = reread
        self._app = app
        self._feed = feed
        self._interval_s = interval_s
        self._clock = clock
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._day: object = UNSET
        self._settings: Settings | None = None
        self._well_ms: int | None = None
        self._requests: tuple[Request, ...] = ()
        self._answers: dict[Request, Answer | str] = {}
        self._begun: set[Request] = set()
        """The slow requests that are being answered."""
        self._actions: list[Action] = []

    def refresh(self) -> None:
        """Poll now."""
        self._wake.set()

    def select_day(self, day: date | None) -> None:
        """Poll a day now; None is today."""
        with self._lock:
            self._day = day
        self._wake.set()

    def use(self, settings: Settings) -> None:
        """Poll now with these settings, and from now on at their interval."""
        with self._lock:
            self._settings = settings
            self._interval_s = settings.poll.interval_s
        self._wake.set()

    def ask(self, requests: tuple[Request, ...]) -> None:
        """Replace the requests that are answered.

        All are answered now, but for those that were among other earlier ones.
        """
        with self._lock:
            others = set(self._requests) != set(requests)
            self._answers = {each: answer for each, answer in self._answers.items() if others and each in requests}
            self._requests = requests
        if requests:
            self._wake.set()

    def act(self, action: Action) -> None:
        """Carry out an action after the current poll, then poll at once."""
        with self._lock:
            self._actions.append(action)
        self._wake.set()

    def stop(self) -> None:
        """End the thread, and wait for it for a limited time."""
        self._stopping.set()
        self._wake.set()
        if self.is_alive():
            self.join(STOP_TIMEOUT_S)

    def run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            began_s = monotonic_s()
            may_be_left = self._poll()
            rest = rest_s(self._interval_s, monotonic_s() - began_s)
            self._wake.wait(self._catch_up(rest) if may_be_left else rest)
        with contextlib.suppress(Exception):
            self._feed.close()

    def _catch_up(self, rest: float) -> float:
        """Do what can wait with pauses in these seconds, as long as something is left. Returns what is left of them."""
        until_s = monotonic_s() + rest
        pause_s = 0.0
        while pause_s < until_s - monotonic_s() and not self._wake.wait(pause_s):
            began_s = monotonic_s()
            try:
                if not self._feed.catch_up():
                    break
            except Exception:  # the next poll says what it is
                break
            pause_s = _BREAK * (monotonic_s() - began_s)
        return max(0.0, until_s - monotonic_s())

    def _poll(self) -> bool:
        """Returns whether something that can wait was done, and may be left."""
        try:
            self._look_at_settings()
            self._hand_over()
            self._carry_out()
            snapshot = self._feed.poll(self._report)
            if snapshot is not None:
                self._post(Poller.SnapshotTaken(snapshot))
            self._answer_all(again=snapshot is not None)
            may_be_left = self._feed.catch_up()
        except Stopping:
            return False
        except Exception as error:
            reason = reason_of(error)
            if self._well_ms is None:
                self._well_ms = self._clock()
            self._post(Poller.PollFailed(reason, self._well_ms))
            return False
        self._well_ms = self._clock()
        self._post(Poller.PollSucceeded(self._well_ms))
        return may_be_left

    def _answer_all(self, again: bool) -> None:
        """Answer the requests without an answer, and with `again` all of them."""
        with self._lock:
            requests, answers = self._requests, self._answers
        for request in requests:
            if isinstance(request, SLOW):
                self._begin(request)
                continue
            before = answers.get(request)
            if before is not None and not again:
                continue
            answer = self._answer(request)
            if not same(before, answer):
                answers[request] = answer
                self._post(Poller.Unanswered(request, answer) if isinstance(answer, str) else Poller.Answered(answer))

    def _answer(self, request: Request) -> Answer | str:
        """The message with the answer, or with the reason why there is none."""
        try:
            return self._feed.answer(request)
        except LookupError as error:
            return str(error.args[0]) if error.args else "There is nothing to show."

    def _begin(self, request: Request) -> None:
        """Answer a slow request on a thread of its own, unless it is answered or being answered."""
        with self._lock:
            if request in self._begun or request in self._answers:
                return
            self._begun.add(request)
        threading.Thread(target=self._answer_apart, args=(request,), name="slow answer", daemon=True).start()

    def _answer_apart(self, request: Request) -> None:
        try:
            answer: Answer | str = self._feed.answer_apart(request)
        except LookupError as error:
            answer = str(error.args[0]) if error.args else "There is nothing to show."
        except Exception as error:
            answer = f"This could not be read: {reason_of(error)}."
        with self._lock:
            self._begun.discard(request)
            if request not in self._requests:
                return
            self._answers[request] = answer
        self._post(Poller.Unanswered(request, answer) if isinstance(answer, str) else Poller.Answered(answer))

    def _look_at_settings(self) -> None:
        """Before each poll, so that no alert fires by lines that were changed before it."""
        try:
            settings = self._reread()
        except ValueError as error:
            self._post(Poller.SettingsRead(None, reason_of(error)))
            return
        if settings is not None:
            self._feed.use(settings)
            self._interval_s = settings.poll.interval_s
            self._post(Poller.SettingsRead(settings))

    def _hand_over(self) -> None:
        with self._lock:
            day, self._day = self._day, UNSET
            settings, self._settings = self._settings, None
        if settings is not None:
            self._feed.use(settings)
        if day is None or isinstance(day, date):
            self._feed.select_day(day)

    def _carry_out(self) -> None:
        with self._lock:
            actions, self._actions = self._actions, []
        for action in actions:
            try:
                self._post(Poller.Acted(self._feed.act(action)))
            except Exception as error:
                self._post(Poller.ActionFailed(action, reason_of(error)))

    def _report(self, snapshot: Snapshot) -> None:
        if self._stopping.is_set():
            raise Stopping
        self._post(Poller.SnapshotTaken(snapshot))
        self._answer_all(again=False)

    def _post(self, message: Message) -> None:
        with contextlib.suppress(RuntimeError):  # the app's event loop is closed
            self._app.post_message(message)


def rest_s(interval_s: float, took_s: float) -> float:
    """Seconds to wait after a poll that took `took_s`, so that polls start at a fixed interval."""
    return max(interval_s - took_s, interval_s * LEAST_REST)


def reason_of(error: Exception) -> str:
    """The first line of an error's message, without its full stop.

    One of SQLite is about the ledger: what is wrong with a store of OpenCode is part of the snapshot.
    """
    if is_busy(error):
        return "the ledger is locked by another process"
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


def same(before: Answer | str | None, after: Answer | str) -> bool:
    """Whether two answers are equal except for their time."""
    if before is None or isinstance(before, str) or isinstance(after, str):
        return before == after
    return replace(before, taken_ms=after.taken_ms) == after
