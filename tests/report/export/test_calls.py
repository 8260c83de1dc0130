"""CSV, JSON Lines, SQLite and Parquet: every call once, to the nano-dollar, and no title that nobody asked for."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from opencode_tui.cli import EXIT_OK
from opencode_tui.money import nano_from_usd
from tests.report.export.conftest import History
from tests.stores import V1
from tests.support.shell import GPT, Shell, ago, at

Rows = list[dict[str, Any]]


def csv_rows(shell: Shell, *options: str) -> Rows:
    return list(csv.DictReader(io.StringIO(shell.said("export", "--format", "csv", *options))))


def jsonl_rows(shell: Shell, *options: str) -> Rows:
    return [json.loads(line) for line in shell.said("export", "--format", "jsonl", *options).splitlines()]


def file_of(shell: Shell, name: str, *options: str) -> Path:
    file = shell.home / f"calls.{name}"
    shell.said("export", "--format", name, "--output", str(file), *options)
    return file


def sqlite_rows(shell: Shell, *options: str) -> Rows:
    with closing(sqlite3.connect(file_of(shell, "sqlite", *options))) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute("SELECT * FROM calls ORDER BY created_at, id")]


def parquet_rows(shell: Shell, *options: str) -> Rows:
    from pyarrow import parquet

    rows: Rows = parquet.read_table(file_of(shell, "parquet", *options)).to_pylist()
    return rows


READ = {"csv": csv_rows, "jsonl": jsonl_rows, "sqlite": sqlite_rows, "parquet": parquet_rows}
each_format = pytest.mark.parametrize("read", READ.values(), ids=READ)


def nano(row: dict[str, Any], name: str) -> int:
    """An amount of a row of any format in nano-dollars; no amount is 0."""
    if (value := row.get(f"{name}_nano")) is not None:
        return int(value)
    text = row.get(f"{name}_usd")
    return nano_from_usd(text) if text not in (None, "") else 0


def is_yes(value: Any) -> bool:
    return value in (True, 1, "true")


@each_format
def test_it_holds_every_call_and_adds_up_to_usage(read: Callable[..., Rows], history: History) -> None:
    rows, told = read(history), history.json("usage", "--period", "all")
    copies = [row for row in rows if is_yes(row["is_copy"])]
    paid = [row for row in rows if not is_yes(row["is_copy"])]
    assert len({row["id"] for row in rows}) == len(rows) == told["calls"] + told["copied_calls"]
    assert len(copies) == told["copied_calls"] > 0
    assert sum(nano(row, "cost") for row in rows) == history.store.truth.total_nano
    assert history.store.truth.total_nano % 1_000 == 802  # to the nano-dollar
    assert [nano(row, "cost") for row in copies] == [0] * len(copies)
    assert {row["copied_from"] for row in copies} <= {row["id"] for row in paid}
    assert nano_from_usd(told["list_usd"]) == sum(nano(row, "list_price") for row in rows) > 0
    for kind, count in told["tokens"].items():
        assert sum(int(row[f"{kind}_tokens"]) for row in paid) == count
    for row in rows:
        parts = sum(nano(row, f"{part}_cost") for part in ("input", "output", "cache"))
        assert parts in (0, nano(row, "cost"))


@each_format
def test_it_begins_with_the_day_that_is_asked_for(read: Callable[..., Rows], history: History) -> None:
    rows = read(history, "--since", "2026-05-11")
    assert sum(nano(row, "cost") for row in rows) == history.store.truth.between(at("00:00", ago(2)), 10**15)
    assert {row["day"] for row in rows} == {"2026-05-11", "2026-05-13"}


@each_format
def test_a_title_comes_where_it_is_asked_for_alone(read: Callable[..., Rows], history: History) -> None:
    assert "Fix header" not in str(read(history))
    assert {"Fix header", "Renew cart"} <= {row["session_title"] for row in read(history, "--titles")}


@each_format
def test_an_empty_ledger_gives_no_rows(read: Callable[..., Rows], shell: Shell) -> None:
    V1(shell.home)
    assert read(shell) == []


def test_all_formats_have_the_same_calls_in_the_same_order(history: History) -> None:
    first, *others = ([(row["id"], row["session_id"], row["model"]) for row in read(history)] for read in READ.values())
    assert [first] * len(others) == others


def test_a_row_says_who_when_and_how_it_ended(history: History) -> None:
    rows = jsonl_rows(history)
    assert all(row["schema_version"] == 1 for row in rows)
    (last,) = (row for row in rows if row["created_at"] == "2026-05-13T11:01:00.000Z" and not row["is_copy"])
    assert (f"{last['provider']}/{last['model']}", last["agent"], last["project"]) == (GPT, "plan", "/home/dev/cart")
    assert (last["completed_at"], last["cost_usd"], last["basis"]) == ("2026-05-13T11:01:01.500Z", 0.2, "recorded")
    (running,) = (row for row in rows if row["completed_at"] is None)
    assert (running["created_at"], running["cost_usd"]) == ("2026-05-13T12:07:00.000Z", 0.0)
    assert [row["error"] for row in rows if row["error"]] == ["MessageAbortedError"]
    assert sum(row["parent_session_id"] is not None for row in rows) == 1


def test_days_are_those_of_the_time_zone_and_moments_are_utc(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENCODE_TUI_TIMEZONE", "Pacific/Auckland")
    rows = csv_rows(history, "--since", "2026-05-14")
    assert {row["day"] for row in rows} == {"2026-05-14"}
    assert rows[0]["created_at"] == "2026-05-13T12:01:00.000Z"


def test_amounts_in_csv_are_decimals_without_an_exponent(history: History) -> None:
    costs = {row["cost_usd"] for row in csv_rows(history)}
    assert {"0.000000001", "0.013297801", "9.99", "0.3", "0"} <= costs
    assert not [cost for cost in costs if "e" in cost.lower()]


def test_a_formula_for_a_spreadsheet_is_text(shell: Shell, store: V1) -> None:
    store.call(store.session('=HYPERLINK("http://x","y")'), model="local/@cf/llama", cost="0.01")
    row = csv_rows(shell, "--titles")[-1]
    assert (row["session_title"], row["model"]) == ('\'=HYPERLINK("http://x","y")', "'@cf/llama")
    assert jsonl_rows(shell, "--titles")[-1]["session_title"].startswith("=")


def test_the_sqlite_file_says_what_its_columns_mean(history: History) -> None:
    with closing(sqlite3.connect(file_of(history, "sqlite", "--titles"))) as connection:
        columns = {row[1] for row in connection.execute("PRAGMA table_info(calls)")}
        meanings = dict(connection.execute("SELECT column, meaning FROM columns"))
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert meanings.keys() == columns and all(meanings.values())
    assert not [file.name for file in history.home.iterdir() if file.name.startswith(".calls")]


def test_parquet_has_exact_types(history: History) -> None:
    from pyarrow import parquet

    schema = parquet.read_schema(file_of(history, "parquet"))
    assert str(schema.field("cost_usd").type) == "decimal128(28, 9)"
    assert str(schema.field("created_at").type) == "timestamp[ms, tz=UTC]"
    assert schema.field("cost_usd").metadata[b"meaning"]
    rows = parquet_rows(history)
    assert sum(row["cost_usd"] for row in rows) == Decimal(history.store.truth.total_nano).scaleb(-9)


@pytest.mark.parametrize("name", ["csv", "jsonl", "sqlite"])
def test_the_same_ledger_gives_the_same_bytes(name: str, history: History) -> None:
    assert file_of(history, name).read_bytes() == file_of(history, name).read_bytes()


@pytest.mark.parametrize("name", ["csv", "jsonl", "focus", "openmetrics"])
def test_a_file_holds_what_standard_output_would(name: str, history: History) -> None:
    store_text = history.said("export", "--format", name)
    assert file_of(history, name).read_text() == store_text
    assert history.run("export", "--format", name, "-o", "-") == (EXIT_OK, store_text, "")


def test_it_says_what_it_has_written(history: History) -> None:
    file = history.home / "calls.csv"
    told = history.said("export", "--format", "csv", "-o", str(file), "--since", "2026-05-13")
    lines = list(csv.DictReader(file.read_text().splitlines()))
    copies = sum(is_yes(line["is_copy"]) for line in lines)
    calls = history.json("usage", "--from", "2026-05-13")["calls"]
    assert (copies, calls) == (1, len(lines) - 1)
    assert told == f"{calls} calls and 1 copy, $0.583297802, in {file}\n"
