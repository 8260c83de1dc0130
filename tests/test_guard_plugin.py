"""The plugin's own arithmetic and words, run by node: amounts, days, caps, and OpenCode's retry classifier."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opencode_tui.clock import calendar_for
from opencode_tui.guard.install import plugin_text
from opencode_tui.money import NANO, format_usd

JOINER = "\u2060"
# As they stand in OpenCode 1.18.34, which searches an error's text for them and for the words after them.
RETRIED = [
    r"429|500|502|503|504|524",
    r"rate increased too quickly|rate limit|rate-limit|rate_limit|too many requests",
    r"overloaded|service unavailable|service_unavailable|service-unavailable|internal error|internal_error"
    r"|internal server error|server error|server_error|server-error|provider returned error"
    r"|provider_returned_error|provider-returned-error",
    r"terminated|fetch failed|failed to fetch|network[-_\s]error|upstream connect|connection error"
    r"|connection refused|connection lost|socket connection was closed|socket hang up|reset before headers"
    r"|getaddrinfo|enotfound|eai_again|econnrefused|econnreset|etimedout",
    r"^timeout$|\b(?:request|response|connection|network|stream|read) (?:timeout|timed out|time out)\b",
    r"try your request again|retry your request|resource exhausted|resource_exhausted",
    r"\btry again (?:later|in\b)|\b(?:currently|temporarily) at capacity\b",
    r"too_many_requests|exhausted|unavailable",
]
# Some with a day that begins at 1 or at the second midnight, odd offsets, and the ends of the world.
ZONES = ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Africa/Cairo", "Asia/Beirut", "America/Havana"]
ZONES += ["Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kiritimati", "America/St_Johns"]

Ask = Callable[..., Any]
AMOUNTS = st.one_of(
    st.integers(0, 10**7), st.integers(0, 20 * NANO), st.integers(0, 10_000 * NANO), st.integers(0, 2**53 - 1)
)

_RUNNER = """
import { createInterface } from "node:readline"
for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...given] = JSON.parse(line)
  console.log(JSON.stringify(asked[name](...given) ?? null))
}
"""
_ASKED = """
const sums = ({ all, projects, agents }) =>
  ({ all, project: (path) => projects[path] ?? 0, agent: (name) => agents[name] ?? 0 })
const asked = { formatUsd, suggestedRaise, dayBounds, isUnder, refusal, checked,
  over: (state, spent, ...rest) => whatIsOver(state, sums(spent), ...rest) }
