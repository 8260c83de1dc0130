"""The plugin's own arithmetic and words, run by node: amounts, days, caps, and OpenCode's retry classifier."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opencode_tui.clock import DAY_MS, calendar_for
from opencode_tui.config.settings import CustomPrice, Pricing, Settings
from opencode_tui.guard import install
from opencode_tui.guard.install import plugin_text
from opencode_tui.guard.price_rows import rows_of
from opencode_tui.guard.state import limits_of
from opencode_tui.money import NANO, format_usd
from opencode_tui.pricing.book import PriceBook, price_call
from opencode_tui.pricing.rates import Rates, Tier
from opencode_tui.records.calls import Tokens
from opencode_tui.records.model_key import model_key
from tests.support.plugin import Ask, is_retried, plugin_asked

JOINER = "\u2060"
# Some with a day that begins at 1 or at the second midnight, odd offsets, and the ends of the world.
ZONES = ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Africa/Cairo", "Asia/Beirut", "America/Havana"]
ZONES += ["Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kiritimati", "America/St_Johns"]
# Some that Python knows and OpenCode's Bun does not.
ZONES += ["CET", "EST5EDT", "PST8PDT", "MET", "EET", "WET", "America/Coyhaique"]

AMOUNTS = st.one_of(
    st.integers(0, 10**7), st.integers(0, 20 * NANO), st.integers(0, 10_000 * NANO), st.integers(0, 2**53 - 1)
)

_ASKED = """
const sums = ({ all, projects, agents }) =>
  ({ all, project: (path) => projects[path] ?? 0, agent: (name) => agents[name] ?? 0 })
const asked = { formatUsd, suggestedRaise, dayBounds, isUnder, isInProject, refusal, tokensOf, costNano, isModelUrl,
  isModelCall, amountOf: (prices, provider, model, told, recorded, version, at) =>
    amountOf(prices, { provider, model, directory: "/srv", at }, tokensOf(told, version), recorded),
  sessions: async (steps) => {
    const sessions = new Sessions()
    const costs = {}
    const pending = []
    sessions.begin([0, 1])
    for (const [what, id, value] of steps) {
      const get = async () => ({ cost: costs[id] })
      if (what === "costs") costs[id] = value
      if (what === "ledger") sessions.hold(sessions.known.has(id) ? [{ id, nano: value * NANO }] : [])
      if (what === "new ledger") sessions.forget()
      if (what === "new day") sessions.begin([id, id + 1])
      if (what === "event") sessions.saw(id, value)
      if (what === "call") sessions.called(id, "build", ["/srv"], get, Date.now())
      if (what === "call") await sessions.ask(id, Date.now())
      pending.push(sessions.pending().reduce((sum, row) => sum + row.nano, 0) / NANO)
    }
    return pending
  },
  // A call that ends, and is read into the ledger, while its session's cost is asked for.
  spentAfterACallThatTheLedgerHas: async (prices, cost, recorded) => {
    const guard = new Guard(null, 2, "2.0.15")
    const answers = new Map([[HELD, [{ id: "msg", ended: 1, nano: cost, more: cost - recorded }]]])
    answers.set(HELD_OF, [{ id: "ses", nano: recorded }])
    answers.set(SPENT, [{ agent: "", place: "", directory: "", nano: cost }])
    const query = (sql) => ({ get: () => ({ data_version: 1 }), all: () => answers.get(sql) })
    guard.spending.open = () => ({ run() {}, query })
    const state = { warning_nano: 0, cutoff_nano: 2 ** 50, lifted_until_ms: 0, projects: {}, agents: {}, prices,
      days: [0, 2 ** 52], ledger: "/nowhere/ledger.db", lifts: {}, held: NOTHING_HELD }
    guard.file = { read: () => state, exposed: "" }
    guard.sync = () => {}
    const model = { providerID: "p", id: "m" }
    const get = async () => {
      guard.heardEvent({ id: 2, type: "session.step.ended", data: { sessionID: "ses", assistantMessageID: "msg",
        cost: recorded / NANO, tokens: { input: 1_000_000, output: 0 } } })
      guard.heardEvent({ id: 3, type: "session.usage.updated", data: { sessionID: "ses", cost: recorded / NANO } })
      return { cost: recorded / NANO }
    }
    guard.heardEvent({ id: 1, type: "session.step.started",
      data: { sessionID: "ses", assistantMessageID: "msg", agent: "build", model } })
    await guard.overIn(callOf({ session: "ses", agent: "build", places: ["/srv"] }), get)
    return guard.spending.sums([0, 2 ** 52]).all
  },
  callAmount: (prices, created, completed) => {
    const spending = new Spending(null, "1.18.34")
    const call = { id: "msg", agent: "build", path: { cwd: "/srv" }, providerID: "p", modelID: "m", cost: 0 }
    const tokens = { input: 1_000_000, output: 0, reasoning: 0, cache: { read: 0, write: 0 } }
    spending.saw({ ...call, time: { created } }, prices)
    spending.saw({ ...call, time: { created, completed }, tokens }, prices)
    return spending.sums([0, 2 ** 52]).all
  },
  stepDifference: (prices, began, ended) => {
    const sessions = new Sessions()
    sessions.began("msg", { session: "ses", agent: "build", model: { providerID: "p", id: "m" }, at: began })
    const step = { sessionID: "ses", assistantMessageID: "msg", cost: 0, tokens: { input: 1_000_000, output: 0 } }
    sessions.ended(step, prices, ended)
    return sessions.pending().map((row) => row.nano).concat(0).slice(0, 1)
  },
  checked: (state) => { try { return Boolean(checked(state)) } catch (error) { return error.message } },
  over: (state, spent, ...rest) => whatIsOver(state, sums(spent), ...rest) }
