"""FOCUS: the columns and rules of version 1.2, and what the validator of the FinOps Foundation says of them.

The newest validator in the package index (1.0.0) knows FOCUS up to 1.0 and spells four columns otherwise than that
version does; so it is given the columns by its names, and the rules of 1.2 are written out here.
"""

from __future__ import annotations

import csv
import importlib.util
import io
import re
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from opencode_tui.money import nano_from_usd
from tests.report.export.conftest import History
from tests.stores import V1
from tests.support.shell import Shell, ago, at

NEVER_NULL = {
    *("BilledCost", "BillingAccountId", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart"),
    *("ChargeCategory", "ChargePeriodEnd", "ChargePeriodStart", "ContractedCost", "EffectiveCost"),
    *("InvoiceIssuerName", "ListCost", "ProviderName", "PublisherName", "ServiceCategory", "ServiceName"),
    *("PricingQuantity", "PricingUnit"),  # of a charge of the category Usage
}
MANDATORY = NEVER_NULL | {"BillingAccountName", "ChargeClass", "ChargeDescription"}
COSTS = ("BilledCost", "ContractedCost", "EffectiveCost", "ListCost")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
NUMBER = re.compile(r"\d+(\.\d+)?")
SPELLED = {
    "InvoiceIssuerName": "InvoiceIssuer",
    "ProviderName": "Provider",
    "PublisherName": "Publisher",
}
"""The names that the validator has for columns of the specification."""


def charges(shell: Shell, *options: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(shell.said("export", "--format", "focus", *options))))


def test_every_call_is_a_charge_with_all_mandatory_columns(history: History) -> None:
    rows, told = charges(history), history.json("usage", "--period", "all")
    assert len(rows) == told["calls"] + told["copied_calls"]
    own = {name for name in rows[0] if name.startswith("x_")}
    others = {"ChargeFrequency", "ConsumedQuantity", "ConsumedUnit", "ServiceSubcategory"}
    assert rows[0].keys() == MANDATORY | others | own
    for row in rows:
        assert all(row[name] for name in NEVER_NULL), row
        assert (row["ChargeCategory"], row["ChargeClass"], row["BillingCurrency"]) == ("Usage", "", "USD")
        assert row["ServiceCategory"] == "AI and Machine Learning"
        for name in (*COSTS, "PricingQuantity"):
            assert NUMBER.fullmatch(row[name])
        for of in ("Billing", "Charge"):
            start, end = row[f"{of}PeriodStart"], row[f"{of}PeriodEnd"]
            assert MOMENT.fullmatch(start) and MOMENT.fullmatch(end) and start < end
        assert row["BillingPeriodStart"] <= row["ChargePeriodStart"] < row["BillingPeriodEnd"]


def test_billed_and_list_cost_are_those_of_usage(history: History) -> None:
    rows, told = charges(history), history.json("usage", "--period", "all")
    billed, listed = (sum(Decimal(row[name]) for row in rows) for name in ("BilledCost", "ListCost"))
    assert billed * 10**9 == history.store.truth.total_nano
    assert nano_from_usd(listed - billed) == nano_from_usd(told["list_usd"]) > 0
    copies = [row for row in rows if row["x_IsCopy"] == "true"]
    assert {row[name] for row in copies for name in (*COSTS, "PricingQuantity")} == {"0"}
    tokens = sum(told["tokens"].values())
    assert sum(Decimal(row["PricingQuantity"]) for row in rows) * 1_000_000 == tokens
    assert sum(int(row["ConsumedQuantity"]) for row in rows) == tokens


def test_a_call_at_the_end_of_a_month_stays_in_it(shell: Shell, store: V1) -> None:
    session = store.session("Late", created=at("23:59:59", ago(13)))
    store.call(session, cost="0.01", at=at("23:59:59", ago(13)), took=90_000)
    (row,) = (row for row in charges(shell) if row["BilledCost"] == "0.01")
    assert (row["BillingPeriodStart"], row["BillingPeriodEnd"]) == ("2026-04-01T00:00:00Z", "2026-05-01T00:00:00Z")
    assert (row["ChargePeriodStart"], row["ChargePeriodEnd"]) == ("2026-04-30T23:59:59Z", "2026-05-01T00:00:00Z")


def test_a_title_comes_where_it_is_asked_for_alone(history: History) -> None:
    assert "Fix header" not in str(charges(history))
    assert "Fix header" in {row["x_SessionTitle"] for row in charges(history, "--titles")}


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="focus-validator needs numpy<2, which has no wheel for 3.13")
def test_the_validator_finds_only_columns_missing_that_are_conditional(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    from focus_validator.config_objects import ChecklistObjectStatus
    from focus_validator.validator import Validator

    header, *lines = history.said("export", "--format", "focus").splitlines()
    file = history.home / "focus.csv"
    file.write_text("\n".join([",".join(SPELLED.get(name, name) for name in header.split(",")), *lines]))
    found = importlib.util.find_spec("focus_validator")
    assert found and found.origin
    monkeypatch.chdir(Path(found.origin).parents[1])  # it looks for its currencies below the current directory
    validator = Validator(str(file), None, "console", rules_version="1.0", column_namespace="x_")
    validator.load()
    validator.focus_data["ConsumedQuantity"] *= 1.0  # it would take whole numbers for no decimals
    checks = validator.spec_rules.validate(validator.focus_data).checklist.values()
    failed = {each.column_id for each in checks if each.status != ChecklistObjectStatus.PASSED}
    passed = {each.column_id for each in checks if each.status == ChecklistObjectStatus.PASSED} - failed
    assert {SPELLED.get(name, name) for name in MANDATORY} <= passed
    assert failed.isdisjoint(MANDATORY | set(SPELLED.values()))
    assert {each.rule_ref.check for each in checks if each.status == ChecklistObjectStatus.FAILED} == {
        "column_required"
    }
