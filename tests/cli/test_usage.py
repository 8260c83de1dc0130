"""`usage`: groups and periods that add up to the truth, exact JSON, and a table for people."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import asdict

from opencode_tui.analysis.periods import PERIODS
from opencode_tui.cli import EXIT_OK, EXIT_USAGE
from opencode_tui.money import NANO, nano_from_usd
from opencode_tui.records.dimensions import DIMENSIONS
from tests.stores import V1, Store, Tokens
from tests.support.shell import GPT, OPUS, Shell, ago, assert_one_sentence, at, forked


def tokens_of(store: Store, start_ms: int, end_ms: int) -> Tokens:
    return sum((b.tokens for b in store.truth.bills.values() if start_ms <= b.created_ms < end_ms), Tokens())


def keys(told: dict[str, Any]) -> list[str]:
    return [group["key"] for group in told["groups"]]


def test_usage_as_json_is_exactly_the_contract(shell: Shell, store: V1) -> None:
    opus = {"input": 36_000, "output": 3_000, "reasoning": 600, "cache_read": 60_000, "cache_write": 0}
    gpt = {"input": 32_000, "output": 14_000, "reasoning": 0, "cache_read": 160_000, "cache_write": 0}
    told = shell.json("usage")
    groups = told.pop("groups")
    assert told == {
        "schema_version": 1,
        "period": {"from": "2026-05-13", "to": "2026-05-13", "label": "today"},
        "spend_usd": 0.5,
        "lower_bound": False,
        "list_usd": 0.0,
        "calls": 8,
        "copied_calls": 0,
        "sessions": 2,
        "root_sessions": 2,
        "subagents": 0,
        "tokens": {key: opus[key] + gpt[key] for key in opus},
        "unreadable_rows": 0,
        "by": ["model"],
        "where": {},
    }
    assert groups[0] == {
        "key": OPUS,
        "spend_usd": 0.3,
        "lower_bound": False,
        "list_usd": 0.0,
        "calls": 6,
        "sessions": 1,
        "root_sessions": 1,
        "subagents": 0,
        "turns": 6,
        "tokens": opus,
        "cache_hit_rate": 0.625,
        "cache_saved_usd": groups[0]["cache_saved_usd"],
        "aborted": 0,
        "errors": 0,
        "retries": 0,
        "seconds": groups[0]["seconds"],
        "tokens_per_second": groups[0]["tokens_per_second"],
        "edit_turns": 0,
        "one_shot_rate": None,
        "edit_retries": 0,
    }
    assert (groups[1]["key"], groups[1]["spend_usd"], groups[1]["calls"], groups[1]["tokens"]) == (GPT, 0.2, 2, gpt)


def test_the_contract_has_its_types_where_nothing_was_spent(shell: Shell) -> None:
    V1(shell.home)
    told = shell.json("usage", "--period", "all")
    assert {key: type(value) for key, value in told.items()} == {
        "schema_version": int,
        "period": dict,
        "spend_usd": float,
        "lower_bound": bool,
        "list_usd": float,
        "calls": int,
        "copied_calls": int,
        "sessions": int,
        "root_sessions": int,
        "subagents": int,
        "tokens": dict,
        "unreadable_rows": int,
        "by": list,
        "where": dict,
        "groups": list,
    }
    assert told["tokens"] == asdict(Tokens())
    assert (told["spend_usd"], told["groups"]) == (0.0, [])


WITHOUT_TOOLS = tuple(each for each in DIMENSIONS if each != "tool")


@pytest.mark.parametrize("period", ["today", "all"])
def test_groups_of_any_kind_add_up_to_the_total_which_is_the_truth(period: str, shell: Shell, store: V1) -> None:
    forked(store)
    start, end = (at("00:00"), at("00:00", ago(-1))) if period == "today" else (0, 10**15)
    for by in WITHOUT_TOOLS:
        told = shell.json("usage", "--by", by, "--period", period)
        assert round(told["spend_usd"] * 1e9) == store.truth.between(start, end), by
        assert sum(nano_from_usd(group["spend_usd"]) for group in told["groups"]) == store.truth.between(start, end), by
        assert told["calls"] == sum(group["calls"] for group in told["groups"]), by
        assert told["tokens"] == asdict(tokens_of(store, start, end)), by
        for kind, count in told["tokens"].items():
            assert sum(group["tokens"][kind] for group in told["groups"]) == count, (by, kind)


def test_copies_are_counted_apart(shell: Shell, store: V1) -> None:
    before = shell.json("usage", "--period", "all")
    store.fork(next(iter(store.sessions)), at=at("12:00"))
    after = shell.json("usage", "--period", "all")
    assert (before["copied_calls"], after["copied_calls"]) == (0, 8)
    assert after | {"copied_calls": 0} == before


def test_groups_have_the_keys_that_people_know(shell: Shell, store: V1) -> None:
    forked(store)
    first, second = list(store.sessions)[:2]
    assert set(keys(shell.json("usage", "--by", "provider"))) == {"anthropic", "openai", "opencode", "local"}
    assert keys(shell.json("usage", "--by", "project")) == ["/home/dev/shop", "/home/dev/cart"]
    assert keys(shell.json("usage", "--by", "session"))[:2] == [first, second]
    assert set(keys(shell.json("usage", "--by", "agent"))) == {"build", "plan", "explore", "review"}
    days = ["2026-05-10", "2026-05-11", "2026-05-13"]
    assert keys(shell.json("usage", "--by", "day", "--period", "all")) == days


def test_groups_begin_with_the_costliest(shell: Shell, store: V1) -> None:
    forked(store)
    for by in ("model", "provider", "agent", "project", "session", "kind"):
        spent = [group["spend_usd"] for group in shell.json("usage", "--by", by)["groups"]]
        assert spent == sorted(spent, reverse=True)
        assert len(spent) > 1


PERIOD_DAYS = {
    "today": ("2026-05-13", 50),
    "yesterday": ("2026-05-12", 0),
    "week": ("2026-05-11", 90),
    "month": ("2026-05-01", 1089),
    "year": ("2026-01-01", 1089),
    "all": ("2026-05-10", 1089),
}


@pytest.mark.parametrize("period", PERIODS)
def test_a_named_period_is_the_present_one_so_far(period: str, shell: Shell, store: V1) -> None:
    told = shell.json("usage", "--period", period)
    first, cents = PERIOD_DAYS[period]
    last = first if period == "yesterday" else "2026-05-13"
    assert told["period"] == {"from": first, "to": last, "label": period}
    assert nano_from_usd(told["spend_usd"]) == cents * NANO // 100


@pytest.mark.parametrize(
    ("argv", "first", "last", "cents"),
    [
        (["--from", "2026-05-11"], "2026-05-11", "2026-05-13", 90),
        (["--to", "2026-05-11"], "2026-05-10", "2026-05-11", 1039),
        (["--from", "2026-05-11", "--to", "2026-05-11"], "2026-05-11", "2026-05-11", 40),
        (["--from", "2026-05-12", "--to", "2026-05-12"], "2026-05-12", "2026-05-12", 0),
        (["--from", "2027-01-01"], "2027-01-01", "2027-01-01", 0),
        (["--to", "2020-01-01"], "2020-01-01", "2020-01-01", 0),
    ],
)
def test_days_of_ones_own_hold_their_first_and_their_last(
    argv: list[str], first: str, last: str, cents: int, shell: Shell, store: V1
) -> None:
    told = shell.json("usage", *argv)
    assert told["period"] == {"from": first, "to": last, "label": "custom"}
    assert nano_from_usd(told["spend_usd"]) == cents * NANO // 100


def test_all_is_all_even_what_a_wrong_clock_put_into_the_future(shell: Shell, store: V1) -> None:
    store.call(next(iter(store.sessions)), cost="0.11", at=at("10:00", ago(-400)))
    told = shell.json("usage", "--period", "all", "--by", "day")
    assert nano_from_usd(told["spend_usd"]) == store.truth.total_nano
    assert sum(nano_from_usd(group["spend_usd"]) for group in told["groups"]) == store.truth.total_nano


def test_a_model_is_named_as_people_type_it(shell: Shell, store: V1) -> None:
    told = shell.json("usage", "--model", "Opus 4.5", "--by", "provider")
    assert (told["spend_usd"], told["calls"], told["sessions"]) == (0.3, 6, 1)
    assert keys(told) == ["anthropic"]


def test_a_model_that_nobody_used_is_said_with_those_that_there_are(shell: Shell, store: V1) -> None:
    code, out, err = shell.run("usage", "--model", "llama", "--json")
    assert (code, json.loads(out)["calls"]) == (EXIT_OK, 0)
    assert err.startswith("opencode-tui: no model is like 'llama' in this period (today); there are ")
    assert OPUS in err
    assert GPT in err
    assert err.count("\n") == 1


def test_usage_for_people_is_a_table_with_a_total_and_what_it_does_not_hold(shell: Shell, store: V1) -> None:
    forked(store)
    lines = shell.said("usage").splitlines()
    assert lines[0] == "2026-05-13 (today)"
    assert lines[2].split("  ")[0] == "model"
    (total,) = (line.split() for line in lines if line.startswith("total"))
    assert total[:4] == ["total", "$0.58", "100%", "12"]
    (opus,) = (line.split() for line in lines if line.startswith(OPUS))
    assert opus == [OPUS, "$0.30", "51%", "7", "42,000", "3,500", "700", "70,000", "0"]
    assert lines[-2:] == ["not billed: $0.05 at list price", "6 calls copied by forks, billed once"]


def test_sessions_in_the_table_have_their_titles(shell: Shell, store: V1) -> None:
    first = next(iter(store.sessions))
    assert f"{first}  Fix header" in shell.said("usage", "--by", "session")


def test_one_call_is_not_calls(shell: Shell, store: V1) -> None:
    store.call(next(iter(store.sessions)), error="MessageAbortedError", at=at("12:01"))
    assert "1 call was aborted" in shell.said("usage")


PERIODS_OF_BOTH = ("today", "yesterday", "week", "all", "last-week", "3d", "2026-W20", "2026-05", "2026-05-11..today")


@pytest.mark.parametrize("period", PERIODS_OF_BOTH)
def test_sessions_and_usage_mean_the_same_by_a_session_and_by_a_period(
    shell: Shell, store: V1, monkeypatch: pytest.MonkeyPatch, period: str
) -> None:
    monkeypatch.setattr("opencode_tui.cli.sessions.now_ms", lambda: at("14:23"))
    first, second = list(store.sessions)[:2]
    child = store.session("dig", parent=second, created=at("12:02"))
    store.call(store.session("deep", parent=child, created=at("12:02")), cost="0.02", at=at("12:03"))
    store.call(store.session("of last week", parent=first, created=at("12:02", ago(2))), cost="0.04", at=at("12:03"))
    rows = shell.json("sessions", "--period", period)
    told = shell.json("usage", "--period", period)
    assert (told["root_sessions"], told["subagents"]) == (len(rows), sum(row["subagents"] for row in rows))
    assert told["calls"] == sum(row["calls"] for row in rows)
    by_agent = shell.json("usage", "--period", period, "--by", "agent")["groups"]
    assert all(group["sessions"] <= group["root_sessions"] + group["subagents"] for group in by_agent)


def test_a_subagent_alone_counts_its_root_as_the_session(shell: Shell, store: V1) -> None:
    second = list(store.sessions)[1]
    child = store.session("dig", parent=second, created=at("12:02"))
    store.call(store.session("deep", parent=child, created=at("12:02")), cost="0.02", at=at("12:03"), agent="explore")
    (group,) = shell.json("usage", "--where", "agent=explore")["groups"]
    assert (group["sessions"], group["root_sessions"], group["subagents"]) == (1, 1, 1)
    assert shell.said("usage", "--compact", "--where", "agent=explore").startswith("Today:  ")
    assert "| 1 sess\n" in shell.said("usage", "--compact", "--where", "agent=explore")


@pytest.mark.parametrize("command", ["usage", "sessions"])
@pytest.mark.parametrize("period", ["", "2026-13", "tomorrow", "2026-05-13..2026-05-01", "2026-W19..x"])
def test_a_text_that_is_no_period_is_refused_alike(shell: Shell, store: V1, command: str, period: str) -> None:
    code, out, err = shell.run(command, "--period", period)
    assert (code, out) == (EXIT_USAGE, "")
    assert_one_sentence(err)
