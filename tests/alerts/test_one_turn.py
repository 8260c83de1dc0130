"""A turn that made nearly all of a session's cost is a cause, where there is none that says more."""

from __future__ import annotations

from pathlib import Path

import pytest

from opencode_tui.config.settings import Lines
from tests.support.watched import DAY_START, MINUTE, Watched, only

CENT = 10_000_000
BUTTON = "/home/dev/shop/src/Button.tsx"
TWO = DAY_START + 14 * 60 * MINUTE


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    """With no rule but a session's warning at $1.00."""
    found = Watched(tmp_path / "ledger.db", only(session=Lines(warning_nano=100 * CENT)))
    found.session("ses_1", "Fix header")
    return found


def small_turns(watched: Watched, turns: int = 3) -> None:
    for turn in range(turns):
        watched.call("ses_1", "0.02", turn=f"small_{turn}", at=TWO - (60 - turn) * MINUTE)


def test_the_turn_is_named_with_its_time_its_cost_and_its_share(watched: Watched) -> None:
    small_turns(watched)
    for minute in range(23):
        watched.call("ses_1", "0.05", turn="long", at=TWO + minute * MINUTE)
    (alert,) = watched.look()
    sentence = 'one turn of "Fix header", at 14:00, cost $1.15 in 23 calls, 95% of its spend'
    assert alert.text == f'$1.21 in "Fix header" is past the warning $1.00: {sentence}'
    assert (alert.cause.turn_id, alert.cause.cost_nano) == ("long", 115 * CENT)
    remedy = "ask in smaller steps, and esc in OpenCode when a turn runs on: 23 calls at about $0.05 each"
    assert alert.cause.remedy == remedy


def test_a_turn_of_few_costly_calls_asks_for_another_model_or_less_to_read(watched: Watched) -> None:
    small_turns(watched, 2)
    watched.call("ses_1", "1.20", turn="large", context=519_000)
    (alert,) = watched.look()
    assert "cost $1.20 in 1 call, 96% of its spend" in alert.text
    remedy = "/models for a cheaper model, or give it less to read: 1 call cost $1.20, and read up to 519k tokens"
    assert alert.cause.remedy == remedy


def test_the_only_turn_of_many_calls_is_said_too(watched: Watched) -> None:
    for minute in range(12):
        watched.call("ses_1", "0.10", turn="long", at=TWO + minute * MINUTE)
    (text,) = watched.texts()
    assert text.endswith('one turn of "Fix header", at 14:00, cost $1.20 in 12 calls, all of its spend')


@pytest.mark.parametrize("costs", [("0.80", "0.30"), ("0.60", "0.45"), ("1.05",)])
def test_turns_that_share_it_do_not_stand_out(watched: Watched, costs: tuple[str, ...]) -> None:
    for cost in costs:
        watched.call("ses_1", cost)
    (text,) = watched.texts()
    assert "nothing stands out" in text


def test_a_loop_in_the_turn_says_more(watched: Watched) -> None:
    small_turns(watched)
    watched.call("ses_1", "0.55", turn="long", tools=[("read", "a.ts")])
    for _ in range(9):
        watched.call("ses_1", "0.06", turn="long", tools=[("bash", "npm test")])
    (text,) = watched.texts()
    assert '9 identical calls (npm test) in "Fix header" cost $0.54' in text
