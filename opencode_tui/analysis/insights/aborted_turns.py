"""Turns that were stopped before their answer came."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opencode_tui.analysis.call_figures import groups_left, sum_left
from opencode_tui.analysis.conversation import is_aborted, ms_of
from opencode_tui.analysis.insights.rule import InsightRule, InsightSettings, where
from opencode_tui.analysis.tool_kinds import changes_nothing
from opencode_tui.money import format_usd, plural
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.signs import SessionSigns
from opencode_tui.records.work import SessionWork, TurnWork


class AbortedTurns(InsightRule):
    """The cost is that of the turns' calls up to the stop; what the stopped call streamed is recorded nowhere.

    Of turns that changed no file nothing is left, so only these could have been saved whole.
    """

    name = "aborted_turns"
    lever = "context"
    version = 3
    thresholds = (Threshold("aborted_turns", 1),)

    def may_find(self, signs: SessionSigns, settings: InsightSettings) -> bool:
        return signs.errors > 0

    def find(self, work: SessionWork, settings: InsightSettings) -> Iterator[Finding]:
        stopped = [turn for turn in work.turns if turn.id and is_aborted(turn.calls[-1]) and turn.cost_nano]
        lost = [turn for turn in stopped if not any(_may_last(turn))]
        if len(stopped) >= self.thresholds[0].of(settings):
            calls = [call for turn in stopped for call in turn.calls]
            yield self.finding(
                *(work, calls),
                key="",
                saved={call.id: call.cost_nano for turn in lost for call in turn.calls},
                turn_id=max(stopped, key=lambda turn: turn.cost_nano).id,
                count=len(calls),
                each={
                    "turn": {call.id: number for number, turn in enumerate(stopped, 1) for call in turn.calls},
                    "lost_turn": {call.id: number for number, turn in enumerate(lost, 1) for call in turn.calls},
                    "ms": {call.id: ms_of(call) for call in calls},
                },
            )

    def words(self, findings: Sequence[Finding]) -> Words:
        turns, lost = max(1, groups_left(findings, "turn")), groups_left(findings, "lost_turn")
        seconds = sum_left(findings, "ms") // 1000
        cost = sum(finding.cost_nano for finding in findings)
        saves = sum(finding.saves_nano for finding in findings)
        took = f" in {plural(seconds, 'second')}" if seconds else ""
        all_lost, some_lost = " and had changed nothing", f"; {lost} of them had changed nothing"
        unchanged = all_lost if lost == turns else some_lost if lost else ""
        return Words(
            title=f"{plural(turns, 'turn')} stopped before the end",
            what=f"{plural(turns, 'turn')} of {where(findings)} had cost {format_usd(cost)}{took} when stopped"
            f"{unchanged}",
            how="say first how far to go and what not to do, and let plan show the way before build takes it; /undo "
            "before asking again keeps what failed out of the context",
            sum_shown=f"stopped turns {format_usd(cost)}, those that changed nothing {format_usd(saves)} of it; what "
            "was streamed last is recorded nowhere",
        )


def _may_last(turn: TurnWork) -> Iterator[bool]:
    """Whether each tool use may have had an effect that outlasts the turn."""
    return (use.ok is not False and not changes_nothing(use) for use in turn.tools)


RULES = (AbortedTurns(),)
