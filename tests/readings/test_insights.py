"""The insights of a period, from the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from opencode_tui.clock import DAY_MS, EVER, Span
from opencode_tui.config.settings import Insights, Settings
from opencode_tui.ledger import findings
from opencode_tui.ledger.changed_work import sessions_behind
from opencode_tui.ledger.session_work_queries import latest_rates
from opencode_tui.readings import finding_settling
from opencode_tui.readings.context import Context
from opencode_tui.readings.families import child_works
from opencode_tui.readings.finding_settling import settle_findings
from opencode_tui.readings.insights import period_work, read_insights
from opencode_tui.readings.session_works import session_works
from opencode_tui.readings.turn_settling import settle_turns
from opencode_tui.records.answers import InsightList
from opencode_tui.records.requests import InsightsRequest
from tests.ledger.test_turns import steps_of
from tests.support.hostile import MOST
from tests.support.watched import DAY_START, NOON, Limits, Watched

CENT = 10_000_000
BUTTON = "/home/dev/shop/src/Button.tsx"


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path / "ledger.db")
    yield watched
    watched.ledger.close()


def rounds(watched: Watched, many: int = 4, session: str = "ses_1", cost: str = "0.20", at: int = NOON) -> None:
    for number in range(many):
        watched.call(session, cost, turn=f"turn_{at}_{number}", tools=[("edit", BUTTON)], at=at + number * 1000)


def context(watched: Watched, **options: int) -> Context:
    settings = Settings(timezone="UTC", insights=Insights(options))
    return Context(watched.ledger.connection, NOON + 3_600_000, settings)


def insights(watched: Watched, period: str = "week", **options: int) -> InsightList:
    settle_findings(watched.ledger, options, Limits())
    return read_insights(InsightsRequest(period), context(watched, **options))


def test_a_redesign_loop_is_an_insight_with_its_cost_to_the_nano(watched: Watched) -> None:
    watched.session("ses_1", "Fix header")
    rounds(watched, cost="0.200000001")
    watched.call("ses_1", "0.05", turn="other")
    found = insights(watched)
    (insight,) = found.insights
    assert (insight.rule, insight.title) == ("redesign_loop", "Button.tsx edited in 4 turns")
    assert (insight.cost_nano, insight.calls, insight.sure, insight.lever) == (800_000_004, 4, "measured", "context")
    (session,) = insight.sessions
    assert (session.id, session.title, session.nano) == ("ses_1", "Fix header", 800_000_004)
    assert session.turn_id == f"turn_{NOON}_3"
    assert (found.spend_nano, found.sessions_left) == (850_000_004, 0)


def test_a_new_call_is_seen_and_a_new_title_too(watched: Watched) -> None:
    watched.session("ses_1", "Fix header")
    rounds(watched, 3)
    assert not insights(watched).insights
    rounds(watched, 1, at=NOON + 60_000)
    assert insights(watched).insights[0].calls == 4
    watched.session("ses_1", "Redesign header")
    assert insights(watched).insights[0].sessions[0].title == "Redesign header"


def test_other_thresholds_find_again_and_off_finds_nothing(watched: Watched) -> None:
    rounds(watched, 3)
    assert not insights(watched).insights
    assert len(insights(watched, redesign_rounds=3).insights) == 1
    assert not insights(watched, redesign_rounds=0).insights
    assert not insights(watched).insights


def test_a_period_has_the_cost_of_its_own_calls(watched: Watched) -> None:
    rounds(watched, 3, at=NOON - DAY_MS)
    rounds(watched, 2, at=NOON)
    assert [each.cost_nano for each in insights(watched, "all").insights] == [100 * CENT]
    assert [each.cost_nano for each in insights(watched, "today").insights] == [40 * CENT]
    assert not insights(watched, "2026-05").first.day - 1
    assert not insights(watched, "2026-04").insights


def test_what_is_left_to_look_at_is_said(watched: Watched) -> None:
    rounds(watched)
    found = read_insights(InsightsRequest("week"), context(watched))
    assert (found.insights, found.sessions_left) == ((), 1)


def test_after_one_new_call_only_its_session_and_those_above_it_are_read(watched: Watched) -> None:
    watched.session("ses_1", "Root")
    watched.session("ses_1a", "Child", parent="ses_1")
    for number in range(30):
        rounds(watched, session=f"other_{number}")
    rounds(watched, session="ses_1a")
    settle_findings(watched.ledger, {})
    watched.call("ses_1a", "0.01")
    assert sessions_behind(watched.ledger.connection, "turns") == ["ses_1a"]
    assert sessions_behind(watched.ledger.connection, "findings") == ["ses_1", "ses_1a"]
    one = steps_of(watched.ledger.connection, lambda: settle_findings(watched.ledger, {}))
    for number in range(30):
        watched.call(f"other_{number}", "0.01")
    assert one * 5 < steps_of(watched.ledger.connection, lambda: settle_findings(watched.ledger, {}))


def test_a_kill_between_two_steps_loses_nothing(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding_settling, "_AT_ONCE", 1)
    for number in range(3):
        rounds(watched, session=f"ses_{number}")
    keep, steps = findings.keep_findings, []

    def killed(*given: object) -> None:
        steps.append(1)
        keep(*given)  # type: ignore[arg-type]
        if len(steps) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(finding_settling, "keep_findings", killed)
    with pytest.raises(KeyboardInterrupt):
        settle_findings(watched.ledger, {})
    assert insights(watched).insights[0].cost_nano == 3 * 80 * CENT
    assert len(steps) == 4


def test_the_work_of_a_session_knows_its_subagents(watched: Watched) -> None:
    watched.session("ses_1", "Root")
    watched.session("ses_2", "Look around", parent="ses_1")
    watched.session("ses_3", "Deeper", parent="ses_2")
    watched.call("ses_1", "0.10", turn="ask", tools=[("task", "explore")])
    watched.call("ses_2", "0.20", agent="explore", model="opencode/glm-5.1", tools=[("read", "a.ts"), ("bash", "ls")])
    watched.call("ses_3", "0.30", agent="general", tools=[("edit", "a.ts"), ("grep", "src")])
    settle_turns(watched.ledger)
    ((work, signs),) = session_works(watched.ledger.connection, ["ses_1", "unknown"], Limits())
    children = child_works(watched.ledger.connection, ["ses_1", "unknown"])["ses_1"]
    assert [(each.id, each.parent_id, each.depth, each.nano) for each in children] == [
        ("ses_2", "ses_1", 1, 20 * CENT),
        ("ses_3", "ses_2", 2, 30 * CENT),
    ]
    child, deeper = children
    assert (child.agent, child.model, child.reads) == ("explore", "opencode/glm-5.1", ("/home/dev/shop/a.ts",))
    assert child.task == "exploration"
    assert (deeper.task, deeper.reads) == ("coding", ("src",))
    family = signs.family
    assert (family.many, family.direct, family.depth, family.nano) == (2, 1, 2, 50 * CENT)
    assert (family.tokens, family.own_tokens) == (
        sum(each.tokens.total for each in children),
        work.calls[0].tokens.total,
    )
    assert (work.kind_of_use, work.turns[0].task) == ("interactive", "delegation")
    assert work.limit("opencode/kimi-k2.6") == 100_000


def test_parents_in_a_circle_are_no_trouble(watched: Watched) -> None:
    watched.session("ses_1", parent="ses_2")
    watched.session("ses_2", parent="ses_1")
    rounds(watched, session="ses_1")
    rounds(watched, session="ses_2")
    assert insights(watched).insights[0].cost_nano == 160 * CENT


def test_the_work_of_a_period_adds_up_to_its_spend(watched: Watched) -> None:
    watched.session("ses_1", "Root")
    watched.session("ses_2", "Sub", parent="ses_1")
    rounds(watched, session="ses_1")
    watched.call("ses_2", "0.30", at=NOON + 7_200_000)
    watched.call("ses_3", "0.07", agent="undone", at=DAY_START - 10 * DAY_MS)
    for days, spent in ((1, 110 * CENT), (30, 117 * CENT)):
        work = period_work(Span(DAY_START - (days - 1) * DAY_MS, DAY_START + DAY_MS), context(watched))
        assert sum(each.nano for each in work.sessions) == sum(each.nano for each in work.quarters) == spent
    shares = {each.id: each for each in work.sessions}
    assert (shares["ses_2"].kind_of_use, shares["ses_1"].kind_of_use) == ("subagent", "interactive")
    assert (shares["ses_3"].undone_nano, shares["ses_3"].undone_calls) == (7 * CENT, 1)
    assert work.tools == {"edit": 4}
    assert latest_rates(watched.ledger.connection) == {}


def test_absurd_amounts_and_times_are_no_trouble(watched: Watched) -> None:
    rounds(watched)
    watched.call("ses_2", at=-5_000, tools=[("edit", BUTTON)])
    with watched.ledger.writing() as connection:
        connection.execute("UPDATE call SET amount_nano = ?, input = ?, cache_read = ?", (MOST, MOST, MOST))
        connection.execute("UPDATE call SET completed_ms = ? WHERE id = 'msg_000001'", (253_402_300_799_000,))
    settle_turns(watched.ledger, most=1)
    settle_findings(watched.ledger, {}, Limits())
    assert not sessions_behind(watched.ledger.connection, "turns")
    assert insights(watched, "all").spend_nano >= 9 * 10**18
    assert period_work(EVER, context(watched)).sessions
