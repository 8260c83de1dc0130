"""Searches in a row that found next to nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from opencode_tui.analysis.conversation import uses_by_call
from opencode_tui.analysis.insights.parts import calls_left, without_first
from opencode_tui.analysis.insights.rule import InsightRule, InsightSettings, where
from opencode_tui.analysis.tool_kinds import TEXT_SEARCHES
from opencode_tui.money import format_usd, plural
from opencode_tui.records.facts import CallFacts
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.signs import SessionSigns
from opencode_tui.records.work import SessionWork, TurnWork

_EMPTY = 24
"""The most tokens that an answer adds to the context if nothing was found: one match, its path and line, adds more."""


class EmptySearches(InsightRule):
    """What a search found is not recorded, but by how many tokens the context grew after it is: that is an estimate.

    The cost is the exact sum of the calls that asked for nothing but one such search.
    """

    name = "empty_searches"
    lever = "context"
    version = 2
    thresholds = (Threshold("empty_searches", 4),)

    def may_find(self, signs: SessionSigns, settings: InsightSettings) -> bool:
        return signs.most_searches >= self.thresholds[0].of(settings)

    def find(self, work: SessionWork, settings: InsightSettings) -> Iterator[Finding]:
        least = self.thresholds[0].of(settings)
        turns = [turn for turn in work.turns if sum([use.name in TEXT_SEARCHES for use in turn.tools]) >= least]
        runs = [run for turn in turns for run in _runs(turn) if len(run) >= least]
        if runs:
            calls = [call for run in runs for call in run]
            again = {call.id: call.cost_nano for run in runs for call in run[1:]}
            yield self.finding(work, calls, key="", saved=again, sure="estimated", runs=1)

    def words(self, findings: Sequence[Finding]) -> Words:
        searches = calls_left(findings)
        cost = sum(finding.cost_nano for finding in findings)
        saves = sum(finding.saves_nano for finding in findings)
        return Words(
            title=f"{searches} searches that found next to nothing",
            what=f"{where(findings)} searched {searches} times without reading anything in between, and got at most "
            f"{_EMPTY} tokens back each time, as from an empty result: {format_usd(cost)}",
            how="name the file or the symbol with @, or describe in AGENTS.md where things are",
            sum_shown=f"{plural(searches, 'call')} cost {format_usd(cost)}{without_first(cost, saves, 'row')}",
        )


def _runs(turn: TurnWork) -> Iterator[list[CallFacts]]:
    """The rows of calls that each asked for one search with a small answer."""
    asked = uses_by_call(turn.tools)
    run: list[CallFacts] = []
    for call, after in pairwise(turn.calls):
        uses = asked.get(call.id, ())
        is_search = len(uses) == 1 and uses[0].name in TEXT_SEARCHES and uses[0].ok is not False
        if is_search and call.model == after.model and 0 <= _grown(call, after) <= _EMPTY:
            run.append(call)
        else:
            yield run
            run = []
    yield run


def _grown(call: CallFacts, after: CallFacts) -> int:
    """Tokens that the context grew by beside the call's own answer."""
    return after.tokens.context - call.tokens.context - call.tokens.output


RULES = (EmptySearches(),)
