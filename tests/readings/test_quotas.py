"""How much of each plan's quota is used, by the ledger and by what the service has told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opencode_tui.accounts.asking import with_sums
from opencode_tui.clock import DAY_MS, HOUR_MS, Span
from opencode_tui.config.settings import GO_PLAN, QuotaPlan, Settings
from opencode_tui.ledger.quota_queries import plan_sums
from opencode_tui.ledger.quota_readings import add_readings
from opencode_tui.money import NANO
from opencode_tui.readings.context import Context
from opencode_tui.readings.quotas import read_quotas
from opencode_tui.records.quotas import PlanQuota, QuotaReading, Quotas, QuotaWindow
from opencode_tui.records.requests import QuotasRequest
from tests.support.watched import DAY_START, MINUTE, NOON, Watched

KIMI, GLM, ZEN_KIMI = "opencode-go/kimi-k2.6", "opencode-go/glm-5", "opencode/kimi-k2.6"
CENT = NANO // 100


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path / "ledger.db")
    yield watched
    watched.ledger.close()


def quotas(watched: Watched, now: int = NOON, **plans: QuotaPlan) -> Quotas:
    settings = Settings(timezone="UTC", quota={name.replace("_", "-"): plan for name, plan in plans.items()})
    with watched.ledger.reading() as connection:
        return read_quotas(QuotasRequest(), Context(connection, now, settings))


def go(watched: Watched, now: int = NOON, **plans: QuotaPlan) -> PlanQuota:
    (plan,) = (each for each in quotas(watched, now, **plans).plans if each.name == "opencode-go")
    return plan


def window(plan: PlanQuota, name: str = "5h") -> QuotaWindow:
    return next(each for each in plan.windows if each.name == name)


def told(watched: Watched, percent: int, name: str = "5h", at: int = NOON, resets: int = NOON + HOUR_MS) -> None:
    """The service tells a percentage, and the ledger keeps it with what it has."""
    with watched.ledger.writing() as connection:
        reading = QuotaReading(name, at, resets, percent, percent >= 100, {})
        add_readings(connection, "opencode-go", [with_sums(connection, GO_PLAN, reading)])


def test_the_meters_of_go_are_lower_bounds_from_the_ledger(watched: Watched) -> None:
    watched.call(cost="9.99", model=KIMI, at=NOON - 40 * DAY_MS)
    watched.call(cost="7.00", model=KIMI, at=DAY_START - 5 * DAY_MS)  # last week, this month
    watched.call(cost="2.00", model=KIMI, at=DAY_START + HOUR_MS)
    watched.call(cost="3.00", model=KIMI, at=NOON - 2 * HOUR_MS)
    watched.call(cost="0.123456789", model=GLM, at=NOON - MINUTE)
    watched.call(cost="5.00", model=ZEN_KIMI, at=NOON - MINUTE)
    plan = go(watched)
    block, week, month = plan.windows
    assert (block.used, block.start_ms, block.resets_ms) == (3_123_456_789, NOON - 2 * HOUR_MS, NOON + 3 * HOUR_MS)
    assert (week.used, week.start_ms, week.resets_ms) == (
        5_123_456_789,
        DAY_START - 2 * DAY_MS,
        DAY_START + 5 * DAY_MS,
    )
    assert (month.used, month.start_ms) == (12_123_456_789, DAY_START - 12 * DAY_MS)
    assert [each.percent for each in plan.windows] == [26, 17, 20]
    assert all(each.is_lower_bound for each in plan.windows)
    assert [(each.model, each.amount, each.calls) for each in block.models] == [
        ("kimi-k2.6", 3 * NANO, 1),
        ("glm-5", 123_456_789, 1),
    ]


def test_a_ledger_without_a_call_of_go_has_no_quota(watched: Watched) -> None:
    watched.call(model=ZEN_KIMI, at=NOON)
    assert quotas(watched).plans == ()


def test_after_a_block_nothing_runs_until_the_next_request(watched: Watched) -> None:
    watched.call(cost="6.00", model=KIMI, at=NOON - 5 * HOUR_MS)
    block = window(go(watched))
    assert (block.used, block.start_ms, block.resets_ms, block.percent) == (0, None, None, 0)
    watched.call(cost="1.00", model=KIMI, at=NOON)
    assert window(go(watched)).start_ms == NOON


def test_what_was_not_billed_counts_by_its_list_price_and_a_copy_not_at_all(watched: Watched) -> None:
    watched.call(cost="0", model=KIMI, at=NOON - MINUTE, id="msg_free")
    watched.call(cost="1.00", model=KIMI, at=NOON - MINUTE, id="msg_copy")
    with watched.ledger.writing() as connection:
        connection.execute("UPDATE call SET list_nano = 70 WHERE id = 'msg_free'")
        connection.execute("UPDATE call SET copied = 1, copied_from = 'msg_free' WHERE id = 'msg_copy'")
    block = window(go(watched))
    assert (block.used, block.calls) == (70, 1)


def test_the_pace_says_when_it_is_full(watched: Watched) -> None:
    watched.call(cost="6.00", model=KIMI, at=NOON - 4 * HOUR_MS)
    watched.call(cost="4.00", model=KIMI, at=NOON - 30 * MINUTE)
    block = window(go(watched))
    assert (block.rate, block.full_ms) == (4 * NANO, NOON + 30 * MINUTE)
    watched.call(cost="2.00", model=KIMI, at=NOON)
    assert window(go(watched)).full_ms == NOON


def test_a_week_is_paced_by_the_last_seven_days(watched: Watched) -> None:
    for day in (*range(7), 9):
        watched.call(cost="4.80", model=KIMI, at=NOON - day * DAY_MS - MINUTE)
    week = window(go(watched), "week")
    assert (week.used, week.rate) == (3 * 480 * CENT, 20 * CENT)
    assert week.full_ms == NOON + 78 * HOUR_MS, "$15.60 are left, at 20 cents an hour"


# What the service tells


def test_what_the_service_tells_replaces_the_ledgers_percentage_and_its_block(watched: Watched) -> None:
    watched.call(cost="3.00", model=KIMI, at=NOON - 2 * HOUR_MS)
    told(watched, 61, resets=NOON + HOUR_MS)
    block = window(go(watched))
    assert (block.percent, block.percent_now, block.is_lower_bound) == (61, 61, False)
    assert (block.start_ms, block.resets_ms, block.used) == (NOON - 4 * HOUR_MS, NOON + HOUR_MS, 3 * NANO)


def test_the_request_that_opened_a_block_counts_though_it_was_made_before_the_services_clock_says(
    watched: Watched,
) -> None:
    watched.call(cost="1.00", model=KIMI, at=NOON - 4 * HOUR_MS - 20 * MINUTE, id="msg_of_the_block_before")
    watched.call(cost="3.00", model=KIMI, at=NOON - 4 * HOUR_MS - 3 * MINUTE, id="msg_first")
    with watched.ledger.writing() as connection:
        connection.execute("UPDATE call SET completed_ms = ? WHERE id = 'msg_first'", (NOON - 4 * HOUR_MS,))
    told(watched, 25, resets=NOON + HOUR_MS)
    plan = go(watched)
    assert (window(plan).used, window(plan).start_ms) == (3 * NANO, NOON - 4 * HOUR_MS - 3 * MINUTE)
    assert plan.weights[0].factor == pytest.approx(1.0, abs=0.05)


def test_what_was_spent_since_is_added_by_what_a_dollar_counts(watched: Watched) -> None:
    watched.call(cost="3.00", model=KIMI, at=NOON - 2 * HOUR_MS)
    told(watched, 50, at=NOON - HOUR_MS, resets=NOON + 2 * HOUR_MS)
    watched.call(cost="1.20", model=KIMI, at=NOON - 30 * MINUTE)
    plan = go(watched)
    (weight,) = plan.weights
    assert weight.model == "kimi-k2.6" and weight.factor == pytest.approx(2.0, abs=0.05)
    block = window(plan)
    assert block.percent == 50
    assert block.percent_now == pytest.approx(70, abs=1)
    assert plan.switch is None


def test_a_reading_of_a_window_that_has_ended_counts_no_more_but_says_where_the_next_begins(watched: Watched) -> None:
    told(watched, 90, at=NOON - 3 * HOUR_MS, resets=NOON - 2 * HOUR_MS)
    told(watched, 40, "week", at=NOON - 3 * HOUR_MS, resets=NOON - 2 * HOUR_MS)
    assert window(go(watched)).start_ms is None
    watched.call(cost="1.00", model=KIMI, at=NOON - 3 * HOUR_MS)
    watched.call(cost="2.00", model=KIMI, at=NOON - HOUR_MS)
    block, week = window(go(watched)), window(go(watched), "week")
    assert (block.start_ms, block.used, block.is_lower_bound) == (NOON - HOUR_MS, 2 * NANO, True)
    assert (week.start_ms, week.used, week.is_lower_bound) == (NOON - 2 * HOUR_MS, 2 * NANO, True)


def test_a_block_of_which_the_service_says_that_nothing_is_used_is_not_open(watched: Watched) -> None:
    told(watched, 0, at=NOON - MINUTE, resets=NOON + 5 * HOUR_MS - MINUTE)
    assert window(go(watched)).start_ms is None
    watched.call(cost="1.00", model=KIMI, at=NOON - 30_000)
    assert window(go(watched)).start_ms == NOON - 30_000


def test_a_reading_of_the_future_is_of_a_wrong_clock(watched: Watched) -> None:
    watched.call(cost="3.00", model=KIMI, at=NOON - MINUTE)
    told(watched, 99, at=NOON + DAY_MS, resets=NOON + DAY_MS + HOUR_MS)
    assert (window(go(watched)).percent, window(go(watched)).is_lower_bound) == (25, True)


def test_a_block_that_the_service_refuses_is_full(watched: Watched) -> None:
    watched.call(cost="3.00", model=KIMI, at=NOON - MINUTE)
    told(watched, 100)
    block = window(go(watched))
    assert (block.percent_now, block.full_ms) == (100, NOON)


# Sessions


def test_each_session_has_its_share_with_its_subagents_and_they_add_up(watched: Watched) -> None:
    root, other = watched.session("ses_1", "Fix header"), watched.session("ses_2", "Cart")
    child = watched.session("ses_3", "dig", parent=root)
    watched.call(root, "1.00", model=KIMI, at=NOON - 3 * MINUTE)
    watched.call(child, "0.50", model=GLM, at=NOON - 2 * MINUTE)
    watched.call(other, "0.90", model=KIMI, at=NOON - MINUTE)
    block = window(go(watched))
    assert [(each.id, each.title, each.amount, each.calls) for each in block.sessions] == [
        ("ses_1", "Fix header", 150 * CENT, 2),
        ("ses_2", "Cart", 90 * CENT, 1),
    ]
    assert sum(each.amount for each in block.sessions) == block.used


def test_a_sessions_share_counts_what_was_learned_with_its_margin(watched: Watched) -> None:
    watched.call("ses_1", "3.00", model=KIMI, at=NOON - 2 * HOUR_MS)
    told(watched, 50, at=NOON - HOUR_MS)
    (session,) = window(go(watched)).sessions
    assert session.amount == pytest.approx(6 * NANO, rel=0.02)
    assert session.least < session.amount < session.most


# Other plans


def test_a_plan_can_count_turns_and_some_models_more(watched: Watched) -> None:
    plan = QuotaPlan(("github-copilot",), {"month": 300 * NANO, "day": 10 * NANO}, "turns", {"opus": 3000, "mini": 0})
    for turn, model in enumerate(("opus", "opus", "gpt", "mini")):
        for call in range(3):
            watched.call(cost="0", model=f"github-copilot/{model}", turn=f"turn_{turn}", at=NOON - call * 1000)
    found = quotas(watched, copilot=plan).plans
    assert [each.name for each in found] == ["copilot"]
    month, day = found[0].windows
    assert (month.used, month.calls, day.percent) == (7 * NANO, 12, 70)
    calls = quotas(watched, copilot=QuotaPlan(("github-copilot",), {"day": 24 * NANO}, "calls")).plans[0]
    assert calls.windows[0].percent == 50


def test_a_plans_days_are_of_its_own_zone(watched: Watched) -> None:
    watched.call(cost="1.00", model="acme/m", at=DAY_START - HOUR_MS)
    berlin = QuotaPlan(("acme",), {"day": 2 * NANO}, zone="Europe/Berlin")
    assert quotas(watched, acme=berlin).plans[0].windows[0].percent == 50
    utc = QuotaPlan(("acme",), {"day": 2 * NANO})
    assert quotas(watched, acme=utc).plans[0].windows[0].percent == 0


def test_at_80_percent_another_model_is_advised_until_the_reset(watched: Watched) -> None:
    for number in range(4):
        watched.call(cost="0.02", model=ZEN_KIMI, at=NOON - DAY_MS + number)
        watched.call(cost="2.45", model=KIMI, at=NOON - number * MINUTE)
    switch = go(watched).switch
    assert switch is not None
    assert (switch.model, switch.nano_per_call, switch.until_ms) == (
        ZEN_KIMI,
        2 * CENT,
        NOON + 5 * HOUR_MS - 3 * MINUTE,
    )


@pytest.mark.parametrize("cost", ["999999", "0"])
@pytest.mark.parametrize("at", [0, NOON + 1, NOON + 10**6, 253_000_000_000_000])
def test_absurd_calls_leave_it_standing(watched: Watched, cost: str, at: int) -> None:
    watched.call(cost=cost, model=KIMI, at=at)
    watched.call(cost=cost, model=KIMI, at=NOON - 1, context=0)
    block: Any = window(go(watched))
    assert block.used == int(cost) * NANO


def test_amounts_that_no_integer_holds_are_no_matter(watched: Watched) -> None:
    watched.call(cost="0", model=KIMI, at=NOON - 1, id="msg_absurd")
    with watched.ledger.writing() as connection:
        largest = 9 * 10**18
        connection.execute("UPDATE call SET amount_nano = ?, list_nano = ? WHERE id = 'msg_absurd'", (largest, largest))
    plan = go(watched)
    assert window(plan).percent_now > 10**8
    assert plan.switch is not None


def test_a_long_span_reads_the_sums_and_only_the_calls_of_its_ends(watched: Watched) -> None:
    for minute in range(0, 600, 7):
        watched.call(f"ses_{minute % 3}", cost="0.01", model=KIMI, turn=f"t{minute // 30}", at=NOON + minute * MINUTE)
    for start, end in ((NOON + 1, NOON + 500 * MINUTE + 1), (NOON, NOON + 1), (NOON + 7 * MINUTE, NOON + 300 * MINUTE)):
        span = Span(start, end)
        times = [NOON + minute * MINUTE for minute in range(0, 600, 7)]
        assert sum(each.calls for each in plan_sums(watched.ledger.connection, span, ("opencode-go",))) == len(
            [at for at in times if at in span]
        )
    whole = plan_sums(watched.ledger.connection, Span(NOON + 1, NOON + 600 * MINUTE + 1), ("opencode-go",))
    query = "SELECT count(DISTINCT turn_id) FROM call WHERE session_id = ? AND created_ms > ?"
    for each in whole:
        assert each.turns == watched.ledger.connection.execute(query, (each.session_id, NOON)).fetchone()[0]
