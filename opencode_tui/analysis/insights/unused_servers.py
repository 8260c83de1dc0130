"""MCP servers whose tools are described in every call, and are never used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opencode_tui.analysis.insights.period_findings import quarter_cost, the_rest
from opencode_tui.analysis.insights.rule import InsightSettings, PeriodRule, figure
from opencode_tui.clock import DAY_MS
from opencode_tui.money import format_usd, tokens_text
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.work import OfferedServer, PeriodWork, QuarterShare

_LEAST_CALLS = 20
UNUSED_DAYS = 14
"""The days without a use after which a server is called unused."""
_MILLION = 1_000_000


class UnusedServers(PeriodRule):
    """The cost is an assumption times the calls, as no store records how large a server's descriptions are."""

    name = "unused_servers"
    lever = "context"
    thresholds = (Threshold("unused_server_tokens", 500),)

    def find(self, work: PeriodWork, settings: InsightSettings) -> Iterator[Finding]:
        assumed = self.thresholds[0].of(settings)
        projects = {session.id: session.project for session in work.sessions}
        for server in work.servers:
            if server.last_used_ms is not None and server.last_used_ms > work.span.end_ms - UNUSED_DAYS * DAY_MS:
                continue
            carried = [
                quarter for quarter in work.quarters if _carries(quarter, server, projects.get(quarter.session_id))
            ]
            calls = sum(quarter.calls for quarter in carried)
            costs = [quarter_cost(quarter, _cost(quarter, assumed, work)) for quarter in carried]
            cost = sum(each.nano for each in costs)
            if calls >= _LEAST_CALLS:
                yield self.finding(
                    work.span,
                    key=server.name,
                    cost_nano=cost,
                    saves_nano=cost,
                    sure="estimated",
                    quarters=costs,
                    server=server.name,
                    calls=calls,
                    assumed=assumed,
                )

    def words(self, findings: Sequence[Finding]) -> Words:
        finding = findings[0]
        server, calls, assumed = str(finding.figures["server"]), figure(finding, "calls"), figure(finding, "assumed")
        return Words(
            title=f"the MCP server {server} is offered and not used",
            what=(
                f"the tools of the MCP server {server} were described in {calls:,} calls, and none was used in the "
                f"last {UNUSED_DAYS} days"
            ),
            how=f'in opencode.json: "mcp": {{"{server}": {{"enabled": false}}}}, and enable it where you need it',
            sum_shown=(
                f"how large the descriptions are is recorded nowhere; with {tokens_text(assumed)} tokens (the setting "
                f"unused_server_tokens) in {calls:,} calls, cached as far as the rest of each was: "
                f"{format_usd(finding.cost_nano)}{the_rest(findings)}"
            ),
        )


def _carries(quarter: QuarterShare, server: OfferedServer, project: str | None) -> bool:
    return project in server.projects and quarter.start_ms >= server.since_ms and quarter.nano > 0


def _cost(quarter: QuarterShare, tokens: int, work: PeriodWork) -> int:
    """What so many tokens cost in each call of a quarter, cached to the degree to which its context was."""
    rates, context = work.rates.get(quarter.model), quarter.tokens.context
    if rates is None or not context:
        return 0
    cached = quarter.tokens.cache_read
    each = tokens * (cached * rates.cache_read + (context - cached) * rates.input)
    return quarter.calls * each // (context * _MILLION)


RULES = (UnusedServers(),)
