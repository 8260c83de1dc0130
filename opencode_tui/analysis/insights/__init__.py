"""The insight rules, one file each. A new one is a file here with `RULES`, and lines in the example file."""

from __future__ import annotations

from opencode_tui.analysis.insights.rule import AnyInsightRule, InsightRule, PeriodRule
from opencode_tui.paths import modules_in
from opencode_tui.records.insights import Threshold

RULES: tuple[AnyInsightRule, ...] = tuple(
    sorted(
        (rule for module in modules_in(__name__, __path__) for rule in getattr(module, "RULES", ())),
        key=lambda rule: rule.name,
    )
)
"""All rules by name."""
SESSION_RULES: tuple[InsightRule, ...] = tuple(rule for rule in RULES if isinstance(rule, InsightRule))
PERIOD_RULES: tuple[PeriodRule, ...] = tuple(rule for rule in RULES if isinstance(rule, PeriodRule))
RULE_OF: dict[str, AnyInsightRule] = {rule.name: rule for rule in RULES}
THRESHOLDS: tuple[Threshold, ...] = tuple(threshold for rule in RULES for threshold in rule.thresholds)
"""The settings that they declare."""
