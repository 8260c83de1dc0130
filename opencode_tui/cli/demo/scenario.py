"""Writes the demo's history: three weeks of work, and today's up to now, just below the warning."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from datetime import date, timedelta, tzinfo
from random import Random

from msgspec import Struct, field
from msgspec.structs import replace

from opencode_tui.cli.demo import cast, models
from opencode_tui.cli.demo.act import play_turn
from opencode_tui.cli.demo.plan import DemoTurn, Work, fitted, fork_work, new_work, plan_loop, plan_turn
from opencode_tui.cli.demo.store import V1Store
from opencode_tui.clock import HOUR_MS, Calendar
from opencode_tui.money import NANO

DAYS = 21
TODAY_NANO = 705 * NANO // 1000
"""The most that today has cost when the demo starts; it has cost at least this minus `_SLACK_NANO`."""
_SLACK_NANO = 35 * NANO // 1000
_ROUNDS = (2, 2, 2, 3)
"""The calls of each round in which today's loop redesigns the same file."""
_GO_NANO = 9 * NANO // 100
"""The most that the sessions of OpenCode Go cost on a day."""
_FORK_DAYS = (17, 13, 8, 4, 2)
_UNDO_DAY = 6
_ARCHIVE_DAY = 12
_SHORTEST_WITH_FORK_S = 10.0


class Desk(Struct):
    """The state of the simulated user: the open sessions and today's spend."""

    works: list[Work] = field(default_factory=list)
    titles: deque[str] = field(default_factory=lambda: deque(maxlen=16))
    """The most recent titles, which are not used again soon."""
    spent_nano: int = 0
    loop: Work = field(default_factory=lambda: Work(cast.SHOP, cast.LOOP_TITLE, models.KIMI))

    def pick(self, random: Random) -> Work:
        """Chooses the session for the next turn: one of the three newest, or a new one."""
        if self.works and random.random() > 0.22:
            return random.choice(self.works[-3:])
        return self.open(new_work(random, self.titles))

    def open(self, work: Work) -> Work:
        self.works.append(work)
        self.titles.append(work.title)
        return work

    def fork(self, random: Random, busy: Collection[Work] = ()) -> Work | None:
        """Forks a started session that is not in `busy`, with another model; None if there is no such session."""
        begun = [work for work in self.works if work.turns > 1 and work.fork_of is None and work not in busy]
        if not begun:
            return None
        origin = random.choice(begun)
        return self.open(fork_work(origin, models.GLM if origin.model is models.KIMI else models.KIMI))


class Tape:
    """A clock that moves only by `run`, and never past its end."""

    def __init__(self, start_ms: int, end_ms: int) -> None:
        self._now = float(start_ms)
        self._end = end_ms

    def __call__(self) -> int:
        return min(int(self._now), self._end)

    def run(self, seconds: float) -> None:
        self._now += seconds * 1000


def seed_history(store: V1Store, now_ms: int, zone: tzinfo | None = None, *, seed: int = 7) -> Desk:
    """Writes the history to an empty store in one transaction, with no time after `now_ms` (Unix ms).

    Days are in `zone` (None for the machine's own). Returns the desk with which the player continues.
    """
    random, of_plan = Random(seed), Random(seed + 1)
    calendar = Calendar(zone)
    today = calendar.day(now_ms)
    desk = Desk()
    with store.transaction():
        costly = _costly_day(today)
        for back in range(DAYS, 0, -1):
            day = today - timedelta(days=back)
            of_go = _plan_go(of_plan)
            target = _target(random, day, day == costly) - _cost(of_go)
            turns = of_go + _plan_day(random, desk, target, fork=back in _FORK_DAYS)
            start = calendar.start_of(day) + int(random.uniform(7.8, 9.2) * HOUR_MS)
            end = start + int(random.uniform(7.5, 9.8) * HOUR_MS)
            _write(store, turns, start, end, undo=back == _UNDO_DAY)
            if back == _ARCHIVE_DAY:
                _archive_one(store, desk, turns, end)
        _seed_today(store, random, desk, _plan_go(of_plan), calendar.start_of(today), now_ms)
    return desk


