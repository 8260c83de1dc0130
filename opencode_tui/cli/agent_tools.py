"""The tools of `opencode-tui mcp`: each reads the ledger and answers with a JSON object; none changes anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from opencode_tui.cli import Trouble
from opencode_tui.cli.common import Opened
from opencode_tui.clock import now_ms
from opencode_tui.readings.asker import is_within, read_asker
from opencode_tui.readings.breakdown import read_breakdown
from opencode_tui.readings.context import Context
from opencode_tui.readings.day import read_day
from opencode_tui.readings.insights import insights_span, read_insights, settle_insights
from opencode_tui.readings.session import read_session
from opencode_tui.readings.turn_settling import settle_for
from opencode_tui.records.agent import Asker
from opencode_tui.records.requests import BreakdownRequest, DayRequest, InsightsRequest, SessionRequest
from opencode_tui.report.agent_answers import budget_answer, insights_answer, session_answer, usage_answer

GROUPS_BY = ("model", "provider", "agent", "project", "task", "tool", "kind", "day")
_ANOTHER = "another project"


class ToolCall(Struct, frozen=True):
    """One call of a tool."""

    at: Opened
    arguments: Mapping[str, str]
    given_id: str
    """The id of the session that asks, as OpenCode gave it; empty if it did not."""
    directory: Path
    """Where OpenCode started this program."""

    def asker(self, context: Context) -> Asker | None:
        return read_asker(self.given_id, self.directory, context)


class AgentTool(Struct, frozen=True):
    """A tool; its name and description ride along in each call of the agent, so they are short."""

    name: str
    description: str
    answer: Callable[[ToolCall], dict[str, Any]]
    """Raises Trouble, ValueError or UnknownSession with a sentence."""
    arguments: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    """The JSON schema of each argument; all are optional strings."""


def _budget(asked: ToolCall) -> dict[str, Any]:
    with asked.at.reading(now_ms()) as context:
        return budget_answer(read_day(DayRequest(), context), asked.at.calendar)


def _session(asked: ToolCall) -> dict[str, Any]:
    with asked.at.reading(now_ms()) as context:
        asker = asked.asker(context)
        if asker is None:
            raise Trouble("no session of this directory is in the ledger yet; ask again after the next call")
        return session_answer(asker, read_session(SessionRequest(asker.session_id), context).tree)


def _insight(asked: ToolCall) -> dict[str, Any]:
    at, request = asked.at, InsightsRequest(asked.arguments.get("period", "week"))
    with at.reading(now_ms()) as context:
        span = insights_span(request, context)
    settle_insights(at.ledger, at.settings.insights.options, at.sync.book, span, live=at.sync.answers)
    with at.reading(now_ms()) as context:
        asker, found = asked.asker(context), read_insights(request, context)
        costliest = next(iter(found.insights), None)
        here = next((each for each in found.insights if asker and is_within(each, asker.project, context)), None)
    is_shown = at.settings.privacy.other_projects or costliest is here
    return insights_answer(found.label, costliest, is_shown, here)


def _usage(asked: ToolCall) -> dict[str, Any]:
    by = asked.arguments.get("by", "model")
    request = BreakdownRequest((by,), asked.arguments.get("period", "today"), details=False)
    settle_for(asked.at.ledger, request)
    with asked.at.reading(now_ms()) as context:
        usage, asker = read_breakdown(request, context), asked.asker(context) if by == "project" else None
    names = [row.keys[0] for row in usage.rows]
    if by == "project" and not asked.at.settings.privacy.other_projects:
        own = asker.project if asker else None
        names = [name if name == own else f"{_ANOTHER} ({number})" for number, name in enumerate(names, 1)]
    return usage_answer(usage, names)


_PERIOD = {"type": "string", "description": "today, yesterday, week, month, 30d, 2026-05 or 2026-05-13"}
MCP_TOOLS = (
    AgentTool("budget_left", "USD left today before the user's warning and cutoff.", _budget),
    AgentTool("session_cost", "USD this session and its subagents cost so far.", _session),
    AgentTool(
        "costliest_insight",
        "What wasted most money in a period (default: week), and how to avoid it.",
        _insight,
        {"period": _PERIOD},
    ),
    AgentTool(
        "usage",
        "USD spent in a period (default: today) on all projects, by group.",
        _usage,
        {"period": _PERIOD, "by": {"type": "string", "enum": list(GROUPS_BY), "description": "default: model"}},
    ),
)
MCP_TOOL_OF = {tool.name: tool for tool in MCP_TOOLS}
