"""Exploring subagents of one turn that read the files which another of them had read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opencode_tui.analysis.insights.rule import InsightRule, InsightSettings, cost_and_saving, figure, where
from opencode_tui.analysis.subagents import started_by_turn
from opencode_tui.money import format_usd, plural
from opencode_tui.paths import last_part
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.work import ChildWork, SessionWork

_LEAST_PERCENT = 50
"""The percentage of its files that another subagent must have read."""


class RepeatedExploration(InsightRule):
    """The cost is that of the later subagents; the share of files that were read before them could have been saved."""

    name = "repeated_exploration"
    lever = "context"
    thresholds = (Threshold("repeated_exploration", 4),)

    def find(self, work: SessionWork, settings: InsightSettings) -> Iterator[Finding]:
        least = self.thresholds[0].of(settings)
        later: list[ChildWork] = []
        again = files = saves = 0
        last_turn = ""
        for turn, started in started_by_turn(work):
            seen: set[str] = set()
            for child in sorted(started, key=lambda child: (child.started_ms, child.id)):
                if child.task != "exploration":
                    continue
                own = {target for target in child.reads if _is_file(target)}
                common = len(own & seen)
                seen |= own
                if common >= least and common * 100 >= _LEAST_PERCENT * len(own):
                    later.append(child)
                    again, files, last_turn = again + common, files + len(own), turn.id
                    saves += child.nano * common // len(own)
        if later:
            yield self.finding_on(
                *(work, later),
                key="siblings",
                saves_nano=saves,
                turn_id=last_turn,
                many=len(later),
                again=again,
                files=files,
            )

    def words(self, findings: Sequence[Finding]) -> Words:
        cost, saves = cost_and_saving(findings)
        many, again, files = (sum(figure(finding, name) for finding in findings) for name in ("many", "again", "files"))
        return Words(
            title=f"{plural(many, 'subagent')} read again what another had read",
            what=(
                f"{plural(many, 'subagent')} of {where(findings)} read {again} files of {files} that another subagent "
                f"of the same turn had read: {format_usd(cost)}"
            ),
            how="let one subagent explore and hand its findings on, or give each a folder of its own",
            sum_shown=f"{again} of {files} files, as a share of what each subagent cost: {format_usd(saves)}",
        )


def _is_file(target: str) -> bool:
    """Whether a target is a file: a search has a folder."""
    return "." in last_part(target)[1:]


RULES = (RepeatedExploration(),)
