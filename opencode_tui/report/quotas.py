"""Plans with a quota as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from opencode_tui.analysis.quota_words import pace_text, percent_text, switch_text, window_text
from opencode_tui.clock import MINUTE_MS, Calendar
from opencode_tui.money import NANO, decimal_text, format_usd, plural, usd
from opencode_tui.records.privacy.harmless import shown_id
from opencode_tui.records.quotas import (
    WHOLE,
    ModelWeight,
    PlanQuota,
    Quotas,
    QuotaWindow,
    SessionQuota,
)
from opencode_tui.report.json_values import SCHEMA_VERSION, moment_or_none
from opencode_tui.report.services import service_json, service_text
from opencode_tui.report.words import meter

_BAR = 12
_MOST_SESSIONS = 5
_OLD_MS = 10 * MINUTE_MS
"""From then on a reading's age is said."""
_NONE = (
    "no quota is known: no call of OpenCode Go in the last five weeks, and no plan in the settings; see [quota.NAME] in"
    " config.example.toml"
)


def quotas_json(quotas: Quotas, calendar: Calendar) -> dict[str, Any]:
    """The JSON contract. Amounts are in the plan's `unit`: USD, calls or turns, exact to 1e-9."""
    return {
        "schema_version": SCHEMA_VERSION,
        "taken_at": calendar.iso(quotas.taken_ms),
        "lower_bound": quotas.lower_bound,
        "plans": [_plan_json(plan, calendar) for plan in quotas.plans],
    }


def _plan_json(plan: PlanQuota, calendar: Calendar) -> dict[str, Any]:
    switch = plan.switch
    return {
        "name": plan.name,
        "unit": plan.unit,
        "providers": list(plan.providers),
        "service": None if plan.service is None else service_json(plan.service, calendar),
        "windows": [_window_json(window, calendar) for window in plan.windows],
        "weights": [
            {"model": each.model, "factor": each.factor, "low": each.low, "high": each.high, "readings": each.readings}
            for each in plan.weights
        ],
        "advice": switch
        and {
            "model": switch.model or None,
            "until_at": calendar.iso(switch.until_ms),
            "usd_per_call": usd(switch.nano_per_call),
            "same_plan": switch.is_of_plan,
        },
    }


def _window_json(window: QuotaWindow, calendar: Calendar) -> dict[str, Any]:
    reading = window.reading
    return {
        "window": window.name,
        "start_at": moment_or_none(window.start_ms, calendar),
        "resets_at": moment_or_none(window.resets_ms, calendar),
        "cap": window.cap / NANO,
        "used": window.used / NANO,
        "calls": window.calls,
        "percent": window.percent,
        "percent_now": window.percent_now,
        "lower_bound": window.is_lower_bound,
        "official": reading
        and {
            "percent": reading.percent,
            "limited": reading.is_limited,
            "at": calendar.iso(reading.at_ms),
        },
        "per_hour": window.rate / NANO,
        "full_at": moment_or_none(window.full_ms, calendar),
        "models": [
            {
                "model": each.model,
                "used": each.amount / NANO,
                "calls": each.calls,
                "percent": _share(each.amount, window),
            }
            for each in window.models
        ],
        "sessions": [
            {
                "id": each.id,
                "title": each.title,
                "used": each.amount / NANO,
                "calls": each.calls,
                "percent": _share(each.amount, window),
                "percent_low": _share(each.least, window),
                "percent_high": _share(each.most, window),
            }
            for each in window.sessions
        ],
        "elsewhere_percent": _elsewhere(window),
    }


def quotas_text(quotas: Quotas, calendar: Calendar) -> str:
    """Each plan with its windows, what its models count, the sessions that took most, and what to do."""
    if not quotas.plans:
        return _NONE
    return "\n\n".join("\n".join(_plan_lines(plan, quotas, calendar)) for plan in quotas.plans)


