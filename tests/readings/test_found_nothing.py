"""A search that found nothing says so in each form of store, and what it cost is measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from opencode_tui.config.settings import Settings
from opencode_tui.readings.context import Context
from opencode_tui.readings.finding_settling import settle_findings
from opencode_tui.readings.insights import read_insights
from opencode_tui.readings.session import read_turns_of
from opencode_tui.records.requests import InsightsRequest
from tests.stores import V1, V2, Files, MakeStore, tool
from tests.support.ledgers import reader

FOUND = "Found 1 matches\n/home/dev/shop/src/a.ts:\n  Line 3: retry"
SAID = {"grep": "No files found", "glob": "No files found\n\n(Some paths were inaccessible and skipped)"}


@pytest.mark.parametrize(("make", "of_grep"), [(V1, SAID["grep"]), (V2, "No matches found"), (Files, SAID["grep"])])
def test_what_searches_without_a_hit_cost_is_the_sum_of_their_calls(
    make: MakeStore, of_grep: str, tmp_path: Path
) -> None:
    store = make(tmp_path)
    session_id = store.session("Where are retries")
    prompt = store.prompt(session_id)
    asked = [
        ("grep", of_grep),
        ("glob", SAID["glob"]),
        ("grep", FOUND),
        ("read", ""),
        ("grep", ""),
        ("glob", SAID["grep"]),
    ]
    for place, (name, output) in enumerate(asked):
        uses = [tool(name, f"word{place}", output=output)]
        store.call(session_id, cost=f"0.03{place}000007", turn=prompt, tools=uses)
    store.call(session_id, cost="0.02", turn=prompt)
    read = reader(store.data_dir, settings=Settings(timezone="UTC"))
    while read.poll():
        pass
    settle_findings(read.ledger, {}, None)
    context = Context(read.ledger.connection, store.now, Settings(timezone="UTC"))
    (insight,) = read_insights(InsightsRequest("all"), context).insights
    assert (insight.rule, insight.sure, insight.calls) == ("empty_searches", "measured", 4)
    assert insight.cost_nano == 30_000_007 + 31_000_007 + 34_000_007 + 35_000_007
    (turn,) = read_turns_of(session_id, context)
    assert turn.task == "exploration", "a search in vain is no failure"
