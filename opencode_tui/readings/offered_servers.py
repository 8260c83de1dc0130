"""Reads which MCP servers OpenCode's configuration offers in some projects, and which of them were used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from opencode_tui.analysis.insights.unused_servers import UNUSED_DAYS
from opencode_tui.clock import DAY_MS, EVER, Span
from opencode_tui.ledger.tool_queries import last_uses
from opencode_tui.pricing.mcp_servers import tool_prefix
from opencode_tui.readings.context import Context
from opencode_tui.records.privacy.harmless import one_line
from opencode_tui.records.work import OfferedServer

_LONGEST = 60


def read_offered_servers(projects: Iterable[str], until_ms: int, context: Context) -> tuple[OfferedServer, ...]:
    """The servers of these projects (paths), with their last use in the two weeks before `until_ms` (Unix ms)."""
    where: dict[str, list[str]] = defaultdict(list)
    since: dict[str, int] = defaultdict(int)
    if context.book is None:
        return ()
    for project in dict.fromkeys(projects):
        for name, since_ms in context.book.mcp_servers(project).items():
            where[name].append(project)
            since[name] = max(since[name], since_ms)
    if not where:
        return ()
    span = Span(max(EVER.start_ms, until_ms - UNUSED_DAYS * DAY_MS), EVER.end_ms)
    uses = last_uses(context.connection, span)

    def last_use(server: str) -> int | None:
        prefix = tool_prefix(server)
        return max((at_ms for tool, at_ms in uses.items() if tool.startswith(prefix)), default=None)

    return tuple(
        OfferedServer(one_line(name, _LONGEST), tuple(where[name]), since[name], last_use(name))
        for name in sorted(where)
    )
