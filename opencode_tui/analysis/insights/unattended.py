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
from opencode_tui.clock import MINUTE_MS, Span
from opencode_tui.money import format_usd, plural
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.work import PeriodWork, QuarterShare


class AwayFromKeyboard(PeriodRule):
    """The cost is that of the quarters of an hour that began so long after the last prompt in any session."""

    name = "unattended"
    lever = "routing"
    thresholds = (Threshold("unattended_minutes", 60),)

    def find(self, work: PeriodWork, settings: InsightSettings) -> Iterator[Finding]:
        root_kind, people = root_kinds(work), {each.id for each in work.sessions if each.kind_of_use == "interactive"}
        attended = [quarter for quarter in work.quarters if root_kind.get(quarter.session_id) not in AUTOMATION]
        prompted = [quarter for quarter in attended if quarter.prompts and quarter.session_id in people]
        if not prompted:
            return
        minutes = self.thresholds[0].of(settings)
        left = _left_alone(attended, prompted, minutes * MINUTE_MS, work.span)
        yield from quarter_findings(self, work, left, "away", minutes=minutes)

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


def _left_alone(
    quarters: Sequence[QuarterShare], prompted: Sequence[QuarterShare], away_ms: int, span: Span
) -> Iterator[QuarterShare]:
    """The quarters with no prompt in them nor in the time before them; somebody is taken to be there at the start.

    All are in order of time.
    """
    last_ms, place = span.start_ms, 0
    for quarter in quarters:
        while place < len(prompted) and prompted[place].start_ms <= quarter.start_ms:
            last_ms = max(last_ms, prompted[place].end_ms)
            place += 1
        if quarter.start_ms - last_ms >= away_ms:
            yield quarter


RULES = (AwayFromKeyboard(),)
