"""Exploring subagents that read the files which another one of the same session had just read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opencode_tui.analysis.call_figures import groups_left, listed, of_groups
from opencode_tui.analysis.file_changes import changes_files
from opencode_tui.analysis.insights.rule import InsightRule, InsightSettings, cost_and_saving, where
from opencode_tui.analysis.subagents import started_by_turn
from opencode_tui.clock import HOUR_MS
from opencode_tui.money import format_usd, plural
from opencode_tui.paths import last_part
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.signs import SessionSigns
from opencode_tui.records.work import ChildWork, SessionWork

_LOOKING = ("exploration", "planning", "review", "conversation")
_LEAST_PERCENT = 50
"""The percentage of its files that other subagents must have read, and more where these are few."""


class RepeatedExploration(InsightRule):
    """The cost is that of the later subagents; the share of files that were read before them could have been saved.

    The threshold is that of all of them: six that each read the same two files repeat as much as two with ten files.
    """

    name = "repeated_exploration"
    lever = "context"
    is_about_subagents = True
    reach = "broad"
    is_said_beside = True
    version = 4
    thresholds = (Threshold("repeated_exploration", 4),)

    def may_find(self, signs: SessionSigns, settings: InsightSettings) -> bool:
        return signs.family.direct > 1

    def find(self, work: SessionWork, settings: InsightSettings) -> Iterator[Finding]:
        siblings = [child for child in work.children if child.parent_id == work.id]
        if len(siblings) < 2:
            return
        least, changes = self.thresholds[0].of(settings), _changes(work, siblings)
        read_at: dict[str, int] = {}
        later: list[ChildWork] = []
        again: list[int] = []
        files: list[int] = []
        saves = 0
        for child in sorted(siblings, key=lambda child: (child.started_ms, child.id)):
            if child.task != "exploration":
                continue
            own = {target for target in child.reads if _is_file(target)}
            since_ms = max([child.started_ms - HOUR_MS, *(ms for ms in changes if ms <= child.started_ms)])
            common = sum(read_at.get(target, since_ms) > since_ms for target in own)
            read_at |= dict.fromkeys(own, child.started_ms)
            most = common * 100 > _LEAST_PERCENT * len(own)
            if most or (common >= least and common * 100 >= _LEAST_PERCENT * len(own)):
                later.append(child)
                again.append(common)
                files.append(len(own))
                saves += child.nano * common // len(own)
        if sum(again) >= least:
            turn_of = {child.id: turn.id for turn, started in started_by_turn(work) for child in started}
            yield self.finding_on(
                *(work, later),
                key="siblings",
                saves_nano=saves,
                turn_id=turn_of.get(later[-1].id, ""),
                again_of_child=listed(again),
                files_of_child=listed(files),
            )

    def words(self, findings: Sequence[Finding]) -> Words:
        cost, saves = cost_and_saving(findings)
        many = max(1, groups_left(findings, "child"))
        again, files = (of_groups(findings, name, "child") for name in ("again", "files"))
        return Words(
            title=f"{plural(many, 'subagent')} read again what another had read",
            what=(
                f"{plural(many, 'subagent')} of {where(findings)} read {again} files of {files} that another subagent "
                f"had just read: {format_usd(cost)}"
            ),
            how="let one subagent explore and hand its findings on, or give each a folder of its own",
            sum_shown=f"{again} of {files} files, as a share of what each subagent cost: {format_usd(saves)}",
        )


def _changes(work: SessionWork, siblings: Sequence[ChildWork]) -> list[int]:
    """When files may have changed, in Unix milliseconds: edits of the session's own, and subagents that did work."""
    edits = {use.call_id for use in work.tools if changes_files(use)}
    worked = [ms for child in siblings if child.task not in _LOOKING for ms in (child.started_ms, child.last_ms)]
    return [call.created_ms for call in work.calls if call.id in edits] + worked


def _is_file(target: str) -> bool:
    """Whether a target is a file: a search has a folder."""
    return "." in last_part(target)[1:]


RULES = (RepeatedExploration(),)
