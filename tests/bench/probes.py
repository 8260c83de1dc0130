"""What bench.py measures inside of a process of its own: `python -m tests.bench.probes PROBE DATA_DIR LEDGER`."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from opencode_tui.clock import now_ms
from opencode_tui.config.settings import Settings
from opencode_tui.feed import LedgerFeed
from opencode_tui.ledger import ledger as ledger_module
from opencode_tui.ledger.changed_work import sessions_behind
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.ledger.sums import settle
from opencode_tui.readings.context import context_of
from opencode_tui.readings.finding_settling import settle_findings
from opencode_tui.readings.insights import read_insights
from opencode_tui.readings.turn_settling import settle_turns
from opencode_tui.records.day import Snapshot
from opencode_tui.records.requests import InsightsRequest
from opencode_tui.sync import Sync
from tests.bench.appending import append_call, today_nano
from tests.bench.figures import figures

POLLS = 500


class Timed:
    """Calls a function, and adds up how long it takes."""

    def __init__(self, function: Callable[..., None]) -> None:
        self._function, self.seconds = function, 0.0

    def __call__(self, *given: Any) -> None:
        began = time.perf_counter()
        self._function(*given)
        self.seconds += time.perf_counter() - began


def today_right(settings: Settings, ledger: Path) -> tuple[float]:
    """Seconds until the dashboard's feed first shows what today really cost."""
    assert settings.data_dirs
    truth = today_nano(settings.data_dirs[0] / "opencode.db")
    began = time.perf_counter()
    seen: list[float] = []

    def look(snapshot: Snapshot) -> None:
        if not seen and snapshot.spent_nano == truth:
            seen.append(time.perf_counter())

    feed = LedgerFeed(lambda: Ledger(ledger), settings, os.environ)
    last = feed.poll(look)
    if last is not None:
        look(last)
    feed.close()
    if not seen:
        raise SystemExit(f"today never became {truth} nano-dollars")
    return (seen[0] - began,)


def insights(settings: Settings, ledger: Path) -> tuple[float, float, float, float]:
    """Seconds to classify all turns and to look for insights in all sessions, of a ledger that has neither; to make the
    sums by task then; the first after one new call; and to read the week's insights.
    """
    opened = Ledger(ledger)
    sync = Sync(opened, settings, os.environ)
    sync.poll()
    thresholds = settings.insights.options
    began = time.perf_counter()
    settle_findings(opened, thresholds, sync.book)
    first = time.perf_counter() - began
    if sessions_behind(opened.connection, "turns"):
        raise SystemExit("not all turns were classified")
    began = time.perf_counter()
    settle_turns(opened)
    summing = time.perf_counter() - began
    if sessions_behind(opened.connection, "tasks"):
        raise SystemExit("not all sums by task were made")
    append_call(settings.data_dirs[0] / "opencode.db")
    sync.poll()
    began = time.perf_counter()
    settle_findings(opened, thresholds, sync.book)
    after_one = time.perf_counter() - began
    began = time.perf_counter()
    with opened.reading() as connection:
        found = read_insights(InsightsRequest("week"), context_of(sync, connection, now_ms(), settings, sync.states))
    if found.sessions_left:
        raise SystemExit(f"{found.sessions_left} sessions were not looked at")
    read = time.perf_counter() - began
    opened.close()
    return first, summing, after_one, read


def polls(settings: Settings, ledger: Path) -> tuple[float, float, float, float]:
    """Seconds of a poll that finds nothing new, of one that finds one new call, of keeping the sums in that one, and of
    the dashboard's whole poll then: with the alerts looked for, and the picture taken.
    """
    opened = Ledger(ledger)
    sync = Sync(opened, settings, os.environ)
    sync.poll()
    idle = []
    for _ in range(POLLS):
        began = time.perf_counter()
        sync.poll()
        idle.append(time.perf_counter() - began)
    busy, summing = [], []
    for _ in range(20):
        append_call(settings.data_dirs[0] / "opencode.db")
        with patch.object(ledger_module, "settle", Timed(settle)) as timed:
            began = time.perf_counter()
            if not sync.poll():
                raise SystemExit("the poll did not see the new call")
            busy.append(time.perf_counter() - began)
        summing.append(timed.seconds)
    sync.close()
    opened.close()
    feed, whole = LedgerFeed(lambda: Ledger(ledger), settings, os.environ), []
    feed.poll(lambda _: None)
    for _ in range(20):
        append_call(settings.data_dirs[0] / "opencode.db")
        began = time.perf_counter()
        if feed.poll(lambda _: None) is None:
            raise SystemExit("the dashboard did not see the new call")
        whole.append(time.perf_counter() - began)
    feed.close()
    return median(idle), median(busy), median(summing), median(whole)


PROBES: dict[str, Callable[[Settings, Path], tuple[float, ...]]] = {
    "today_right": today_right,
    "polls": polls,
    "insights": insights,
    "figures": figures,
}


def main() -> int:
    probe, data_dir, ledger = sys.argv[1:]
    settings = Settings(data_dirs=(Path(data_dir),), ledger=Path(ledger))
    print(json.dumps(PROBES[probe](settings, Path(ledger))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
