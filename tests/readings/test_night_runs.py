"""Runs of a timer at night, in a store that does not say that they are: OpenCode 2 does not record `opencode run`."""

from __future__ import annotations

from pathlib import Path

from opencode_tui.clock import HOUR_MS
from opencode_tui.config.settings import Settings
from opencode_tui.readings.context import Context
from opencode_tui.readings.finding_settling import settle_findings
from opencode_tui.readings.insights import read_insights
from opencode_tui.records.insights import Insight
from opencode_tui.records.requests import InsightsRequest
from tests.stores import V2, Tokens, tool
from tests.support.ledgers import reader
from tests.support.watched import DAY_START

SONNET, KIMI = "anthropic/claude-sonnet-4-5", "opencode/kimi-k2.6"
EDIT = tool("edit", "/home/dev/shop/src/a.ts")


def insights(root: Path, hours: tuple[int, ...]) -> list[Insight]:
    """What stands out on a day with one small edit on an expensive model at each hour, and work on a cheap one."""
    store = V2(root)
    for place, hour in enumerate(hours):
        store.now = DAY_START + hour * HOUR_MS
        session_id = store.session(f"Nightly {place}")
        store.call(session_id, model=SONNET, cost="0.070000001", tokens=Tokens(input=20_000, output=200), tools=[EDIT])
    store.now = DAY_START + 12 * HOUR_MS
    session_id = store.session("By day")
    for _ in range(20):
        store.call(session_id, model=KIMI, cost="0.02", tokens=Tokens(input=20_000, output=250))
    store.close()
    read = reader(store.data_dir, settings=Settings(timezone="UTC"))
    while read.poll():
        pass
    settle_findings(read.ledger, {}, None)
    context = Context(read.ledger.connection, store.now, Settings(timezone="UTC"))
    return list(read_insights(InsightsRequest("today"), context).insights)


def test_what_a_timer_ran_is_that_and_no_small_edit_of_a_person(tmp_path: Path) -> None:
    (insight,) = insights(tmp_path, (1, 2, 3, 4))
    assert (insight.rule, insight.key, insight.cost_nano) == ("unattended", "nights", 4 * 70_000_001)
    assert insight.calls == 4 and len(insight.sessions) == 4


def test_the_same_by_day_are_small_edits(tmp_path: Path) -> None:
    (insight,) = insights(tmp_path, (7, 8, 9, 10))
    assert (insight.rule, insight.cost_nano) == ("small_edits", 4 * 70_000_001)
