"""The report as JSON: the contract of `report --format json`."""

from __future__ import annotations

import json
from typing import Any

from opencode_tui.alerts.channels.message import alert_fields
from opencode_tui.clock import Calendar
from opencode_tui.money import usd
from opencode_tui.records.cost_report import Aside, CostReport, Ranking, ReportDay, ReportSession
from opencode_tui.records.insights import Insight
from opencode_tui.records.usage import Slice
from opencode_tui.report.cost_report_notes import method
from opencode_tui.report.json_values import SCHEMA_VERSION, saving_or_none, tokens_json
from opencode_tui.report.papers.proofs import proof_json
from opencode_tui.report.shipped_words import shipped_json

_OF_ALERT = ("id", "level", "rule", "text", "remedy", "session", "unit", "value", "line", "crossed_at", "fired_at")


def json_paper(report: CostReport, calendar: Calendar) -> str:
    """The paper; amounts are USD, exact to 1e-9."""
    paper = report_json(report)
    span = calendar.span(report.first, report.last)
    return json_text(paper | {"proof": proof_json(report, span.start_ms, span.end_ms, json_text(paper))}) + "\n"


def json_text(paper: dict[str, Any]) -> str:
    """The paper as it is written, and as its digest covers it."""
    return json.dumps(paper, indent=2)


def report_json(report: CostReport) -> dict[str, Any]:
    """The report without its proof."""
    totals, lines = report.totals, report.lines
    return {
        "schema_version": SCHEMA_VERSION,
        "period": {
            "from": report.first.isoformat(),
            "to": report.last.isoformat(),
            "label": report.label,
            "timezone": report.timezone,
            "is_over": report.today is None,
        },
        "spend_usd": usd(totals.spend_nano),
        "lower_bound": report.lower_bound,
        "target_usd": usd(lines.target_nano),
        "week_target_usd": usd(lines.week_target_nano),
        "warning_usd": usd(lines.warning_nano),
        "cutoff_usd": usd(lines.cutoff_nano),
        "before": {
            "label": report.before_label,
            "spend_usd": usd(report.before_nano),
            "lower_bound": report.before_lower_bound,
            "same_point_usd": usd(report.before_point_nano),
            "ledger_begins": report.since.isoformat() if report.since else None,
        },
        "list_usd": usd(totals.list_nano),
        "calls": totals.calls,
        "copied_calls": totals.copied_calls,
        "sessions": totals.all_sessions,
        "root_sessions": len(report.sessions) + report.other_sessions,
        "subagents": report.subagents,
        "tokens": tokens_json(totals.tokens),
        "days": [_day(day) for day in report.days],
        **{f"{ranking.by}s": _ranking(ranking) for ranking in report.rankings},
        "costliest_sessions": [_session(session) for session in report.sessions],
        "other_sessions": {"sessions": report.other_sessions, "total_usd": usd(report.other_sessions_nano)},
        "shipped": shipped_json(report.shipped),
        "insights": [_insight(each) for each in report.insights],
        "other_insights": report.other_insights,
        "alerts": [{key: alert_fields(alert)[key] for key in _OF_ALERT} for alert in report.alerts],
        "other_alerts": report.other_alerts,
        "beside": _beside(report),
        "method": list(method(report)),
        "calls_sha256": report.digest.sha256,
    }


def _day(day: ReportDay) -> dict[str, Any]:
    return {
        "day": day.digest.day.isoformat(),
        "spend_usd": usd(day.digest.spend_nano),
        "lower_bound": day.lower_bound,
        "band": day.band,
        "before_ledger": day.is_before_ledger,
        "calls": day.digest.calls,
        "calls_sha256": day.digest.sha256,
    }


def _ranking(ranking: Ranking) -> dict[str, Any]:
    others = {"groups": ranking.others, **_slice(ranking.rest)}
    return {"top": [{"key": each.key, **_slice(each)} for each in ranking.top], "others": others}


def _slice(each: Slice) -> dict[str, Any]:
    return {
        "spend_usd": usd(each.spend_nano),
        "lower_bound": each.lower_bound,
        "list_usd": usd(each.list_nano),
        "calls": each.calls,
        "tokens": tokens_json(each.tokens),
    }


def _insight(insight: Insight) -> dict[str, Any]:
    return {
        "rule": insight.rule,
        "title": insight.title,
        "what": insight.what,
        "cost_usd": usd(insight.cost_nano),
        "saves_usd": saving_or_none(insight.saves_nano),
        "lever": insight.lever,
        "how": insight.how,
        "sure": insight.sure,
        "sum": insight.sum_shown,
        "calls": insight.calls,
        "sessions": [{"id": each.id, "cost_usd": usd(each.nano)} for each in insight.sessions if each.id],
    }


def _session(session: ReportSession) -> dict[str, Any]:
    return {
        "id": session.id,
        "title": session.title,
        "project": session.project,
        "model": session.model,
        "own_usd": usd(session.own_nano),
        "total_usd": usd(session.total_nano),
        "in_all_usd": usd(session.whole_nano),
        "lower_bound": session.lower_bound,
        "subagents": session.subagents,
        "calls": session.calls,
        "turns": session.turns,
        "deleted": session.deleted,
        "causes": [
            {"sentence": each.sentence, "remedy": each.remedy, "cost_usd": usd(each.nano)} for each in session.causes
        ],
    }


def _beside(report: CostReport) -> dict[str, Any]:
    asides = report.asides

    def spent(aside: Aside) -> dict[str, Any]:
        return {"calls": aside.calls, "spend_usd": usd(aside.nano)}

    return {
        "not_billed": {"calls": asides.not_billed.calls, "list_usd": usd(asides.not_billed.nano)},
        "forked": {"calls": asides.forked.calls, "paid_in_original_usd": usd(asides.forked.nano)},
        "undone": spent(asides.undone),
        "titles": spent(asides.titles),
        "compactions": spent(asides.compactions),
        "deleted": spent(asides.deleted),
        "incomplete_calls": asides.incomplete,
        "unreadable_rows": asides.unreadable,
        "basis": dict(asides.bases),
    }
