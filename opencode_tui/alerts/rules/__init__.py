"""The alert rules, one file a family. A new one is a file here and an entry in `RULES`."""

from __future__ import annotations

from opencode_tui.alerts.rules import context, depth, edits, guard, loop, rate, spend, steps
from opencode_tui.alerts.rules.measuring import Measuring
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
"""In the order in which they are asked: of alerts that fire at one moment, that of an earlier rule comes first."""

_UNKNOWN = counted("call")


def crossings(look: Measuring) -> tuple[Crossing, ...]:
    """Every level of every rule that stands at or past its line now."""
    return tuple(crossing for rule in RULES for crossing in rule.crossings(look))


def in_force(settings: Settings) -> tuple[str, ...]:
    """The rules that are on, one in each line."""
    return tuple(text for rule in RULES for text in rule.in_force(settings))


def rule_of(crossing: Crossing) -> Rule | None:
    """The rule that made a crossing; None for one that is not known, such as that of a later version."""
    return next((rule for rule in RULES if rule.owns(crossing.rule)), None)


def title_of(crossing: Crossing) -> str:
    """What the rule of a crossing watches, in words; its name where it is not known."""
    rule = rule_of(crossing)
    return rule.title_of(crossing.rule) if rule else crossing.rule


def unit_of(crossing: Crossing) -> Unit:
    """What the values of a crossing are counted in; that of its family where its rule is not known."""
    rule = rule_of(crossing) or next((rule for rule in RULES if rule.kind == crossing.kind), None)
    return rule.unit if rule else _UNKNOWN
