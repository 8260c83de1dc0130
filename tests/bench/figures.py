"""How long the figures of each screen take to read within one process.

The turns of the ledger are classified, its past weeks are summed, and long lists are read ahead, as the dashboard has
them after some minutes. Of a long period, it is read after one new call each time. A screen asks on its key, and shows
the answer to what it asks first. Of several dimensions it is the slowest.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import cycle
from pathlib import Path
from statistics import median

from msgspec.structs import replace
from textual.geometry import Size

from opencode_tui.clock import now_ms
from opencode_tui.config.settings import Settings
from opencode_tui.ledger.buckets import make_bucket
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.readings.answering import answer
from opencode_tui.readings.context import Context, context_of
from opencode_tui.readings.keeping import keep_ahead
from opencode_tui.readings.kept import Kept
from opencode_tui.readings.turn_settling import settle_turns
from opencode_tui.records.answers import Answer
from opencode_tui.records.history import HistoryView
from opencode_tui.records.requests import (
    BreakdownRequest,
    HistoryRequest,
    InsightsRequest,
    Request,
    SessionRequest,
    SessionsRequest,
)
from opencode_tui.sync import Sync
from opencode_tui.ui.screens.breakdown import DIMENSION_KEYS
from opencode_tui.ui.widgets.year_chart import YearChart
from tests.bench.appending import append_call

_READS = 7
_CALLS = 3
_SESSIONS = 50
"""The new calls are of so many sessions, as one with hundreds of calls in minutes takes longer to sum."""
LINES = (
    ("the long lists of sessions read ahead, for the first time", ""),
    ("Breakdown of the week, the slowest dimension", "<= 60 ms"),
    ("Breakdown of the year, the slowest dimension", "<= 60 ms"),
    ("Breakdown of all two years, the slowest dimension", "<= 60 ms"),
    ("Sessions of the week", "<= 60 ms"),
    ("Sessions of the year", "<= 60 ms"),
    ("Sessions of all two years", "<= 60 ms"),
    ("the session with most calls", "<= 60 ms"),
    ("the insights of Why", "<= 60 ms"),
    ("the insights of Why, of all two years", ""),
    ("History", "<= 60 ms"),
    ("a year's heatmap, read and drawn", "<= 50 ms"),
)
"""What `figures` returns, each with its target."""


class _Heatmap(YearChart):
    """The chart of a pane of 160 × 45, without a terminal."""

    @property
    def inner(self) -> Size:
        return Size(156, 30)


def figures(settings: Settings, ledger: Path) -> tuple[float, ...]:
    """Seconds for each of LINES."""
    opened = Ledger(ledger)
    sync = Sync(opened, settings, os.environ)
    sync.poll()
    while make_bucket(opened, now_ms()):
        pass

    kept = Kept()

    @contextmanager
    def context() -> Iterator[Context]:
        with opened.reading() as connection:
            yield replace(context_of(sync, connection, now_ms(), settings, sync.states), kept=kept)

    def read(request: Request) -> Answer:
        with context() as reader:
            return answer(request, reader)

    def read_ahead() -> bool:
        with context() as reader:
            return keep_ahead(reader)

    sessions = cycle(range(1, _SESSIONS))

    def after_a_call(request: Request) -> float:
        taken = []
        for _ in range(_CALLS):
            append_call(settings.data_dirs[0] / "opencode.db", next(sessions))
            sync.poll()
            settle_turns(opened)
            taken.append(_seconds(partial(read, request), 1))
        return median(taken)

    def breakdowns(period: str, seconds: Callable[[Request], float]) -> float:
        return max(seconds(BreakdownRequest((by,), period, details=False)) for by in DIMENSION_KEYS)

    def once(request: Request) -> float:
        return _seconds(partial(read, request))

    (largest,) = opened.connection.execute("SELECT session_id FROM call GROUP BY 1 ORDER BY count(*) DESC").fetchone()
    began = time.perf_counter()
    while read_ahead():
        pass
    ahead = time.perf_counter() - began
    found = (
        ahead,
        breakdowns("week", once),
        *(breakdowns(period, after_a_call) for period in ("year", "all")),
        once(SessionsRequest("week")),
        *(after_a_call(SessionsRequest.first(period)) for period in ("year", "all")),
        *(
            once(request)
            for request in (SessionRequest(largest), InsightsRequest("week"), InsightsRequest("all"), HistoryRequest())
        ),
        _seconds(lambda: _draw(read(HistoryRequest()))),
    )
    sync.close()
    opened.close()
    return found


def _draw(history: Answer) -> None:
    assert isinstance(history, HistoryView)
    chart = _Heatmap()
    chart.history, chart.cursor = history, history.today
    if not chart.rows():
        raise SystemExit("there is no heatmap")


def _seconds(work: Callable[[], object], runs: int = _READS) -> float:
    """The median of some runs."""
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return median(taken)
