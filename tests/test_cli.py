"""The command line: exact answers, exact JSON, one sentence and a documented code for all that can be wrong."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from opencode_tui.analysis.periods import PERIODS
from opencode_tui.cli import EXIT_OK, EXIT_TROUBLE, EXIT_USAGE, main
from opencode_tui.cli.parser import GROUPINGS
from opencode_tui.clock import calendar_for
from opencode_tui.money import NANO, nano_from_usd
from opencode_tui.records import Slice, StoreState
from opencode_tui.snapshot import DaySpend, SessionLine, Snapshot, Split, Week
from tests.stores import V1, Store, Tokens

DAY = date(2026, 5, 13)
ROOT = Path(__file__).parent.parent
OPUS, GPT, LOCAL = "anthropic/claude-opus-4-5", "openai/gpt-5", "local/qwen"
# At list price $0.030, $0.015 and $0.005, and $0.02, $0.07 and $0.01, for input, output and cache.
OPUS_TOKENS = Tokens(input=6_000, output=500, reasoning=100, cache_read=10_000)
GPT_TOKENS = Tokens(input=16_000, output=7_000, cache_read=80_000)


def at(time: str, day: date = DAY) -> int:
    return int(datetime.fromisoformat(f"{day.isoformat()}T{time}").replace(tzinfo=UTC).timestamp() * 1000)


def ago(days: int) -> date:
    return DAY - timedelta(days=days)


@dataclass
class Shell:
    """A person's machine: a home, a store, and commands that run in this process at 14:23 on the day."""

    home: Path
    capsys: pytest.CaptureFixture[str]
    at_end: ExitStack

    @property
    def ledger(self) -> Path:
        return self.home / "ours" / "ledger.db"

    @property
    def data_dir(self) -> Path:
        return self.home / "opencode"

    @property
    def places(self) -> list[str]:
        return ["--data-dir", str(self.data_dir), "--ledger", str(self.ledger)]

    def run(self, *argv: str, places: Sequence[str] | None = None) -> tuple[int, str, str]:
        """The exit code, standard output and standard error of a command."""
        try:
            code = main([*argv, *(self.places if places is None else places)])
        except SystemExit as end:
            assert isinstance(end.code, int)
            code = end.code
        return code, *self.capsys.readouterr()

    def said(self, *argv: str) -> str:
        """Standard output of a command that has nothing to complain about."""
        code, out, err = self.run(*argv)
        assert (code, err) == (EXIT_OK, "")
        return out

    def json(self, *argv: str) -> Any:
        return json.loads(self.said(*argv, "--json"))


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    for name in list(os.environ):
        if name.startswith(("OPENCODE", "XDG_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("OPENCODE_TUI_TIMEZONE", "UTC")
    for command in ("today", "usage"):
        monkeypatch.setattr(f"opencode_tui.cli.{command}.now_ms", lambda: at("14:23"))
    with ExitStack() as at_end:
        yield Shell(tmp_path, capsys, at_end)


@pytest.fixture
def store(shell: Shell) -> V1:
    """Today $0.50 in two sessions, $0.40 on Monday, and $9.99 on the Sunday before, which is another week."""
    store = V1(shell.home)
    first = store.session("Fix header", created=at("10:00", ago(3)))
    store.call(first, cost="9.99", model=OPUS, tokens=OPUS_TOKENS, at=at("10:01", ago(3)))
    store.call(first, cost="0.40", model=OPUS, tokens=OPUS_TOKENS, at=at("10:01", ago(2)))
    for minute in range(6):
        store.call(first, cost="0.05", model=OPUS, tokens=OPUS_TOKENS, at=at(f"10:0{minute}"))
    second = store.session("Renew cart", created=at("11:00"), directory="/home/dev/cart", agent="plan")
    for minute in range(2):
        store.call(second, cost="0.10", model=GPT, tokens=GPT_TOKENS, at=at(f"11:0{minute}"))
    return store


def forked(store: V1) -> V1:
    """What scripts must not be misled by: a fork's copies, a call not billed, a nano-dollar, an odd fraction."""
    first, second = list(store.sessions)[:2]
    fork = store.fork(first, at=at("12:00"))
    store.call(fork, cost="0.000000001", model="opencode/glm-5", at=at("12:01"))
    store.call(store.session("dig", parent=second, created=at("12:02")), cost="0.013297801", at=at("12:03"))
    store.call(second, cost="0", model=OPUS, tokens=OPUS_TOKENS, at=at("12:04"))
    store.call(second, cost="0.07", model=LOCAL, at=at("12:05"), agent="review")
    return store


def tokens_of(store: Store, start_ms: int, end_ms: int) -> Tokens:
    return sum((b.tokens for b in store.truth.bills.values() if start_ms <= b.created_ms < end_ms), Tokens())


# today

SEVEN_LINES = """\
opencode cost dashboard | 2026-W20 Wednesday
today's run-rate: $0.50 (warning $0.80, cutoff $1.50)
session count: 2
top model: anthropic/claude-opus-4-5 ($0.30, 60% of today)
top provider: anthropic ($0.30, 60% of today)
input/output split: 44% / 46% / 10% cache
this week so far: $0.90 (target $7.00, on pace)
"""


def test_today_is_seven_lines(shell: Shell, store: V1) -> None:
    assert shell.said("today") == SEVEN_LINES


def test_today_says_the_same_again_from_the_ledger(shell: Shell, store: V1) -> None:
    assert shell.said("today") == shell.said("today") == SEVEN_LINES


def test_today_adds_a_line_for_what_the_sum_does_not_hold(shell: Shell, store: V1) -> None:
    session = next(iter(store.sessions))
    store.call(session, cost="0", model=OPUS, tokens=OPUS_TOKENS, at=at("12:00"))
    store.call(session, error="MessageAbortedError", at=at("12:01"))
    row = {"id": "msg_bad", "session_id": session, "time_created": 1, "time_updated": 1, "data": "{"}
    store.database.put("message", row)
    assert shell.said("today").splitlines()[7:] == [
        "not billed: $0.05 at list price",
        "at least: 1 aborted, what they streamed is recorded nowhere",
        "unreadable rows: 1 (`opencode-tui sync` lists the reasons)",
    ]


def test_today_before_the_first_call_is_seven_lines_too(shell: Shell) -> None:
    V1(shell.home)
    lines = shell.said("today").splitlines()
    assert len(lines) == 7
    assert lines[3:6] == ["top model: none", "top provider: none", "input/output split: 0% / 0% / 0% cache"]


def json_key(name: str) -> str:
    """The key that a field of a record has in JSON."""
    if name.endswith("_nano"):
        return name.removesuffix("_nano") + "_usd"
    return re.sub("(_at)?_ms$", "_at", name)


def assert_keys(told: dict[str, Any], record: type) -> None:
    assert list(told) == [json_key(field.name) for field in fields(record)]


def test_today_as_json_is_the_snapshot_with_amounts_in_usd_and_moments_in_iso(shell: Shell, store: V1) -> None:
    told = shell.json("today")
    assert_keys(told, Snapshot)
    nested = {"split": Split, "tokens": Tokens, "week": Week}
    for key, record in nested.items():
        assert_keys(told[key], record)
    listed = {
        "models": Slice,
        "providers": Slice,
        "week_days": DaySpend,
        "session_lines": SessionLine,
        "stores": StoreState,
    }
    for key, record in listed.items():
        assert told[key]
        for each in told[key]:
            assert_keys(each, record)
    assert (told["day"], told["is_today"], told["band"]) == ("2026-05-13", True, "calm")
    assert moment(told["taken_at"]) == at("14:23")
    assert (moment(told["day_start_at"]), moment(told["day_end_at"])) == (at("00:00"), at("00:00", ago(-1)))
    assert told["warning_at"] is None
    assert told["stores"][0]["state"] == "live"


def moment(text: str) -> int:
    """Unix milliseconds of ISO 8601 with an offset."""
    parsed = datetime.fromisoformat(text)
    assert parsed.tzinfo is not None
    return round(parsed.timestamp() * 1000)


def test_the_amounts_of_todays_json_are_exact(shell: Shell, store: V1) -> None:
    forked(store)
    told, truth = shell.json("today"), store.truth.between(at("00:00"), at("00:00", ago(-1)))
    assert round(told["spent_usd"] * 1e9) == truth == 583_297_802
    for key, amount in (("models", "spend_usd"), ("providers", "spend_usd"), ("session_lines", "total_usd")):
        assert sum(nano_from_usd(each[amount]) for each in told[key]) == truth
    assert sum(nano_from_usd(part) for part in told["split"].values()) == truth
    assert nano_from_usd(told["curve"][-1][1]) == truth
    assert moment(told["curve"][-1][0]) == at("12:05")
    assert nano_from_usd(told["list_usd"]) == 50_000_000
    assert told["session_lines"][0]["context_limit"] is not None


# usage


def test_usage_as_json_is_exactly_the_contract(shell: Shell, store: V1) -> None:
    opus = {"input": 36_000, "output": 3_000, "reasoning": 600, "cache_read": 60_000, "cache_write": 0}
    gpt = {"input": 32_000, "output": 14_000, "reasoning": 0, "cache_read": 160_000, "cache_write": 0}
    assert shell.json("usage") == {
        "period": {"from": "2026-05-13", "to": "2026-05-13", "label": "today"},
        "spend_usd": 0.5,
        "list_usd": 0.0,
        "calls": 8,
        "copied_calls": 0,
        "sessions": 2,
        "tokens": {key: opus[key] + gpt[key] for key in opus},
        "unreadable_rows": 0,
        "groups": [
            {"key": OPUS, "spend_usd": 0.3, "calls": 6, "tokens": opus},
            {"key": GPT, "spend_usd": 0.2, "calls": 2, "tokens": gpt},
        ],
    }


def test_the_contract_has_its_types_where_nothing_was_spent(shell: Shell) -> None:
    V1(shell.home)
    told = shell.json("usage", "--period", "all")
    assert {key: type(value) for key, value in told.items()} == {
        "period": dict,
        "spend_usd": float,
        "list_usd": float,
        "calls": int,
        "copied_calls": int,
        "sessions": int,
        "tokens": dict,
        "unreadable_rows": int,
        "groups": list,
    }
    assert told["tokens"] == asdict(Tokens())
    assert (told["spend_usd"], told["groups"]) == (0.0, [])


@pytest.mark.parametrize("by", GROUPINGS)
@pytest.mark.parametrize("period", ["today", "all"])
def test_groups_of_any_kind_add_up_to_the_total_which_is_the_truth(
    by: str, period: str, shell: Shell, store: V1
) -> None:
    forked(store)
    told = shell.json("usage", "--by", by, "--period", period)
    start, end = (at("00:00"), at("00:00", ago(-1))) if period == "today" else (0, 10**15)
    assert round(told["spend_usd"] * 1e9) == store.truth.between(start, end)
    assert sum(nano_from_usd(group["spend_usd"]) for group in told["groups"]) == store.truth.between(start, end)
    assert told["calls"] == sum(group["calls"] for group in told["groups"])
    assert told["tokens"] == asdict(tokens_of(store, start, end))
    for kind, count in told["tokens"].items():
        assert sum(group["tokens"][kind] for group in told["groups"]) == count


def test_copies_are_counted_apart(shell: Shell, store: V1) -> None:
    before = shell.json("usage", "--period", "all")
    store.fork(next(iter(store.sessions)), at=at("12:00"))
    after = shell.json("usage", "--period", "all")
    assert (before["copied_calls"], after["copied_calls"]) == (0, 8)
    assert after | {"copied_calls": 0} == before


def keys(told: dict[str, Any]) -> list[str]:
    return [group["key"] for group in told["groups"]]


def test_groups_have_the_keys_that_people_know(shell: Shell, store: V1) -> None:
    forked(store)
    first, second = list(store.sessions)[:2]
    assert set(keys(shell.json("usage", "--by", "provider"))) == {"anthropic", "openai", "opencode", "local"}
    assert keys(shell.json("usage", "--by", "project")) == ["/home/dev/shop", "/home/dev/cart"]
    assert keys(shell.json("usage", "--by", "session"))[:2] == [first, second]
    assert set(keys(shell.json("usage", "--by", "agent"))) == {"build", "plan", "explore", "review"}
    days = ["2026-05-10", "2026-05-11", "2026-05-13"]
    assert keys(shell.json("usage", "--by", "day", "--period", "all")) == days


def test_groups_begin_with_the_dearest(shell: Shell, store: V1) -> None:
    forked(store)
    for by in GROUPINGS[:-1]:
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
    assert err.startswith("opencode-tui: no model is like 'llama'; there are ")
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


# sync


def test_sync_says_what_is_new(shell: Shell, store: V1) -> None:
    assert shell.said("sync") == f"10 new calls, 10 in all, in {shell.ledger}\n"
    store.call(next(iter(store.sessions)), cost="0.01", at=at("12:00"))
    assert shell.said("sync") == f"1 new call, 11 in all, in {shell.ledger}\n"


def test_sync_lists_why_rows_could_not_be_read(shell: Shell, store: V1) -> None:
    session = next(iter(store.sessions))
    for number, data in enumerate(("{", "{", "[1]")):
        row = {"id": f"msg_bad{number}", "session_id": session, "time_created": 1, "time_updated": 1}
        store.database.put("message", row | {"data": data})
    lines = shell.said("sync").splitlines()
    assert lines[1] == "3 rows could not be read:"
    assert [line.split(" ×")[0].strip() for line in lines[2:]] == ["2", "1"]


def test_sync_as_json(shell: Shell, store: V1) -> None:
    told = shell.json("sync")
    assert isinstance(told.pop("seconds"), float)
    assert told == {
        "new_calls": 10,
        "calls": 10,
        "unreadable_rows": 0,
        "ledger": str(shell.ledger),
        "stores": [{"path": str(store.path), "generation": "sqlite", "state": "live"}],
    }
    assert shell.json("sync")["new_calls"] == 0


# What can be wrong


def assert_one_sentence(err: str, *words: str) -> None:
    assert re.fullmatch(r"opencode-tui: [^\n]+\n", err), err
    for word in words:
        assert word in err


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (
            ["--from", "2026-05-13", "--to", "2026-05-12"],
            "--from 2026-05-13 is after --to 2026-05-12; swap them",
        ),
        (["--from", "yesterday"], "'yesterday' is not a day; write one such as 2026-05-13"),
        (["--to", "2026-02-30"], "'2026-02-30' is not a day; write one such as 2026-05-13"),
        (["--period", "week", "--from", "2026-05-13"], "--period goes without --from and --to"),
        (["--period", "week", "--to", "2026-05-13"], "--period goes without --from and --to"),
    ],
)
def test_days_that_make_no_sense_are_a_wrong_command_line(argv: list[str], words: str, shell: Shell, store: V1) -> None:
    code, out, err = shell.run("usage", *argv)
    assert (code, out) == (EXIT_USAGE, "")
    assert_one_sentence(err, words)


