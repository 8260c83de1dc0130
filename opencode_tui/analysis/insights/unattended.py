"""What was spent long after the last prompt, with nobody there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opencode_tui.analysis.insights.period_findings import (
    AUTOMATION,
    is_night,
    of_it_at_night,
    quarter_findings,
    root_ids,
    root_kinds,
    sum_shown_of,
    sums,
    the_rest,
)
from opencode_tui.analysis.insights.rule import InsightSettings, PeriodRule, figure, were, where
from opencode_tui.clock import MINUTE_MS
from opencode_tui.money import format_usd, plural
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.work import PeriodWork, QuarterShare

_TIMED = "nights"


class AwayFromKeyboard(PeriodRule):
    """The cost is that of the calls made so long after the last prompt in any session, and more.

    Sessions that a timer seems to have begun at night are an insight of their own, as long as it was night.
    """

    name = "unattended"
    lever = "routing"
    thresholds = (Threshold("unattended_minutes", 60),)

    def find(self, work: PeriodWork, settings: InsightSettings) -> Iterator[Finding]:
        root_kind, root_of, minutes = root_kinds(work), root_ids(work), self.thresholds[0].of(settings)

        def is_timed(quarter: QuarterShare) -> bool:
            return root_of.get(quarter.session_id) in work.timed and is_night(quarter, work)

        alone = [quarter for quarter in work.alone if root_kind.get(quarter.session_id) not in AUTOMATION]
        away = (quarter for quarter in alone if not is_timed(quarter))
        yield from quarter_findings(self, work, away, "away", minutes=minutes)
        yield from quarter_findings(self, work, filter(is_timed, work.quarters), _TIMED, minutes=minutes)

    def words(self, findings: Sequence[Finding]) -> Words:
        cost, calls = sums(findings)
        minutes = figure(findings[0], "minutes")
        if findings[0].key == _TIMED:
            return Words(
                title=f"{format_usd(cost)} spent at night, as by a timer",
                what=(
                    f"{plural(calls, 'call')} of {where(findings)} {were(calls)} made between 0:00 and 6:00 for one "
                    f"prompt each, with nobody who went on in any session: {format_usd(cost)}{the_rest(findings)}"
                ),
                how="opencode run --model with a cheaper model, and a cutoff that the guard holds at night",
                sum_shown=sum_shown_of(findings, cost),
            )
        return Words(
            title=f"{format_usd(cost)} spent long after the last prompt",
            what=(
                f"{plural(calls, 'call')} of {where(findings)} {were(calls)} made {minutes} minutes and more after the "
                f"last prompt in any session: {format_usd(cost)}{of_it_at_night(findings)}{the_rest(findings)}"
            ),
            how="set a cutoff that the guard holds before you leave, and /models to a cheaper model for long runs",
            sum_shown=sum_shown_of(findings, cost),
        )


def away_after_ms(settings: InsightSettings) -> int:
    """How long after the last prompt nobody is taken to be there; 0 if the rule is off."""
    return AwayFromKeyboard.thresholds[0].of(settings) * MINUTE_MS


RULES = (AwayFromKeyboard(),)
