"""OpenMetrics: what prometheus-client's parser reads adds up to usage, and no session is a label."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from opencode_tui.records.calls import Tokens
from opencode_tui.records.exports import SpendCounters, SpendGroup
from opencode_tui.report.export.openmetrics import openmetrics_text
from tests.report.export.conftest import History
from tests.support.records import replace

LABELS = {"provider", "model", "agent", "project"}
NO_CALLS = SpendCounters((), 0, 0, 10**9, 2 * 10**9, False)


def parsed(text: str) -> dict[str, Any]:
    """The families by name. The parser is strict: it raises an error for what the specification forbids."""
    return {family.name: family for family in text_string_to_metric_families(text)}  # type: ignore[no-untyped-call]


GROUP = SpendGroup("p", "m", "a", "/x", calls=1, cost_nano=1, list_nano=0, tokens=Tokens(input=1))


def values(text: str, name: str) -> list[Decimal]:
    """As they stand there, since the parser makes floats of them."""
    return [
        Decimal(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith((f"{name}{{", f"{name} "))
    ]


def test_the_counters_add_up_to_usage(history: History) -> None:
    text, told = history.said("export", "--format", "openmetrics"), history.json("usage", "--period", "all")
    families = parsed(text)
    cost = families["opencode_cost_usd"]
    assert (cost.type, cost.unit, text.endswith("\n# EOF\n")) == ("counter", "usd", True)
    assert {sample.name for sample in cost.samples} == {"opencode_cost_usd_total"}
    assert all(sample.labels.keys() == LABELS for sample in cost.samples)
    assert sum(values(text, "opencode_cost_usd_total")) * 10**9 == history.store.truth.total_nano
    assert float(sum(values(text, "opencode_list_usd_total"))) == told["list_usd"] > 0
    assert sum(values(text, "opencode_calls_total")) == told["calls"]
    assert values(text, "opencode_copied_calls_total") == [told["copied_calls"]]
    for kind, count in told["tokens"].items():
        samples = [s for s in families["opencode_tokens"].samples if s.labels["kind"] == kind]
        assert sum(sample.value for sample in samples) == count
    assert not [session for session in (*history.store.sessions, "Fix header") if session in text]


def test_they_are_split_by_four_labels(history: History) -> None:
    spent = {
        tuple(sample.labels.values()): sample.value
        for sample in parsed(history.said("export", "--format", "openmetrics"))["opencode_cost_usd"].samples
    }
    assert spent["openai", "gpt-5", "plan", "/home/dev/cart"] == 0.2
    assert spent["local", "qwen", "review", "/home/dev/cart"] == 0.07


def test_gauges_say_where_today_stands(history: History) -> None:
    text = history.said("export", "--format", "openmetrics", "--since", "2026-05-13")
    families = parsed(text)
    gauges = {name: family.samples[0].value for name, family in families.items() if family.type == "gauge"}
    assert gauges == {
        "opencode_today_usd": 0.583297802,
        "opencode_warning_usd": 0.8,
        "opencode_cutoff_usd": 1.5,
        "opencode_lower_bound": 0,
    }
    assert sum(values(text, "opencode_cost_usd_total")) == Decimal("0.583297802")


@pytest.mark.parametrize("text", ['a"b', "a\\b", "a\\nb", "日本 {x=}", "", "e\u0301", "=,}"])
def test_any_label_comes_back_as_it_was(text: str) -> None:
    written = openmetrics_text(SpendCounters((replace(GROUP, model=text, project=text),), 0, 0, 1, 1, True))
    (sample,) = parsed(written)["opencode_cost_usd"].samples
    assert (sample.labels["model"], sample.labels["project"]) == (text, text)
    assert sample.value == 1e-9 and " 0.000000001\n" in written


def test_labels_that_differ_in_control_characters_are_one_sample() -> None:
    groups = (replace(GROUP, agent="a\x1b", cost_nano=2), replace(GROUP, agent="a\x9b", cost_nano=3))
    text = openmetrics_text(SpendCounters(groups, 0, 0, 1, 1, False))
    assert [sample.value for sample in parsed(text)["opencode_cost_usd"].samples] == [5e-9]
    assert "\x1b" not in text


def test_an_empty_ledger_has_its_families() -> None:
    assert parsed(openmetrics_text(NO_CALLS))["opencode_cost_usd"].samples == []
