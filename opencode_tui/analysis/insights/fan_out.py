"""Many subagents started by one turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opencode_tui.analysis.call_figures import groups_left, listed, of_groups, saving_calls
from opencode_tui.analysis.insights.parts import are_whole
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
    reach = "broad"
    is_said_beside = True
    version = 2
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
        starts = [cheapest_starts(started, len(started) - least + 1) for _, started in wide]
        below = [with_descendants(work, started) for _, started in wide]
        costliest, _ = max(wide, key=lambda each: total_nano(with_descendants(work, each[1])))
        yield self.finding_on(
            *(work, {child.id: child for children in below for child in children}.values()),
            key="subagents",
            saved={id: nano for of_turn in starts for id, nano in of_turn.items()},
            groups={"turn": {child.id: number for number, of in enumerate(below, 1) for child in of}},
            turn_id=costliest.id,
            started_of_turn=listed(len(started) for _, started in wide),
            asking_of_turn=listed(turn.cost_nano for turn, _ in wide),
        )

    def words(self, findings: Sequence[Finding]) -> Words:
        cost, starts = cost_and_saving(findings)
        turns = max(1, groups_left(findings, "turn"))
        started, asking = (of_groups(findings, name, "turn") for name in ("started", "asking"))
        beside = f" beside {format_usd(asking)} for the asking"
        if not are_whole(findings):
            beside = (
                f", as far as it lies in this period and no closer insight counts it; the asking cost "
                f"{format_usd(asking)} in all"
            )
        by = "one turn" if turns == 1 else plural(turns, "turn")
        return Words(
            title=f"{by} started {plural(started, 'subagent')}",
            what=(
                f"{by} of {where(findings)} started {plural(started, 'subagent')}, which cost {format_usd(cost)}"
                f"{beside}"
            ),
            how="ask for fewer subagents with a larger part each, or name the files instead of letting them search",
            sum_shown=sum_of_starts(cost, starts, saving_calls(findings)),
        )


RULES = (FanOut(),)
