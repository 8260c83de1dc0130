"""How long the figures of each screen take to read within one process.

The turns of the ledger are classified and its past weeks are summed, as the dashboard has them after some minutes. A
screen asks on its key, and shows the answer to what it asks first. Of several dimensions it is the slowest.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from statistics import median

from textual.geometry import Size

from opencode_tui.clock import now_ms
from opencode_tui.config.settings import Settings
from opencode_tui.ledger.buckets import make_bucket
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.readings.answering import answer
from opencode_tui.readings.context import context_of
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

_READS = 7
LINES = (
    ("Breakdown of the week, the slowest dimension", "<= 60 ms"),
    ("Breakdown of the year, the slowest dimension", "<= 60 ms"),
    ("Breakdown of all two years, the slowest dimension", ""),
    ("Sessions of the week", "<= 60 ms"),
    ("Sessions of the year", "<= 60 ms"),
    ("the session with most calls", "<= 60 ms"),
    ("the insights of Why", "<= 60 ms"),
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

    def read(request: Request) -> Answer:
        with opened.reading() as connection:
            return answer(request, context_of(sync, connection, now_ms(), settings, sync.states))

    def breakdowns(period: str) -> float:
        requests = (BreakdownRequest((by,), period, details=False) for by in DIMENSION_KEYS)
        return max(_seconds(partial(read, request)) for request in requests)

    (largest,) = opened.connection.execute("SELECT session_id FROM call GROUP BY 1 ORDER BY count(*) DESC").fetchone()
    requests: Iterable[Request] = (
        *(
            SessionsRequest("week"),
            SessionsRequest.first("year"),
            SessionRequest(largest),
        ),
        *(InsightsRequest("week"), HistoryRequest()),
    )
    found = (
        *map(breakdowns, ("week", "year", "all")),
        *(_seconds(partial(read, request)) for request in requests),
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


def _seconds(work: Callable[[], object]) -> float:
    """The median of some runs."""
    taken = []
    for _ in range(_READS):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return median(taken)