def _plan_lines(plan: PlanQuota, quotas: Quotas, calendar: Calendar) -> Iterator[str]:
    now_ms = quotas.taken_ms
    yield plan.name if plan.service is None else f"{plan.name}: {service_text(plan.service, now_ms, calendar)}"
    yield from _window_lines(plan, now_ms, calendar)
    if any(window.is_lower_bound and window.estimate is None for window in plan.windows):
        more = "some models count more than their price, and " if plan.unit == "usd" and not plan.weights else ""
        yield f"  ≥ is a lower bound: {more}calls elsewhere are not known here"
    for weight in plan.weights:
        yield f"  {weight_text(weight)}"
    for window in plan.windows[:1] + tuple(each for each in plan.windows[1:] if each.sessions)[:1]:
        yield from _session_lines(plan, window)
    if plan.switch is not None:
        yield f"  → {switch_text(plan.switch, now_ms, calendar)}"


def _window_lines(plan: PlanQuota, now_ms: int, calendar: Calendar) -> Iterator[str]:
    percents = [percent_text(window) for window in plan.windows]
    used = [
        f"{amount_in(window.used, plan.unit)} of {amount_in(window.cap, plan.unit)}"
        f"{' in the ledger' if window.reading else ''}"
        for window in plan.windows
    ]
    wide, wider = max(map(len, percents)), max(map(len, used))
    for window, percent, amount in zip(plan.windows, percents, used, strict=True):
        bar = meter(min(window.percent_now, WHOLE), WHOLE, _BAR)
        pace = pace_text(window, now_ms, calendar)
        if window.reading is not None and now_ms - window.reading.at_ms >= _OLD_MS:
            pace += f"; {window.reading.percent}% reported {calendar.moment(window.reading.at_ms, now_ms)}"
        yield f"  {window.name:5}  {bar}  {percent:>{wide}}  {amount:{wider}}  {pace}"


def _session_lines(plan: PlanQuota, window: QuotaWindow) -> Iterator[str]:
    if not window.sessions:
        return
    yield f"  what each session took of {window_text(window.name)}:"
    for each in window.sessions[:_MOST_SESSIONS]:
        share = session_share_text(each, window)
        yield f"    {share:>7}  {amount_in(each.amount, plan.unit)}  {each.title} ({shown_id(each.id)})"
    if others := window.sessions[_MOST_SESSIONS:]:
        rest = sum(each.amount for each in others)
        more = plural(len(others), "other session")
        yield f"    {_share(rest, window):6.1f}%  {amount_in(rest, plan.unit)}  {more}"
    if elsewhere := _elsewhere(window):
        yield f"    {elsewhere:6.1f}%  calls that the ledger has not, or models that count more than is known"


def weight_text(weight: ModelWeight) -> str:
    """Such as `a dollar of glm-5 counts as $1.50 (1.44 to 1.56, from 12 readings)`."""
    return (
        f"a dollar of {weight.model} counts as ${weight.factor:.2f}"
        f" ({weight.low:.2f} to {weight.high:.2f}, from {plural(weight.readings, 'reading')})"
    )


def session_share_text(session: SessionQuota, window: QuotaWindow) -> str:
    """A session's part of the cap in percent, with its uncertainty if there is one: `12.5%`, `12.5±0.4%`."""
    off = (_share(session.most, window) - _share(session.least, window)) / 2
    return f"{_share(session.amount, window):.1f}{f'±{off:.1f}' if off >= 0.05 else ''}%"


def amount_in(amount: int, unit: str) -> str:
    """An amount of a plan: `$1.20`, `12.5 calls`."""
    if unit == "usd":
        return format_usd(amount)
    return f"{decimal_text(amount)} {unit if amount != NANO else unit.removesuffix('s')}"


def _share(amount: int, window: QuotaWindow) -> float:
    return round(amount * WHOLE / window.cap, 2)


def _elsewhere(window: QuotaWindow) -> float | None:
    """What is used by more than the sessions, in percent; None where nobody tells, 0 within the rounding."""
    if window.reading is None or not window.sessions:
        return None
    rest = window.percent_now + 1 - sum(each.most for each in window.sessions) * WHOLE / window.cap
    known = sum(each.amount for each in window.sessions) * WHOLE / window.cap
    return round(max(0.0, window.percent_now - known), 2) if rest > 2 else 0.0
