"""Figures of findings of which only a part belongs to the period that was asked for.

A finding is cut by its calls, and its cost and its saving with them; its figures are those of the whole. So a rule's
words count calls where they can, and take other figures in proportion to the calls left of `count` in the whole.
"""

from __future__ import annotations

from collections.abc import Sequence

from opencode_tui.analysis.insights.rule import figure
from opencode_tui.records.insights import Finding


def calls_left(findings: Sequence[Finding]) -> int:
    """The number of calls that are left in all."""
    return sum(len(finding.calls) for finding in findings)


def are_whole(findings: Sequence[Finding]) -> bool:
    """Whether none was cut."""
    return all(len(finding.calls) >= figure(finding, "count") for finding in findings)


def in_part(findings: Sequence[Finding], name: str) -> int:
    """The sum of a figure, of each finding in proportion to the calls that are left of it; exact if none was cut."""
    return sum(
        figure(finding, name) * len(finding.calls) // max(figure(finding, "count"), len(finding.calls), 1)
        for finding in findings
    )
