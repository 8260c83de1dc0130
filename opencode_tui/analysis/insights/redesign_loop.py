"""One file edited again in turn after turn of a session."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opencode_tui.analysis.edit_rounds import edit_rounds
from opencode_tui.analysis.insights.parts import are_whole, in_rounds, rest_text, rounds_of
from opencode_tui.analysis.insights.rule import (
    InsightRule,
    InsightSettings,
    cost_and_saving,
    figure,
    project_file_key,
    where,
)
from opencode_tui.analysis.loops import is_edit
from opencode_tui.money import format_usd, plural
from opencode_tui.paths import last_part
from opencode_tui.records.calls import EDIT_TOOLS
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.signs import SessionSigns
from opencode_tui.records.work import SessionWork


class RedesignLoop(InsightRule):
    """The cost is that of all turns that were about the file; at most the rounds after the first could be saved."""

    name = "redesign_loop"
    lever = "context"
    is_followed_whole = True
    saves_at_most = True
    version = 5
    thresholds = (Threshold("redesign_rounds", 4),)

    def may_find(self, signs: SessionSigns, settings: InsightSettings) -> bool:
        return signs.edit_turns >= self.thresholds[0].of(settings)

    def find(self, work: SessionWork, settings: InsightSettings) -> Iterator[Finding]:
        least = self.thresholds[0].of(settings)
        turn_of = {turn.id: turn for turn in work.turns if turn.id}
        if len(turn_of) < least:
            return
        edits = (
            (turn.id, use.target)
            for turn in turn_of.values()
            for use in turn.tools
            if use.name in EDIT_TOOLS and is_edit(use)  # most uses are no edits, and need no call to know
        )
        for file, ids in sorted(edit_rounds(edits, least).items()):
            turns = [turn_of[id] for id in ids]
            round_of = {call.id: number for number, turn in enumerate(turns) for call in turn.calls}
            found = self.finding(
                *(work, [call for turn in turns for call in turn.calls]),
                key=project_file_key(work, file),
                saves_nano=sum(turn.cost_nano for turn in turns[1:]),
                file=file,
                rounds=len(turns),
            )
            yield in_rounds(found, round_of)

    def words(self, findings: Sequence[Finding]) -> Words:
        left = [set(rounds_of(finding).values()) for finding in findings]
        rounds, whole = sum(map(len, left)), sum(figure(finding, "rounds") for finding in findings)
        cost, saves = cost_and_saving(findings)
        file, turns = last_part(str(findings[0].figures["file"])), plural(rounds, "turn")
        again = "" if any(0 in numbers for numbers in left) else " again"
        spent = f"about {format_usd(cost // rounds)} a round"
        if not are_whole(findings):
            of_all = f", of {whole} rounds in all" if rounds < whole else ""
            spent += f"{of_all}, without what lies in other periods or in costlier insights"
        return Words(
            title=f"{file} edited{again} in {turns}",
            what=f"{turns} of {where(findings)} edited {file}{again}, {spent}",
            how=f"describe the whole change of {file} in one message, with what it should look like in the end",
            sum_shown=_sum(rounds, cost, saves, len(findings)),
        )


def _sum(rounds: int, cost: int, saves: int, sessions: int) -> str:
    paid = f"{plural(rounds, 'round')} cost {format_usd(cost)}"
    if cost == saves:
        return f"{paid}, all after the first; at most that could be saved"
    first = "the first" if sessions == 1 else "the first of each session"
    return f"{paid}, {first} {rest_text(cost, saves)} of it; at most the other {format_usd(saves)} could be saved"


RULES = (RedesignLoop(),)
