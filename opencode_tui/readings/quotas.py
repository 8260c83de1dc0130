"""Reads how much of each plan's quota is used."""

from __future__ import annotations

import sqlite3

from msgspec.structs import replace

from opencode_tui.accounts.asking import GO_USAGE, service_state
from opencode_tui.accounts.sign_ins import GO
from opencode_tui.analysis.quota_advice import model_switch
from opencode_tui.analysis.quota_shares import Weights
from opencode_tui.analysis.quota_weights import learned_weights
from opencode_tui.analysis.quota_windows import LOOKED_BACK_MS
from opencode_tui.clock import DAY_MS, Calendar, Span
from opencode_tui.config.settings import OPENCODE_GO, QuotaPlan, Settings
from opencode_tui.ledger.bounds import is_lower_bound
from opencode_tui.ledger.quota_queries import recent_uses, was_plan_used
from opencode_tui.ledger.quota_readings import readings_of, was_read
from opencode_tui.ledger.services import kept_answer
from opencode_tui.ledger.sums import QUARTER_MS
from opencode_tui.readings.context import Context
from opencode_tui.readings.quota_windows import PlanLook, read_window
from opencode_tui.records.quotas import NEARLY_FULL, ModelWeight, PlanQuota, Quotas
from opencode_tui.records.requests import QuotasRequest
from opencode_tui.records.services import ServiceState

_USED_MS = 28 * DAY_MS
"""A model that was not used for so long is not advised."""


def read_quotas(request: QuotasRequest, context: Context) -> Quotas:
    """Every plan of the settings, and OpenCode Go if it was used, asked or signed in to."""
    found = []
    for name in context.settings.plans:
        if name in context.settings.quota or _is_known(name, context):
            plan = read_plan(context.connection, context.settings, name, context.now_ms, context.calendar)
            found.append(replace(plan, service=_service(name, context)))
    span = Span(context.now_ms - LOOKED_BACK_MS, context.now_ms + 1)
    bound = is_lower_bound(context.connection, span, context.whole)
    return Quotas(request, context.now_ms, tuple(found), bound)


def read_plan(
    connection: sqlite3.Connection,
    settings: Settings,
    name: str,
    now_ms: int,
    calendar: Calendar,
    *,
    details: bool = True,
) -> PlanQuota:
    """One of the settings' plans as it stands now; `details` adds each window's pace and sessions, and the advice."""
    plan = settings.plans[name]
    weights = plan_weights(connection, name, plan)
    look = PlanLook(connection, name, plan, weights, now_ms, calendar, details)
    windows = tuple(read_window(look, window) for window in plan.windows)
    used = {model.model for window in windows for model in window.models}
    learned = tuple(each for each in weights.learned.values() if each.model in used)
    switch = None
    if details and any(window.percent_now >= NEARLY_FULL for window in windows):
        end_ms = -(-(now_ms + 1) // QUARTER_MS) * QUARTER_MS
        switch = model_switch(windows, recent_uses(connection, Span(end_ms - _USED_MS, end_ms)), plan.providers)
    return PlanQuota(name, plan.unit, plan.providers, windows, learned, switch)


def plan_weights(connection: sqlite3.Connection, name: str, plan: QuotaPlan) -> Weights:
    """What each model of a plan counts, as far as it is known."""
    readings = readings_of(connection, name) if plan.unit == "usd" else ()
    learned: dict[str, ModelWeight] = {each.model: each for each in learned_weights(readings, plan.windows)}
    return Weights(plan.unit, plan.counts, learned)


def _service(name: str, context: Context) -> ServiceState | None:
    if name != OPENCODE_GO:
        return None
    kept = kept_answer(context.connection, GO_USAGE.name)
    return service_state(kept, GO_USAGE, context.settings.network, context.sign_ins())


def _is_known(name: str, context: Context) -> bool:
    """Whether a plan was used or asked of late, or OpenCode is signed in to it."""
    connection, since_ms = context.connection, context.now_ms - LOOKED_BACK_MS
    if was_plan_used(connection, since_ms, context.settings.plans[name].providers):
        return True
    if was_read(connection, name, since_ms):
        return True
    source = context.sign_ins()
    return source is not None and any(each.provider == GO for each in source.sign_ins()[0])
