"""Which rule fires, on what, at which line and moment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opencode_tui.alerts import rules
from opencode_tui.alerts.channels.message import alert_fields
from opencode_tui.alerts.rules.measurements import Measurements
from opencode_tui.alerts.rules.rate import rate_course
from opencode_tui.alerts.rules.rule import Rule, counted, period_key
from opencode_tui.alerts.watcher import look_for_alerts
from opencode_tui.analysis.thresholds import last_rise
from opencode_tui.clock import DAY_MS, HOUR_MS, calendar_for
from opencode_tui.config.settings import Budget, Fills, Lines, Settings, SpendRule
from opencode_tui.records.alerts import Alert, Crossing
from opencode_tui.records.facts import CallScope
from opencode_tui.report.alert_words import details
from tests.stores import V1, V2, Files, MakeStore, tool
from tests.support.ledgers import reader
from tests.support.options import alert_settings
from tests.support.records import replace
from tests.support.watched import DAY_START, MINUTE, NOON, QUIET, Limits, Watched, only

CENT = 10_000_000
UTC = calendar_for("UTC")
WARNING_80 = Lines(warning_nano=80 * CENT)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def told(alerts: tuple[Alert, ...]) -> list[tuple[str, str, str]]:
    return [(each.crossing.rule, each.crossing.level, each.crossing.subject) for each in alerts]


def crossings(watched: Watched) -> tuple[Crossing, ...]:
    """All that stands past a line now, whether or not it has fired."""
    return rules.crossings(Measurements(watched.ledger.connection, watched.settings, watched.now, UTC, Limits()))


# What is crossed, and when


@pytest.mark.parametrize(
    ("cents", "levels"), [(79, []), (80, ["warning"]), (149, ["warning"]), (150, ["warning", "cutoff"])]
)
def test_every_level_that_is_reached_is_a_crossing_and_at_the_line_is_past_it(
    cents: int, levels: list[str], file: Path
) -> None:
    watched = Watched(file, Settings(timezone="UTC", alerts=QUIET))
    watched.call(cost=f"{cents / 100}")
    found = crossings(watched)
    assert [each.level for each in found] == levels
    assert all((each.rule, each.period, each.value) == ("day", "2026-05-13", cents * CENT) for each in found)


@pytest.mark.parametrize(("period", "name"), [("day", "2026-05-13"), ("week", "2026-W20"), ("month", "2026-05")])
def test_a_period_has_a_name(period: Any, name: str) -> None:
    assert period_key(period, NOON, UTC) == name


def test_the_days_period_is_the_users_not_utcs() -> None:
    late = DAY_START + 23 * HOUR_MS
    assert period_key("day", late, calendar_for("Europe/Berlin")) == "2026-05-14"


def test_the_years_turn_belongs_to_its_iso_week() -> None:
    new_year = 1_798_761_600_000  # 2027-01-01 00:00 UTC, a Friday
    assert period_key("week", new_year, UTC) == "2026-W53"
    assert period_key("month", new_year, UTC) == "2027-01"


@pytest.mark.parametrize(
    ("course", "at"),
    [
        ([], None),
        ([(1, 99)], None),
        ([(1, 100)], 1),
        ([(1, 50), (2, 100), (3, 120)], 2),
        ([(1, 100), (2, 95), (3, 100)], 1),
        ([(1, 100), (2, 90), (3, 100)], 1),
        ([(1, 100), (2, 89), (3, 100)], 3),
        ([(1, 100), (2, 89)], None),
    ],
)
def test_a_measure_rises_again_after_it_fell_below_nine_tenths(course: list[tuple[int, int]], at: int | None) -> None:
    assert last_rise(course, 100) == at


def test_the_rate_is_seen_to_fall_between_calls_that_are_far_apart() -> None:
    assert list(rate_course([(0, 5), (HOUR_MS - 1, 5), (HOUR_MS, 1), (5 * HOUR_MS, 7)])) == [
        (0, 0),
        (0, 5),
        (HOUR_MS - 1, 5),
        (HOUR_MS - 1, 10),
        (HOUR_MS, 5),
        (HOUR_MS, 6),
        (5 * HOUR_MS, 0),
        (5 * HOUR_MS, 7),
    ]


def test_a_context_is_crossed_at_the_call_that_filled_it(file: Path) -> None:
    watched = Watched(file, only(context=Fills(80, 95)))
    for minute, tokens in enumerate((50_000, 96_000, 97_000)):
        watched.call(context=tokens, at=NOON + minute * MINUTE)
    assert [(each.level, each.line, each.value, each.at_ms) for each in crossings(watched)] == [
        ("notice", 80, 97, NOON + MINUTE),
        ("warning", 95, 97, NOON + MINUTE),
    ]


def test_settings_that_say_off_have_no_crossing(file: Path) -> None:
    watched = Watched(file, only())
    watched.session("ses_1", "Fix")
    watched.session("ses_2", "dig", parent="ses_1")
    for turn in range(20):
        watched.call("ses_2", "900", turn=f"{turn}", context=100_000, tools=[("grep", "src")] * 9)
        watched.call("ses_2", turn=f"{turn}", tools=[("edit", "a.ts")])
    assert crossings(watched) == ()


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.name)
def test_each_rule_is_known_by_its_name(rule: Rule) -> None:
    named = Crossing(rule.name, rule.kind, "notice", "", "", 1, 1, NOON)
    assert rules.rule_of(named) is rule
    assert rules.unit_of(replace(named, rule="of a later version")) is not None


def test_a_rule_of_a_later_version_is_called_by_its_name_and_counted_as_its_family_is() -> None:
    unknown = Crossing("burst", "rate", "notice", "", "", 1, 1, NOON)
    assert (rules.title_of(unknown), rules.unit_of(unknown).in_usd) == ("burst", True)
    assert rules.unit_of(replace(unknown, kind="burst")).text(2) == "2 calls"


class Burst(Rule):
    """A rule that there is not: nothing beside it knows of it."""

    name = kind = "burst"
    title = "many calls of a day"
    unit = counted("call")
    period = "day"

    def in_force(self, settings: Settings) -> tuple[str, ...]:
        return ("3 calls of a day: warning",)

    def crossings(self, measured: Measurements) -> Iterator[Crossing]:
        yield from self.reached(measured, (("warning", 3),), measured.day_counts[0])

    def calls(self, crossing: Crossing, measured: Measurements) -> CallScope:
        return CallScope(measured.day)

    def headline(self, crossing: Crossing, settings: Settings) -> str:
        return f"a burst of {crossing.value}"


def test_a_new_rule_is_its_file_and_its_entry(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "RULES", (*rules.RULES, Burst()))
    watched = Watched(file, only())
    watched.session("ses_1", "Fix header")
    for _ in range(3):
        watched.call()
    (alert,) = watched.look()
    assert alert.text == 'a burst of 3: "Fix header" made all of it in 3 calls'
    assert watched.look() == ()
    assert (alert_fields(alert)["unit"], alert_fields(alert)["value"]) == ("count", 3)
    assert dict(details(alert, "Fix header", NOON, UTC)).items() >= {
        ("rule", "many calls of a day, 2026-05-13"),
        ("line", "warning at 3 calls, it stood at 3 calls"),
    }
    assert rules.in_force(watched.settings)[-1] == "3 calls of a day: warning"


# The whole way


def test_the_day_fires_its_warning_and_then_its_cutoff(file: Path) -> None:
    watched = Watched(file, Settings(timezone="UTC", alerts=QUIET))
    watched.call(cost="0.79")
    assert watched.look() == ()
    watched.call(cost="0.01")
    assert told(watched.look()) == [("day", "warning", "")]
    assert watched.look() == ()
    watched.call(cost="0.70")
    assert told(watched.look()) == [("day", "cutoff", "")]


def test_of_two_levels_crossed_at_once_the_higher_one_is_reported(file: Path) -> None:
    watched = Watched(file, Settings(timezone="UTC", alerts=QUIET))
    watched.call(cost="2")
    assert told(watched.look()) == [("day", "cutoff", "")]
    watched.call(cost="0.1")
    assert watched.look() == ()


def test_a_spends_moment_is_the_call_that_carried_it_over(file: Path) -> None:
    watched = Watched(file, Settings(timezone="UTC", alerts=QUIET))
    for minute in range(4):
        watched.call(cost="0.30", at=NOON + minute * MINUTE)
    (alert,) = watched.look(NOON + 30 * MINUTE)
    assert alert.crossing.at_ms == NOON + 2 * MINUTE
    assert alert.crossing.value == 120 * CENT
    assert not alert.late


@pytest.mark.parametrize(("rule", "ago"), [("week", 2), ("month", 12)])
def test_a_week_and_a_month_add_up_their_days(file: Path, rule: str, ago: int) -> None:
    watched = Watched(file, only(**{rule: WARNING_80}))
    watched.call(cost="5", at=DAY_START - (ago + 1) * DAY_MS + HOUR_MS)  # before it began
    watched.call(cost="0.50", at=DAY_START - ago * DAY_MS + HOUR_MS)
    watched.call(cost="0.29", at=NOON)
    assert watched.look() == ()
    watched.call(cost="0.01")
    assert watched.texts()[0].startswith(f"$0.80 this {rule} is past the warning $0.80: ")


def test_a_session_is_measured_with_its_subagents_and_its_other_days(file: Path) -> None:
    watched = Watched(file, only(session=Lines(notice_nano=50 * CENT, warning_nano=100 * CENT)))
    watched.session("ses_1", "Fix header")
    watched.session("ses_2", "dig", parent="ses_1")
    watched.call("ses_1", "0.40", at=NOON - DAY_MS)
    assert watched.look() == ()
    watched.call("ses_2", "0.15", at=NOON)
    assert told(watched.look()) == [("session", "notice", "ses_1")]
    watched.call("ses_1", "0.50")
    assert told(watched.look()) == [("session", "warning", "ses_1")]


def test_a_session_that_did_nothing_today_is_past(file: Path) -> None:
    watched = Watched(file, only(session=WARNING_80))
    watched.call(watched.session("ses_1"), "5", at=NOON - DAY_MS)
    assert watched.look(NOON) == ()


def test_each_subagent_has_lines_of_its_own(file: Path) -> None:
    watched = Watched(file, only(subagent=WARNING_80))
    watched.session("ses_1", "Plan")
    watched.session("ses_2", "dig", parent="ses_1")
    watched.session("ses_3", "deeper", parent="ses_2")
    watched.call("ses_1", "3")
    watched.call("ses_2", "0.30")
    watched.call("ses_3", "0.55")
    assert watched.texts() == ['$0.85 in "dig" is past the warning $0.80: a subagent of "dig" cost $0.55']


def test_parents_that_run_in_a_circle_are_measured_once(file: Path) -> None:
    watched = Watched(file, only(session=WARNING_80, subagent_depth=5))
    watched.session("ses_1", parent="ses_2")
    watched.session("ses_2", parent="ses_1")
    watched.call("ses_1", "0.50")
    watched.call("ses_2", "0.40")
    assert [alert.crossing.value for alert in watched.look()] == [90 * CENT]


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (SpendRule(WARNING_80, "model", only="OPUS"), "$0.90 on anthropic/claude-opus is past"),
        (SpendRule(WARNING_80, "provider"), "$0.90 at anthropic is past"),
        (SpendRule(WARNING_80, "agent", only="plan"), "$0.90 by plan is past"),
        (SpendRule(WARNING_80, "project", only="shop"), "$0.90 in shop is past"),
        (SpendRule(WARNING_80, "session", only="fix"), '$0.90 in "Fix header" is past'),
        (SpendRule(Lines(notice_nano=150 * CENT)), "$1.50 is past the notice"),
        (SpendRule(WARNING_80, "model", "week", "opus"), "$0.90 on anthropic/claude-opus this week is past"),
    ],
)
def test_a_rule_of_the_users_own_looks_at_its_scope(file: Path, rule: SpendRule, text: str) -> None:
    watched = Watched(file, only(spend={"mine": rule}))
    watched.session("ses_1", "Fix header")
    watched.session("ses_2", "Errand", project="/home/dev/blog")
    watched.call("ses_1", "0.90", model="anthropic/claude-opus", agent="plan")
    watched.call("ses_2", "0.60")
    (alert,) = watched.look()
    assert alert.crossing.rule == "spend.mine"
    assert alert.text.startswith(text)


def test_the_rate_is_the_last_hours_spend(file: Path) -> None:
    watched = Watched(file, only(rate=Lines(warning_nano=200 * CENT)))
    watched.call(cost="1.50", at=NOON)
    watched.call(cost="1.50", at=NOON + HOUR_MS)
    assert watched.look() == ()
    watched.call(cost="0.50", at=NOON + HOUR_MS + MINUTE)
    assert told(watched.look()) == [("rate", "warning", "")]


def test_every_so_many_calls_dollars_or_minutes_is_a_notice(file: Path) -> None:
    watched = Watched(file, only(every_calls=10, every_nano=5 * CENT, every_minutes=2))
    fired = []
    for minute in range(20):
        watched.call(cost="0.01", at=NOON + minute * MINUTE)
        fired += [(each.crossing.rule, each.crossing.line) for each in watched.look()]
    assert fired.count(("every_calls", 10)) == fired.count(("every_calls", 20)) == 1
    assert [line for rule, line in fired if rule == "every_usd"] == [5 * CENT, 10 * CENT, 15 * CENT, 20 * CENT]
    assert [line for rule, line in fired if rule == "every_minutes"] == list(range(2, 21, 2))
    assert len(fired) == 2 + 4 + 10


def test_steps_that_were_passed_at_once_are_reported_once(file: Path) -> None:
    watched = Watched(file, only(every_calls=10))
    for _ in range(35):
        watched.call()
    assert [alert.crossing.line for alert in watched.look()] == [30]
    watched.call()
    assert watched.look() == ()


def test_one_is_not_plural(file: Path) -> None:
    watched = Watched(file, only(every_calls=1, every_minutes=1))
    watched.call()
    assert sorted(text.partition(":")[0] for text in watched.texts()) == [
        "past 1 call today",
        "past 1 minute with spend today",
    ]


def test_calls_that_are_free_make_no_minute_with_spend(file: Path) -> None:
    watched = Watched(file, only(every_minutes=1))
    watched.call(cost="0")
    assert watched.look() == ()


def test_a_loop_is_the_same_call_on_the_same_target_in_a_session(file: Path) -> None:
    watched = Watched(file, only(same_call=3))
    watched.session("ses_1", "Fix header")
    for session, turn, target in [("ses_1", "a", "src"), ("ses_1", "a", "lib"), ("ses_2", "c", "src")]:
        watched.call(watched.session(session), turn=turn, tools=[("grep", target)])
    watched.call("ses_1", turn="b", tools=[("grep", "src")])
    assert watched.look() == ()
    watched.call("ses_1", turn="b", tools=[("grep", "src")])
    assert told(watched.look()) == [("same_call", "notice", "ses_1:grep:src")]


def test_a_call_that_is_made_again_after_every_edit_is_no_loop(file: Path) -> None:
    watched = Watched(file, only(same_call=3))
    for _ in range(9):
        watched.call(tools=[("edit", "/shop/a.ts"), ("bash", "npm test")])
    assert watched.look() == ()
    watched.call(tools=[("bash", "npm test")] * 2)
    assert told(watched.look()) == [("same_call", "notice", "ses_1:bash:npm test")]


def test_a_command_that_only_shows_files_changes_nothing_in_between(tmp_path: Path) -> None:
    store, settings = V1(tmp_path), only(same_call=4)
    session = store.session("Fix header")
    for number in range(4):
        store.call(session, tools=[tool("bash", "npm test", exit=1)])
        store.call(session, tools=[tool("bash", f"sed -n '{number},9p' src/a.ts", exit=0)])
    ours = reader(store.data_dir, settings=settings)
    ours.poll()
    found = look_for_alerts(ours.ledger, settings, store.now, Limits())
    ours.close()
    assert [(each.crossing.rule, each.crossing.value) for each in found] == [("same_call", 4)]


def test_an_edit_that_failed_changes_nothing_in_between(file: Path) -> None:
    watched = Watched(file, only(same_call=3))
    for _ in range(3):
        watched.call(tools=[("edit", "/shop/a.ts")], ok=False)
        watched.call(tools=[("read", "/shop/a.ts")])
    assert told(watched.look()) == [("same_call", "notice", "ses_1:read:/shop/a.ts")]


@pytest.mark.parametrize("generation", [V1, V2, Files])
def test_what_was_given_distinguishes_identical_calls_from_others(generation: MakeStore, tmp_path: Path) -> None:
    store, settings = generation(tmp_path), only(same_call=4)
    session = store.session("Fix header")
    for n in range(4):
        store.call(session, tools=[tool("grep", f"def {n}")])
    ours = reader(store.data_dir, settings=settings)
    ours.poll()
    assert look_for_alerts(ours.ledger, settings, store.now) == ()
    for _ in range(3):
        store.call(session, tools=[tool("grep", "def 3")])
    ours.poll()
    (alert,) = look_for_alerts(ours.ledger, settings, store.now)
    assert alert.text.startswith('4 identical calls (grep) in "Fix header": they cost $')
    ours.close()


@pytest.mark.parametrize(
    "tool", [("todowrite", ""), ("edit", "a.ts"), ("task", "explore"), ("bash", "ls"), ("bash", "cd /srv")]
)
def test_what_names_no_target_is_not_known_to_be_the_same_call(file: Path, tool: tuple[str, str]) -> None:
    watched = Watched(file, only(same_call=3))
    for _ in range(9):
        watched.call(turn="a", tools=[tool])
    assert watched.look() == ()


def test_a_file_counts_once_a_turn_however_often_it_is_edited_in_it(file: Path) -> None:
    watched = Watched(file, only(same_file=3))
    for turn in ("a", "b"):
        watched.call(turn=turn, tools=[("edit", "/shop/a.ts")] * 9)
    watched.call(turn="c", tools=[("read", "/shop/a.ts"), ("edit", "/shop/b.ts")])
    assert watched.look() == ()
    watched.call(turn="d", tools=[("write", "/shop/a.ts")])
    assert told(watched.look()) == [("same_file", "notice", "ses_1:/shop/a.ts")]


def test_an_edit_that_failed_is_no_edit(file: Path) -> None:
    watched = Watched(file, only(same_file=3))
    for _ in range(4):
        watched.call(tools=[("edit", "/shop/a.ts")], ok=False)
    assert watched.look() == ()


def test_a_forks_copies_are_nothing_that_was_done(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header")
    for _ in range(3):
        store.call(session, cost="0.30", tools=[tool("edit", "/home/dev/shop/a.ts")])
    store.fork(session)
    settings = only(every_calls=4, every_nano=100 * CENT, same_file=3, session=WARNING_80)
    ours = reader(store.data_dir, settings=settings)
    ours.poll()
    fired = look_for_alerts(ours.ledger, settings, store.now)
    assert sorted(told(fired)) == [
        ("same_file", "notice", f"{session}:/home/dev/shop/a.ts"),
        ("session", "warning", session),
    ]
    ours.close()


def test_a_context_fires_by_how_full_the_newest_call_found_it(file: Path) -> None:
    watched = Watched(file, only(context=Fills(80, 95)))
    watched.call(context=79_999)
    assert watched.look() == ()
    watched.call(context=80_000)
    assert told(watched.look()) == [("context", "notice", "ses_1")]
    watched.call(context=99_000)
    assert told(watched.look()) == [("context", "warning", "ses_1")]


def test_a_model_of_unknown_size_fills_nothing(file: Path) -> None:
    watched = Watched(file, only(context=Fills(80, 95)))
    watched.call(context=10**9)
    assert look_for_alerts(watched.ledger, watched.settings, watched.now, None) == ()


def test_the_defaults_fire_few_alerts_on_a_normal_day(file: Path) -> None:
    """Forty cents in six sessions, each file edited twice, a test run now and then: nothing to tell."""
    watched = Watched(file, Settings(timezone="UTC"))
    for session in range(6):
        watched.session(f"ses_{session}", f"Errand {session}")
        for turn in range(3):
            tools = [("read", f"/shop/{turn}.ts"), ("edit", f"/shop/{turn % 2}.ts"), ("bash", "npm test")]
            watched.call(f"ses_{session}", "0.02", turn=f"{session}-{turn}", tools=tools, context=30_000)
    assert watched.look() == ()


def test_no_rule_is_asked_of_the_ledger_that_is_off(file: Path) -> None:
    watched = Watched(file, only())
    watched.call(cost="3")
    asked: list[str] = []
    watched.ledger.connection.set_trace_callback(asked.append)
    assert watched.look() == ()
    assert len([sql for sql in asked if "FROM call" in sql and "max(rowid)" not in sql]) == 1  # the day's spend


EVERY_RULE = Settings(
    timezone="UTC",
    budget=Budget(10**15, 10**15),
    alerts=alert_settings(
        month=Lines(warning_nano=10**15),
        subagent=Lines(warning_nano=10**15),
        spend={
            scope: SpendRule(Lines(warning_nano=10**15), scope)
            for scope in ("session", "project", "model", "provider", "agent")
        },
        every_calls=10**6,
        every_nano=10**15,
        every_minutes=10**6,
        subagent_depth=9,
    ),
)


@pytest.mark.parametrize("fires", [False, True])
def test_a_look_goes_by_indexes_whatever_it_finds(file: Path, fires: bool) -> None:
    settings = replace(EVERY_RULE, budget=Budget(1, 2)) if fires else EVERY_RULE
    watched = Watched(file, settings)
    watched.session("ses_1", "Fix header")
    watched.session("ses_2", "dig", parent="ses_1")
    for number in range(12):
        session = f"ses_{1 + number % 2}"
        watched.call(session, "0.30", turn="a", context=85_000, tools=[("grep", "src"), ("edit", "a.ts")])
    statements: list[str] = []
    watched.ledger.connection.set_trace_callback(statements.append)
    assert bool(watched.look()) or not fires
    watched.ledger.connection.set_trace_callback(None)
    selects = [sql for sql in statements if sql.lstrip().startswith(("SELECT", "WITH"))]
    assert len(selects) > 12
    for sql in selects:
        for row in watched.ledger.connection.execute(f"EXPLAIN QUERY PLAN {sql}"):
            step = row[3]
            assert not step.startswith("SCAN") or "TABLE" in step or step.split()[1] in SMALL, (step, sql)


SMALL = {"unsummed", "summed", "json_each", "below", "above", "(subquery-1)", "value", "CONSTANT"}
"""What a plan may walk through: lists that a query was given or made, never a table of the ledger."""
