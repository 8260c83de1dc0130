"""Lines that belong together: a notice comes before its warning, and a warning before its cutoff."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from opencode_tui.config.errors import Given, Key
from opencode_tui.config.settings import Settings, SpendRule
from opencode_tui.money import format_usd
from opencode_tui.records.alerts import Level

Levels = tuple[tuple[Level, int], ...]
"""The levels that are set with their lines, from the notice to the cutoff."""


def wrong_lines(settings: Settings, givens: Sequence[Given]) -> Iterator[str]:
    """A sentence for each table whose lines do not ascend, and for each rule of the user's own that says nothing."""
    for table, levels in _tables(settings):
        unit = "" if table[-1] == "context" else "_usd"
        for (lower, low), (upper, high) in pairwise(levels):
            if low > high:
                keys = [(*table, f"{lower}{unit}"), (*table, f"{upper}{unit}"), ("budget", "week_target_usd")]
                where = next(given.name(key) for given in givens for key in keys if given.has(key))
                lows, highs = (format_usd(at) if unit else f"{at}%" for at in (low, high))
                yield (
                    f"{where}: the {lower} at {lows} comes after the {upper} at {highs}; "
                    f"lower the {lower} or raise the {upper}"
                )
    for name, rule in settings.alerts.spend.items():
        key = ("alerts", "spend", name)
        where = next(given.name(key) for given in givens if given.has(key))
        yield from (f"{where}: {fault}" for fault in _faults(rule))


def _tables(settings: Settings) -> Iterator[tuple[Key, Levels]]:
    budget, chart, alerts = settings.budget, settings.chart, settings.alerts
    yield ("budget",), (("warning", budget.warning_nano), ("cutoff", budget.cutoff_nano))
    yield ("chart",), (("warning", chart.warning_nano), ("cutoff", chart.cutoff_nano))
    for name, lines in (
        ("week", alerts.week),
        ("month", alerts.month),
        ("session", alerts.session),
        ("subagent", alerts.subagent),
        ("rate", alerts.rate),
    ):
        yield ("alerts", name), lines.levels
    yield ("alerts", "context"), alerts.context.levels
    for name, rule in alerts.spend.items():
        yield ("alerts", "spend", name), rule.lines.levels


def _faults(rule: SpendRule) -> Iterator[str]:
    if not rule.lines.levels:
        yield "this rule has no line; write a notice_usd, a warning_usd or a cutoff_usd"
    if rule.only and rule.scope == "all":
        yield "'only' needs to know of what; write a scope beside it, such as scope = \"model\""
