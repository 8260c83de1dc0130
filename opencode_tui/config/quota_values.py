"""Validators of the settings of quotas.

Each raises ValueError with the second half of a sentence: what is wrong, and what to write.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec.structs import replace

from opencode_tui.config.errors import shown
from opencode_tui.config.settings import GO_PLAN, OPENCODE_GO, QUOTA_UNITS, QuotaPlan, QuotaUnit
from opencode_tui.config.values import json_table, nano, text_setting
from opencode_tui.money import NANO

_MOST_CAP = 1_000_000_000
_THOUSANDTHS = NANO // 1000


def plan_tables(value: object) -> object:
    """The plans: a table, or text with a JSON table."""
    return json_table(value, "plans", '{"copilot": {"providers": ["github-copilot"], "windows": {"month": 300}}}')


def plan_name(value: str) -> str:
    if not re.fullmatch(r"[\w.-]{1,40}", value):
        raise ValueError("a plan is named with at most 40 letters, digits, dots, - and _; write one such as copilot")
    return value


def plan_providers(value: object) -> tuple[str, ...]:
    """The names of providers."""
    if not isinstance(value, list) or not value or not all(isinstance(each, str) and each for each in value):
        raise ValueError(f'{shown(value)} is not a list of providers; write one such as ["github-copilot"]')
    return tuple(dict.fromkeys(text_setting(each) for each in value))


def window_caps(value: object) -> dict[str, int]:
    """Caps in 1e-9 of the plan's unit, by window."""
    caps = json_table(value, "windows", '{"5h": 12, "week": 30}')
    if not isinstance(caps, Mapping) or not caps:
        raise ValueError(f'{shown(value)} has no window; write such as {{ "5h" = 12, week = 30 }}')
    return {_window_name(name): _cap(name, cap) for name, cap in caps.items()}


def _window_name(name: str) -> str:
    if not re.fullmatch(r"(?:[1-9]|[1-9]\d|1[0-5]\d|16[0-8])h|day|week|month", name, re.ASCII):
        raise ValueError(f"{shown(name)} is no window; write hours from 1h to 168h, day, week or month")
    return name


def _cap(name: str, value: object) -> int:
    cap = nano(value, f"a cap of {name}", "30")
    if not 0 < cap <= _MOST_CAP * NANO:
        raise ValueError(f"the cap {shown(value)} of {name} is out of range; write a number above 0, to {_MOST_CAP}")
    return cap


def model_counts(value: object) -> dict[str, int]:
    """How much models count, in thousandths, by name."""
    counts = json_table(value, "models", '{"glm-5": 1.5}')
    if not isinstance(counts, Mapping):
        raise ValueError(f'{shown(value)} is no table of models; write such as {{ "glm-5" = 1.5 }}')
    return {text_setting(name): _count(name, factor) for name, factor in counts.items()}


def _count(name: str, value: object) -> int:
    factor = nano(value, f"how much {shown(name)} counts", "1.5")
    if not 0 <= factor <= 1000 * NANO or factor % _THOUSANDTHS:
        raise ValueError(
            f"{shown(value)} for {shown(name)} is out of range; write from 0 to 1000, with at most three decimals"
        )
    return factor // _THOUSANDTHS


def quota_unit(value: object) -> QuotaUnit:
    for unit in QUOTA_UNITS:
        if value == unit:
            return unit
    raise ValueError(f"{shown(value)} is none of {', '.join(map(repr, QUOTA_UNITS))}; write one of them")


def first_of_month(value: object) -> int:
    """A day of the month."""
    is_text = isinstance(value, str) and re.fullmatch(r"\d{1,2}", value, re.ASCII)
    day = int(str(value)) if is_text or (isinstance(value, int) and not isinstance(value, bool)) else 0
    if not 1 <= day <= 31:
        raise ValueError(f"{shown(value)} is not a day of the month; write one from 1 to 31")
    return day


def plan_of(name: str, given: Mapping[str, object]) -> QuotaPlan:
    """A plan of these checked values; OpenCode Go's other values are its own."""
    return replace(GO_PLAN if name == OPENCODE_GO else QuotaPlan(), **given)


def plan_fault(plan: QuotaPlan) -> str:
    """What a plan lacks, with what to write; empty if it is whole."""
    if not plan.providers:
        return 'this plan has no providers; write such as providers = ["github-copilot"]'
    if not plan.windows:
        return "this plan has no windows; write such as windows = { month = 300 }"
    return ""
