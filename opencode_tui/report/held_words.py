"""The guard's rates, loops, subagents and lifts as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from opencode_tui.clock import Calendar
from opencode_tui.money import format_usd, plural, usd
from opencode_tui.paths import tilde

_LIFTED = {"rate": "rates", "loop": "loops", "subagent": "subagents' caps", "budget": "budgets"}


def lifted_words(what: str) -> str:
    """What a lift is of: `rates`, `the budget “web”`."""
    name = what.removeprefix("budget ")
    return _LIFTED.get(what) or f"the budget “{name}”"


def held_lines(held: Mapping[str, Any]) -> Iterator[str]:
    """One line for each rate, and for loops and subagents where they are held; budgets are `budget`'s."""
    for rate in held.get("rates", ()):
        yield f"rate of {_whose(rate)}: {', '.join(_rate_limits(rate))}"
    if times := held.get("identical_calls"):
        yield f"loops: stopped after {plural(times, 'identical tool call')} with nothing changed in between"
    if nano := held.get("subagent_nano"):
        yield f"cap of each subagent: {format_usd(nano)}"
    if budgets := held.get("budgets"):
        yield f"budgets: {', '.join(str(budget['name']) for budget in budgets)} (`opencode-tui budget` shows them)"


def held_json(held: Mapping[str, Any]) -> dict[str, object]:
    """The same for JSON; what is off is null."""
    return {
        "rates": [
            {
                **{key: rate[key] for key in ("name", "scope", "only")},
                "calls_a_minute": rate["calls_a_minute"] or None,
                "hour_usd": usd(rate["hour_nano"]) if rate["hour_nano"] else None,
            }
            for rate in held.get("rates", ())
        ],
        "identical_calls": held.get("identical_calls") or None,
        "subagent_usd": usd(held["subagent_nano"]) if held.get("subagent_nano") else None,
        "budgets": [budget["name"] for budget in held.get("budgets", ())],
    }


def lift_lines(lifts: Mapping[str, int], calendar: Calendar, now_ms: int) -> Iterator[str]:
    """One line for each lift of a single limit."""
    for what, until_ms in sorted(lifts.items()):
        yield f"{lifted_words(what)}: not held until {calendar.moment(until_ms, now_ms)}"


def _rate_limits(rate: Mapping[str, Any]) -> Iterator[str]:
    if rate["calls_a_minute"]:
        yield f"{plural(rate['calls_a_minute'], 'call')} a minute"
    if rate["hour_nano"]:
        yield f"{format_usd(rate['hour_nano'])} an hour"


def _whose(rate: Mapping[str, Any]) -> str:
    if rate["scope"] == "seat":
        return "all calls"
    if not rate["only"]:
        return f"each {rate['scope']}"
    only = tilde(Path(rate["only"])) if rate["scope"] == "project" else rate["only"]
    return f"{rate['scope']} {only}"
