"""Searches that found nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from opencode_tui.analysis.conversation import uses_by_call
from opencode_tui.analysis.insights.parts import calls_left, without_first
from opencode_tui.analysis.insights.rule import InsightRule, InsightSettings, where
from opencode_tui.analysis.tool_kinds import TEXT_SEARCHES, searched_in_vain
from opencode_tui.money import format_usd, plural
from opencode_tui.records.facts import CallFacts
from opencode_tui.records.insights import Finding, Sure, Threshold, Words
from opencode_tui.records.signs import SessionSigns
from opencode_tui.records.work import SessionWork, TurnWork

_EMPTY = 24
"""The most tokens that an answer adds to the context if nothing was found: one match, its path and line, adds more."""


class EmptySearches(InsightRule):
    """The cost is the exact sum of the calls that asked for nothing but searches that found nothing, also by commands.

    Uses that older versions read do not say what they found. Of a row of them without anything else in between, it is
    estimated by how many tokens the context grew after each.
    """

    name = "empty_searches"
    lever = "context"
    version = 4
    thresholds = (Threshold("empty_searches", 4),)

    def may_find(self, signs: SessionSigns, settings: InsightSettings) -> bool:
        return signs.searches >= self.thresholds[0].of(settings)

    def find(self, work: SessionWork, settings: InsightSettings) -> Iterator[Finding]:
        least = self.thresholds[0].of(settings)
        known = [calls for turn in work.turns if (calls := _known(turn))]
        is_known = sum(map(len, known)) >= least
        rows = known if is_known else [row for turn in work.turns for row in _rows(turn, least)]
        if rows:
            calls = [call for row in rows for call in row]
            again = {call.id: call.cost_nano for row in rows for call in row[1:]}
            sure: Sure = "measured" if is_known else "estimated"
            yield self.finding(work, calls, key="", saved=again, sure=sure, runs=1)

    def words(self, findings: Sequence[Finding]) -> Words:
        searches = calls_left(findings)
        cost = sum(finding.cost_nano for finding in findings)
        saves = sum(finding.saves_nano for finding in findings)
        is_known = all(finding.sure == "measured" for finding in findings)
        calls = plural(searches, "call")
        found = f"{calls} of {where(findings)} did nothing but search, and found nothing: {format_usd(cost)}"
        supposed = (
            f"{where(findings)} searched {searches} times without reading anything in between, and got at most "
            f"{_EMPTY} tokens back each time, as from an empty result: {format_usd(cost)}"
        )
        return Words(
            title=f"{searches} searches that found {'nothing' if is_known else 'next to nothing'}",
            what=found if is_known else supposed,
            how="name the file or the symbol with @, or describe in AGENTS.md where things are",
            sum_shown=f"{calls} cost {format_usd(cost)}{without_first(cost, saves, 'turn' if is_known else 'row')}",
        )


def _known(turn: TurnWork) -> list[CallFacts]:
    """The calls of a turn that asked for nothing but searches that are known to have found nothing."""
    asked = uses_by_call(turn.tools)
    return [call for call in turn.calls if (uses := asked.get(call.id)) and all(map(searched_in_vain, uses))]


def _rows(turn: TurnWork, least: int) -> Iterator[list[CallFacts]]:
    """The rows of so many calls or more that each asked for one search with a small answer."""
    if sum([use.name in TEXT_SEARCHES for use in turn.tools]) < least:
        return
    asked = uses_by_call(turn.tools)
    row: list[CallFacts] = []
    rows = [row]
    for call, after in pairwise(turn.calls):
        uses = asked.get(call.id, ())
        is_search = len(uses) == 1 and uses[0].name in TEXT_SEARCHES and uses[0].ok is not False
        if is_search and call.model == after.model and 0 <= _grown(call, after) <= _EMPTY:
            row.append(call)
        elif row:
            row = []
            rows.append(row)
    yield from (row for row in rows if len(row) >= least)


def _grown(call: CallFacts, after: CallFacts) -> int:
    """Tokens that the context grew by beside the call's own answer."""
    return after.tokens.context - call.tokens.context - call.tokens.output


RULES = (EmptySearches(),)
