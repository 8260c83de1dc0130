"""The alert rules, one file for each family. A new one is a file here and an entry in `RULES`.

Its settings are a field of `config.settings.Alerts` and lines in the example file.
"""

from __future__ import annotations

from opencode_tui.alerts.rules import context, depth, edits, guard, loop, rate, spend, steps
from opencode_tui.alerts.rules.measurements import Measurements
from opencode_tui.alerts.rules.rule import Rule, Unit, counted
from opencode_tui.config.settings import Settings
from opencode_tui.records.alerts import Crossing

RULES: tuple[Rule, ...] = (
    *spend.RULES,
    *rate.RULES,
    *context.RULES,
    *steps.RULES,
    *depth.RULES,
    *loop.RULES,
    *edits.RULES,
    *guard.RULES,
)
"""In order of evaluation, which also orders alerts that fire at the same moment."""

_UNKNOWN = counted("call")


def crossings(measured: Measurements) -> tuple[Crossing, ...]:
    """Every level of every rule that is at or past its line now."""
    return tuple(crossing for rule in RULES for crossing in rule.crossings(measured))


def in_force(settings: Settings) -> tuple[str, ...]:
    """The enabled rules, one text each."""
    return tuple(text for rule in RULES for text in rule.in_force(settings))


def rule_of(crossing: Crossing) -> Rule | None:
    """The rule of a crossing; None if unknown, such as one of a later version."""
    return next((rule for rule in RULES if rule.owns(crossing.rule)), None)


def title_of(crossing: Crossing) -> str:
    """The title of the crossing's rule, or its name if the rule is unknown."""
    rule = rule_of(crossing)
    return rule.title_of(crossing.rule) if rule else crossing.rule


def unit_of(crossing: Crossing) -> Unit:
    """The unit of the crossing's values, or that of its family if the rule is unknown."""
    rule = rule_of(crossing) or next((rule for rule in RULES if rule.kind == crossing.kind), None)
    return rule.unit if rule else _UNKNOWN
