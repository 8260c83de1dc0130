"""The cause is one sentence from the ledger: the same for the same calls, and honest where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from opencode_tui.config.settings import Budget, Lines, Settings
from tests.support.options import option
from tests.support.records import replace
from tests.support.watched import DAY_START, MINUTE, NOON, QUIET, Watched, only

CENT = 10_000_000
DAY = Settings(timezone="UTC", alerts=QUIET)
BUTTON = "/home/dev/shop/src/Button.tsx"


@pytest.fixture
def day(tmp_path: Path) -> Watched:
    """With no rule but the day's warning at $0.80 and its cutoff at $1.50."""
    return Watched(tmp_path / "ledger.db", DAY)


def test_four_redesigns_of_one_file_are_the_cause_of_the_days_warning(day: Watched) -> None:
    day.session("ses_1", "Fix header")
    day.call(day.session("ses_2", "Rename a flag"), "0.03")
    for turn, cost in enumerate(("0.18", "0.21", "0.20", "0.21")):
        day.call("ses_1", cost, turn=f"turn_{turn}", tools=[("read", BUTTON), ("edit", BUTTON)])
    (alert,) = day.look()
    assert alert.text == (
        '$0.83 is past the warning $0.80: 4× edits of Button.tsx in "Fix header", about $0.20 a round'
    )
    assert alert.cause.session_id == alert.crossing.session_id == "ses_1"
    assert alert.cause.cost_nano == 80 * CENT
    assert alert.cause.turn_id == "turn_3"
    assert alert.crossing.at_ms == day.now  # the last round carried it over


def test_a_round_costs_all_calls_of_its_turn(day: Watched) -> None:
    day.session("ses_1", "Fix header")
    for turn in range(3):
        day.call("ses_1", "0.20", turn=f"turn_{turn}", tools=[("read", BUTTON)])
        day.call("ses_1", "0.10", turn=f"turn_{turn}", tools=[("write", BUTTON)])
    assert day.texts() == [
        '$0.90 is past the warning $0.80: 3× edits of Button.tsx in "Fix header", about $0.30 a round'
    ]


def test_two_edits_of_a_file_are_no_redesigns(day: Watched) -> None:
    day.session("ses_1", "Fix header")
    for _ in range(2):
        day.call("ses_1", "0.41", tools=[("edit", BUTTON)])
    assert day.texts() == ['$0.82 is past the warning $0.80: "Fix header" made all of it in 2 calls']


def test_edits_that_failed_are_no_redesigns(day: Watched) -> None:
    day.session("ses_1", "Fix header")
    for turn in range(4):
        day.call("ses_1", "0.21", turn=f"turn_{turn}", tools=[("edit", BUTTON)], ok=False)
    assert day.texts() == [
        '$0.84 is past the warning $0.80: 4 calls of kimi-k2.6 in "Fix header" asked for nothing but edits that failed,'
        " and cost $0.84; it asked for 4 edits there"
    ]


def test_364_greps_of_one_folder_are_the_cause(day: Watched) -> None:
    day.session("ses_1", "Find the flag")
    for _ in range(91):
        day.call("ses_1", "0.01", turn="turn_1", tools=[("grep", "/home/dev/shop/src")] * 4)
    assert day.texts() == [
        '$0.91 is past the warning $0.80: 364 identical calls (grep of src) in "Find the flag" cost $0.91'
    ]


def test_a_command_that_is_run_over_and_over_is_called_by_itself(day: Watched) -> None:
    day.session("ses_1", "Make the tests pass")
    for _ in range(9):
        day.call("ses_1", "0.10", turn="turn_1", tools=[("bash", "npm test")])
    assert day.texts() == [
        '$0.90 is past the warning $0.80: 9 identical calls (npm test) in "Make the tests pass" cost $0.90'
    ]


