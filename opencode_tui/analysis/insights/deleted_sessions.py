"""Sessions that OpenCode no longer has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opencode_tui.analysis.insights.period_findings import own_work, share_findings, sums, the_rest
from opencode_tui.analysis.insights.rule import InsightSettings, PeriodRule, where
from opencode_tui.money import format_usd, plural
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.work import PeriodWork


class DeletedSessions(PeriodRule):
    """The cost is that of the sessions that OpenCode no longer has, without their undone calls."""

    name = "deleted_sessions"
    lever = "context"
    thresholds = (Threshold("deleted_share", 10, "percent"),)

    def find(self, work: PeriodWork, settings: InsightSettings) -> Iterator[Finding]:
        yield from share_findings(
            self, work, self.thresholds[0].of(settings), lambda s: own_work(s) if s.is_deleted else (0, 0)
        )

    def words(self, findings: Sequence[Finding]) -> Words:
        cost, calls = sums(findings)
        many = plural(len(findings), "deleted session")
        return Words(
            title=f"{many} cost {format_usd(cost)}",
            what=f"{where(findings)}, {many} with {plural(calls, 'call')}, cost {format_usd(cost)}",
            how="esc in OpenCode as soon as a session goes wrong: deleting it gives nothing back",
            sum_shown=f"{format_usd(cost)}, the sum of their calls{the_rest(findings)}; whether the work was kept is "
            "not known",
        )


RULES = (DeletedSessions(),)
