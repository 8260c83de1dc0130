"""Asks OpenCode Go how much of its quota is used."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from opencode_tui.accounts.fetching import fetch
from opencode_tui.accounts.service import Refusal, Service, ServiceAnswer, checked, json_answer
from opencode_tui.accounts.sign_ins import GO, FoundKey, SignInSource
from opencode_tui.clock import DAY_MS
from opencode_tui.config.settings import OPENCODE_GO, Network
from opencode_tui.records.quotas import WHOLE, QuotaReading

WINDOWS = {"rolling": "5h", "weekly": "week", "monthly": "month"}
"""The service's names of the windows, and ours."""
_LONGEST_MS = 32 * DAY_MS


class GoUsage(Service):
    name = OPENCODE_GO

    def is_on(self, network: Network, source: SignInSource) -> bool:
        return network.opencode_go

    def key(self, network: Network, source: SignInSource) -> FoundKey | None:
        return source.key_for(GO)

    def ask(self, network: Network, key: FoundKey, now_ms: int) -> ServiceAnswer:
        fetched = fetch(f"{network.opencode_go_url}/usage", {"Authorization": key.secret}, "Bearer ")
        if fetched.status == 403:
            raise Refusal("no subscription", "the key has no subscription to OpenCode Go (403)", fetched.pause_s * 1000)
        return ServiceAnswer(readings=readings_in(json_answer(checked(fetched)), now_ms))


def readings_in(answer: Mapping[str, Any], now_ms: int) -> tuple[QuotaReading, ...]:
    """The windows of an answer; one that makes no sense is left out. Raises Refusal if none is left."""
    usage = answer.get("usage")
    found = []
    for name, window in WINDOWS.items():
        reported = usage.get(name) if isinstance(usage, dict) else None
        if not isinstance(reported, dict):
            continue
        percent, resets_ms = _percent(reported.get("percent")), _moment(reported.get("resetsAt"))
        if percent is not None and resets_ms is not None and 0 < resets_ms - now_ms < _LONGEST_MS:
            is_limited = reported.get("status") == "rate-limited"
            found.append(QuotaReading(window, now_ms, resets_ms, WHOLE if is_limited else percent, is_limited, {}))
    if not found:
        raise Refusal("failed", "its answer has no percentages")
    return tuple(found)


def _percent(value: object) -> int | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return min(max(math.floor(value), 0), WHOLE) if is_number and isinstance(value, int | float) else None


def _moment(value: object) -> int | None:
    """An ISO time as Unix milliseconds; one without an offset is UTC."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is None:
            return None
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