def test_subagents_are_the_cause_where_the_money_went_to_them(day: Watched) -> None:
    day.session("ses_1", "Plan the move")
    day.call("ses_1", "0.25")
    day.call(day.session("ses_9", "Rename a flag"), "0.27")
    for child in ("ses_2", "ses_3", "ses_4"):
        day.call(day.session(child, f"dig (@explore subagent) {child}", parent="ses_1"), "0.103333333")
    assert day.texts() == ['$0.83 is past the warning $0.80: 3 subagents of "Plan the move" cost $0.31']


def test_a_subagent_of_a_subagent_counts_for_the_root(day: Watched) -> None:
    day.session("ses_1", "Plan the move")
    day.session("ses_2", "dig", parent="ses_1")
    day.call(day.session("ses_3", "deeper", parent="ses_2"), "0.90")
    assert day.texts() == ['$0.90 is past the warning $0.80: a subagent of "Plan the move" cost $0.90']


def test_a_context_that_grew_is_the_cause(day: Watched) -> None:
    day.session("ses_1", "Fix header")
    for tokens, cost in ((12_000, "0.05"), (50_000, "0.10"), (90_000, "0.20"), (120_000, "0.30"), (140_000, "0.20")):
        day.call("ses_1", cost, context=tokens)
    assert day.texts() == [
        '$0.85 is past the warning $0.80: the context of "Fix header" grew from 12k to 140k tokens, '
        "and each call costs 4× what it did"
    ]


def test_a_compaction_ends_the_growth(day: Watched) -> None:
    day.session("ses_1", "Fix header")
    for tokens, cost in ((5_000, "0.05"), (90_000, "0.25"), (140_000, "0.35"), (20_000, "0.10"), (21_000, "0.10")):
        day.call("ses_1", cost, context=tokens)
    assert day.texts() == ['$0.85 is past the warning $0.80: "Fix header" made all of it in 5 calls']


def test_a_costlier_model_is_the_cause(day: Watched) -> None:
    day.session("ses_1", "Fix header")
    for minute in range(4):
        day.call("ses_1", "0.04", at=DAY_START + (9 * 60 + minute) * MINUTE)
    for minute in (2, 5, 9, 20):
        day.call("ses_1", "0.20", at=NOON + (120 + minute) * MINUTE, model="anthropic/claude-opus")
    assert day.texts() == [
        '$0.96 is past the warning $0.80: since 14:02 "Fix header" runs on claude-opus, 5× the price per call'
    ]


def test_a_costlier_model_that_was_left_again_is_reported_by_its_calls(day: Watched) -> None:
    day.session("ses_1", "Fix header")
    for model, cost in (
        *[("opencode/kimi-k2.6", "0.02")] * 3,
        *[("a/opus", "0.40")] * 2,
        ("opencode/kimi-k2.6", "0.02"),
    ):
        day.call("ses_1", cost, model=model)
    assert day.texts() == [
        '$0.88 is past the warning $0.80: 2 calls on opus in "Fix header" cost $0.80, 20× the price per call'
    ]


def test_a_switch_on_another_day_is_reported_with_its_day(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "ledger.db", only(session=Lines(warning_nano=80 * CENT)))
    watched.session("ses_1", "Fix header")
    for hour in range(3):
        watched.call("ses_1", "0.02", at=NOON + hour * 60 * MINUTE - 24 * 60 * MINUTE)
    for hour in (4, 28):
        watched.call("ses_1", "0.40", at=NOON + hour * 60 * MINUTE - 24 * 60 * MINUTE, model="a/opus")
    assert watched.texts() == [
        '$0.86 in "Fix header" is past the warning $0.80: since Tue 12 May 16:00 "Fix header" runs on opus,'
        " 20× the price per call"
    ]


def test_a_model_of_the_same_price_is_no_cause(day: Watched) -> None:
    day.session("ses_1", "Fix header")
    for model in ("opencode/kimi-k2.6", "opencode/glm-5"):
        for _ in range(3):
            day.call("ses_1", "0.14", model=model)
    assert day.texts() == ['$0.84 is past the warning $0.80: "Fix header" made all of it in 6 calls']


