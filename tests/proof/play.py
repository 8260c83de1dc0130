"""Plays one random history: operations on the stores, polls by the program between them, and comparisons."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.proof.bells import DAY_MS, SETTINGS, Bells
from tests.proof.encode import text_of
from tests.proof.looks import Reader, check_reconciled, check_sums, hints_of, roots_of, sessions_of
from tests.proof.oracle import Drift, Oracle, SessionTotals
from tests.proof.place import JSON_VERSION, V1_VERSIONS, V2_VERSION, Place
from tests.proof.story import HOUR_MS, Story
from tests.proof.world import Bill, Image, Session

START_MS = 1_750_000_000_000
GENERATIONS = {
    "json": ("json", JSON_VERSION),
    "v1.2": ("v1", V1_VERSIONS[0]),
    "v1.14": ("v1", V1_VERSIONS[1]),
    "v1.18": ("v1", V1_VERSIONS[2]),
    "v2": ("v2", V2_VERSION),
}
WEIGHTS: dict[str, float] = {
    "call": 30,
    "start": 12,
    "finish": 12,
    "grow": 4,
    "abort": 1,
    "new": 5,
    "fork": 5,
    "undo": 4,
    "redo": 0.7,
    "delete": 1.5,
    "archive": 1,
    "compact": 3,
    "child": 3,
    "title": 2,
    "vacuum": 0.7,
    "checkpoint": 1.5,
    "reopen": 1,
    "backup": 0.8,
    "drop": 0.5,
    "rename": 0.4,
    "restore": 0.3,
    "refill": 0.3,
    "move": 0.4,
    "upgrade": 0.3,
    "jump": 1,
    "day": 1.5,
    "restart": 1,
}
_LOOKS = (0.05, 0.15, 0.4)
"""The probabilities of a poll after each operation; a history uses one of them."""
_BATCH, _WHOLE = 40, 6
_BACKUPS = ("opencode-backup.db", "opencode.db.bak", "opencode copy.db", "opencode-2026-05-13.db")


@dataclass(slots=True)
class Figures:
    operations: int = 0
    looks: int = 0
    comparisons: int = 0
    fresh: int = 0
    bills: int = 0
    alerts: int = 0
    nano: int = 0
    by_operation: Counter[str] = field(default_factory=Counter)


class Episode:
    """One history in one directory; the same seed, generation and operations give the same history."""

    def __init__(self, root: Path, seed: int, generation: str, without: Collection[str] = ()) -> None:
        self.root, self.dice = root, random.Random(f"{seed} {generation}")
        root.mkdir(parents=True, exist_ok=True)
        self.config = root / "config.toml"
        self.config.write_text(SETTINGS)
        self._moves = 0
        self.place = Place(root / "opencode", *GENERATIONS[generation])
        self.story = Story(self.place, self.dice, START_MS + self.dice.randint(0, DAY_MS))
        self.oracle, self.bells = Oracle(), Bells()
        self.readers = [Reader(root / "ledger.db", self.config, self.place.directory) for _ in range(2)]
        self._looked = self.readers[0]
        self.unseen = 0
        self.with_fresh = True
        self._pending = dict.fromkeys(self.story.bills)
        self.story.between, self.story.seen_behind = self.between, self.look
        self.figures = Figures()
        self._chance = self.dice.choice(_LOOKS)
        names = [name for name in WEIGHTS if name not in without]
        self._names, self._weights = names, [WEIGHTS[name] for name in names]

    def play(self, operations: int, until: int | None = None) -> Figures:
        """Plays `operations` operations; with `until` stops after that one, before a poll. Raises Drift."""
        for number in range(1, operations + 1):
            self.step(self.dice.choices(self._names, self._weights)[0])
            if number == until:
                break
            if self.dice.random() < self._chance:
                self.look()
            if number % _BATCH == 0 or number == operations:
                self.compare(whole=number % (_BATCH * _WHOLE) == 0 or number == operations)
        self.close()
        return self.figures

    def step(self, name: str) -> None:
        """Plays one operation, or a call if the operation is impossible now, such as an undo without a prompt."""
        if getattr(self, f"_{name}", lambda: self._of_story(name))() is False:
            name = "call"
            self._of_story(name)
        self.place.store.commit()
        self.figures.operations += 1
        self.figures.by_operation[name] += 1

    def look(self) -> None:
        reader = self._looked = self.dice.choice(self.readers)
        before = len(reader.fired)
        reader.look(self.story.now)
        self.figures.looks += 1
        self._saw()
        self.bells.look(reader.fired[before:], self.oracle, self.story.parents, self.story.now)

    def between(self) -> None:
        """Polls in the middle of an operation, half of the time."""
        if self.dice.random() < 0.5:
            self.look()

    def _saw(self) -> None:
        bills = self.story.bills
        self._pending |= dict.fromkeys(bills[self.unseen :])
        self.unseen = len(bills)
        for bill in self._look(self.oracle, list(self._pending), self.story.loose):
            del self._pending[bill]

    def _look(self, oracle: Oracle, unseen: list[Bill], loose: set[str]) -> list[Bill]:
        images, backups = self.place.images(), list(self.place.backups.values())
        return oracle.look(unseen, images, backups, loose, self.place.read(), self.story.now)

    def compare(self, *, whole: bool) -> None:
        """Polls once more and compares the long-lived ledger with the oracle.

        A `whole` comparison uses the commands, which open that ledger themselves, and also compares a new ledger.
        """
        self.look()
        check_sums(self.root / "ledger.db")
        where = (self.root / "ledger.db", self.config, self.place.directory)
        totals = sessions_of(*where) if whole else self.ledger_totals()
        total = self.oracle.compare(totals, self.story.loose, hints_of(where[0]))
        self.figures.comparisons += 1
        self.figures.nano, self.figures.bills = total, len(self.oracle.seen)
        self.figures.alerts = len(self.bells.fired)
        if whole:
            self._trees(roots_of(*where, total))
            played = self.figures.by_operation
            restored = bool(played["restore"] + played["refill"])
            check_reconciled(*where, total, was_restored=restored, is_loose=bool(self.story.loose))
            if self.with_fresh:
                self._fresh()

    def ledger_totals(self) -> dict[str, SessionTotals]:
        """The totals by session in the ledger, read the fastest way."""
        return self._looked.sessions()

    def _fresh(self) -> None:
        """Checks that a new ledger has what the stores contain now."""
        file = self.root / "fresh.db"
        totals = sessions_of(file, self.config, self.place.directory)
        oracle = Oracle()
        self._look(oracle, self.story.bills, set())
        oracle.compare(totals, set(), hints_of(file))
        self.figures.fresh += 1
        for suffix in ("", "-wal", "-shm"):
            file.with_name(file.name + suffix).unlink(missing_ok=True)

    def _trees(self, roots: Mapping[str, tuple[int, int]]) -> None:
        totals: Counter[str] = Counter()
        for id in self.oracle.shares:
            root = id
            while (parent := self.story.parents[root]) is not None:
                root = parent
            totals[root] += self.oracle.expected(id)
        for id, (own, total) in roots.items():
            if own != self.oracle.expected(id) or total != totals[id]:
                raise Drift(f"`sessions` says {id} cost {own:,} and {total:,} with its subagents, not {totals[id]:,}")

    def close(self) -> None:
        for reader in self.readers:
            reader.restart()
        self.place.store.close()

    def _one(self) -> Session:
        sessions = self.story.sessions()
        if not sessions or (len(sessions) < 3 and self.dice.random() < 0.3):
            return self.story.new_session()
        return self.dice.choice(sessions[-12:] if self.dice.random() < 0.8 else sessions)

    def _of_story(self, name: str) -> bool | None:
        story = self.story
        if name in ("finish", "grow", "abort"):
            return getattr(story, name)(self.dice.choice(story.running)) if story.running else False
        actions: dict[str, Callable[[Session], bool | None]] = {
            "call": story.call,
            "start": story.start,
            "fork": story.fork,
            "undo": story.undo,
            "redo": story.redo,
            "delete": story.delete,
            "archive": story.archive,
            "child": story.child,
            "compact": lambda session: story.start(session, "compaction"),
        }
        return actions[name](self._one())

    def _new(self) -> None:
        self.story.new_session()

    def _title(self) -> bool | None:
        if not self.story.is_v2:
            return False
        self.story.title(self._one(), again=True)
        return None

    def _jump(self) -> None:
        self.story.set_clock(self.story.now + self.dice.choice((-1, 1)) * self.dice.randint(1, 26 * HOUR_MS))

    def _day(self) -> None:
        self.story.set_clock(self.story.now + DAY_MS)

    def _restart(self) -> None:
        self.dice.choice(self.readers).restart()

    def _vacuum(self) -> bool | None:
        return self.place.store.vacuum()

    def _checkpoint(self) -> bool | None:
        return self.place.store.checkpoint()

    def _reopen(self) -> None:
        self.place.reopen()

    def _backup(self) -> bool | None:
        return self.place.back_up(self.dice.choice(_BACKUPS))

    def _drop(self) -> bool | None:
        if not self.place.backups:
            return False
        self.place.drop_backup(self.dice.choice(sorted(self.place.backups)))
        return None

    def _rename(self) -> bool | None:
        """Renames a backup, possibly to a name under which the program reads it for the first time."""
        free = sorted(set(_BACKUPS) - self.place.backups.keys())
        if not free or not self.place.backups:
            return False
        self.place.rename_backup(self.dice.choice(sorted(self.place.backups)), self.dice.choice(free))
        return None

    def _restore(self, *, in_place: bool = False) -> bool | None:
        same = [name for name, image in self.place.backups.items() if _age(image) == _age(self.place.main)]
        if not same:
            return False
        before = self.place.main
        self.place.restore(self.dice.choice(sorted(same)), in_place=in_place)
        self.story.restored(before)
        return None

    def _refill(self) -> bool | None:
        return self._restore(in_place=True)

    def _move(self) -> None:
        self._moves += 1
        self.place.move(self.root / f"opencode-{self._moves}")
        for reader in self.readers:
            reader.restart(self.place.directory)

    def _upgrade(self) -> bool | None:
        """Upgrades with a clock that is not behind, or messages of 1.x would seem to be written after the upgrade.

        Only the events of 1.17 and 1.18 would show that they were not.
        """
        sessions = self.story.sessions()
        if any(session.version != text_of(V1_VERSIONS[-1]) for session in sessions):
            dated = [message.created for session in sessions for message in session.messages.values()]
            self.story.set_clock(max([self.story.now, *(at + 1 for at in dated)]))
        if not self.place.upgrade(self.story.now, self.between):
            return False
        self.story.running.clear()
        return None


def _age(image: Image) -> object:
    return image.generation, image.version
