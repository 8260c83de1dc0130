"""The alert rules, one file for each family. A new one is a file here with `RULES`, and lines in the example file."""

from __future__ import annotations

from typing import Any

from opencode_tui.alerts.rules.measurements import Measurements
from opencode_tui.alerts.rules.rule import Rule, Unit, counted
from opencode_tui.config.options import Option
from opencode_tui.config.settings import Settings
from opencode_tui.paths import modules_in
from opencode_tui.records.alerts import Crossing

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (rule for module in modules_in(__name__, __path__) for rule in getattr(module, "RULES", ())),
        key=lambda rule: rule.rank,
    )
)
"""All rules in order of evaluation; those of one file keep its order."""
OPTIONS: tuple[Option[Any], ...] = tuple(rule.option for rule in RULES if rule.option is not None)
"""The settings that they declare."""

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