def test_calls_that_failed_and_were_billed_are_the_cause(day: Watched) -> None:
    day.session("ses_1", "Fix header")
    day.call("ses_1", "0.35")
    for _ in range(9):
        day.call("ses_1", "0.06", error="APIError")
    assert day.texts() == ['$0.89 is past the warning $0.80: 9 failed calls in "Fix header" cost $0.54']


def test_where_nothing_stands_out_the_sentence_says_so(day: Watched) -> None:
    for number in range(10):
        day.call(day.session(f"ses_{number}", f"Errand {number}"), "0.062")
    day.call(day.session("ses_x", "Fix header"), "0.21")
    (alert,) = day.look()
    assert alert.text == '$0.83 is past the warning $0.80: 11 sessions share it; the largest is "Fix header" with $0.21'
    assert not alert.cause.found
    assert alert.cause.session_id == "ses_x"


def test_a_session_that_made_most_of_it_is_named(day: Watched) -> None:
    day.call(day.session("ses_1", "Fix header"), "0.60")
    day.call(day.session("ses_2", "Errand"), "0.30")
    assert day.texts() == ['$0.90 is past the warning $0.80: "Fix header" made $0.60 of it']


def test_what_explains_less_than_a_third_is_not_named(day: Watched) -> None:
    day.session("ses_1", "Fix header")
    for turn in range(3):
        day.call("ses_1", "0.07", turn=f"turn_{turn}", tools=[("edit", BUTTON)])
    for number in range(2, 5):
        day.call(day.session(f"ses_{number}", f"Errand {number}"), "0.22")
    assert day.texts() == ['$0.87 is past the warning $0.80: 4 sessions share it; the largest is "Errand 2" with $0.22']


def test_what_made_the_last_hour_is_named_though_the_day_was_long(day: Watched) -> None:
    for number in range(2, 5):
        day.call(day.session(f"ses_{number}", f"Errand {number}"), "0.22", at=DAY_START + 8 * 60 * MINUTE)
    day.session("ses_1", "Fix header")
    for turn in range(3):
        day.call("ses_1", "0.07", at=NOON + turn * MINUTE, turn=f"turn_{turn}", tools=[("edit", BUTTON)])
    assert day.texts() == [
        '$0.87 is past the warning $0.80: 3× edits of Button.tsx in "Fix header", about $0.07 a round'
    ]


def test_the_costlier_of_two_causes_is_named(day: Watched) -> None:
    day.session("ses_1", "Fix header")
    for turn in range(3):
        day.call("ses_1", "0.12", turn=f"turn_{turn}", tools=[("edit", BUTTON)])
    day.call(day.session("ses_2", "dig", parent="ses_1"), "0.50")
    assert day.texts() == ['$0.86 is past the warning $0.80: a subagent of "Fix header" cost $0.50']


def test_a_title_with_markup_stands_as_it_is(day: Watched) -> None:
    day.call(day.session("ses_1", "[red]Fix[/red] {header} %s"), "0.90")
    assert day.texts() == ['$0.90 is past the warning $0.80: "[red]Fix[/red] {header} %s" made all of it in one call']


def test_a_session_that_the_ledger_has_no_title_of_goes_by_its_project_and_time(day: Watched) -> None:
    day.call("ses_unknown", "0.90")
    assert day.texts() == ['$0.90 is past the warning $0.80: "shop, 13 May 12:00" made all of it in one call']


def test_the_order_in_which_calls_came_in_does_not_matter(tmp_path: Path) -> None:
    texts = set()
    for name, order in (("a", (0, 1, 2, 3)), ("b", (3, 1, 0, 2))):
        watched = Watched(tmp_path / name / "ledger.db", DAY)
        watched.session("ses_1", "Fix header")
        for turn in order:
            tools = [("edit", BUTTON), ("edit", "/home/dev/shop/src/app.css")]
            watched.call("ses_1", "0.21", at=NOON + turn * MINUTE, turn=f"turn_{turn}", tools=tools, id=f"msg_{turn}")
        texts |= set(watched.texts())
    assert len(texts) == 1


# Causes of what is not the day's spend