@pytest.mark.parametrize(
    ("argv", "word"),
    [
        (["toady"], "'toady'"),
        (["usage", "--by", "mood"], "'mood'"),
        (["usage", "--period", "decade"], "'decade'"),
        (["usage", "--mod", "kimi"], "--mod"),
        (["today", "--ledger"], "--ledger"),
    ],
)
def test_what_the_parser_does_not_know_is_a_wrong_command_line(argv: list[str], word: str, shell: Shell) -> None:
    code, out, err = shell.run(*argv, places=())
    assert (code, out) == (EXIT_USAGE, "")
    assert "error:" in err.splitlines()[-1]
    assert word in err.splitlines()[-1]


@pytest.mark.parametrize("command", ["today", "usage", "sync"])
def test_a_data_directory_that_does_not_exist_is_said(command: str, shell: Shell) -> None:
    missing = shell.home / "nowhere"
    code, out, err = shell.run(command, places=("--data-dir", str(missing), "--ledger", str(shell.ledger)))
    assert (code, out) == (EXIT_TROUBLE, "")
    assert_one_sentence(err, str(missing), "no such directory", "opencode debug paths")
    assert not shell.ledger.exists()


@pytest.mark.parametrize("command", ["today", "usage", "sync"])
def test_a_ledger_that_is_a_directory_is_said(command: str, shell: Shell, store: V1) -> None:
    code, out, err = shell.run(command, places=("--data-dir", str(shell.data_dir), "--ledger", str(shell.home)))
    assert (code, out) == (EXIT_TROUBLE, "")
    assert_one_sentence(err, str(shell.home), "cannot be opened", "--ledger")


