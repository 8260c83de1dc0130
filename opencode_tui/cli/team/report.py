"""`opencode-tui team report`: what all seats cost in a period, on one page."""

from __future__ import annotations

import argparse
import sys

from opencode_tui import paths
from opencode_tui.analysis.report_periods import ReportPeriod
from opencode_tui.cli import EXIT_OK
from opencode_tui.cli.common import Trouble, ledger_path, opened, say_trouble, settings_for
from opencode_tui.cli.output_file import output_place, write_output
from opencode_tui.cli.report_options import asked_format, asked_period
from opencode_tui.cli.team.database import asked_database, database_troubles
from opencode_tui.clock import calendar_for, now_ms
from opencode_tui.config.settings import Settings
from opencode_tui.config.team_budgets import team_budget_troubles
from opencode_tui.records.team import TeamReport
from opencode_tui.report.cost_report_words import period_label
from opencode_tui.report.export.output import is_regular
from opencode_tui.report.papers.team_papers import team_paper
from opencode_tui.report.team_words import in_trouble, seats_text, spent_by_team, trouble_line
from opencode_tui.team.finding import seat_files
from opencode_tui.team.report import team_report


def report_team(arguments: argparse.Namespace) -> int:
    target = output_place(arguments.output)
    format = asked_format(arguments, target)
    settings = settings_for(arguments)
    calendar = calendar_for(settings.timezone)
    period = asked_period(arguments, calendar.day(now_ms()))
    report = (
        _from_files(arguments, settings, period)
        if arguments.database is None
        else _from_database(arguments, settings, period)
    )
    for sentence in team_budget_troubles(settings):
        say_trouble(sentence)
    paper = team_paper(report, format, calendar)
    if target is None:
        sys.stdout.write(paper)
        return EXIT_OK
    if target.is_dir() or arguments.output.endswith("/"):
        target /= f"opencode-team-costs-{period.label.replace(' to ', '_')}.{format}"
    write_output(target, paper)
    if is_regular(target):
        spent = f"{spent_by_team(report)} spent by {seats_text(report)}"
        print(f"{paths.tilde(target)}: {period_label(report.period)}, {spent}")
    for seat in in_trouble(report):
        say_trouble(f"{seat.name}: {trouble_line(seat, calendar)}")
    return EXIT_OK


def _from_files(arguments: argparse.Namespace, settings: Settings, period: ReportPeriod) -> TeamReport:
    if not settings.team.seats:
        raise Trouble("the team has no seats yet; `opencode-tui team add NAME PATH` adds one")
    _sync_own(arguments, settings)
    return team_report(period, settings, ledger_path(settings), now_ms())


def _from_database(arguments: argparse.Namespace, settings: Settings, period: ReportPeriod) -> TeamReport:
    address = asked_database("" if arguments.database == "database" else arguments.database, settings)
    with database_troubles():
        from opencode_tui.team.postgres.reporting import DatabaseRequest, database_report

        return database_report(DatabaseRequest(address, settings.team.push.password_file, period, settings, now_ms()))


def _sync_own(arguments: argparse.Namespace, settings: Settings) -> None:
    """Reads OpenCode's stores first if the ledger of this machine is a seat."""
    files, _ = seat_files(settings.team.seats, ledger_path(settings))
    if any(file.is_own for file in files):
        with opened(arguments):
            pass
