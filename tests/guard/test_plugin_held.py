"""The plugin's rates, loops, scopes and budgets, run by node: what is held, and that nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opencode_tui.analysis.tags import matches
from opencode_tui.money import NANO
from tests.support.plugin import Ask, is_retried, plugin_asked

MINUTE, HOUR = 60_000, 3_600_000
NOW = 10 * HOUR

_ASKED = """
const asked = {
  isMatch, isReading, periodStart, lineOf, refusal, isMember: (limit, key, one, held, environments) => {
    const scopes = new Scopes()
    scopes.environments.known = new Map(Object.entries(environments))
    return scopes.isMember(limit, key, one, held)
  },
  rate: (rate, passed, rows, call, now) => {
    const rates = new Rates()
    for (const [at, more] of passed) rates.passed({ ...call, ...more }, at)
    return rates.over({ rates: [rate] }, call, rows, [], new Scopes(), now)
  },
  loop: (used) => {
    const loops = new Loops()
    for (const [tool, input] of used) tool === "prompt" ? loops.prompted("s") : loops.used("s", tool, input)
    return loops.most("s")
  },
  limits: (held, lifts, about, rows, now) => {
    const spending = { sessions: new Sessions(), trees: new Map(), recent: rows, rest: () => [], older: new Older() }
    spending.sessions.background = new Set(about.background ? [about.session] : [])
    const limits = new Limits(spending)
    limits.spending.treeSpent = () => about.tree
    if (about.parent) spending.sessions.born(about.session, about.parent)
    for (let n = 0; n < (about.reads ?? 0); n++) limits.loops.used(about.session, "read", { filePath: "a" })
    const state = { held: { ...NOTHING_HELD, ...held }, lifts, lifted_until_ms: about.lifted ?? 0 }
    const call = Object.assign(callOf(about), about.flags)
    const over = limits.over(state, [0, 2 ** 50], call, { calls: rows }, now)
    return over && over.kind
  },
  environment: (held, env) => {
    const before = { ...process.env }
    delete process.env.CI
    Object.assign(process.env, env)
    const found = environmentHere(held)
    process.env = before
    return found
  },
}
"""


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    yield from plugin_asked(tmp_path_factory.mktemp("held"), _ASKED)


CALL = {"session": "s", "agent": "build", "provider": "opencode", "place": "/srv/shop", "directory": "/srv/shop/web"}


def limit(scope: str = "seat", only: str = "", **rest: object) -> dict[str, object]:
    return {"name": "x", "scope": scope, "only": only, "calls_a_minute": 0, "hour_nano": 0} | rest


def row(age_ms: int, nano: int = 0, **rest: object) -> dict[str, object]:
    return CALL | {"session": "other", "at": NOW - age_ms, "nano": nano} | rest


def test_calls_a_minute_count_what_was_let_through_here_and_what_others_made(ask: Ask) -> None:
    rate = limit(calls_a_minute=3)
    assert ask("rate", rate, [(NOW - 1000, {}), (NOW - 500, {})], [], CALL, NOW) is None
    found = ask("rate", rate, [(NOW - 1000, {}), (NOW - 500, {})], [row(30_000)], CALL, NOW)
    assert (found["kind"], found["calls"], found["waitMs"]) == ("calls", 3, 30_000)
    # The ledger's rows of a session that this process runs are its own calls again.
    assert ask("rate", rate, [(NOW - 1000, {}), (NOW - 500, {})], [row(30_000, session="s")], CALL, NOW) is None


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([row(MINUTE), row(MINUTE + 1)], id="older than a minute"),
        pytest.param([row(-2 * MINUTE), row(-HOUR)], id="of a clock that is ahead"),
        pytest.param([row(1, agent="title"), row(2, agent="title")], id="titles"),
    ],
)
def test_what_is_no_call_of_the_last_minute_is_not_counted(ask: Ask, rows: list[object]) -> None:
    assert ask("rate", limit(calls_a_minute=1), [(NOW - 5, {"isTitle": True})], rows, CALL, NOW) is None


@pytest.mark.parametrize(
    ("rate", "is_held"),
    [
        (limit("agent", "build", calls_a_minute=1), True),
        (limit("agent", "explore", calls_a_minute=1), False),
        (limit("agent", calls_a_minute=1), True),
        (limit("project", "/srv/shop", calls_a_minute=1), True),
        (limit("project", "/srv/shop/web", calls_a_minute=1), True),
        (limit("project", "/srv/sho", calls_a_minute=1), False),
        (limit("project", calls_a_minute=1), True),
        (limit("environment", calls_a_minute=1), False),
    ],
)
def test_a_rate_is_for_the_calls_in_its_scope(ask: Ask, rate: dict[str, object], is_held: bool) -> None:
    assert (ask("rate", rate, [], [row(5)], CALL, NOW) is not None) == is_held


def test_each_agent_by_itself_has_a_rate_without_a_name(ask: Ask) -> None:
    assert ask("rate", limit("agent", calls_a_minute=1), [], [row(5, agent="explore")], CALL, NOW) is None
    assert ask("rate", limit("agent", calls_a_minute=1), [], [row(5)], CALL | {"agent": ""}, NOW) is None


def test_the_hours_spend_says_when_enough_of_it_is_an_hour_old(ask: Ask) -> None:
    rate = limit(hour_nano=5 * NANO)
    assert ask("rate", rate, [], [row(HOUR, 5 * NANO), row(1, 4 * NANO)], CALL, NOW) is None
    found = ask("rate", rate, [], [row(50 * MINUTE, NANO), row(20 * MINUTE, NANO), row(1, 4 * NANO)], CALL, NOW)
    assert (found["spent"], found["cap"], found["waitMs"]) == (6 * NANO, 5 * NANO, 40 * MINUTE)


READ = ("read", {"filePath": "a.py"})
TEST = ("bash", {"command": "pytest -q", "description": "run the tests"})


@pytest.mark.parametrize(
    ("used", "times"),
    [
        ([READ] * 5, 5),
        ([READ, ("grep", {"pattern": "x"})] * 4, 4),
        ([READ, ("edit", {"filePath": "a.py", "newString": "1"})] + [READ] * 2, 2),
        ([TEST, ("bash", {"command": "pytest -q", "description": "again"})], 2),
        ([TEST, ("bash", {"command": "cat a.py | grep x"})] * 3, 3),
        ([TEST, ("bash", {"command": "sed -i s/1/2/ a.py"})] * 3, 1),
        ([TEST, ("bash", {"command": "echo 1 > a.py"})] * 3, 1),
        ([TEST, ("database_write", {"sql": "x"})] * 3, 1),
        ([TEST, ("edit", {"newString": "1"}), TEST, ("edit", {"newString": "2"}), TEST], 1),
        ([("edit", {"newString": "1"})] * 4, 4),
        ([READ, READ, ("prompt", None), READ], 1),
        ([("read", {"a": 1, "b": {"c": 2, "d": [1]}}), ("read", {"b": {"d": [1], "c": 2}, "a": 1})], 2),
        ([("read", {"a": 1}), ("read", {"a": 2})], 1),
    ],
)
def test_identical_calls_are_counted_until_something_may_have_changed(ask: Ask, used: list[object], times: int) -> None:
    assert ask("loop", used) == times


@pytest.mark.parametrize(
    ("command", "reads"),
    [
        ("ls -la", True),
        ("cd web && cat a.py; git status", True),
        ("grep -r 'x' . | wc -l", True),
        ("git commit -am x", False),
        ("cat a > b", False),
        ("cat $(make)", False),
        ("ls\nrm a", False),
        ("ls `rm a`", False),
        ("FOO=1 ls", False),
        ("pytest", False),
    ],
)
def test_a_command_reads_only_if_each_of_its_parts_does(ask: Ask, command: str, reads: bool) -> None:
    assert ask("isReading", command) == reads


PATTERNS = [
    ("/code/a/x", "/code/a/*", True),
    ("/code/a/x/deep/er", "/code/a/*", True),
    ("/code/a", "/code/a/*", False),
    ("/code/a", "/code/a/", True),
    ("/code/ab", "/code/a", False),
    ("/code/a.b", "/code/a?b", True),
    ("/code/axb", "/code/a.b", False),
    ("/x/y/client-a/z", "/**/client-a", True),
    ("/code/[a]", "/code/[a]", True),
    ("", "/**", False),
]


@pytest.mark.parametrize(("place", "pattern", "expected"), PATTERNS)
def test_a_tags_pattern_matches_the_same_paths_in_the_plugin_and_in_the_ledger(
    ask: Ask, place: str, pattern: str, expected: bool
) -> None:
    assert matches(place, pattern) == expected
    held = {"tags": {"t": [pattern]}}
    assert ask("isMember", "tag", "t", {"place": place, "directory": ""}, held, {}) == expected


NAMES = st.text(st.sampled_from("a-._ [](){}+^$|/é"), min_size=1, max_size=9).map(lambda text: f"/{text}")


@settings(deadline=None, max_examples=60)
@given(place=NAMES, pattern=st.one_of(NAMES, st.text(st.sampled_from("a*?/."), max_size=8).map(lambda t: f"/{t}")))
def test_any_pattern_is_read_alike(ask: Ask, place: str, pattern: str) -> None:
    assert ask("isMatch", place, pattern) == matches(place, pattern)


@pytest.mark.parametrize(
    ("flags", "nano"),
    [
        ({}, 100),
        ({"isCI": True}, 50),
        ({"isAutomation": True}, 60),
        ({"isBackground": True}, 90),
        ({"isCI": True, "isAutomation": True, "isBackground": True}, 50),
    ],
)
def test_calls_that_nobody_watches_have_a_line_of_their_own(ask: Ask, flags: dict[str, bool], nano: int) -> None:
    budget = {"cutoff_nano": 100, "ci_nano": 50, "automation_nano": 60, "background_nano": 90}
    assert ask("lineOf", budget, flags)["nano"] == nano
    assert ask("lineOf", {"cutoff_nano": None, "ci_nano": 50}, {}) is None


def test_a_week_or_month_that_the_state_does_not_list_is_not_held(ask: Ask) -> None:
    assert ask("periodStart", [0, 7, 14], 8) == 7
    assert ask("periodStart", [0, 7, 14], 14) is None
    assert ask("periodStart", [7, 14], 3) is None
    budget = limit(period="week", cutoff_nano=1)
    assert ask("limits", {"budgets": [budget]}, {}, CALL, [row(5, NANO)], NOW) is None
    assert ask("limits", {"budgets": [budget | {"period": "day"}]}, {}, CALL, [row(5, NANO)], NOW) == "budget"


RATES = {"rates": [limit(calls_a_minute=1)]}
BUDGETS = {"budgets": [limit(period="day", cutoff_nano=1)]}


@pytest.mark.parametrize(
    ("held", "about", "kind", "others"),
    [
        (RATES, {}, "calls", ("loop", "subagent", "budget")),
        ({"identical_calls": 3}, {"reads": 3}, "loop", ("rate", "subagent", "budget x")),
        ({"subagent_nano": 5}, {"parent": "p", "tree": 5}, "subagent", ("rate", "loop", "budget")),
        (BUDGETS, {}, "budget", ("rate", "loop", "subagent", "budget y")),
    ],
)
def test_each_limit_has_its_own_lift(
    ask: Ask, held: dict[str, object], about: dict[str, object], kind: str, others: tuple[str, ...]
) -> None:
    rows, about = [row(5, NANO)], CALL | about
    assert ask("limits", held, {}, about, rows, NOW) == kind
    assert ask("limits", held, dict.fromkeys(others, NOW + 1), about, rows, NOW) == kind
    own = {"calls": "rate"}.get(kind, kind)
    assert ask("limits", held, {own: NOW + 1}, about, rows, NOW) is None
    assert ask("limits", held, {own: NOW}, about, rows, NOW) == kind
    assert ask("limits", held, {}, about | {"lifted": NOW + 1}, rows, NOW) is None
    if kind == "budget":
        assert ask("limits", held, {"budget x": NOW + 1}, about, rows, NOW) is None


@pytest.mark.parametrize(
    ("held", "about"),
    [
        pytest.param({"subagent_nano": 5}, {"tree": 9}, id="a session that is no subagent"),
        pytest.param({"subagent_nano": 5}, {"parent": "p", "tree": None}, id="a subagent of unknown cost"),
        pytest.param({"identical_calls": 3}, {"reads": 2}, id="one call less"),
        pytest.param({"identical_calls": 0}, {"reads": 99}, id="loops are off"),
        pytest.param({}, {"reads": 99, "parent": "p", "tree": 9}, id="nothing is set"),
        pytest.param({"budgets": [limit("environment", "ci", period="day", cutoff_nano=1)]}, {}, id="no environment"),
        pytest.param({"budgets": [limit(period="day", cutoff_nano=None, ci_nano=1)]}, {}, id="a line for CI alone"),
    ],
)
def test_what_is_not_known_or_not_set_is_not_held(ask: Ask, held: dict[str, object], about: dict[str, object]) -> None:
    assert ask("limits", held, {}, CALL | about, [row(5, NANO)], NOW) is None


@pytest.mark.parametrize(
    ("held", "env", "name"),
    [
        ({}, {}, ""),
        ({}, {"CI": "true"}, "ci"),
        ({}, {"CI": "false"}, ""),
        ({"environment": "staging"}, {}, "staging"),
        ({"environment": "staging"}, {"CI": "1"}, "staging"),
        ({"environment": "staging"}, {"OPENCODE_TUI_ENVIRONMENT": "nightly"}, "nightly"),
        ({}, {"OPENCODE_TUI_ENVIRONMENT": "a\tb"}, ""),
    ],
)
def test_the_environment_is_named_by_a_variable_the_settings_or_ci(
    ask: Ask, held: dict[str, str], env: dict[str, str], name: str
) -> None:
    assert ask("environment", held, env) == name


OVER: list[tuple[dict[str, Any], str]] = [
    (
        {"kind": "calls", "calls": 20, "most": 20, "scope": "agent", "waitMs": 22_100},
        "20 calls in the last minute by this agent, and the limit is 20 a minute, so this call was not made. Go on in "
        "23 s or with `opencode-tui guard lift rate --for 30m`.",
    ),
    (
        {"kind": "hour", "spent": NANO, "cap": NANO // 2, "scope": "seat", "waitMs": 12 * MINUTE},
        "$1.00 is spent in the last hour, and the limit is $0.50 an hour, so this call was not made. Go on in 12 min "
        "or with `opencode-tui guard lift rate --for 30m`.",
    ),
    (
        {"kind": "loop", "times": 8},
        "the same tool call was made 8 times with nothing changed in between, so this call was not made. Go on with a "
        "new prompt or with `opencode-tui guard lift loop --for 30m`.",
    ),
    (
        {"kind": "subagent", "spent": NANO, "cap": NANO // 2},
        "this subagent has cost $1.00 and its cap is $0.50, so this call was not made. Go on with `opencode-tui guard "
        "lift subagent --for 30m`.",
    ),
    (
        {
            "kind": "budget",
            "budget": {"name": "team:web", "owner": "Anna", "of_team": True, "period": "week"},
            "spent": 10 * NANO,
            "cap": 10 * NANO,
            "line": "its cutoff",
        },
        "$10.00 of the team's budget “web” of Anna is spent this week and its cutoff is $10.00, so this call was not "
        "made. Go on with `opencode-tui guard lift budget team:web --for 30m`.",
    ),
]


@pytest.mark.parametrize(("over", "sentence"), OVER)
def test_a_refusal_says_what_happened_and_how_to_go_on(ask: Ask, over: dict[str, Any], sentence: str) -> None:
    assert ask("refusal", over) == f"opencode-tui guard: {sentence}"


WORDS = ("429", "rate limit", "server error", "unavailable", "terminated", "timeout", "connection lost", "Anna", "web")


@settings(deadline=None, max_examples=150)
@given(
    name=st.lists(st.sampled_from(("429", "rate-limit", "unavailable", "rate_limit", "web", "5", "00")), min_size=1),
    owner=st.lists(st.sampled_from(WORDS), max_size=3),
    number=st.integers(1, 10**6),
    nano=st.integers(0, 10**15),
)
def test_no_name_and_no_number_makes_a_refusal_that_opencode_retries(
    ask: Ask, name: list[str], owner: list[str], number: int, nano: int
) -> None:
    budget = {"name": "-".join(name), "owner": " ".join(owner), "of_team": False, "period": "day"}
    rest = {"budget": budget, "spent": nano, "cap": nano, "line": "its cutoff", "scope": "seat", "waitMs": number}
    rest |= {"calls": number, "most": number, "times": number}
    for kind in ("calls", "hour", "loop", "subagent", "budget"):
        assert not is_retried(ask("refusal", rest | {"kind": kind}))


def test_a_session_is_in_the_environment_that_was_noted(ask: Ask) -> None:
    assert ask("isMember", "environment", "ci", CALL, {}, {"s": "ci"})
    assert not ask("isMember", "environment", "ci", CALL, {}, {"s": "staging"})
    assert not ask("isMember", "environment", "ci", CALL, {}, {})


def test_the_parts_are_in_the_plugin() -> None:
    from opencode_tui.guard.install import plugin_text

    text = plugin_text(Path("/nowhere/guard.json"))
    assert all(f"class {name}" in text for name in ("Rates", "Loops", "Scopes", "Limits", "Older"))
