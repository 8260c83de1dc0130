"""A thread that keeps writing to the demo's store, so that the dashboard has something to show."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from datetime import tzinfo
from random import Random

from opencode_tui.cli.demo import cast, models
from opencode_tui.cli.demo.act import play_turn
from opencode_tui.cli.demo.plan import DemoTurn, Work, fitted, plan_loop, plan_turn
from opencode_tui.cli.demo.scenario import Desk
from opencode_tui.cli.demo.store import V1Store
from opencode_tui.clock import Calendar, Clock, now_ms
from opencode_tui.money import NANO

_ACT_S = (1.5, 4.0)
"""Seconds between two actions, such as the start or end of a call."""
_REST_S = (4.0, 12.0)
"""Seconds between two turns."""
_LATE_REST_S = (60.0, 150.0)
"""Seconds between two turns once today's spend has reached `_LATE_NANO`."""
_LATE_NANO = 153 * NANO // 100
"""The spend, a little past the cutoff, after which the play slows down."""
_MOST_WORKS = 6
_SCRATCH_NANO = 20 * NANO // 1000
_SCRATCH_AT, _SCRATCH_GONE_AT = 4, 7
"""The turns at which a scratch session is started and deleted."""


class Player(threading.Thread):
    """Continues the history: a loop soon crosses the warning, then the spend slowly approaches the cutoff.

    The same seed, desk and clock give the same play. `speed` divides the waits. While it runs, nothing else may use the
    store. If the store can no longer be written, the thread ends and `error` has the reason.
    """

    def __init__(
        self,
        store: V1Store,
        desk: Desk,
        *,
        seed: int = 7,
        clock: Clock = now_ms,
        zone: tzinfo | None = None,
        speed: float = 1.0,
    ) -> None:
        super().__init__(name="demo-player", daemon=True)
        self.error: str | None = None
        self._store = store
        self._desk = desk
        self._random = Random(seed)
        self._clock = clock
        self._calendar = Calendar(zone)
        self._today = self._calendar.day(clock())
        self._speed = speed
        self._stopped = threading.Event()
        self._acts: list[tuple[DemoTurn, Iterator[float]]] = []
        self._turns = 0
        self._scratch = Work(cast.SHOP, cast.SCRATCH_TITLE, models.GLM)

    def run(self) -> None:
        try:
            while not self._stopped.is_set():
                self._stopped.wait(self.step() / self._speed)
        except sqlite3.Error as error:
            self.error = f"the demo's store cannot be written any more: {error}"

    def stop(self) -> None:
        """Stops after the current action, and waits for the thread to end."""
        self._stopped.set()
        if self.is_alive():
            self.join()

    def step(self) -> float:
        """Writes one action and returns the seconds to wait before the next."""
        self._keep_day()
        if not self._acts:
            self._begin_turns()
        weights = [3 if turn.work is self._desk.loop else 2 for turn, _ in self._acts]
        playing = self._random.choices(self._acts, weights)[0]
        turn, acts = playing
        if next(acts, None) is not None:
            return self._random.uniform(*_ACT_S)
        self._acts.remove(playing)
        self._desk.spent_nano += turn.cost_nano
        if self._acts:
            return self._random.uniform(*_ACT_S)
        late = self._desk.spent_nano >= _LATE_NANO
        return self._random.uniform(*(_LATE_REST_S if late else _REST_S))

    def _keep_day(self) -> None:
        today = self._calendar.day(self._clock())
        if today != self._today:
            self._today = today
            self._desk.spent_nano = 0

    def _begin_turns(self) -> None:
        """Starts one or two concurrent turns; the very first turn is the loop's."""
        self._tidy()
        if self._turns == 0:
            self._play(plan_loop(self._random, self._desk.loop, 6, 3_300))
        if self._desk.spent_nano >= _LATE_NANO:
            self._play(plan_turn(self._random, self._late_work(), errands=False))
            return
        for _ in range(1 if self._turns == 0 else self._random.choice((1, 1, 2))):
            work = self._next_work()
            turn = plan_turn(self._random, work, errands=work is not self._scratch)
            self._play(fitted(turn, _SCRATCH_NANO) if work is self._scratch else turn)

    def _play(self, turn: DemoTurn) -> None:
        self._turns += 1
        turn.work.turns += 1
        self._acts.append((turn, play_turn(self._store, turn, self._clock)))

    def _next_work(self) -> Work:
        busy = [turn.work for turn, _ in self._acts]
        if self._scratch.turns == 0 and self._turns >= _SCRATCH_AT:
            return self._scratch
        if self._turns % 9 == 5:
            forked = self._desk.fork(self._random, busy)
            if forked is not None:
                return forked
        work = self._desk.pick(self._random)
        while work in busy:
            work = self._desk.pick(self._random)
        return work

    def _late_work(self) -> Work:
        """A session with the free local model, which is used after the cutoff."""
        for work in self._desk.works:
            if work.model is models.LOCAL:
                return work
        title = "Tidy up the tests"
        return self._desk.open(Work(cast.GATEWAY, title, models.LOCAL))

    def _tidy(self) -> None:
        """Archives the oldest session if there are many, and deletes the scratch session when it is due."""
        if self._scratch.id and self._turns >= _SCRATCH_GONE_AT:
            self._store.delete_session(self._scratch.id)
            self._scratch.id = ""
        if len(self._desk.works) > _MOST_WORKS:
            oldest = self._desk.works.pop(0)
            if oldest.id:
                self._store.archive(oldest.id, self._clock())