@pytest.mark.parametrize("command", ["today", "usage", "sync"])
def test_a_ledger_that_is_something_else_is_said_and_left_alone(command: str, shell: Shell, store: V1) -> None:
    letter = shell.home / "letter.txt"
    letter.write_text("Dear diary, " * 100)
    code, out, err = shell.run(command, places=("--data-dir", str(shell.data_dir), "--ledger", str(letter)))
    assert (code, out) == (EXIT_TROUBLE, "")
    assert_one_sentence(err, str(letter), "cannot be used", "--ledger")
    assert letter.read_text() == "Dear diary, " * 100


@pytest.mark.parametrize("command", ["today", "usage", "sync"])
def test_a_slip_of_the_pen_in_the_settings_is_said(command: str, shell: Shell, store: V1) -> None:
    config = shell.home / "my.toml"
    config.write_text("[budget]\nwarnin_usd = 1\n")
    code, out, err = shell.run(command, "--config", str(config))
    assert (code, out) == (EXIT_TROUBLE, "")
    assert_one_sentence(err, "budget.warnin_usd", "did you mean 'warning_usd'?", "my.toml")


def test_a_settings_file_that_is_not_there_is_said(shell: Shell, store: V1) -> None:
    code, out, err = shell.run("today", "--config", str(shell.home / "none.toml"))
    assert (code, out) == (EXIT_TROUBLE, "")
    assert_one_sentence(err, "none.toml", "no such file")


