"""A file edited again and again within a turn because commands failed after its edits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from msgspec import Struct, field

from opencode_tui.analysis.call_figures import sum_left
from opencode_tui.analysis.conversation import ms_of
from opencode_tui.analysis.deeds import EDITS, deed_of
from opencode_tui.analysis.insights.parts import calls_left
from opencode_tui.analysis.insights.rule import InsightRule, InsightSettings, project_file_key, where
from opencode_tui.money import format_usd, plural
from opencode_tui.paths import last_part
from opencode_tui.records.facts import CallFacts
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.signs import SessionSigns
from opencode_tui.records.work import SessionWork, TurnWork


class _Retries(Struct):
    """The calls of one file's retries in a turn, by id and in their order."""

    failed: dict[str, CallFacts] = field(default_factory=dict)
    """Those in which a command failed after the file had been edited, and before it was edited again."""
    again: dict[str, CallFacts] = field(default_factory=dict)
    """Those that edited it again."""


class RetriedEdits(InsightRule):
    """The cost is that of the failures after the first edit and of the edits after them; the latter could be saved.

    Only what is recorded as failed counts: tests that passed before the next edit are no reason to call it a retry. An
    edit that failed itself changed nothing and is the matter of another rule.
    """

    name = "retried_edits"
    lever = "context"
    is_followed_whole = True
    version = 3
    thresholds = (Threshold("retried_edits", 3),)

    def may_find(self, signs: SessionSigns, settings: InsightSettings) -> bool:
        return signs.most_retries >= self.thresholds[0].of(settings)

    def find(self, work: SessionWork, settings: InsightSettings) -> Iterator[Finding]:
        least = self.thresholds[0].of(settings)
        of_file: dict[str, list[_Retries]] = defaultdict(list)
        for turn in work.turns:
            if turn.id and any(use.ok is False for use in turn.tools):
                for file, retries in _retries(turn).items():
                    if len(retries.again) >= least:
                        of_file[file].append(retries)
        for file, found in sorted(of_file.items()):
            again = {id: call for retries in found for id, call in retries.again.items()}
            failed = {id: call for retries in found for id, call in retries.failed.items()}
            yield self.finding(
                *(work, [*again.values(), *failed.values()]),
                key=project_file_key(work, file),
                saved={id: call.cost_nano for id, call in again.items()},
                file=file,
                count=len({**again, **failed}),
                each={
                    "again": dict.fromkeys(again, 1),
                    "ms": {id: ms_of(call) for id, call in {**again, **failed}.items()},
                },
            )

    def words(self, findings: Sequence[Finding]) -> Words:
        seconds, calls = sum_left(findings, "ms") // 1000, calls_left(findings)
        again = plural(max(1, sum_left(findings, "again")), "time")
        cost = sum(finding.cost_nano for finding in findings)
        saves = sum(finding.saves_nano for finding in findings)
        file = last_part(str(findings[0].figures["file"]))
        return Words(
            title=f"{file} edited again {again} after failures",
            what=f"in {where(findings)} {file} was edited again {again} as "
            f"a command had failed: {format_usd(cost)} and {plural(seconds, 'second')} with the failures",
            how="give the error and the rule it breaks with the first message, or let plan find the cause before build "
            "edits; esc after the second failure and say what to try",
            sum_shown=f"{plural(calls, 'call')} with a failure or another edit cost {format_usd(cost)}, the edits "
            f"{format_usd(saves)} of it",
        )


def _retries(turn: TurnWork) -> dict[str, _Retries]:
    """The retries of each file that was edited more than once; a failing edit of it is none."""
    calls = {call.id: call for call in turn.calls}
    found: dict[str, _Retries] = defaultdict(_Retries)
    since: dict[str, dict[str, CallFacts]] = {}
    for use in turn.tools:
        call, deed = calls.get(use.call_id), deed_of(use.name, use.target, use.ok)
        if call is None:
            continue
        if deed.did in EDITS:
            if not use.target or use.ok is False:
                continue
            if failures := since.get(use.target):
                found[use.target].failed.update(failures)
                found[use.target].again[call.id] = call
            since[use.target] = {}
        elif deed.failed:
            for failures in since.values():
                failures[call.id] = call
    return found


RULES = (RetriedEdits(),)
