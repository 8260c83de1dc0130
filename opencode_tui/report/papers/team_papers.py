"""A team's report as Markdown, JSON, CSV or HTML."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from opencode_tui.clock import Calendar
from opencode_tui.money import usd
from opencode_tui.records.team import MonthForecast, Seat, SeatPart, TeamReport
from opencode_tui.report.json_values import SCHEMA_VERSION, moment_or_none
from opencode_tui.report.team_words import is_before_ledger


def team_paper(report: TeamReport, format: str, calendar: Calendar) -> str:
    """The report in one of `md`, `html`, `json` and `csv`, ending with a line feed."""
    if format == "json":
        # Laid out by msgspec, as json does that in Python, at ten times its own cost.
        return f"{msgspec.json.format(json.dumps(team_json(report, calendar)), indent=2)}\n"
    if format == "csv":
        from opencode_tui.report.papers.team_csv import team_csv

        return team_csv(report, calendar)
    if format == "html":
        from opencode_tui.report.papers.team_html import team_html

        return team_html(report, calendar)
    from opencode_tui.report.papers.team_markdown import team_markdown

    return team_markdown(report, calendar)


def team_json(report: TeamReport, calendar: Calendar) -> dict[str, Any]:
    budget = report.budget_nano
    return {
        "schema_version": SCHEMA_VERSION,
        "week": report.period,
        "first": report.first.isoformat(),
        "last": report.last.isoformat(),
        "seats": [_seat(seat, report, calendar) for seat in report.seats],
        "total_usd": usd(report.total_nano),
        "lower_bound": report.lower_bound,
        "budget_usd": None if budget is None else usd(budget),
        "before": report.before,
        "before_usd": usd(report.before_nano),
        "before_until": None if report.before_last is None else report.before_last.isoformat(),
        "compared_until": None if report.compared_last is None else report.compared_last.isoformat(),
        "changes": [
            {"seat": each.seat, "model": each.model, "project": each.project, "change_usd": usd(each.nano)}
            for each in report.changes
        ],
        "month": None if report.month is None else _month(report.month),
        "models": [_part(part) for part in report.models],
        "projects": [_part(part) for part in report.projects],
        "taken_at": calendar.iso(report.taken_ms),
    }


def _seat(seat: Seat, report: TeamReport, calendar: Calendar) -> dict[str, Any]:
    change = report.change_of(seat)
    is_before_known = not seat.is_missing and not is_before_ledger(seat, report)
    return {
        "name": seat.name,
        "spend_usd": None if seat.is_missing else usd(seat.spend_nano),
        "calls": None if seat.is_missing else seat.calls,
        "lower_bound": seat.lower_bound,
        "unread": seat.unread,
        "lower_bound_days": [day.isoformat() for day in seat.unread_days],
        "days": {each.day.isoformat(): usd(each.spend_nano) for each in seat.days},
        "over_warning": [day.isoformat() for day in seat.over_warning],
        "over_cutoff": [day.isoformat() for day in seat.over_cutoff],
        "cause": seat.cause,
        "models": [_part(part) for part in seat.models],
        "projects": [_part(part) for part in seat.projects],
        "sessions": [
            {"id": each.id, "title": each.title, "project": each.project, "spend_usd": usd(each.spend_nano)}
            for each in seat.sessions
        ],
        "before_usd": usd(seat.before_nano) if is_before_known else None,
        "change_usd": None if change is None else usd(change),
        "ledger_begins": None if seat.since is None else seat.since.isoformat(),
        "last_call_at": moment_or_none(seat.last_call_ms, calendar),
        "last_sync_at": moment_or_none(seat.last_sync_ms, calendar),
        "late_days": seat.late_days,
        "calls_sha256": seat.digest,
        "trouble": seat.trouble,
    }


def _part(part: SeatPart) -> dict[str, Any]:
    return {
        "key": part.key,
        "spend_usd": usd(part.spend_nano),
        "calls": part.calls,
        "before_usd": usd(part.before_nano),
    }


def _month(month: MonthForecast) -> dict[str, Any]:
    return {
        "first": month.first.isoformat(),
        "last": month.last.isoformat(),
        "spent_usd": usd(month.spent_nano),
        "low_usd": usd(month.low_nano),
        "likely_usd": usd(month.likely_nano),
        "high_usd": usd(month.high_nano),
        "days_left": month.days_left,
    }
