"""Sessions that began as copies of others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opencode_tui.analysis.insights.period_findings import own_work, share_findings, sums, the_rest
from opencode_tui.analysis.insights.rule import InsightSettings, PeriodRule, figure, where
from opencode_tui.money import format_usd, plural
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.work import PeriodWork, SessionShare


class Forks(PeriodRule):
    """The cost is that of the forks' own calls, without undone ones; what they copied was paid before."""

    name = "forks"
    lever = "context"
    thresholds = (Threshold("fork_share", 30, "percent"),)

    def find(self, work: PeriodWork, settings: InsightSettings) -> Iterator[Finding]:
        yield from share_findings(
            *(self, work, self.thresholds[0].of(settings)),
            lambda share: own_work(share) if _is_fork(share) else (0, 0),
        )

    def words(self, findings: Sequence[Finding]) -> Words:
        cost, calls = sums(findings)
        inherited = sum(figure(finding, "inherited_nano") for finding in findings)
        many = plural(len(findings), "fork")
        return Words(
            title=f"{many} cost {format_usd(cost)}",
            what=f"{where(findings)}, {many} with {plural(calls, 'call')} of their own, cost {format_usd(cost)}",
            how="fork before a session is long, or begin with /new: each call of a fork reads all that it copied",
            sum_shown=(
                f"{format_usd(cost)}, the sum of their own calls{the_rest(findings)}; the {format_usd(inherited)} of "
                f"the calls that they copied is not paid again"
            ),
        )


def _is_fork(share: SessionShare) -> bool:
    """OpenCode 1 does not say of which session it is one."""
    return not share.is_deleted and (share.fork_of is not None or share.copied_calls > 0)


RULES = (Forks(),)