@pytest.mark.parametrize("command", ["today", "usage", "sync"])
def test_a_place_without_a_store_is_said_and_is_no_failure(command: str, shell: Shell) -> None:
    shell.data_dir.mkdir()
    code, out, err = shell.run(command)
    assert code == EXIT_OK
    assert out
    assert_one_sentence(err, "no OpenCode store in", str(shell.data_dir), "--data-dir")


@pytest.mark.parametrize("command", ["today", "usage", "sync"])
def test_a_broken_store_is_said_beside_the_answer_from_the_ledger(command: str, shell: Shell, store: V1) -> None:
    shell.said("sync")
    for left in shell.data_dir.glob("opencode.db-*"):
        left.unlink()
    store.path.write_bytes(b"not a database at all" * 1000)
    code, out, err = shell.run(command)
    assert code == EXIT_OK
    assert_one_sentence(err, str(store.path))
    if command == "today":
        assert out == SEVEN_LINES


@pytest.mark.parametrize("argv", [[], ["--demo"], ["--no-mouse"]])
def test_the_dashboard_needs_a_terminal(argv: list[str], shell: Shell) -> None:
    code, out, err = shell.run(*argv)
    assert (code, out) == (EXIT_TROUBLE, "")
    assert_one_sentence(err, "needs a terminal", "`opencode-tui today`")