def test_a_sessions_own_line_shows_what_it_did(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "ledger.db", only(session=Lines(warning_nano=100 * CENT)))
    watched.session("ses_1", "Fix header")
    watched.call("ses_1", "0.60")
    watched.call("ses_1", "0.45")
    assert watched.texts() == ['$1.05 in "Fix header" is past the warning $1.00: nothing stands out in its 2 calls']


def test_the_same_file_in_four_turns_shows_what_a_round_costs(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "ledger.db", only(same_file=4))
    watched.session("ses_1", "Fix header")
    for turn in range(4):
        watched.call("ses_1", "0.02", turn=f"turn_{turn}", tools=[("edit", BUTTON)] * 3)
    assert watched.texts() == ['4 turns edited Button.tsx in "Fix header": about $0.02 a round']


def test_the_same_call_eight_times_shows_what_they_cost(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "ledger.db", only(same_call=8))
    watched.session("ses_1", "Fix header")
    for _ in range(8):
        watched.call("ses_1", "0.02", turn="turn_1", tools=[("grep", "src")])
    watched.call("ses_1", "0.50", turn="turn_1", tools=[("read", "a.ts")])
    assert watched.texts() == ['8 identical calls (grep of src) in "Fix header": they cost $0.16']


def test_a_full_context_shows_how_it_grew(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "ledger.db", only(context=option("context").default))
    watched.session("ses_1", "Fix header")
    for tokens, cost in ((12_000, "0.01"), (40_000, "0.02"), (60_000, "0.03"), (85_000, "0.04")):
        watched.call("ses_1", cost, context=tokens)
    assert watched.texts() == [
        'the context of "Fix header" is 85% full, past the notice 80%: '
        "it grew from 12k to 85k tokens, and each call costs 4× what it did"
    ]


def test_tokens_are_written_as_on_the_screen(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "ledger.db", only(context=option("context").default))
    watched.session("ses_1", "Fix header")
    for tokens, cost in ((1_240, "0.01"), (40_000, "0.02"), (60_000, "0.03"), (85_000, "0.04")):
        watched.call("ses_1", cost, context=tokens)
    (text,) = watched.texts()
    assert "it grew from 1.2k to 85k tokens" in text


def test_a_deep_subagent_shows_what_it_cost(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "ledger.db", only(subagent_depth=1))
    watched.session("ses_1", "Plan")
    watched.call(watched.session("ses_2", "dig", parent="ses_1"), "0.02")
    watched.call(watched.session("ses_3", "deeper", parent="ses_2"), "0.04")
    assert watched.texts() == ['"deeper" is a subagent at depth 2, deeper than 1: it cost $0.04 so far']


def test_calls_that_cost_nothing_are_shared_by_their_number(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "ledger.db", only(every_calls=5))
    for session, calls in (("ses_1", 2), ("ses_2", 3)):
        for _ in range(calls):
            watched.call(watched.session(session, f"Local {session[-1]}"), "0")
    assert watched.texts() == ['past 5 calls today: 2 sessions share it; "Local 2" made the most calls, 3']


def test_a_rates_cause_is_looked_for_in_that_hour(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "ledger.db", only(rate=Lines(warning_nano=200 * CENT)))
    watched.call(watched.session("ses_1", "This morning"), "9", at=DAY_START + 8 * 60 * MINUTE)
    watched.call(watched.session("ses_2", "Fix header"), "2.5", at=NOON)
    assert watched.texts() == [
        '$2.50 in the last hour is past the warning $2.00: "Fix header" made all of it in one call'
    ]


def test_an_alert_that_was_found_late_says_since_when(tmp_path: Path) -> None:
    settings = replace(DAY, budget=Budget(80 * CENT, 500 * CENT))
    watched = Watched(tmp_path / "ledger.db", settings)
    watched.call(watched.session("ses_1", "Fix header"), "0.90", at=DAY_START + (9 * 60 + 12) * MINUTE)
    (alert,) = watched.look(NOON)
    assert alert.text == '$0.90 is past the warning $0.80 since 09:12: "Fix header" made all of it in one call'
    assert alert.late