"""


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """Calls a function of the plugin by its name."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("the plugin's JavaScript is tested with node, which is not there")
    script = tmp_path_factory.mktemp("plugin") / "asked.mjs"
    script.write_text(plugin_text(Path("/nowhere/guard.json")) + _ASKED + _RUNNER)
    process = subprocess.Popen([node, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin and process.stdout
    stdin, stdout = process.stdin, process.stdout

    def ask(name: str, *given: object) -> Any:
        stdin.write(json.dumps([name, *given]) + "\n")
        stdin.flush()
        return json.loads(stdout.readline())

    yield ask
    stdin.close()
    process.wait()
    stdout.close()


def is_retried(text: str) -> bool:
    return any(re.search(pattern, text, re.IGNORECASE) for pattern in RETRIED)


def over(spent: int, cap: int, **rest: object) -> dict[str, object]:
    return {"spent": spent, "cap": cap, "by": "", "line": "the cutoff", "canRaise": True} | rest


@settings(deadline=None)
@given(spent=AMOUNTS, cap=AMOUNTS)
def test_no_amount_makes_a_refusal_that_opencode_retries(ask: Ask, spent: int, cap: int) -> None:
    by_cap = {"line": "its cap", "canRaise": False}
    for by in ({}, by_cap | {"by": " in this project"}, by_cap | {"by": " by this agent"}):
        assert not is_retried(ask("refusal", over(spent, cap, **by)))


@pytest.mark.parametrize("dollars", [429, 500, 502, 503, 504, 524, 1429, 1500, 4290, 5030, 5042, 500_500, 429_524])
def test_the_amounts_that_the_classifier_looks_for_do_not_match_it(ask: Ask, dollars: int) -> None:
    assert not is_retried(ask("refusal", over(dollars * NANO, dollars * NANO)))


def test_the_classifier_would_retry_what_was_not_worded_for_it() -> None:
    assert is_retried("$500.00 is spent today")
    assert is_retried("$1,429.00 is spent today")


def test_a_refusal_says_what_was_spent_which_line_it_is_past_and_how_to_go_on(ask: Ask) -> None:
    assert ask("refusal", over(1_620_000_000, 1_500_000_000)) == (
        "opencode-tui guard: $1.62 is spent today and the cutoff is $1.50, so this call was not made. Go on with "
        "`opencode-tui guard lift --for 30m` or `opencode-tui guard raise 2.50`."
    )
    assert ask("refusal", over(NANO, NANO, by=" by this agent", line="its cap", canRaise=False)) == (
        "opencode-tui guard: $1.00 is spent today by this agent and its cap is $1.00, so this call was not made. "
        "Go on with `opencode-tui guard lift --for 30m`."
    )


@settings(deadline=None)
@given(AMOUNTS)
def test_amounts_look_as_they_do_everywhere_else(ask: Ask, nano: int) -> None:
    assert ask("formatUsd", nano).replace(JOINER, "") == format_usd(nano)


@settings(deadline=None)
@given(AMOUNTS)
def test_the_amount_to_raise_to_is_above_what_is_spent_and_can_be_copied(ask: Ask, nano: int) -> None:
    text = ask("suggestedRaise", nano)
    assert re.fullmatch(r"\d+\.\d\d", text)
    assert round(float(text) * 100) * NANO // 100 > nano


@pytest.mark.parametrize("zone", ZONES)
@settings(deadline=None)
@given(moment=st.integers(946_684_800, 2_000_000_000))
def test_a_day_begins_and_ends_where_the_dashboard_says(ask: Ask, zone: str, moment: int) -> None:
    assert_same_day(ask, zone, moment * 1000)


@pytest.mark.parametrize("zone", ZONES)
def test_days_that_change_the_clock_begin_and_end_where_the_dashboard_says(ask: Ask, zone: str) -> None:
    day = date(2010, 1, 1)
    while day < date(2027, 1, 1):
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        assert_same_day(ask, zone, int(noon.timestamp() * 1000))
        day += timedelta(days=1)


def assert_same_day(ask: Ask, zone: str, ms: int) -> None:
    calendar = calendar_for(zone)
    span = calendar.span(calendar.day(ms))
    assert ask("dayBounds", ms, zone) == [span.start_ms, span.end_ms]


def test_a_cap_is_for_the_project_and_what_lies_in_it(ask: Ask) -> None:
    assert ask("isUnder", "/srv/shop", "/srv/shop")
    assert ask("isUnder", "/srv/shop/web", "/srv/shop")
    assert ask("isUnder", "/srv/shop", "/")
    assert not ask("isUnder", "/srv/shopping", "/srv/shop")
    assert not ask("isUnder", "/srv", "/srv/shop")


STATE = {
    "version": 1,
    "ledger": "/l",
    "timezone": "",
    "sync": [],
    "warning_nano": 1,
    "cutoff_nano": 100,
    "projects": {"/srv/shop": 10},
    "agents": {"explore": 20},
    "lifted_until_ms": 0,
    "raised": None,
}
NONE = {"all": 0, "projects": {}, "agents": {}}


@pytest.mark.parametrize(
    ("state", "spent", "agent", "place", "cap"),
    [
        ({}, {"all": 99}, "build", "/srv/shop", None),
        ({}, {"all": 100}, "build", "/srv/shop", 100),
        ({"lifted_until_ms": 1001}, {"all": 100}, "build", "/", None),
        ({"lifted_until_ms": 1000}, {"all": 100}, "build", "/", 100),
        ({"raised": {"cutoff_nano": 200, "until_ms": 1001}}, {"all": 199}, "build", "/", None),
        ({"raised": {"cutoff_nano": 200, "until_ms": 1001}}, {"all": 200}, "build", "/", 200),
        ({"raised": {"cutoff_nano": 200, "until_ms": 1000}}, {"all": 100}, "build", "/", 100),
        ({"raised": {"cutoff_nano": 50, "until_ms": 1001}}, {"all": 99}, "build", "/", None),
        ({}, {"projects": {"/srv/shop": 10}}, "build", "/srv/shop/web", 10),
        ({}, {"projects": {"/srv/shop": 10}}, "build", "/srv/other", None),
        ({}, {"projects": {"/srv/shop": 9}}, "build", "/srv/shop", None),
        ({}, {"agents": {"explore": 20}}, "explore", "/", 20),
        ({}, {"agents": {"explore": 20}}, "build", "/", None),
    ],
)
def test_what_is_over_its_line(
    ask: Ask, state: dict[str, Any], spent: dict[str, Any], agent: str, place: str, cap: int | None
) -> None:
    found = ask("over", STATE | state, NONE | spent, agent, [place], 1000)
    assert (found and found["cap"]) == cap
