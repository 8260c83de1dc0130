"""Many subagents started by one turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opencode_tui.analysis.insights.rule import InsightRule, InsightSettings, figure, where
from opencode_tui.analysis.subagents import cheapest_starts, started_by_turn, sum_of_starts, with_descendants
from opencode_tui.money import format_usd, plural
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.work import SessionWork

FAN_OUT = Threshold("fan_out", 6)


class FanOut(InsightRule):
    """The cost is that of all the turn's subagents; fewer of them would have saved the first calls of the others."""

    name = "fan_out"
    lever = "context"
    thresholds = (FAN_OUT,)

    def find(self, work: SessionWork, settings: InsightSettings) -> Iterator[Finding]:
        least = FAN_OUT.of(settings)
        for turn, started in started_by_turn(work) if len(work.children) >= least else ():
            if len(started) >= least:
                too_many = len(started) - least + 1
                starts = cheapest_starts(started, too_many)
                yield self.finding_on(
                    *(work, with_descendants(work, started)),
                    key="subagents",
                    saves_nano=starts,
                    turn_id=turn.id,
                    started=len(started),
                    too_many=too_many,
                    starts_nano=starts,
                    turn_nano=turn.cost_nano,
                )

    def words(self, findings: Sequence[Finding]) -> Words:
        cost = sum(finding.cost_nano for finding in findings)
        started, too_many, starts, turns = (
            sum(figure(finding, name) for finding in findings)
            for name in ("started", "too_many", "starts_nano", "turn_nano")
        )
        by = "one turn" if len(findings) == 1 else plural(len(findings), "turn")
        return Words(
            title=f"{by} started {plural(started, 'subagent')}",
            what=(
                f"{by} of {where(findings)} started {plural(started, 'subagent')}, which cost {format_usd(cost)} "
                f"beside {format_usd(turns)} for the asking"
            ),
            how="ask for fewer subagents with a larger part each, or name the files instead of letting them search",
            sum_shown=sum_of_starts(cost, starts, too_many),
        )


RULES = (FanOut(),)
