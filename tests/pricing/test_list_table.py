"""The bundled price list, and the command that makes it anew."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencode_tui.pricing import list_table, renew
from opencode_tui.pricing.list_table import ListTable
from opencode_tui.pricing.rates import Rates, Tier

USD = 1_000_000_000

MODELS_DEV = {
    "acme": {
        "id": "acme",
        "models": {
            "big, new": {
                "cost": {
                    "input": 0.14,
                    "output": 2.5,
                    "cache_read": 0.028000000000000004,
                    "tiers": [
                        {
                            "input": 9,
                            "output": 10,
                            "cache_write": 1,
                            "tier": {"type": "context", "size": 256000},
                        },
                        {"input": 3, "output": 4, "tier": {"type": "context", "size": 32000}},
                    ],
                },
                "limit": {"context": 1000000, "output": 1},
            },
            "plain": {"cost": {"input": 0, "output": 1e-6}, "limit": {"context": 0}},
            "no-price": {"limit": {"context": 5}},
            "broken": {"cost": {"input": "1", "output": 2}},
        },
    },
    "empty": {"id": "empty", "models": {}},
}


def file(folder: Path, content: object) -> Path:
    path = folder / "list.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_every_row_of_the_shipped_table_is_a_price() -> None:
    table = ListTable()
    keys = table.models()
    assert len(keys) > 1500
    for key in keys:
        rates = table.rates(*key)
        assert rates is not None, key
        assert min(rates.input, rates.output, rates.cache_read, rates.cache_write) >= 0
        assert [tier.above for tier in rates.tiers] == sorted({tier.above for tier in rates.tiers})
    assert table.problem == ""


def test_the_shipped_table_is_exactly_what_the_command_would_write() -> None:
    table = ListTable()
    prices = [(key, rates) for key in table.models() if (rates := table.rates(*key))]
    assert list_table.render(prices, table.as_of) == list_table.PATH.read_text(encoding="utf-8")


def test_the_shipped_table_has_the_prices_of_november_2026() -> None:
    table = ListTable()
    sonnet = table.rates("anthropic", "claude-sonnet-4-5")
    assert sonnet == Rates(3 * USD, 15 * USD, 300_000_000, 3_750_000_000, (), "list 2026-11", 1_000_000)
    coder = table.rates("alibaba", "qwen3-coder-30b-a3b-instruct")
    assert coder and (coder.input, coder.output) == (450_000_000, 2_250_000_000)
    assert coder.tiers == (
        Tier(32_000, 750_000_000, 3_750_000_000, 0, 0),
        Tier(128_000, 1_200_000_000, 6_000_000_000, 0, 0),
    )
    assert table.rates("local", "qwen3-coder-30b-a3b-instruct") is None


def test_a_renewed_table_gives_back_the_prices_of_a_models_dev_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = tmp_path / "table.csv"
    assert renew.renew([str(file(tmp_path, MODELS_DEV)), "--as-of", "2027-01", "--to", str(to)]) == 0
    assert "2 prices as of 2027-01; 2 models" in capsys.readouterr().out
    table = ListTable(to)
    assert table.models() == (("acme", "big, new"), ("acme", "plain"))
    tiers = (Tier(32_000, 3 * USD, 4 * USD, 0, 0), Tier(256_000, 9 * USD, 10 * USD, 0, USD))
    big = Rates(140_000_000, 2_500_000_000, 28_000_000, 0, tiers, "list 2027-01", 1_000_000)
    assert table.rates("acme", "big, new") == big
    assert table.rates("acme", "plain") == Rates(0, 1000, source="list 2027-01")
    assert table.context("acme", "big, new") == 1_000_000


def test_a_snapshot_is_reported_apart_from_a_models_dev_file(tmp_path: Path) -> None:
    tier = {"above": 32000, "input": 0.75, "output": 3.75}
    snapshot = {"acme": {"m": {"input": 0.45, "output": 2.25, "context": 262144, "tiers": [tier]}}}
    to = tmp_path / "table.csv"
    assert renew.renew([str(file(tmp_path, snapshot)), "--as-of", "2026-11", "--to", str(to)]) == 0
    rates = ListTable(to).rates("acme", "m")
    tiers = (Tier(32_000, 750_000_000, 3_750_000_000, 0, 0),)
    assert rates == Rates(450_000_000, 2_250_000_000, 0, 0, tiers, "list 2026-11", 262_144)


def test_the_table_reads_as_plain_text(tmp_path: Path) -> None:
    to = tmp_path / "table.csv"
    renew.renew([str(file(tmp_path, MODELS_DEV)), "--as-of", "2027-01", "--to", str(to)])
    head, columns, big, plain = to.read_text().splitlines()
    assert "as of 2027-01" in head
    assert columns == "provider,model,input,output,cache_read,cache_write,context,tiers"
    assert big == 'acme,"big, new",0.14,2.5,0.028,0,1000000,32000: 3/4/0/0; 256000: 9/10/0/1'
    assert plain == "acme,plain,0,0.000001,0,0,,"


def test_the_month_is_the_files_own_unless_it_is_given(tmp_path: Path) -> None:
    source, to = file(tmp_path, MODELS_DEV), tmp_path / "table.csv"
    os.utime(source, (1_770_000_000, 1_770_000_000))
    assert renew.renew([str(source), "--to", str(to)]) == 0
    rates = ListTable(to).rates("acme", "plain")
    assert rates and rates.source == "list 2026-02"


def test_opencodes_own_list_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENCODE_MODELS_PATH", str(file(tmp_path, MODELS_DEV)))
    assert renew.renew(["--to", str(tmp_path / "table.csv")]) == 0
    assert ListTable(tmp_path / "table.csv").rates("acme", "plain") is not None


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"acme": {"models": {}}}', "[" * 200_000, None])
def test_bad_input_is_one_sentence_and_leaves_the_table_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None
) -> None:
    source = tmp_path / "absent.json" if content is None else file(tmp_path, content)
    to = tmp_path / "table.csv"
    to.write_text("as it was")
    assert renew.renew([str(source), "--to", str(to)]) == 3
    said = capsys.readouterr().err
    assert str(source) in said
    assert said.count("\n") == 1
    assert to.read_text() == "as it was"


def test_a_month_that_is_none_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        renew.renew(["list.json", "--as-of", "2026-13"])
    assert stopped.value.code == 2
    assert "2026-13" in capsys.readouterr().err


@pytest.mark.parametrize(
    "row",
    [
        "acme,m,x,1,0,0,,",
        "acme,m,-1,1,0,0,,",
        "acme,m,1",
        "acme,m,1,1,0,0,,9: 1/2",
        "acme,m,1,1,0,0,,9: 1",
        "acme,m,1,1,0,0,many,",
    ],
)
def test_a_row_that_somebody_broke_is_named_and_the_others_are_read(tmp_path: Path, row: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(f"# as of 2026-11\n{','.join(list_table.COLUMNS)}\n{row}\nacme,good,1,2,0,0,,\n")
    table = ListTable(path)
    assert table.rates("acme", "m") is None
    assert "acme/m" in table.problem
    assert "1 prices" not in table.problem and "1 columns" not in table.problem
    assert table.rates("acme", "good") == Rates(USD, 2 * USD, source="list 2026-11")


def test_a_table_that_is_not_there_is_a_problem_and_knows_nothing(tmp_path: Path) -> None:
    table = ListTable(tmp_path / "none.csv")
    assert table.rates("acme", "m") is None
    assert "none.csv" in table.problem


rates_in_nano = st.integers(0, 10**15)
four = (rates_in_nano, rates_in_nano, rates_in_nano, rates_in_nano)
any_tiers = st.lists(st.builds(Tier, st.integers(0, 10**7), *four), max_size=3).map(tuple)


@given(st.builds(Rates, *four, any_tiers, st.just("list 2026-11"), st.none() | st.integers(1, 10**8)))
def test_rates_come_back_from_the_table_to_the_last_digit(
    tmp_path_factory: pytest.TempPathFactory, rates: Rates
) -> None:
    path = tmp_path_factory.getbasetemp() / "round-trip.csv"
    path.write_text(list_table.render([(("acme", "m"), rates)], "2026-11"), encoding="utf-8")
    assert ListTable(path).rates("acme", "m") == rates
