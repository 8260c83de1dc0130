"""Brings what the insight rules find in sessions up to date, for the sessions that changed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from opencode_tui.analysis.cheaper_models import uses_of
from opencode_tui.analysis.insights import SESSION_RULES
from opencode_tui.analysis.task_classes import VERSION
from opencode_tui.clock import EVER, Span
from opencode_tui.ledger.changed_work import count_behind, is_behind, sessions_behind
from opencode_tui.ledger.findings import keep_findings
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.ledger.session_work_queries import end_of_calls, latest_rates
from opencode_tui.ledger.turns import keep_turns
from opencode_tui.readings.context import ContextLimits
from opencode_tui.readings.limit_settling import settle_limits
from opencode_tui.readings.look_ahead import looking_ahead, other_process
from opencode_tui.readings.session_look import Look, Looked
from opencode_tui.readings.turn_settling import keep_stamp
from opencode_tui.records.collecting import paused_collection
from opencode_tui.records.session import ModelRates

if TYPE_CHECKING:
    from opencode_tui.readings.look_ahead import OtherProcess

_AT_ONCE = 500
"""Sessions that are settled in one transaction."""


def settle_findings(
    ledger: Ledger,
    thresholds: Mapping[str, int],
    limits: ContextLimits | None = None,
    span: Span = EVER,
    most: int | None = None,
) -> None:
    """Finds again what is in the sessions around a span that changed, at most so many, a transaction for each step.

    Their turns are classified on the way.

    `thresholds` are those that are no defaults; other ones find all again, and so do a model that comes into use, a
    new price and another context limit, as any session may be compared with them. May be interrupted anywhere and run
    twice at once. Raises sqlite3.OperationalError if the ledger is locked.
    """
    keep_stamp(ledger, "turns", VERSION)
    keep_stamp(ledger, "findings", _stamp(thresholds))
    behind = count_behind(ledger.connection, "findings", span)
    with other_process(behind if most is None else min(behind, most)) as process:
        settle_limits(ledger, limits)
        rates = _settled_rates(ledger)
        ids = sessions_behind(ledger.connection, "findings", span)[:most]
        _settle(ledger, ids, Look(thresholds, limits, rates), process, span)


def _settle(ledger: Ledger, behind: Sequence[str], look: Look, process: OtherProcess | None, span: Span) -> None:
    """Looks at the sessions that are behind, and keeps what is found, a transaction for each step."""
    unclassified = set(sessions_behind(ledger.connection, "turns", span)) if behind else set()
    portions = [list(behind[first : first + _AT_ONCE]) for first in range(0, len(behind), _AT_ONCE)]
    version = ledger.data_version()
    with looking_ahead(ledger, look, portions, process) as shared:
        for ids, looked in shared:
            with paused_collection(), ledger.writing() as connection:
                if looked is None or ledger.data_version() != version:
                    looked = look.at(connection, ids)
                _keep(connection, ids, unclassified.intersection(ids), looked)


def _settled_rates(ledger: Ledger) -> dict[str, ModelRates]:
    """The rates of the models in use, by which all sessions are found again if they are others than before.

    They can only change with a call, and then its session is behind; while none is, there are none to be read.
    """
    if not is_behind(ledger.connection, "findings"):
        return {}
    rates = latest_rates(ledger.connection)
    by_model = [(model, each.input, each.output, each.cache_read, each.cache_write) for model, each in rates.items()]
    in_use = uses_of(rates, end_of_calls(ledger.connection))
    keep_stamp(ledger, "rates", json.dumps([sorted(by_model), in_use]))
    return rates


def _keep(connection: sqlite3.Connection, ids: Sequence[str], unclassified: AbstractSet[str], looked: Looked) -> None:
    """Replaces the findings of these sessions, and the turns of the unclassified ones among them."""
    if unclassified:
        turns = [turn for turn in looked.turns if turn.session_id in unclassified]
        keep_turns(connection, sorted(unclassified), turns)
    keep_findings(connection, ids, looked.found)


def _stamp(thresholds: Mapping[str, int]) -> str:
    """What the findings depend on besides the calls."""
    rules = [(rule.name, rule.version, [each.of(thresholds) for each in rule.thresholds]) for rule in SESSION_RULES]
    return json.dumps([VERSION, rules])