def test_interrupting_is_quiet(shell: Shell, store: V1, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("opencode_tui.cli.today.now_ms", interrupt)
    assert shell.run("today") == (130, "", "")


def test_the_codes_are_the_documented_ones(shell: Shell) -> None:
    assert (EXIT_OK, EXIT_USAGE, EXIT_TROUBLE) == (0, 2, 3)
    for argv in (["--help"], ["today", "--help"], ["usage", "--help"], ["sync", "--help"]):
        code, out, err = shell.run(*argv, places=())
        assert (code, err) == (0, "")
        text = " ".join(out.split())  # a narrow terminal breaks the lines elsewhere
        assert "exit codes: 0 done; 2 wrong command line; 3 something is wrong" in text
        assert "130 interrupted" in text


def test_the_version_is_said(shell: Shell) -> None:
    code, out, err = shell.run("--version", places=())
    assert (code, err) == (EXIT_OK, "")
    assert re.fullmatch(r"opencode-tui( \d+\.\d+\.\d+\S*|, not installed)\n", out)


# Where things are


def test_places_can_stand_before_and_after_the_command(shell: Shell, store: V1) -> None:
    config = shell.home / "my.toml"
    config.write_text("[budget]\nwarning_usd = 0.4\n")
    options = [*shell.places, "--config", str(config)]
    before = shell.run(*options, "today", places=())
    after = shell.run("today", *options, places=())
    apart = shell.run(*options[:2], "today", *options[2:], places=())
    assert before == after == apart == (EXIT_OK, SEVEN_LINES.replace("warning $0.80", "warning $0.40"), "")


def test_the_last_of_two_places_counts(shell: Shell, store: V1) -> None:
    elsewhere = ["--data-dir", str(shell.home), "today", *shell.places]
    assert shell.run(*elsewhere, places=()) == (EXIT_OK, SEVEN_LINES, "")


def test_without_any_place_opencodes_own_is_read(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    store = V1(shell.home / ".local" / "share")
    store.call(store.session("Fix header", created=at("09:00")), cost="0.20", at=at("09:01"))
    monkeypatch.setenv("OPENCODE_TUI_LEDGER", str(shell.ledger))
    code, out, err = shell.run("usage", "--json", places=())
    assert (code, err, json.loads(out)["spend_usd"]) == (EXIT_OK, "", 0.2)
    assert shell.ledger.exists()


def test_days_are_those_of_the_zone_in_the_settings(shell: Shell, store: V1, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENCODE_TUI_TIMEZONE", "Asia/Tokyo")  # its 13 May began at 15:00 of the 12th
    store.call(next(iter(store.sessions)), cost="0.03", at=at("15:00"))
    store.call(next(iter(store.sessions)), cost="0.02", at=at("15:00", ago(1)))
    told = shell.json("usage", "--by", "day", "--from", "2026-05-13", "--to", "2026-05-14")
    assert [(group["key"], group["spend_usd"]) for group in told["groups"]] == [
        ("2026-05-13", 0.52),
        ("2026-05-14", 0.03),
    ]
    assert calendar_for("Asia/Tokyo").day(at("15:00")) == ago(-1)


# In a process of its own


def spawn(shell: Shell, *command: str, **options: Any) -> subprocess.Popen[str]:
    """A process that is ended, and its pipes closed, with the test."""
    environ = {"HOME": str(shell.home), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TZ": "UTC"}
    process = subprocess.Popen([sys.executable, *command], env=environ, text=True, **options)
    shell.at_end.enter_context(process)
    shell.at_end.callback(process.kill)
    return process


PIPES = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}


def test_the_module_is_the_command_and_gives_its_code_to_the_shell(shell: Shell, store: V1) -> None:
    good = spawn(shell, "-m", "opencode_tui", "usage", "--period", "all", "--json", *shell.places, **PIPES)
    out, err = good.communicate(timeout=60)
    assert (good.returncode, err) == (0, "")
    assert round(json.loads(out)["spend_usd"] * 1e9) == store.truth.total_nano
    bad = spawn(shell, "-m", "opencode_tui", **PIPES)
    out, err = bad.communicate(timeout=60)
    assert (bad.returncode, out) == (3, "")
    assert_one_sentence(err, "needs a terminal")


@pytest.mark.parametrize("command", ["today", "usage", "sync"])
def test_a_reader_that_has_gone_is_no_trouble(command: str, shell: Shell, store: V1) -> None:
    process = spawn(shell, "-m", "opencode_tui", command, *shell.places, **PIPES)
    assert process.stdout is not None
    process.stdout.close()  # as `| head -1` does when it has its line
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert process.wait(timeout=60) == 0


def test_a_command_line_is_fast_because_heavy_libraries_stay_out(shell: Shell, store: V1) -> None:
    shell.said("sync")  # makes the ledger, so that there is nothing to migrate
    code = (
        "import sys\nfrom opencode_tui.cli import main\ncode = main(sys.argv[1:])\n"
        "heavy = {'textual', 'pydantic', 'pydantic_settings', 'sqlite_utils', 'rich', 'tabulate', 'plotext'}\n"
        "print(sorted(heavy & sys.modules.keys()), code)"
    )
    for argv in (["today"], ["today", "--json"], ["usage", "--json"], ["sync"]):
        process = spawn(shell, "-c", code, *argv, *shell.places, **PIPES)
        out, err = process.communicate(timeout=60)
        assert err == ""
        assert out.splitlines()[-1] == "[] 0", argv


def test_moments_in_json_have_the_offset_of_the_settings_zone(
    shell: Shell, store: V1, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENCODE_TUI_TIMEZONE", "Asia/Tokyo")
    assert shell.json("today")["day_start_at"] == "2026-05-13T00:00:00.000+09:00"


@pytest.mark.parametrize("argv", [("--to", "9999-12-31"), ("--from", "9999-12-31"), ("--from", "0001-01-01")])
def test_a_day_at_the_edge_of_the_calendar_is_one_sentence(argv: tuple[str, str], shell: Shell, store: V1) -> None:
    code, _, said = shell.run("usage", *argv)
    assert (code, said.count("\n")) == (2, 1)
    assert "too far away" in said


def test_a_home_that_nobody_has_is_one_sentence(shell: Shell) -> None:
    code, _, said = shell.run("today", places=("--data-dir", "~nosuchuser/x"))
    assert (code, said.count("\n")) == (3, 1)


def test_an_empty_data_dir_is_not_opencodes_own(shell: Shell) -> None:
    code, _, said = shell.run("today", places=("--data-dir", "", "--ledger", str(shell.ledger)))
    assert (code, said.count("\n")) == (3, 1)


def test_a_data_dir_may_have_a_colon_in_its_name(shell: Shell) -> None:
    store = V1(shell.home / "a:b")
    store.call(store.session("x", created=at("09:00")), cost="0.2", at=at("09:01"))
    places = ("--data-dir", str(store.data_dir), "--ledger", str(shell.ledger))
    _, out, said = shell.run("usage", "--json", places=places)
    assert (said, json.loads(out)["spend_usd"]) == ("", 0.2)


def test_one_call_is_not_calls(shell: Shell, store: V1) -> None:
    store.call(next(iter(store.sessions)), error="MessageAbortedError", at=at("12:01"))
    assert "1 call was aborted" in shell.said("usage")
