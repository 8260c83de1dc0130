"""`usage` by any dimension, filtered, in two levels, in a few lines, and for one session."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from opencode_tui.cli import EXIT_OK, EXIT_USAGE
from tests.stores import V1, V2, Tokens, tool
from tests.support.shell import GPT, OPUS, Shell, at, forked

RUN = '[{"permission":"question","pattern":"*","action":"deny"},{"permission":"plan_enter","action":"deny"}]'


def out(shell: Shell, *argv: str) -> str:
    """What a command prints, if nothing is wrong."""
    code, printed, err = shell.run(*argv)
    assert (code, err) == (EXIT_OK, "")
    return printed


def spend(answer: dict[str, Any]) -> dict[str, float]:
    return {group["key"]: group["spend_usd"] for group in answer["groups"]}


def test_times_are_in_their_order_and_in_the_users_zone(shell: Shell, store: V1) -> None:
    every = ("--period", "all")
    assert spend(shell.json("usage", "--by", "hour", *every)) == {"10": 10.69, "11": 0.2}
    assert spend(shell.json("usage", "--by", "weekday", *every)) == {"Mon": 0.4, "Wed": 0.5, "Sun": 9.99}
    assert spend(shell.json("usage", "--by", "week", *every)) == {"2026-W19": 9.99, "2026-W20": 0.9}
    assert spend(shell.json("usage", "--by", "month", *every)) == {"2026-05": 10.89}


def test_filters_stack_and_match_what_people_type(shell: Shell, store: V1) -> None:
    every = ("--period", "all")
    assert shell.json("usage", *every, "--where", "project=CART")["spend_usd"] == 0.2
    assert shell.json("usage", *every, "--where", "model=opus", "hour=10", "weekday=monday")["spend_usd"] == 0.4
    assert shell.json("usage", *every, "--where", "agent=plan", "--where", "agent=build")["spend_usd"] == 10.89
    assert shell.json("usage", *every, "--where", "day=2026-05-13", "--by", "model")["spend_usd"] == 0.5
    assert shell.json("usage", *every, "--where", "session=renew CART")["spend_usd"] == 0.2
    assert shell.json("usage", *every, "--where", "hour=10:00", "weekday=Mon")["spend_usd"] == 0.4
    code, _, err = shell.run("usage", "--compact", "--model", "nobody")
    assert (code, "no model is like 'nobody'" in err) == (EXIT_OK, True)
    code, out, err = shell.run("usage", *every, "--where", "agent=nobody")
    assert (code, "no agent is like 'nobody'; there are build, plan" in err) == (EXIT_OK, True)
    assert "$0.00" in out


def test_a_filter_of_a_time_takes_a_part_of_it_and_says_when_there_is_none(shell: Shell, store: V1) -> None:
    every = ("--period", "all")
    assert shell.json("usage", *every, "--where", "week=w20")["spend_usd"] == 0.9
    assert shell.json("usage", *every, "--where", "day=13")["spend_usd"] == 0.5
    assert shell.json("usage", *every, "--where", "month=2026")["spend_usd"] == 10.89
    for wanted, known in (
        ("month=may", "no month is like 'may'; there are 2026-05"),
        ("week=2026-W21", "no week is like '2026-W21'; there are 2026-W19, 2026-W20"),
        ("day=2026-05-1", "no day is like '2026-05-1'; there are 2026-05-"),
    ):
        code, out, err = shell.run("usage", *every, "--where", wanted)
        assert (code, known in err, "$0.00" in out) == (EXIT_OK, True, True), err


def test_two_dimensions_give_groups_within_groups_that_add_up(shell: Shell, store: V1) -> None:
    forked(store)
    answer = shell.json("usage", "--period", "all", "--by", "provider", "--then", "day")
    assert answer["by"] == ["provider", "day"]
    for group in answer["groups"]:
        assert round(sum(inner["spend_usd"] for inner in group["groups"]) * 1e9) == round(group["spend_usd"] * 1e9)
        assert sum(inner["calls"] for inner in group["groups"]) == group["calls"]
    assert round(sum(group["spend_usd"] for group in answer["groups"]) * 1e9) == round(answer["spend_usd"] * 1e9)
    table = out(shell, "usage", "--period", "all", "--by", "provider", "--then", "day")
    assert re.search(r"anthropic +\$10\.69.*\n· 2026-05-10 +\$9\.99", table)


def test_a_tools_row_has_the_calls_that_asked_for_it(shell: Shell) -> None:
    store = V1(shell.home)
    session = store.session("Fix header", created=at("10:00"))
    store.call(session, cost="0.30", tools=[tool("bash"), tool("read")], at=at("10:01"))
    store.call(session, cost="0.20", tools=[tool("bash", ok=False), tool("bash")], at=at("10:02"))
    store.call(session, cost="0.10", at=at("10:03"))
    answer = shell.json("usage", "--by", "tool")
    tools = {
        each["key"]: (each["spend_usd"], each["calls"], each["uses"], each["failures"]) for each in answer["groups"]
    }
    assert tools == {"bash": (0.5, 2, 3, 1), "read": (0.3, 1, 1, 0)}
    assert (answer["spend_usd"], answer["calls"]) == (0.6, 3)
    assert shell.json("usage", "--where", "tool=read", "--by", "session")["spend_usd"] == 0.3
    assert "counts in the row of each tool" in out(shell, "usage", "--by", "tool")


def test_a_group_costs_the_same_whether_or_not_it_is_grouped_by_tool_again(shell: Shell) -> None:
    """A call of two tools is once in its agent's sum, and one without a tool is in it too; as if repriced."""
    store = V1(shell.home)
    session = store.session("Fix header", created=at("10:00"))
    store.call(session, cost="0.30", tools=[tool("bash"), tool("read")], at=at("10:01"))
    store.call(session, cost="0.20", tools=[tool("bash")], at=at("10:02"))
    store.call(session, cost="0.10", at=at("10:03"))
    store.call(session, cost="0.05", agent="compaction", at=at("10:04"))
    for options in ((), ("--reprice", "openai/gpt-5.4"), ("--where", "tool=read")):
        plain = shell.json("usage", "--by", "agent", *options)["groups"]
        nested = shell.json("usage", "--by", "agent", "--then", "tool", *options)["groups"]
        sums = ("key", "spend_usd", "calls", "tokens", "lower_bound", "repriced_usd")
        assert [[group.get(name) for name in sums] for group in nested] == [
            [group.get(name) for name in sums] for group in plain
        ]
    (build, compaction) = shell.json("usage", "--by", "agent", "--then", "tool")["groups"]
    assert [(each["key"], each["spend_usd"]) for each in build["groups"]] == [("bash", 0.5), ("read", 0.3)]
    assert (build["spend_usd"], compaction["spend_usd"], compaction["groups"]) == (0.6, 0.05, [])
    table = out(shell, "usage", "--by", "agent", "--then", "tool")
    assert re.search(r"build +\$0\.60 +92%.*\n· bash +\$0\.50.*\n· read .*\ncompaction +\$0\.05", table)
    assert "the total and each agent have all calls once" in table
    talk = store.session("Only talk", created=at("11:00"))
    store.call(talk, cost="0.01", at=at("11:01"))
    assert "Only talk" in out(shell, "usage", "--by", "session", "--then", "tool")


