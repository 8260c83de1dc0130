"""What `opencode-tui mcp` answers, as JSON: short, since each answer stays in the agent's context."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opencode_tui.clock import Calendar
from opencode_tui.money import usd
from opencode_tui.records.agent import Asker
from opencode_tui.records.breakdown import Breakdown
from opencode_tui.records.day import Snapshot
from opencode_tui.records.insights import Insight
from opencode_tui.records.session import Node
from opencode_tui.report.json_values import SCHEMA_VERSION, moment_or_none, saving_or_none

MOST_SUBAGENTS = 10
MOST_GROUPS = 12
WITHHELD = "is about other projects or all; [privacy] other_projects = true in config.toml would show it"
_HOW = {
    "named": "OpenCode named the session that asks",
    "newest": "OpenCode does not tell which session asks: this is the newest one of the directory",
}


def budget_answer(day: Snapshot, calendar: Calendar) -> dict[str, Any]:
    """What is left of a day; `left_usd` is up to the cutoff, and never below 0."""
    return {
        "schema_version": SCHEMA_VERSION,
        "day": day.day.isoformat(),
        "spent_usd": usd(day.spent_nano),
        "warning_usd": usd(day.warning_nano),
        "cutoff_usd": usd(day.cutoff_nano),
        "left_to_warning_usd": usd(max(0, day.warning_nano - day.spent_nano)),
        "left_usd": usd(max(0, day.cutoff_nano - day.spent_nano)),
        "band": day.band,
        "usd_per_hour": usd(day.rate_nano),
        "cutoff_at": moment_or_none(day.cutoff_at_ms, calendar),
        "lower_bound": day.lower_bound,
    }


def session_answer(asker: Asker, tree: Sequence[Node]) -> dict[str, Any]:
    """A session's own cost, and the subagents that cost most; `tree` begins with the session."""
    root, below = tree[0], sorted(tree[1:], key=lambda node: (-node.own_nano, node.id))
    return {
        "schema_version": SCHEMA_VERSION,
        "session_id": root.id,
        "how": _HOW[asker.how],
        "title": root.title,
        "total_usd": usd(root.total_nano),
        "own_usd": usd(root.own_nano),
        "subagents_usd": usd(sum(node.own_nano for node in below)),
        "lower_bound": root.lower_bound,
        "calls": root.calls,
        "subagents": [
            {
                "session_id": node.id,
                "agent": node.agent,
                "title": node.title,
                "own_usd": usd(node.own_nano),
                "calls": node.calls,
            }
            for node in below[:MOST_SUBAGENTS]
        ],
        "more_subagents": max(0, len(below) - MOST_SUBAGENTS),
    }


def insights_answer(label: str, costliest: Insight | None, is_shown: bool, here: Insight | None) -> dict[str, Any]:
    """The costliest insight, without its words unless they may be shown, and then the costliest of this project."""
    answer: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "period": label}
    answer["costliest"] = None if costliest is None else _insight(costliest, is_shown)
    if not is_shown:
        answer["costliest_here"] = None if here is None else _insight(here, is_shown=True)
    return answer


def _insight(insight: Insight, is_shown: bool) -> dict[str, Any]:
    figures = {
        "rule": insight.rule,
        "lever": insight.lever,
        "cost_usd": usd(insight.cost_nano),
        "saves_usd": saving_or_none(insight.saves_nano),
        "sure": insight.sure,
        "calls": insight.calls,
    }
    if not is_shown:
        return {**figures, "withheld": WITHHELD}
    words = {"title": insight.title, "what": insight.what, "how": insight.how, "sum": insight.sum_shown}
    return {**words, **figures, "sessions": [each.id for each in insight.sessions[:MOST_SUBAGENTS]]}


def usage_answer(usage: Breakdown, names: Sequence[str]) -> dict[str, Any]:
    """A period's total and its costliest groups, which are called by `names`."""
    totals, groups = usage.totals, list(zip(names, usage.rows, strict=True))
    rest = [row.measures.spend_nano for _, row in groups[MOST_GROUPS:]]
    return {
        "schema_version": SCHEMA_VERSION,
        "period": {"from": usage.first.isoformat(), "to": usage.last.isoformat(), "label": usage.label},
        "spend_usd": usd(totals.spend_nano),
        "lower_bound": usage.lower_bound,
        "calls": totals.calls,
        "tokens": totals.tokens.total,
        "by": usage.request.by[0],
        "groups": [
            {"key": name, "spend_usd": usd(row.measures.spend_nano), "calls": row.measures.calls}
            for name, row in groups[:MOST_GROUPS]
        ],
        "more_groups": {"groups": len(rest), "spend_usd": usd(sum(rest))},
    }
