"""What is found in a session about its subagents, and what is found in these themselves, is one money counted once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from opencode_tui.records.calls import Call, Tokens, ToolUse
from opencode_tui.records.insights import Insight
from tests.readings.test_insights import BUTTON, insights, rounds
from tests.support.watched import NOON, Watched

CENT = 10_000_000


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path / "ledger.db")
    yield watched
    watched.ledger.close()


def fan_out(watched: Watched, many: int = 6, cost: str = "0.30") -> int:
    """A session that starts so many subagents in one turn; returns what it and the subagents spent."""
    watched.session("root", "Migrate the shop")
    for number in range(many):
        watched.session(f"sub{number}", f"Part {number}", parent="root")
    tokens, asked = Tokens(input=1000), "msg_asking"
    asking = Call(asked, "root", "turn", "opencode", "kimi-k2.6", "build", "", NOON, NOON + 500, tokens, 10 * CENT)
    uses = [ToolUse(f"t{n}", asked, "root", "task", f"part {n}", True, None, f"sub{n}") for n in range(many)]
    watched.write([asking], uses)
    for number in range(many):
        watched.call(f"sub{number}", cost, tools=[("read", f"src/{number}.ts")])
    return spend(watched)


def spend(watched: Watched) -> int:
    return int(watched.ledger.connection.execute("SELECT sum(cost_nano) FROM call").fetchone()[0])


def by_rule(found: tuple[Insight, ...]) -> dict[str, Insight]:
    return {each.rule: each for each in found}


def test_a_cause_within_a_subagent_takes_its_money_out_of_the_fan_out(watched: Watched) -> None:
    fan_out(watched)
    rounds(watched, 4, session="sub0", cost="0.10")
    found = by_rule(insights(watched).insights)
    assert found["redesign_loop"].cost_nano == 40 * CENT
    assert found["fan_out"].cost_nano == 6 * 30 * CENT
    assert {each.id for each in found["redesign_loop"].sessions} == {"sub0"}


def test_insights_never_add_up_to_more_than_was_spent(watched: Watched) -> None:
    fan_out(watched, cost="0.05")
    for number in range(6):
        rounds(watched, 4 + number % 2, session=f"sub{number}", cost="0.20", at=NOON + 60_000 * (number + 1))
    assert sum(each.cost_nano for each in insights(watched).insights) <= spend(watched)


def test_a_cause_that_is_most_of_the_fan_out_stands_for_it(watched: Watched) -> None:
    fan_out(watched, cost="0.02")
    rounds(watched, 4, session="sub0", cost="0.20")
    (loop,) = insights(watched).insights
    assert (loop.rule, loop.cost_nano) == ("redesign_loop", 80 * CENT)


def test_nested_subagents_and_their_root_share_their_money(watched: Watched) -> None:
    fan_out(watched)
    watched.session("deep", "Deeper", parent="sub0")
    watched.session("deepest", "Deepest", parent="deep")
    for id in ("deep", "deepest"):
        rounds(watched, 5, session=id, cost="0.05", at=NOON + 120_000)
        watched.call(id, "0.20", tools=[("edit", BUTTON)])
    found = insights(watched).insights
    assert sum(each.cost_nano for each in found) <= spend(watched)
    assert "fan_out" in by_rule(found)