def test_the_kind_of_use_tells_people_from_machines(shell: Shell) -> None:
    store = V1(shell.home)
    mine, run, ci = (
        store.session(title, created=at("10:00"), directory=place)
        for title, place in (
            ("Mine", "/home/dev/shop"),
            ("Run", "/home/dev/shop"),
            ("CI", "/home/runner/work/shop/shop"),
        )
    )
    child = store.session("Look (@explore subagent)", parent=mine, created=at("10:01"))
    store.database.run("UPDATE session SET permission = ? WHERE id = ?", RUN, run)
    for session, cost, agent in (
        *((mine, "0.10", "build"), (mine, "0.01", "compaction"), (run, "0.20", "build"), (child, "0.30", "explore")),
        (ci, "0.40", "build"),
    ):
        store.call(session, cost=cost, agent=agent, at=at("10:02"))
    assert spend(shell.json("usage", "--by", "kind")) == {
        "CI": 0.4,
        "subagent": 0.3,
        "opencode run": 0.2,
        "interactive": 0.1,
        "title or compaction": 0.01,
    }


def test_errors_and_retries_and_how_fast_calls_were(shell: Shell) -> None:
    store = V1(shell.home)
    session = store.session("Fix header", created=at("10:00"))
    turn = store.prompt(session, at=at("10:01"))
    store.call(session, cost="0", turn=turn, error="APIError", at=at("10:02"), tokens=Tokens())
    store.call(session, cost="0.10", turn=turn, at=at("10:03"), tokens=Tokens(input=100, output=200), took=4_000)
    store.call(session, cost="0", error="APIError", at=at("10:04"), tokens=Tokens())
    (group,) = shell.json("usage")["groups"]
    assert (group["errors"], group["retries"]) == (2, 1)
    assert (group["seconds"], group["tokens_per_second"]) == (
        {"median": 4.0, "p95": 4.0},
        {"median": 50.0, "p95": 50.0},
    )


