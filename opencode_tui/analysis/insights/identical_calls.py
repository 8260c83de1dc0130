"""The same tool call with the same input again and again in one turn, with nothing in between that may change files."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from opencode_tui.analysis.insights.parts import calls_left, without_first
from opencode_tui.analysis.insights.rule import InsightRule, InsightSettings, where
from opencode_tui.analysis.loops import identity, loops
from opencode_tui.analysis.tool_kinds import files_opened
from opencode_tui.money import format_usd, plural
from opencode_tui.records.facts import CallFacts
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.signs import SessionSigns
from opencode_tui.records.work import SessionWork, TurnWork


class IdenticalCalls(InsightRule):
    """The cost is that of the calls that did nothing but repeat. Reads of files have a rule of their own."""

    name = "identical_calls"
    lever = "context"
    is_followed_whole = True
    version = 4
    thresholds = (Threshold("identical_calls", 5),)

    def may_find(self, signs: SessionSigns, settings: InsightSettings) -> bool:
        return signs.most_repeats >= self.thresholds[0].of(settings)

    def find(self, work: SessionWork, settings: InsightSettings) -> Iterator[Finding]:
        least = self.thresholds[0].of(settings)
        repeated: dict[str, list[Sequence[CallFacts]]] = defaultdict(list)
        for turn in work.turns:
            if turn.id and len(turn.tools) >= least:
                for what, run in _repeats(turn, least):
                    repeated[what].append(run)
        for what, runs in sorted(repeated.items()):
            calls = {call.id: call for run in runs for call in run}
            again = {call.id: call.cost_nano for run in runs for call in run[1:]}
            yield self.finding(
                *(work, calls.values()),
                key=what,
                saved=again,
                what=what,
                runs=1,
            )

    def words(self, findings: Sequence[Finding]) -> Words:
        times = calls_left(findings)
        cost = sum(finding.cost_nano for finding in findings)
        saves = sum(finding.saves_nano for finding in findings)
        what = str(findings[0].figures["what"])
        return Words(
            title=f"{what}: {plural(times, 'identical call')}",
            what=f"{where(findings)} ran the same {what} {plural(times, 'time')} with nothing changed in between: "
            f"{format_usd(cost)}",
            how="esc in OpenCode when a call repeats, and say what to try instead; what has to be waited for can wait "
            "in one command",
            sum_shown=f"{plural(times, 'call')} cost {format_usd(cost)}{without_first(cost, saves, 'run')}",
        )


def _repeats(turn: TurnWork, least: int) -> Iterator[tuple[str, list[CallFacts]]]:
    """What ran, and the calls, of each repeated use, by the calls whose every use is a repeated one.

    Only inputs with a digest are known to be identical.
    """
    known = [use for use in turn.tools if use.digest is not None and not files_opened(use)]
    if max(Counter(use.digest for use in known).values(), default=0) < least:
        return
    found = [loop for loop in loops(turn.calls, turn.tools) if loop.times >= least]
    repeated = {loop.key for loop in found} & {identity(use) for use in known}
    did_more = {use.call_id for use in turn.tools if identity(use) not in repeated}
    for loop in found:
        calls = [call for call in loop.calls if call.id not in did_more]
        if loop.key in repeated and len(calls) >= least:
            yield loop.what, calls


RULES = (IdenticalCalls(),)
