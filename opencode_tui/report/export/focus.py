"""FOCUS 1.2 (FinOps Open Cost and Usage Specification) as CSV: a charge for each call.

All mandatory columns, the recommended ones that a call has, and columns of our own, which begin with `x_`. What was
spent is BilledCost; the list price, where OpenCode recorded $0, is ListCost. See https://focus.finops.org/focus-specification/v1-2/.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC
from functools import lru_cache
from typing import TextIO

from msgspec import Struct

from opencode_tui.clock import DAY_MS, Calendar
from opencode_tui.money import decimal_text
from opencode_tui.records.exports import ExportedCall
from opencode_tui.report.export.request import CallRequest
from opencode_tui.report.export.values import spreadsheet_text, usd_decimal, utc_second

_UTC = Calendar(UTC)


class FocusColumn(Struct, frozen=True):
    name: str
    value: Callable[[ExportedCall], str]


def _always(text: str) -> Callable[[ExportedCall], str]:
    return lambda call: text


def _text(value: Callable[[ExportedCall], str | None]) -> Callable[[ExportedCall], str]:
    return lambda call: spreadsheet_text(value(call) or "")


def _cost(call: ExportedCall) -> str:
    return usd_decimal(call.cost_nano)


def _list_cost(call: ExportedCall) -> str:
    return usd_decimal(call.cost_nano if call.list_nano is None else call.list_nano)


def _tokens(call: ExportedCall) -> int:
    """What was used: nothing by a copy."""
    return 0 if call.is_copy else call.tokens.total


def _description(call: ExportedCall) -> str:
    return (
        f"{call.tokens.total} tokens of {call.model}, {'copied by a fork' if call.is_copy else f'agent {call.agent}'}"
    )


def _month(call: ExportedCall) -> tuple[str, str]:
    """The calendar month in UTC in which the call was made: its first second, and the first after it."""
    return _month_of(call.created_ms // DAY_MS)


@lru_cache(maxsize=64)
def _month_of(day_number: int) -> tuple[str, str]:
    day = _UTC.day(day_number * DAY_MS).replace(day=1)
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    return f"{day:%Y-%m-%d}T00:00:00Z", f"{year:04}-{month:02}-01T00:00:00Z"


def _end(call: ExportedCall) -> str:
    """The first second after the answer, which is in the month of the call."""
    return min(utc_second(max(call.ended_ms, 0) + 1000), _month(call)[1])


_provider = _text(lambda call: call.provider or "unknown")
MANDATORY = (
    FocusColumn("BilledCost", _cost),
    FocusColumn("BillingAccountId", _provider),
    FocusColumn("BillingAccountName", _provider),
    FocusColumn("BillingCurrency", _always("USD")),
    FocusColumn("BillingPeriodStart", lambda call: _month(call)[0]),
    FocusColumn("BillingPeriodEnd", lambda call: _month(call)[1]),
    FocusColumn("ChargeCategory", _always("Usage")),
    FocusColumn("ChargeClass", _always("")),
    FocusColumn("ChargeDescription", _text(_description)),
    FocusColumn("ChargePeriodStart", lambda call: utc_second(call.created_ms)),
    FocusColumn("ChargePeriodEnd", _end),
    FocusColumn("ContractedCost", _cost),
    FocusColumn("EffectiveCost", _cost),
    FocusColumn("InvoiceIssuerName", _provider),
    FocusColumn("ListCost", _list_cost),
    FocusColumn("PricingQuantity", lambda call: decimal_text(_tokens(call), 1_000_000)),
    FocusColumn("PricingUnit", _always("1000000 Tokens")),  # what models are priced by
    FocusColumn("ProviderName", _provider),
    FocusColumn("PublisherName", _provider),
    FocusColumn("ServiceCategory", _always("AI and Machine Learning")),
    FocusColumn("ServiceName", _text(lambda call: call.model or "unknown")),
)
_OTHERS = (
    FocusColumn("ChargeFrequency", _always("Usage-Based")),
    FocusColumn("ConsumedQuantity", lambda call: str(_tokens(call))),
    FocusColumn("ConsumedUnit", _always("Tokens")),
    FocusColumn("ServiceSubcategory", _always("Generative AI")),
    FocusColumn("x_CallId", _text(lambda call: call.id)),
    FocusColumn("x_SessionId", _text(lambda call: call.session_id)),
    FocusColumn("x_Project", _text(lambda call: call.project)),
    FocusColumn("x_Agent", _text(lambda call: call.agent)),
    FocusColumn("x_Machine", _text(lambda call: call.machine)),
    FocusColumn("x_InputTokens", lambda call: str(call.tokens.input)),
    FocusColumn("x_OutputTokens", lambda call: str(call.tokens.output)),
    FocusColumn("x_ReasoningTokens", lambda call: str(call.tokens.reasoning)),
    FocusColumn("x_CacheReadTokens", lambda call: str(call.tokens.cache_read)),
    FocusColumn("x_CacheWriteTokens", lambda call: str(call.tokens.cache_write)),
    FocusColumn("x_CostBasis", _text(lambda call: call.basis)),
    FocusColumn("x_IsCopy", lambda call: "true" if call.is_copy else "false"),
    FocusColumn("x_CopiedFrom", _text(lambda call: call.copied_from)),
)
_TITLE = FocusColumn("x_SessionTitle", _text(lambda call: call.title))


def write_focus(request: CallRequest, file: TextIO) -> None:
    columns = (*MANDATORY, *_OTHERS, *((_TITLE,) if request.titles else ()))
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([column.name for column in columns])
    for call in request.calls:
        writer.writerow([column.value(call) for column in columns])