def _archive_one(store: V1Store, desk: Desk, turns: list[DemoTurn], ms: int) -> None:
    """Archives one of the day's sessions that is not continued on the next day."""
    for turn in turns:
        if turn.work is not desk.works[-1]:
            store.archive(turn.work.id, ms)
            return


def _plan_go(random: Random) -> list[DemoTurn]:
    """A day's session on a model of OpenCode Go, of which much the same is used each day."""
    work, turns = replace(new_work(random), model=models.KIMI_CODE, agent="build"), list[DemoTurn]()
    while (room := _GO_NANO - _cost(turns)) > _SLACK_NANO // 2:
        turn = fitted(plan_turn(random, work, errands=False), room)
        if not turn.steps:
            break
        turns.append(turn)
        work.turns += 1
    return turns


def _cost(turns: Iterable[DemoTurn]) -> int:
    return sum(turn.cost_nano for turn in turns)


def _seed_today(store: V1Store, random: Random, desk: Desk, of_go: list[DemoTurn], midnight: int, now_ms: int) -> None:
    """Writes today's work, which starts at 08:00, or two hours ago if that is earlier, but not before midnight.

    What is `of_go` comes last, so that its five hours run now.
    """
    start = max(midnight, min(midnight + 8 * HOUR_MS, now_ms - 2 * HOUR_MS))
    rounds = [plan_loop(random, desk.loop, calls, 2_500) for calls in _ROUNDS]
    planned = _cost(rounds) + _cost(of_go)
    fork = now_ms - start > _SHORTEST_WITH_FORK_S * 1000
    turns = _plan_day(random, desk, TODAY_NANO - planned, fork=fork)
    unbilled = desk.open(Work(cast.DOCS, cast.UNBILLED_TITLE, models.SUBSCRIPTION))
    turns.insert(len(turns) // 5, plan_turn(random, unbilled))
    for place, turn in enumerate(rounds, 2):
        turns.insert(len(turns) * place // (len(rounds) + 2), turn)
    turns += of_go
    desk.spent_nano = _cost(turns)
    _write(store, turns, start, now_ms)


def _costly_day(today: date) -> date:
    """The day that costs more than $2.00: a working day that is still in the seven-day chart."""
    days = [today - timedelta(days=back) for back in (3, 4, 5)]
    return next(day for day in days if day.weekday() < 5)


def _target(random: Random, day: date, costly: bool) -> int:
    """The most that a past day may cost, in nano-dollars."""
    if costly:
        usd = random.uniform(2.1, 2.2)
    elif day.weekday() >= 5:
        usd = random.uniform(0.44, 0.6)
    else:
        usd = random.triangular(0.65, 1.7, 0.95)
    return int(usd * NANO)


def _plan_day(random: Random, desk: Desk, target_nano: int, *, fork: bool) -> list[DemoTurn]:
    """Plans turns that together cost `target_nano` or slightly less; one session continues from the day before."""
    desk.works = desk.works[-1:]
    turns: list[DemoTurn] = []
    spent = 0
    while spent < target_nano - _SLACK_NANO:
        forked = desk.fork(random) if fork and spent > target_nano // 2 else None
        if forked is not None:
            fork = False
        turn = fitted(plan_turn(random, forked or desk.pick(random)), target_nano - spent)
        if turn.steps:
            turns.append(turn)
            turn.work.turns += 1
            spent += turn.cost_nano
    return turns


def _write(store: V1Store, turns: list[DemoTurn], start_ms: int, end_ms: int, *, undo: bool = False) -> None:
    """Writes turns between two times (Unix ms): pauses are stretched to fill it, calls shortened if it is too short."""
    room = (end_ms - start_ms) / 1000
    busy = sum(turn.seconds for turn in turns)
    pace = min(1.0, 0.6 * room / busy)
    rest = (room - busy * pace) / sum(turn.pause for turn in turns)
    tape = Tape(start_ms, end_ms)
    for index, turn in enumerate(turns):
        tape.run(turn.pause * rest)
        for seconds in play_turn(store, turn, tape):
            tape.run(seconds * pace)
        if undo and index >= len(turns) // 2 and turn.work.turns > 1:
            store.undo_turn(turn.work.asked, tape())
            undo = False
