"""Asks the services that are turned on and due, and keeps what they answer in the ledger.

Neither a screen nor a poll waits for this: commands that are about it call it, and the dashboard does on a thread.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from opencode_tui.accounts.console import Console
from opencode_tui.accounts.go import GoUsage
from opencode_tui.accounts.service import Refusal, Service, ServiceAnswer
from opencode_tui.accounts.sign_ins import FoundKey, SignInSource
from opencode_tui.accounts.zen import ZenModels
from opencode_tui.analysis.quota_windows import window_of_reset
from opencode_tui.clock import Clock, Span, calendar_for
from opencode_tui.config.settings import Network, QuotaPlan, Settings
from opencode_tui.ledger import quota_queries, quota_readings, services
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.records.quotas import QuotaReading
from opencode_tui.records.services import AskState, ServiceState

GO_USAGE, ZEN_MODELS, CONSOLE = GoUsage(), ZenModels(), Console()
SERVICES: tuple[Service, ...] = (GO_USAGE, ZEN_MODELS, CONSOLE)
_STATES: tuple[AskState, ...] = ("ok", "auth", "no subscription", "limited", "failed")


class DueService(Struct, frozen=True):
    service: Service
    key: FoundKey


def due_services(ledger: Ledger, network: Network, source: SignInSource, now_ms: int) -> Iterator[DueService]:
    """The services that are turned on, have a key, and may be asked now."""
    for service in SERVICES:
        if service.is_on(network, source) and (key := service.key(network, source)) is not None:
            kept = services.kept_answer(ledger.connection, service.name)
            if services.is_due(kept, key.source, now_ms, service.wait_ms):
                yield DueService(service, key)


def ask_services(
    ledger: Ledger,
    settings: Settings,
    source: SignInSource,
    clock: Clock,
    only: Iterable[Service] = SERVICES,
) -> None:
    """Ask those of the services that are due; takes some seconds for each at most. Raises sqlite3.Error.

    Another process that asks at the same moment leaves it to this one.
    """
    wanted = tuple(only)
    for due in tuple(due_services(ledger, settings.network, source, clock())):
        if due.service in wanted:
            _ask(ledger, settings, due, clock)


def _ask(ledger: Ledger, settings: Settings, due: DueService, clock: Clock) -> None:
    service = due.service
    with ledger.writing() as connection:
        if not services.claim(connection, service.name, due.key.source, clock(), service.wait_ms):
            return
    answer = _answer(settings, due, clock())
    if isinstance(answer, Refusal):
        with ledger.writing() as connection:
            services.note_failure(
                connection, service.name, clock(), service.wait_ms, answer.state, str(answer), answer.leave_ms
            )
        return
    with ledger.writing() as connection:
        services.note_answer(connection, service.name, clock(), service.wait_ms, json.dumps(answer.kept))
        plan = settings.plans.get(service.name)
        if plan is not None:
            counted = [with_sums(connection, plan, each) for each in answer.readings]
            quota_readings.add_readings(connection, service.name, counted)


def _answer(settings: Settings, due: DueService, now_ms: int) -> ServiceAnswer | Refusal:
    try:
        return due.service.ask(settings.network, due.key, now_ms)
    except Refusal as refusal:
        return refusal
    except Exception as error:  # whatever a service answers, it ends nobody's command or screen
        return Refusal("failed", f"its answer cannot be used ({type(error).__name__})")


def with_sums(connection: sqlite3.Connection, plan: QuotaPlan, reading: QuotaReading) -> QuotaReading:
    """The reading with what the ledger has by model since its window began."""
    began = window_of_reset(reading.window, reading.resets_ms, reading.at_ms, calendar_for(plan.zone))
    sums: dict[str, int] = {}
    if began is not None:
        start_ms = quota_queries.counted_from(connection, began.start_ms, plan.providers)
        span = Span(start_ms, max(start_ms, reading.at_ms))
        for each in quota_queries.plan_sums(connection, span, plan.providers, sessions=False, turns=False):
            sums[each.model] = sums.get(each.model, 0) + each.nano
    return replace(reading, sums=sums)


def service_state(
    kept: services.KeptAnswer | None, service: Service, network: Network, source: SignInSource | None
) -> ServiceState:
    """How a service stands now, for the screen."""
    if source is None or not service.is_on(network, source):
        return ServiceState("off")
    if service.key(network, source) is None:
        return ServiceState("no key")
    if kept is None:
        return ServiceState("unasked")
    state: AskState = next((each for each in _STATES if each == kept.state), "unasked")
    return ServiceState(state, kept.asked_ms, kept.answered_ms, kept.next_ms, kept.detail)
