"""What was spent long after the last prompt, with nobody there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opencode_tui.analysis.call_figures import NIGHT, sum_left
from opencode_tui.analysis.insights.period_findings import (
    AUTOMATION,
    quarter_findings,
    root_kinds,
    sum_shown_of,
    sums,
    the_rest,
)
from opencode_tui.analysis.insights.rule import InsightSettings, PeriodRule, figure, were, where
from opencode_tui.clock import MINUTE_MS
from opencode_tui.money import format_usd, plural
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.work import PeriodWork


class AwayFromKeyboard(PeriodRule):
    """The cost is that of the calls made so long after the last prompt in any session, and more."""

    name = "unattended"
    lever = "routing"
    thresholds = (Threshold("unattended_minutes", 60),)

    def find(self, work: PeriodWork, settings: InsightSettings) -> Iterator[Finding]:
        root_kind, minutes = root_kinds(work), self.thresholds[0].of(settings)
        alone = [quarter for quarter in work.alone if root_kind.get(quarter.session_id) not in AUTOMATION]
        yield from quarter_findings(self, work, alone, "away", minutes=minutes)

    def words(self, findings: Sequence[Finding]) -> Words:
        (cost, calls), night = sums(findings), sum_left(findings, NIGHT)
        minutes = figure(findings[0], "minutes")
        at_night = f", {format_usd(night)} of it between 0:00 and 6:00" if night else ""
        return Words(
            title=f"{format_usd(cost)} spent long after the last prompt",
            what=(
                f"{plural(calls, 'call')} of {where(findings)} {were(calls)} made {minutes} minutes and more after the "
                f"last prompt in any session: {format_usd(cost)}{at_night}{the_rest(findings)}"
            ),
            how="set a cutoff that the guard holds before you leave, and /models to a cheaper model for long runs",
            sum_shown=sum_shown_of(findings, cost),
        )


def away_after_ms(settings: InsightSettings) -> int:
    """How long after the last prompt nobody is taken to be there; 0 if the rule is off."""
    return AwayFromKeyboard.thresholds[0].of(settings) * MINUTE_MS


RULES = (AwayFromKeyboard(),)
