"""Plays a history while the real programs run concurrently and are killed, suspended and restarted."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.proof.bells import DAY_MS
from tests.proof.looks import sessions_of
from tests.proof.oracle import Drift, SessionTotals
from tests.proof.play import Episode
from tests.proof.programs import LASTING, PASSING, Crowd, channel

_CALM = {"day", "jump", "restart", "move"}
"""Operations that are impossible with programs that use the real clock and a fixed data directory."""
_MANY = 1_000_000


class Beside(Episode):
    """An episode in which other processes poll at their own times; `barrier` waits until one has polled."""

    def __init__(
        self, root: Path, seed: int, generation: str, environ: dict[str, str], without: set[str], *, kills: bool = True
    ) -> None:
        super().__init__(root, seed, generation, without | _CALM)
        with self.config.open("a") as settings:
            settings.write(channel(root))
        self.delivered = root / "delivered"
        self.delivered.touch()
        self._kills = kills
        where = ["--ledger", str(root / "ledger.db"), "--config", str(self.config)]
        self.crowd = Crowd(root, environ, [*where, "--data-dir", str(self.place.directory)])
        self.story.now = int(time.time() * 1000)
        self.story.most_nano, self.story.pace_ms = 300_000_000, 4

    def run(self, seconds: float, least: int = 0) -> dict[str, Any]:
        """Plays for `seconds` and at least `least` operations, and returns the figures. Raises Drift."""
        begun = time.monotonic()
        self._first_day = self.story.now // DAY_MS
        try:
            for arguments in LASTING:
                self.crowd.start(arguments)
            next_barrier = begun + min(4, seconds / 2)
            while time.monotonic() - begun < seconds or self.figures.operations < least:
                self._burst()
                self._disturb()
                self._check_files()
                if time.monotonic() > next_barrier:
                    self.barrier()
                    next_barrier = time.monotonic() + 4
            self.crowd.end()
            self._settle()
        finally:
            self.crowd.abandon()
            self.close()
        return self._figures()

    def _burst(self) -> None:
        """A few operations in quick succession, after each of which a program may poll."""
        for _ in range(self.dice.randint(1, 8)):
            self.story.now = max(self.story.now, int(time.time() * 1000) - 1)
            self.step(self.dice.choices(self._names, self._weights)[0])
            self._pending |= dict.fromkeys(self.story.bills[self.unseen :])
            self.unseen = len(self.story.bills)
            self.oracle.glimpse(list(self._pending), self.place.images())
        # The store's clock must not be ahead of that of the programs.
        ahead = self.story.now / 1000 - time.time()
        time.sleep(max(ahead, self.dice.random() * 0.05))

    def _disturb(self) -> None:
        self.crowd.reap()
        running = {program.arguments for program in self.crowd.programs}
        for arguments in LASTING:
            if arguments not in running and self.dice.random() < 0.3:
                self.crowd.start(arguments)
        if len(self.crowd.programs) < 4 and self.dice.random() < 0.3:
            self.crowd.start(self.dice.choice(PASSING))
        if not self.crowd.programs or not self._kills:
            return
        chance = self.dice.random()
        if chance < 0.05:
            self.crowd.kill(self.dice.choice(self.crowd.programs))
        elif chance < 0.10:
            self.crowd.hold(self.dice.choice(self.crowd.programs), self.dice.random() * 0.3)

    def _check_files(self) -> None:
        wrong = self.crowd.unlinked()
        if wrong:
            raise Drift("; ".join(wrong))

    def barrier(self) -> None:
        """Runs `sync` and compares the ledger with the oracle after it."""
        ended = self.crowd.run("sync")
        if ended.returncode:
            raise Drift(f"`sync` ended with {ended.returncode}: {ended.stderr.decode(errors='replace')}")
        self.figures.looks += 1
        self._saw()
        super().compare(whole=False)

    def look(self) -> None:
        """Does nothing: the comparison polls with its own command."""

    def ledger_totals(self) -> dict[str, SessionTotals]:
        return sessions_of(self.root / "ledger.db", self.config, self.place.directory)

    def _settle(self) -> None:
        """After all programs have ended: delivers pending alerts with `check`, then compares ledger and alerts."""
        ended = self.crowd.run("check", "--notify")
        if ended.returncode not in (0, 1, 2):
            raise Drift(f"`check` ended with {ended.returncode}: {ended.stderr.decode(errors='replace')}")
        self._saw()
        super().compare(whole=True)
        answer = json.loads(self.crowd.run("alerts", "--json", "--limit", str(_MANY)).stdout)
        alerts = sorted(answer["alerts"] if isinstance(answer, dict) else answer, key=lambda alert: int(alert["id"]))
        fired = [(each["rule"], each["subject"], each["period"], each["level"]) for each in alerts]
        if self.story.now // DAY_MS == self._first_day:
            self.bells.look(fired, self.oracle, self.story.parents, self.story.now)
        self.figures.alerts = len(fired)
        self._deliveries({int(each["id"]) for each in alerts})

    def _deliveries(self, fired: set[int]) -> None:
        """Checks that each alert was delivered once, or again only if the delivering process was killed."""
        tries: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for line in self.delivered.read_text().splitlines():
            alert, number, process = map(int, line.split())
            tries[alert].append((number, process))
        lost = fired - tries.keys()
        if lost:
            raise Drift(f"alerts {sorted(lost)} fired and were never delivered")
        for alert, made in tries.items():
            # The delivery script of a killed program continues, possibly as a child of process 1.
            unexplained = [process for _, process in made[:-1] if process not in self.crowd.killed | {1}]
            if unexplained:
                raise Drift(f"alert {alert} was delivered {len(made)} times, as (try, process): {made}")

    def _figures(self) -> dict[str, Any]:
        figures = self.figures
        return {
            "operations": figures.operations,
            "barriers": figures.comparisons,
            "programs": self.crowd.started,
            "kills": self.crowd.kills,
            "bills": figures.bills,
            "alerts": figures.alerts,
            "nano": figures.nano,
            "drift_nano": 0,
        }