"""


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """Calls a function of the plugin by its name."""
    yield from plugin_asked(tmp_path_factory.mktemp("plugin"), _ASKED)


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
def test_days_that_change_the_clock_begin_and_end_where_the_dashboard_says(ask: Ask, zone: str) -> None:
    """Each day that changes it, from 2010 on, with its neighbours, and each New Year's Day."""
    calendar, first = calendar_for(zone), date(2010, 1, 1)
    starts = [calendar.start_of(first + timedelta(days=n)) for n in range((date(2027, 1, 1) - first).days)]
    odd = {n for n, (start, end) in enumerate(pairwise(starts)) if end - start != DAY_MS}
    for n in sorted({near for each in odd for near in (each - 1, each, each + 1)} | {365 * year for year in range(17)}):
        day = first + timedelta(days=n)
        days = days_of(zone, day)
        for ms in (calendar.start_of(day), calendar.start_of(day + timedelta(days=1)) - 1):
            assert_same_day(ask, zone, ms, days)


def days_of(zone: str, day: date) -> list[int]:
    """What guard.json has of days from the day before this one on."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return list(limits_of(Settings(timezone=zone), int(noon.timestamp() * 1000))["days"])


def assert_same_day(ask: Ask, zone: str, ms: int, days: list[int]) -> None:
    calendar = calendar_for(zone)
    span = calendar.span(calendar.day(ms))
    assert ask("dayBounds", ms, days) == [span.start_ms, span.end_ms]


@pytest.mark.parametrize("zone", ["CET", "America/Santiago"])
def test_days_are_known_for_weeks_in_which_no_program_of_ours_runs(ask: Ask, zone: str) -> None:
    calendar, start = calendar_for(zone), date(2026, 3, 1)
    days = days_of(zone, start)
    for ahead in range(60):
        assert_same_day(ask, zone, calendar.start_of(start + timedelta(days=ahead)) + 3_600_000, days)


def test_beyond_the_days_that_are_known_each_has_24_hours(ask: Ask) -> None:
    assert ask("dayBounds", 10 * DAY_MS, [0, DAY_MS]) == [10 * DAY_MS, 11 * DAY_MS]
    assert ask("dayBounds", 10 * DAY_MS - 1, [0, DAY_MS]) == [9 * DAY_MS, 10 * DAY_MS]
    assert ask("dayBounds", -1, [0, DAY_MS]) == [-DAY_MS, 0]


RATE = st.integers(0, 10**12)
COUNT = st.integers(0, 10**9)


@settings(deadline=None)
@given(
    counts=st.tuples(COUNT, COUNT, COUNT, COUNT, COUNT),
    rates=st.tuples(RATE, RATE, RATE, RATE),
    tiers=st.lists(
        st.tuples(st.integers(1, 10**6), RATE, RATE, RATE, RATE), max_size=2, unique_by=lambda tier: tier[0]
    ),
    prefer=st.sampled_from(["recorded", "list"]),
    own=st.booleans(),
    place=st.sampled_from(["", "/srv"]),
)
def test_the_plugin_prices_calls_as_the_ledger_does(
    ask: Ask,
    counts: tuple[int, ...],
    rates: tuple[int, int, int, int],
    tiers: list[tuple[int, ...]],
    prefer: Literal["recorded", "list"],
    own: bool,
    place: str,
) -> None:
    listed = Rates(*rates, tiers=tuple(Tier(*tier) for tier in sorted(tiers)))
    pricing = Pricing(prefer, {"p/m": (CustomPrice(*rates),)} if own else {})

    class Book:
        def custom(self, provider: str, model: str, at_ms: int) -> Rates | None:
            return Rates(*rates) if own else None

        def lookup(self, provider: str, model: str, directory: str, at_ms: int) -> Rates | None:
            return listed

    tokens = Tokens(*counts)
    expected = price_call(tokens, "p", "m", 7, cast(PriceBook, Book()), prefer).amount_nano
    prices = limits_of(Settings(pricing=pricing), 0)["prices"] | {
        "list": {place: {"p": {"m": rows_of(listed)}}, "/other": {"p": {"m": [[-1, 1, 1, 1, 1]]}}}
    }
    cache = {"read": tokens.cache_read, "write": tokens.cache_write}
    told = {"input": tokens.input, "output": tokens.output, "reasoning": tokens.reasoning, "cache": cache}
    found = ask("amountOf", prices, "p", "m", told, 7, "1.18.34")
    assert found == pytest.approx(expected, rel=1e-15)  # JavaScript prints no more than 17 digits


def test_reasoning_is_taken_out_of_output_where_old_versions_put_it(ask: Ask) -> None:
    told = {"input": 10, "output": 30, "reasoning": 20, "cache": {"read": 5, "write": 0}}
    assert ask("tokensOf", told | {"total": 45}, "1.18.34")["output"] == 10
    assert ask("tokensOf", told | {"total": 65}, "1.2.27")["output"] == 30
    assert ask("tokensOf", told, "1.1.65")["output"] == 10
    assert ask("tokensOf", told, "1.3.3")["output"] == 30
    assert ask("tokensOf", told, "2.0.15")["output"] == 30


@pytest.mark.parametrize(
    ("steps", "pending"),
    [
        pytest.param(
            [
                ("costs", "s", 0),
                ("call", "s"),
                ("ledger", "s", 0),
                ("call", "s"),
                ("costs", "s", 0.5),
                ("call", "s"),
                ("event", "s", 0.75),
                ("ledger", "s", 0.5),
                ("ledger", "s", 0.75),
                ("call", "s"),
            ],
            [0, 0, 0, 0, 0, 0.5, 0.75, 0.25, 0, 0],
            id="what comes to it counts until the ledger has it",
        ),
        pytest.param(
            [
                ("costs", "s", 5),
                ("call", "s"),
                ("ledger", "s", 2),
                ("call", "s"),
                ("costs", "s", 5.5),
                ("call", "s"),
                ("ledger", "s", 2.5),
                ("call", "s"),
            ],
            [0, 0, 0, 0, 0, 0.5, 0, 0],
            id="what the ledger will never have of it is left out",
        ),
        pytest.param(
            [
                ("costs", "s", 1),
                ("call", "s"),
                ("ledger", "s", 0.5),
                ("call", "s"),
                ("ledger", "s", 1),
                ("call", "s"),
                ("costs", "s", 1.25),
                ("call", "s"),
            ],
            [0, 0, 0, 0, 0, 0, 0, 0.25],
            id="a ledger that was behind at first catches up",
        ),
        pytest.param(
            [
                ("costs", "s", 1),
                ("call", "s"),
                ("ledger", "s", 1),
                ("call", "s"),
                ("new ledger", "s"),
                ("ledger", "s", 0),
                ("call", "s"),
                ("costs", "s", 1.5),
                ("call", "s"),
                ("event", "other", 9),
            ],
            [0, 0, 0, 0, 0, 0, 0, 0, 0.5, 0.5],
            id="another ledger begins anew",
        ),
        pytest.param(
            [("costs", "s", 1), ("call", "s"), ("costs", "s", 2), ("call", "s")],
            [0, 0, 0, 1],
            id="without a ledger what was seen counts",
        ),
        pytest.param(
            [
                ("costs", "s", 1),
                ("call", "s"),
                ("ledger", "s", 0),
                ("call", "s"),
                ("costs", "s", 2),
                ("call", "s"),
                ("new day", 86400000),
                ("ledger", "s", 1),
                ("call", "s"),
                ("costs", "s", 3),
                ("call", "s"),
            ],
            [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
            id="what is left of a day is not of the next",
        ),
    ],
)
def test_what_opencode_2_has_spent_on_top_of_the_ledger(
    ask: Ask, steps: list[tuple[object, ...]], pending: list[float]
) -> None:
    assert ask("sessions", steps) == pytest.approx(pending)


def test_a_call_that_is_heard_of_once_the_ledger_has_it_counts_once(ask: Ask) -> None:
    prices = limits_of(Settings(pricing=Pricing("recorded", {"p/m": (CustomPrice(input=5 * NANO),)})), 0)["prices"]
    assert ask("spentAfterACallThatTheLedgerHas", prices, 5 * NANO, NANO // 200) == 5 * NANO


def test_the_key_of_an_own_price_is_that_of_the_settings(ask: Ask) -> None:
    prices = {"prefer": "recorded", "custom": {"a%2Fb/c/d": [[-1, 10**6, 0, 0, 0]]}, "list": {}}
    told = {"input": 5}
    assert ask("amountOf", prices, "a/b", "c/d", told, 7, "") == 5
    assert ask("amountOf", prices, "a", "b/c/d", told, 7, "") == 7
    assert ask("amountOf", prices, "constructor", "name", told, 7, "") == 7
    assert model_key("a/b", "c/d") == "a%2Fb/c/d"


@pytest.mark.parametrize(
    "own",
    [
        pytest.param((CustomPrice(NANO), CustomPrice(2 * NANO, from_=date(2026, 3, 29))), id="from a day on"),
        pytest.param((CustomPrice(2 * NANO, from_=date(2026, 3, 29)),), id="nothing of its own before"),
        pytest.param((CustomPrice(NANO), CustomPrice(3, hours=(105, 135), zone="Europe/Berlin")), id="at some hours"),
        pytest.param((CustomPrice(NANO, hours=(990, 30)),), id="past midnight alone"),
    ],
)
def test_the_plugin_takes_the_own_price_that_holds_when_the_call_is_made(
    ask: Ask, own: tuple[CustomPrice, ...], tmp_path: Path
) -> None:
    """On a day that sets the clock, and to the minute, from yesterday to as long as guard.json has days."""
    start_ms = int(datetime(2026, 3, 29, tzinfo=UTC).timestamp() * 1000)
    pricing = Pricing("recorded", {"p/m": own})
    limits = limits_of(Settings(timezone="UTC", pricing=pricing), start_ms)
    book, tokens, told = PriceBook(pricing, {}, tmp_path), Tokens(input=10**6), {"input": 10**6}
    minutes = [
        *range(-3, 3),
        *range(0, 180, 15),
        989,
        990,
        1439,
        1440,
        1469,
        1470,
        *(60 * DAY_MS // 60_000 + n for n in (0, 100)),
    ]
    for at_ms in (start_ms + minute * 60_000 for minute in minutes):
        expected = price_call(tokens, "p", "m", 7, book, "recorded", at_ms=at_ms).amount_nano
        assert ask("amountOf", limits["prices"], "p", "m", told, 7, "1.18.34", at_ms) == expected


@pytest.mark.parametrize(("began_ms", "nano"), [(999, 0), (1000, 5 * NANO)])
def test_a_call_costs_what_held_when_it_began(ask: Ask, began_ms: int, nano: int) -> None:
    prices: dict[str, object] = {"prefer": "recorded", "custom": {}, "list": {}}
    prices["changes"] = {"p/m": [[0, None], [1000, [[-1, 5 * NANO, 0, 0, 0]]]]}
    assert ask("callAmount", prices, began_ms, 1001) == nano
    assert ask("stepDifference", prices, began_ms, 1001) == [nano]


def test_a_project_is_the_same_by_all_its_names(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "old").symlink_to("new")
    new, old = str(tmp_path / "new"), str(tmp_path / "old")
    assert ask("isInProject", f"{old}/web", new)
    assert ask("isInProject", new, old)
    assert not ask("isInProject", str(tmp_path), new)
    assert ask("isInProject", "/gone/web", "/gone")
    assert not ask("isInProject", "", "/")


@pytest.mark.parametrize(
    ("url", "body", "is_call"),
    [
        ("https://api/v1/chat/completions", {"model": "m", "messages": []}, True),
        ("https://api/v1/messages", {"model": "m"}, True),
        ("https://api/v1/responses?x=1", {"model": "m", "input": "hi"}, True),
        ("https://api/v1beta/models/gemini:streamGenerateContent?alt=sse", {"contents": []}, True),
        ("https://bedrock/model/x/converse-stream", {"messages": []}, True),
        ("https://mcp/messages?sessionId=1", {"jsonrpc": "2.0", "method": "x"}, False),
        ("https://chat.example/api/messages", {"text": "hi"}, False),
        ("https://api/v1/models", {"model": "m"}, False),
        ("https://api/v1/chat/completions", "no json", False),
    ],
)
def test_only_what_asks_a_model_is_a_model_call(ask: Ask, url: str, body: object, is_call: bool) -> None:
    sent = {"method": "POST", "body": body if isinstance(body, str) else json.dumps(body)}
    assert (ask("isModelUrl", [url, sent]) and ask("isModelCall", [url, sent])) == is_call
    assert not ask("isModelUrl", [url, {"method": "GET"}])
    assert not ask("isModelUrl", ["no address", sent])


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
    "days": [0, 1000],
    "prices": {"prefer": "recorded", "custom": {}, "list": {}},
}
NONE = {"all": 0, "projects": {}, "agents": {}}


@pytest.mark.parametrize(
    ("state", "spent", "agent", "place", "cap"),
    [
        ({}, {"all": 99}, "build", "/srv/shop", None),
        ({}, {"all": 100}, "build", "/srv/shop", 100),
        ({"lifted_until_ms": 1001}, {"all": 100}, "build", "/", None),
        ({"lifted_until_ms": 1000}, {"all": 100}, "build", "/", 100),
        ({"lifted_until_ms": 1000 + 7 * DAY_MS}, {"all": 100}, "build", "/", None),
        ({"lifted_until_ms": 1001 + 7 * DAY_MS}, {"all": 100}, "build", "/", 100),
        ({"raised": {"cutoff_nano": 200, "until_ms": 1001 + 2 * DAY_MS}}, {"all": 100}, "build", "/", 100),
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


def test_every_part_of_the_plugin_is_in_it() -> None:
    text = plugin_text(Path("/nowhere/guard.json"))
    parts = list(Path(install.__file__).with_name("plugin").glob("*.js"))
    assert len(parts) == 19
    for part in parts:
        assert part.read_text().splitlines()[-1] in text
        assert part.read_text().splitlines()[0] in text
    assert "@" + "BUILD@" not in text
    assert text.startswith(install.MARK)
