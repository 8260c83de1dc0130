"""`prices` shows, sets and fetches prices, and `usage --reprice` compares; what is in the ledger keeps its cost."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from opencode_tui.cli import EXIT_TROUBLE, EXIT_USAGE
from opencode_tui.records.dimensions import DIMENSIONS
from tests.stores import V1, Tokens, tool
from tests.support.prices import cost, models_json, write
from tests.support.shell import DAY, GPT, LOCAL, OPUS, Shell, ago, assert_one_sentence, at

USED = Tokens(input=1_000_000)


@pytest.fixture(autouse=True)
def stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("prices", "price_setting"):
        monkeypatch.setattr(f"opencode_tui.cli.{module}.now_ms", lambda: at("14:23"))


@pytest.fixture
def config(shell: Shell) -> Path:
    return shell.home / ".config/opencode-tui/config.toml"


def rows(text: str) -> list[list[str]]:
    table, _, _ = text.partition("\n\n")
    return [line.split() for line in table.splitlines()[2:]]


class TestShow:
    def test_the_models_in_use_are_shown_with_their_source(self, shell: Shell, store: V1) -> None:
        models_json(shell.home, anthropic={"claude-opus-4-5": cost(5, 25, cache_read=0.5, cache_write=6.25)})
        first = store.session("local", created=at("12:00"))
        store.call(first, cost="0", model=LOCAL, at=at("12:00"))
        opus, gpt, local = rows(shell.said("prices"))
        assert opus == [OPUS, "$5.00", "$25.00", "$0.50", "$6.25", "models.json"]
        assert (gpt[0], gpt[-2:]) == (GPT, ["list", "2026-11"])
        assert " ".join(local) == f"{LOCAL} no price is known"

    def test_a_ledger_without_calls_has_a_sentence_in_the_place_of_a_table(self, shell: Shell) -> None:
        shell.data_dir.mkdir(exist_ok=True)
        _, out, _ = shell.run("prices")
        assert out == "No call is in the ledger yet; `opencode-tui prices MODEL` shows a model of the price lists.\n"

    def test_tiers_stand_below_their_model(self, shell: Shell, store: V1) -> None:
        tier = {"input": 10, "output": 37.5, "tier": {"type": "context", "size": 200_000}}
        models_json(shell.home, anthropic={"claude-opus-4-5": cost(5, 25, tiers=[tier])})
        _, above, _ = rows(shell.said("prices"))
        assert " ".join(above) == "· above 200k of context $10.00 $37.50 $0.00 $0.00"
        (price,) = shell.json("prices", "opus")["models"][0]["prices"]
        assert [(each["above_tokens"], each["output_usd"]) for each in price["tiers"]] == [(200_000, 37.5)]

    def test_a_model_is_found_loosely_also_one_that_was_never_used(self, shell: Shell, store: V1) -> None:
        models_json(shell.home, acme={"super-model-9": cost(1, 2)})
        assert [row[0] for row in rows(shell.said("prices", "opus"))] == [OPUS]
        assert [row[0] for row in rows(shell.said("prices", "super", "model"))] == ["acme/super-model-9"]
        code, out, err = shell.run("prices", "no such thing")
        assert (code, out) == (EXIT_USAGE, "")
        assert_one_sentence(err, "'no such thing'")

    def test_the_json_is_a_contract(self, shell: Shell, store: V1, config: Path) -> None:
        write(config, f'[[pricing.custom."{GPT}"]]\ninput = 1\nfrom = 2026-05-01\nhours = "08:00-16:00"\n')
        told = shell.json("prices", "gpt-5")
        assert (told["schema_version"], told["prefer"], told["list_fetched_at"]) == (1, "recorded", None)
        (model,) = told["models"]
        assert (model["key"], model["calls"]) == (GPT, 2)
        own, listed = model["prices"]
        assert own == {
            "input_usd": 1.0,
            "output_usd": 0.0,
            "cache_read_usd": 0.0,
            "cache_write_usd": 0.0,
            "tiers": [],
            "source": "custom",
            "since_at": "2026-05-01T00:00:00.000+00:00",
            "hours": "08:00-16:00 UTC",
            "directory": None,
            "holds_now": True,
        }
        assert (listed["source"], listed["holds_now"]) == ("list 2026-11", False)

    def test_a_project_with_a_price_of_its_own_is_named(self, shell: Shell, store: V1) -> None:
        models_json(shell.home, gw={"m": cost(1, 1)})
        folder = shell.home / "p"
        write(folder / "opencode.json", {"provider": {"gw": {"models": {"m": cost(3, 1)}}}})
        store.call(store.session("p", directory=str(folder)), cost="0", model="gw/m", at=at("12:00"))
        general, own = rows(shell.said("prices", "gw"))
        assert (general[:2], own[:4]) == (["gw/m", "$1.00"], ["·", "in", str(folder), "$3.00"])

    def test_an_empty_ledger_has_no_prices(self, shell: Shell) -> None:
        V1(shell.home)
        assert rows(shell.said("prices")) == []


class TestSet:
    def test_a_price_is_written_and_counts_for_calls_to_come_alone(self, shell: Shell, store: V1, config: Path) -> None:
        write(config, "# mine\n[budget]\nwarning_usd = 0.80 # kept\n")
        before = shell.json("usage", "--period", "all")["spend_usd"]
        said = shell.said("prices", "set", "gpt", "--input", "2", "--output", "$8", "--cache-read", "0.2")
        assert f"{GPT}: input $2.00, output $8.00, cache read $0.20, cache write $0.00 a million tokens" in said
        assert config.read_text() == (
            "# mine\n[budget]\nwarning_usd = 0.80 # kept\n\n"
            f'[pricing.custom."{GPT}"]\ninput = 2.0\noutput = 8.0\ncache_read = 0.2\n'
        )
        assert shell.json("usage", "--period", "all")["spend_usd"] == before
        store.call(store.session("new", created=at("13:00")), cost="0.01", model=GPT, tokens=USED, at=at("13:00"))
        assert Decimal(str(shell.json("usage", "--period", "all")["spend_usd"])) == Decimal(str(before)) + 2

    def test_a_price_from_a_day_on_leaves_the_calls_before_as_they_were_recorded(
        self, shell: Shell, store: V1, config: Path
    ) -> None:
        shell.said("sync")
        shell.said("prices", "set", GPT, "--input", "3", "--output", "0", "--from", ago(1).isoformat())
        shell.said(
            "prices",
            "set",
            GPT,
            "--input",
            "1",
            "--output",
            "0",
            "--from",
            ago(1).isoformat(),
            "--hours",
            "12:00-13:00",
        )
        for day, time in ((2, "10:00"), (1, "10:00"), (1, "12:30"), (0, "12:59")):
            store.call(store.session("x"), cost="0.25", model=GPT, tokens=USED, at=at(time, ago(day)))
        groups = shell.json("usage", "--period", "all", "--by", "day", "--model", GPT)["groups"]
        assert [each["spend_usd"] for each in groups] == [0.25, 4.0, 1.0 + 0.2]

    def test_a_tier_is_set_shown_and_counts_above_its_context(self, shell: Shell, store: V1, config: Path) -> None:
        usual = ("prices", "set", "gw/m", "--input", "3", "--output", "0", "--cache-read", "1")
        said = shell.said(*usual, "--tier", "above=2000000,input=6", "--tier", "above=1000000, input=5,cache-read=2")
        assert "\nabove 1,000,000 tokens of context: input $5.00, cache read $2.00\nabove 2,000,000 tokens" in said
        session = store.session("x")
        for millions in (1, 2, 3):
            tokens = Tokens(input=1_000_000, cache_read=(millions - 1) * 1_000_000)
            store.call(session, cost="0.25", model="gw/m", tokens=tokens, at=at(f"12:0{millions}"))
        assert shell.json("usage", "--model", "gw/m")["spend_usd"] == 3 + (5 + 2) + (6 + 2)
        assert [row[:4] for row in rows(shell.said("prices", "gw"))[1:]] == [
            ["·", "above", "1.0M", "of"],
            ["·", "above", "2.0M", "of"],
        ]
        (price,) = shell.json("prices", "gw")["models"][0]["prices"]
        assert [(tier["above_tokens"], tier["input_usd"], tier["cache_read_usd"]) for tier in price["tiers"]] == [
            (1_000_000, 5.0, 2.0),
            (2_000_000, 6.0, 1.0),
        ]
        assert "tokens of context" not in shell.said(*usual, "--tier", "none")

    @pytest.mark.parametrize(
        ("tier", "words"),
        [
            ("", "'' is no part of a tier"),
            ("input=5", "above how many tokens"),
            ("above=0,input=5", "'0' is not a number of tokens"),
            ("above=200k,input=5", "'200k' is not a number of tokens"),
            ("above=200000", "changes no price"),
            ("above=200000,input=x", "not an amount"),
            ("above=200000,input=5,input=6", "'input=6' is no part"),
            ("above=200000,inptu=5", "'inptu=5' is no part"),
        ],
    )
    def test_a_tier_that_is_none_is_refused(self, shell: Shell, store: V1, config: Path, tier: str, words: str) -> None:
        code, out, err = shell.run("prices", "set", "gw/m", "--input", "3", "--output", "0", "--tier", tier)
        assert (code, out, config.exists()) == (EXIT_USAGE, "", False)
        assert_one_sentence(err, "--tier", words)

    def test_a_price_that_is_set_first_holds_for_the_first_import_too(
        self, shell: Shell, store: V1, config: Path
    ) -> None:
        store.call(store.session("x"), cost="0.25", model="gw/m", tokens=USED, at=at("12:00", ago(1)))
        shell.said("prices", "set", "gw/m", "--input", "3", "--output", "0")
        assert shell.json("usage", "--period", "all", "--model", "gw/m")["spend_usd"] == 3

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (["--input", "one", "--output", "1"], "--input: “one” is not an amount"),
            (["--input", "1", "--output", "2000000"], "--output: 2000000 is out of range"),
            (["--input", "1", "--output", "1", "--from", "May"], "--from: 'May' is not a day"),
            (["--input", "1", "--output", "1", "--hours", "8-9"], "--hours: '8-9' is no part of a day"),
            (["--input", "1", "--output", "1", "--hours", "08:00-09:00", "--zone", "Nowhere"], "--zone: no time zone"),
            (["--input", "1", "--output", "1", "--zone", "UTC"], "--zone goes with --from or --hours"),
        ],
    )
    def test_bad_input_is_one_sentence(
        self, shell: Shell, store: V1, config: Path, options: list[str], words: str
    ) -> None:
        code, out, err = shell.run("prices", "set", GPT, *options)
        assert (code, out, config.exists()) == (EXIT_USAGE, "", False)
        assert_one_sentence(err, words)

    def test_a_text_that_several_models_are_like_is_refused(self, shell: Shell, store: V1) -> None:
        store.call(store.session("x"), cost="0.25", model="openai/gpt-5-mini", at=at("12:00"))
        shell.said("sync")
        code, _, err = shell.run("prices", "set", "gpt", "--input", "1", "--output", "1")
        assert code == EXIT_USAGE
        assert_one_sentence(err, "openai/gpt-5,", "openai/gpt-5-mini")

    def test_hours_that_overlap_leave_the_file_as_it_was(self, shell: Shell, store: V1, config: Path) -> None:
        price = ("prices", "set", GPT, "--input", "1", "--output", "1", "--hours")
        shell.said(*price, "08:00-12:00")
        before = config.read_text()
        code, _, err = shell.run(*price, "11:00-13:00")
        assert (code, config.read_text()) == (EXIT_TROUBLE, before)
        assert_one_sentence(err, "hold at the same time")

    def test_line_ends_of_another_system_stay(self, shell: Shell, store: V1, config: Path) -> None:
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_bytes(b"# mine\r\n[budget]\r\nwarning_usd = 0.80\r\n")
        shell.said("prices", "set", GPT, "--input", "1", "--output", "1")
        written = config.read_bytes()
        assert written.startswith(b"# mine\r\n[budget]\r\nwarning_usd = 0.80\r\n")
        assert written.count(b"\r\n") == written.count(b"\n") > 4

    def test_a_variable_that_goes_before_the_file_is_named(
        self, shell: Shell, store: V1, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OPENCODE_TUI_PRICING__CUSTOM", "{}")
        code, _, err = shell.run("prices", "set", GPT, "--input", "1", "--output", "1")
        assert code == EXIT_TROUBLE
        assert_one_sentence(err, "OPENCODE_TUI_PRICING__CUSTOM")

    def test_a_model_that_nobody_knows_is_taken_as_it_is_written(self, shell: Shell, store: V1) -> None:
        said = shell.said("prices", "set", "gw/new", "--input", "1", "--output", "1")
        assert "Neither the ledger nor a price list has a model of this name." in said


class TestRefresh:
    def test_the_changes_are_said_and_old_calls_keep_the_list_price_of_their_time(
        self, shell: Shell, store: V1, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lists = iter((cost(1, 1), cost(2, 1)))
        monkeypatch.setattr(
            "opencode_tui.pricing.public_list._Exchange.run",
            lambda self: setattr(self, "content", json.dumps({"acme": {"models": {"m": next(lists)}}}).encode()),
        )
        monkeypatch.setattr("opencode_tui.cli.prices.now_ms", lambda: at("09:00", ago(1)))
        assert shell.said("prices", "refresh") == "1 price from https://models.opencode.ai/api.json, none changed\n"
        monkeypatch.setattr("opencode_tui.cli.prices.now_ms", lambda: at("09:00"))
        store.call(store.session("x"), cost="0", model="acme/m", tokens=USED, at=at("10:00", ago(1)))
        assert shell.said("prices", "refresh") == (
            "1 price from https://models.opencode.ai/api.json, 1 price changed, 1 of a model in use\n"
            "  acme/m: input $1.00 → $2.00\n"
        )
        for day in (0, 2):
            store.call(store.session("x"), cost="0", model="acme/m", tokens=USED, at=at("10:00", ago(day)))
        found = [shell.json("usage", "--from", ago(day).isoformat(), "--to", ago(day).isoformat()) for day in (2, 1, 0)]
        assert [each["list_usd"] for each in found] == [1.0, 1.0, 2.0]
        newest, first = shell.json("prices", "acme")["models"][0]["prices"]
        assert (newest["source"], newest["since_at"]) == (f"list {DAY}", f"{DAY}T09:00:00.000+00:00")
        assert (first["source"], first["since_at"], first["holds_now"]) == (f"list {ago(1)}", None, False)

    def test_a_failure_is_one_sentence(self, shell: Shell, store: V1, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OPENCODE_MODELS_URL", "http://127.0.0.1:1")
        code, out, err = shell.run("prices", "refresh")
        assert (code, out) == (EXIT_TROUBLE, "")
        assert_one_sentence(err, "http://127.0.0.1:1/api.json", "no connection")

    @pytest.mark.parametrize("address", ["nonsense", "me:secret@host", "ftp://host", "http://", "http://[secret"])
    def test_what_is_no_address_is_said(
        self, shell: Shell, store: V1, monkeypatch: pytest.MonkeyPatch, address: str
    ) -> None:
        monkeypatch.setenv("OPENCODE_MODELS_URL", address)
        code, out, err = shell.run("prices", "refresh")
        assert (code, out) == (EXIT_TROUBLE, "")
        assert_one_sentence(err, "OPENCODE_MODELS_URL is no address", "or unset it")
        assert "secret" not in err


class TestReprice:
    def test_the_same_work_at_another_price_stands_beside_what_it_cost(self, shell: Shell, store: V1) -> None:
        models_json(shell.home, acme={"m": cost(1, 10, cache_read=0.1)})
        told = shell.json("usage", "--period", "week", "--reprice", "acme/m")
        usage = shell.json("usage", "--period", "week")
        assert (told["schema_version"], told["model"], told["spend_usd"]) == (1, "acme/m", usage["spend_usd"])
        # Seven calls of 6,000 / 600 / 10,000 tokens, and two of 16,000 / 7,000 / 80,000.
        opus, gpt = 7 * (6_000 + 6_000 + 1_000), 2 * (16_000 + 70_000 + 8_000)
        assert {each["key"]: each["repriced_usd"] for each in told["groups"]} == {OPUS: opus / 1e6, GPT: gpt / 1e6}
        assert told["repriced_usd"] == (opus + gpt) / 1e6
        assert shell.json("usage", "--period", "week") == usage

    @pytest.mark.parametrize("by", [name for name in DIMENSIONS if name != "tool"])
    def test_every_grouping_adds_up(self, shell: Shell, store: V1, by: str) -> None:
        models_json(shell.home, acme={"m": cost(1, 10)})
        told = shell.json("usage", "--period", "all", "--by", by, "--reprice", "acme/m", "--model", "opus")
        total = sum(Decimal(str(each["repriced_usd"])) for each in told["groups"])
        # Its input is the price of the 10,000 tokens that opus read from its cache, as it has none for these.
        assert total == Decimal(str(told["repriced_usd"])) == 8 * Decimal("0.022")
        usage = shell.json("usage", "--period", "all", "--by", by, "--model", "opus")
        assert [(each["key"], each["spend_usd"]) for each in told["groups"]] == [
            (each["key"], each["spend_usd"]) for each in usage["groups"]
        ]

    def test_the_table_names_the_price(self, shell: Shell, store: V1) -> None:
        models_json(shell.home, acme={"m": cost(1, 10)})
        head, *_ = shell.said("usage", "--reprice", "acme/m").splitlines()
        assert head == (
            "2026-05-13 (today), the same tokens at the price of acme/m: input $1.00, output $10.00, cache read $0.00,"
            " cache write $0.00 a million"
        )
        table, note = shell.said("usage", "--reprice", "acme/m").split("\n\n")[1:]
        assert rows(table)[-1] == ["total", "$0.50", "$0.46", "-$0.04", "8"]
        assert note.strip() == "no price for cache reads: the tokens of other models there count as input"

    def test_a_model_without_a_price_is_refused(self, shell: Shell, store: V1) -> None:
        code, out, err = shell.run("usage", "--reprice", "gw/nothing")
        assert (code, out) == (EXIT_USAGE, "")
        assert_one_sentence(err, "no price of gw/nothing is known")

    def test_a_second_dimension_and_filters_stack_as_in_usage(self, shell: Shell, store: V1) -> None:
        models_json(shell.home, acme={"m": cost(1, 10)})
        asked = ("usage", "--period", "all", "--by", "provider", "--then", "day", "--where", "agent=build")
        told, usage = shell.json(*asked, "--reprice", "acme/m"), shell.json(*asked)
        assert (told["by"], told["where"]) == (usage["by"], usage["where"])

        def spent(groups: list[dict[str, Any]]) -> list[tuple[object, ...]]:
            return [(each["key"], each["spend_usd"], spent(each.get("groups", []))) for each in groups]

        assert spent(told["groups"]) == spent(usage["groups"])
        inner = told["groups"][0]["groups"]
        assert sum(Decimal(str(each["repriced_usd"])) for each in inner) == Decimal(str(told["repriced_usd"]))

    def test_by_tool_the_total_has_each_call_once(self, shell: Shell, store: V1) -> None:
        models_json(shell.home, acme={"m": cost(1, 0)})
        session = store.session("tools", created=at("13:00"))
        tools = [tool("bash"), tool("edit")]
        store.call(session, cost="0.01", model="acme/m", tokens=USED, at=at("13:00"), tools=tools)
        told = shell.json("usage", "--by", "tool", "--model", "acme", "--reprice", "acme/m")
        assert [(each["key"], each["repriced_usd"]) for each in told["groups"]] == [("bash", 1.0), ("edit", 1.0)]
        assert (told["repriced_usd"], told["calls"]) == (1.0, 1)

    def test_a_filter_that_nothing_matches_is_said(self, shell: Shell, store: V1) -> None:
        code, out, err = shell.run("usage", "--reprice", GPT, "--where", "model=nothing", "--json")
        assert (code, json.loads(out)["repriced_usd"]) == (0, 0)
        assert_one_sentence(err, "no model is like 'nothing'")

    def test_it_goes_without_compact(self, shell: Shell, store: V1) -> None:
        code, _, err = shell.run("usage", "--reprice", GPT, "--compact")
        assert code == EXIT_USAGE
        assert_one_sentence(err, "--reprice goes without --compact")
