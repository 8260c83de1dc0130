"""Reads what a team's seats cost, from their files."""

from __future__ import annotations

from pathlib import Path

from opencode_tui.analysis.report_periods import ReportPeriod, parse_month, parse_week, week_of
from opencode_tui.ledger.environments import file_behind
from opencode_tui.readings.context import Context
from opencode_tui.records.answers import TeamView
from opencode_tui.records.requests import TeamRequest
from opencode_tui.team.report import team_report


def read_team(request: TeamRequest, context: Context) -> TeamView:
    """The report on a week or a month. Raises LookupError without seats."""
    if not context.settings.team.seats:
        raise LookupError("the team has no seats; `opencode-tui team add NAME PATH` adds one")
    report = team_report(_period(request, context), context.settings, _ledger(context), context.now_ms)
    return TeamView(request, context.now_ms, report)


def _period(request: TeamRequest, context: Context) -> ReportPeriod:
    if not request.period:
        return week_of(context.calendar.day(context.now_ms))
    return parse_week(request.period) if "W" in request.period else parse_month(request.period)


def _ledger(context: Context) -> Path:
    """The file of the context's ledger."""
    ledger = file_behind(context.connection)
    assert ledger is not None
    return ledger
