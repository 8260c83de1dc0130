"""Reads the balance from OpenCode's console, whose pages carry their data as JavaScript.

The field names and units are those that others have seen: `balance` and `monthlyUsage` in 1e-8 USD, `monthlyLimit`,
`reloadAmount` and `reloadTrigger` in USD. `monthlyUsage` is of the month in which it was updated last.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from opencode_tui.accounts.fetching import Fetched, fetch
from opencode_tui.accounts.service import Refusal, Service, ServiceAnswer, checked
from opencode_tui.accounts.sign_ins import FoundKey, SignInSource
from opencode_tui.clock import MINUTE_MS
from opencode_tui.config.settings import Network
from opencode_tui.money import NANO
from opencode_tui.records.privacy.harmless import one_line

_UNIT_NANO = 10
"""1e-8 USD in nano-dollars."""
_MOST = 10**16
_LONGEST_OBJECT = 20_000
_WORKSPACE = re.compile(r"/workspace/(wrk_[A-Za-z0-9]{1,60})(?:[/?#]|$)")
_BALANCE = re.compile(r"[{,]\s*\"?balance\"?\s*:\s*-?\d")
_REFUSED = "the cookie was refused: sign in to the console again and copy the new one"


class Console(Service):
    name = "console"
    wait_ms = 5 * MINUTE_MS

    def is_on(self, network: Network, source: SignInSource) -> bool:
        return self.key(network, source) is not None

    def key(self, network: Network, source: SignInSource) -> FoundKey | None:
        return source.cookie(network.console_cookie_file)

    def ask(self, network: Network, key: FoundKey, now_ms: int) -> ServiceAnswer:
        workspace = _workspace(network.console_url, self._get(f"{network.console_url}/auth", key))
        fetched = self._get(f"{network.console_url}/workspace/{workspace}/billing", key)
        if 300 <= fetched.status < 400:
            raise Refusal("auth", _REFUSED)
        return ServiceAnswer(billing_in(_body(fetched).decode("utf-8", "replace"), now_ms))

    @staticmethod
    def _get(url: str, key: FoundKey) -> Fetched:
        return fetch(url, {"Cookie": key.secret})


def _body(fetched: Fetched) -> bytes:
    if fetched.status in (401, 403):
        raise Refusal("auth", _REFUSED)
    return checked(fetched)


def _workspace(base: str, fetched: Fetched) -> str:
    """The workspace to which the console leads who is signed in. Raises Refusal.

    A redirect is read and not followed: to another host it asks to sign in, and the cookie must not go there.
    """
    if 300 <= fetched.status < 400:
        there = urlsplit(fetched.location)
        is_here = not there.netloc or there.netloc == urlsplit(base).netloc
        found = _WORKSPACE.search(there.path) if is_here else None
    else:
        found = re.search(_WORKSPACE.pattern.replace("(?:[/?#]|$)", ""), _body(fetched).decode("utf-8", "replace"))
    if found is None:
        raise Refusal("auth", _REFUSED)
    return found[1]


def billing_in(page: str, now_ms: int) -> dict[str, Any]:
    """The amounts of the console's page, in nano-dollars; None for what it does not say. Raises Refusal without any."""
    at = _BALANCE.search(page)
    if at is None:
        raise Refusal("failed", "its page has no balance")
    billing = _object_around(page, at.start() + 1)
    month = _number(billing, "monthlyUsage")
    if month is not None and not _is_this_month(billing, now_ms):
        month = 0
    return {
        "balance_nano": _scaled(_number(billing, "balance"), _UNIT_NANO),
        "month_nano": _scaled(month, _UNIT_NANO),
        "limit_nano": _scaled(_number(billing, "monthlyLimit"), NANO),
        "reloads": _switch(billing, "reload"),
        "reload_nano": _scaled(_number(billing, "reloadAmount"), NANO),
        "trigger_nano": _scaled(_number(billing, "reloadTrigger"), NANO),
        "subscription": _subscription(billing),
    }


def _object_around(text: str, at: int) -> str:
    """The innermost object around a place, by its braces."""
    start, depth = at, 0
    least, most = max(0, at - _LONGEST_OBJECT), min(len(text), at + _LONGEST_OBJECT)
    while start > least:
        start -= 1
        depth += (text[start] == "}") - (text[start] == "{")
        if depth < 0:
            break
    end, depth = at, 0
    while end < most:
        depth += (text[end] == "{") - (text[end] == "}")
        if depth < 0:
            break
        end += 1
    return text[start:end]


def _value(billing: str, name: str, pattern: str) -> str | None:
    found = re.search(rf'(?<![A-Za-z]){name}"?\s*:\s*(?:\$R\[\d+\]\s*=\s*)?({pattern})', billing)
    return found[1] if found else None


def _number(billing: str, name: str) -> int | None:
    text = _value(billing, name, r"-?\d{1,17}(?![\d.e])")
    return int(text) if text is not None and abs(int(text)) <= _MOST else None


def _scaled(number: int | None, unit_nano: int) -> int | None:
    return None if number is None or abs(number * unit_nano) > _MOST * _UNIT_NANO else number * unit_nano


def _switch(billing: str, name: str) -> bool | None:
    text = _value(billing, name, r"![01]|true|false")
    return None if text is None else text in ("!0", "true")


def _is_this_month(billing: str, now_ms: int) -> bool:
    text = _value(billing, "timeMonthlyUsageUpdated", r'(?:new Date\()?"[^"]{10,40}"')
    if text is None:
        return True
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    return text.partition('"')[2].startswith(f"{now:%Y-%m}")


def _subscription(billing: str) -> str:
    """The plan's name: OpenCode Go is called `lite` there."""
    text = _value(billing, "subscription", r"\{[^}]{0,500}\}")
    plan = text and (_value(text, "plan", r'"[^"]{1,60}"') or '"subscription"')
    if plan:
        return one_line(plan.strip('"'), 60)
    return "OpenCode Go" if _value(billing, "lite(?:SubscriptionID)?", r"\{|\"") else ""
