"""Many subagents started by one turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opencode_tui.analysis.insights.parts import in_part
from opencode_tui.analysis.insights.rule import InsightRule, InsightSettings, cost_and_saving, where
from opencode_tui.analysis.subagents import (
    cheapest_starts,
    started_by_turn,
    sum_of_starts,
    total_nano,
    with_descendants,
)
from opencode_tui.money import format_usd, plural
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.signs import SessionSigns
from opencode_tui.records.work import SessionWork

FAN_OUT = Threshold("fan_out", 5)


class FanOut(InsightRule):
    """The cost is that of all the turn's subagents; fewer of them would have saved the first calls of the others."""

    name = "fan_out"
    lever = "context"
    is_about_subagents = True
    is_broad = True
    thresholds = (FAN_OUT,)

    def may_find(self, signs: SessionSigns, settings: InsightSettings) -> bool:
        return signs.family.direct >= FAN_OUT.of(settings)

    def find(self, work: SessionWork, settings: InsightSettings) -> Iterator[Finding]:
        least = FAN_OUT.of(settings)
        wide = [
            (turn, started)
            for turn, started in (started_by_turn(work) if len(work.children) >= least else ())
            if len(started) >= least
        ]
        if not wide:
            return
        starts = sum(cheapest_starts(started, len(started) - least + 1) for _, started in wide)
        costliest, _ = max(wide, key=lambda each: total_nano(with_descendants(work, each[1])))
        yield self.finding_on(
            *(work, with_descendants(work, [child for _, started in wide for child in started])),
            key="subagents",
            saves_nano=starts,
            turn_id=costliest.id,
            turns=len(wide),
            started=sum(len(started) for _, started in wide),
            too_many=sum(len(started) - least + 1 for _, started in wide),
            asking_nano=sum(turn.cost_nano for turn, _ in wide),
        )

    def words(self, findings: Sequence[Finding]) -> Words:
        cost, starts = cost_and_saving(findings)
        turns, started, too_many = (max(1, in_part(findings, name)) for name in ("turns", "started", "too_many"))
        asking = in_part(findings, "asking_nano")
        by = "one turn" if turns == 1 else plural(turns, "turn")
        return Words(
            title=f"{by} started {plural(started, 'subagent')}",
            what=(
                f"{by} of {where(findings)} started {plural(started, 'subagent')}, which cost {format_usd(cost)} "
                f"beside {format_usd(asking)} for the asking"
            ),
            how="ask for fewer subagents with a larger part each, or name the files instead of letting them search",
            sum_shown=sum_of_starts(cost, starts, too_many),
        )


RULES = (FanOut(),)
