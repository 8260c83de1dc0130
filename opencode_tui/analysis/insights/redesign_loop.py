"""One file edited again in turn after turn of a session."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from opencode_tui.analysis.insights.parts import are_whole
from opencode_tui.analysis.insights.rule import InsightRule, InsightSettings, cost_and_saving, figure, where
from opencode_tui.analysis.loops import is_edit
from opencode_tui.money import format_usd
from opencode_tui.paths import last_part
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.work import SessionWork, TurnWork


class RedesignLoop(InsightRule):
    """The cost is that of the whole turns that edited the file; at most the rounds after the first could be saved."""

    name = "redesign_loop"
    lever = "context"
    is_followed_whole = True
    version = 2
    thresholds = (Threshold("redesign_rounds", 4),)

    def find(self, work: SessionWork, settings: InsightSettings) -> Iterator[Finding]:
        least = self.thresholds[0].of(settings)
        rounds: dict[str, dict[str, TurnWork]] = defaultdict(dict)
        for turn in work.turns if len(work.turns) >= least else ():
            for use in turn.tools:
                if turn.id and is_edit(use):
                    rounds[use.target][turn.id] = turn
        for file, turns in sorted(rounds.items()):
            if len(turns) >= least:
                calls = [call for turn in turns.values() for call in turn.calls]
                first = next(iter(turns.values()))
                later = sum(turn.cost_nano for turn in turns.values()) - first.cost_nano
                yield self.finding(
                    *(work, calls),
                    key=file,
                    saves_nano=later,
                    file=file,
                    rounds=len(turns),
                    count=len(calls),
                )

    def words(self, findings: Sequence[Finding]) -> Words:
        rounds = sum(figure(finding, "rounds") for finding in findings)
        cost, saves = cost_and_saving(findings)
        file = last_part(str(findings[0].figures["file"]))
        each, first, later = format_usd(cost // rounds), format_usd(cost - saves), format_usd(saves)
        if are_whole(findings):
            spent = f", about {each} a round"
            shown = f"{rounds} rounds cost {format_usd(cost)}; at most what came after the first ({first}): {later}"
        else:
            spent = f"; those of their calls that are of this period, and no other insight's, cost {format_usd(cost)}"
            shown = f"{format_usd(cost)} of the {rounds} rounds; in proportion, {later} of it after the first round"
        return Words(
            title=f"{file} edited in {rounds} turns",
            what=f"{rounds} turns of {where(findings)} edited {file}{spent}",
            how=f"describe the whole change of {file} in one message, with what it should look like in the end",
            sum_shown=shown,
        )


RULES = (RedesignLoop(),)