def test_compact_lines_are_those_that_people_know(shell: Shell, store: V1) -> None:
    assert out(shell, "usage", "--compact").splitlines() == [
        "Today:  306K tk | $0.50 | 2 sess",
        "Week:   322K tk | $0.90 | 2 sess",
        "Month:  339K tk | $10.89 | 2 sess",
    ]
    lines = out(shell, "usage", "--compact", "--year", "--all", "--model", "opus").splitlines()
    assert lines[0] == "Today:  100K tk | $0.30 | 1 sess"
    assert [line.partition(":")[0] for line in lines] == ["Today", "Week", "Month", "Year", "All"]


def test_a_sessions_line_has_its_subagents_and_its_models(
    shell: Shell, store: V1, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = next(iter(store.sessions))
    child = store.session("Look", parent=first, created=at("10:06"))
    store.call(child, cost="0.07", model=GPT, tokens=Tokens(input=1_000, output=500), at=at("10:07"))
    answer = shell.json("usage", "--session", first)
    assert (answer["spend_usd"], answer["calls"], answer["sessions"]) == (10.76, 9, 2)
    assert [model["model"] for model in answer["models"]] == [OPUS, GPT]
    assert round(sum(model["spend_usd"] for model in answer["models"]) * 1e9) == 10_760_000_000
    line, *models = out(shell, "usage", "--session", first).splitlines()
    assert re.fullmatch(r"Session: 134K tokens \| \$10\.76 \| 9 msgs \| \d+d \d+h \| with 1 subagent", line)
    assert models[1] == f"  {GPT}: 1.5K tokens | $0.07 | 1 msgs"
    here = tmp_path / "shop" / "below"
    here.mkdir(parents=True)
    newest = store.session("Newest", created=at("12:00"), directory=str(here.parent))
    store.call(newest, cost="0.02", at=at("12:01"))
    monkeypatch.chdir(here)
    assert shell.json("usage", "--session", "current")["session_id"] == newest
    monkeypatch.chdir("/")
    code, _, err = shell.run("usage", "--session", "current")
    assert (code, "no session of this directory" in err) == (EXIT_USAGE, True)


def test_the_amounts_of_a_sessions_tokens_add_up_to_its_cost(shell: Shell) -> None:
    store = V2(shell.home)
    session = store.session("Fix header", created=at("10:00"))
    tokens = Tokens(input=100_000, output=2_000, cache_read=50_000, cache_write=1_000)
    store.call(session, cost="0.345", model=OPUS, tokens=tokens, at=at("10:01"))
    (model,) = shell.json("usage", "--session", session)["models"]
    assert round(sum(model["amounts_usd"].values()) * 1e9) == 345_000_000
    assert set(model["rates_usd_per_million"]) == {"input", "output", "cache_read", "cache_write"}
    full = out(shell, "usage", "--session", session, "--full")
    assert re.search(r"cache read +50,000 at +\$\d", full) and re.search(r"subtotal +153,000 +\$0\.34", full)


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (("--where", "colour=red"), "is no filter"),
        (("--where", "model"), "is no filter"),
        (("--where", "model="), "is no filter"),
        (("--session", ""), "empty text"),
        (("--period", ""), "empty text"),
        (("--compact", "--by", "agent"), "leave out --by"),
        (("--session", "ses_1", "--where", "model=kimi"), "leave out --by"),
        (("--period", "fortnight"), "is no period"),
        (("--period", "2026-13"), "is not a month"),
        (("--period", "2026-05-13..2026-05-01"), "swap them"),
        (("--by", "model", "--then", "model"), "name another"),
        (("--compact", "--period", "week"), "--compact has periods of its own"),
        (("--year",), "go with --compact"),
        (("--full",), "goes with --session"),
        (("--session", "ses_1", "--compact"), "leave out"),
    ],
)
def test_options_that_make_no_sense_are_one_sentence(argv: tuple[str, ...], sentence: str, shell: Shell) -> None:
    V1(shell.home)
    code, out, err = shell.run("usage", *argv)
    assert (code, out, err.count("\n")) == (EXIT_USAGE, "", 1)
    assert sentence in err


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("last-week", "2026-05-04", "2026-05-10"),
        ("last-month", "2026-04-01", "2026-04-30"),
        ("3d", "2026-05-11", "2026-05-13"),
        ("2026-W19", "2026-05-04", "2026-05-10"),
        ("2026-02", "2026-02-01", "2026-02-28"),
        ("2026-04..yesterday", "2026-04-01", "2026-05-12"),
    ],
)
def test_periods_as_people_write_them(period: str, first: str, last: str, shell: Shell, store: V1) -> None:
    answer = shell.json("usage", "--period", period)
    assert answer["period"] == {"from": first, "to": last, "label": period}
    spent = {"last-week": 9.99, "2026-W19": 9.99, "3d": 0.9, "2026-04..yesterday": 10.39}
    assert answer["spend_usd"] == spent.get(period, 0.0)
