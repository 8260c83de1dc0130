"""A team's report as one HTML file without network and scripts, in the looks of a seat's own report."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Template
from markupsafe import Markup

from opencode_tui.clock import Calendar, weekday
from opencode_tui.records.team import TeamReport
from opencode_tui.report import team_words as words
from opencode_tui.report.papers.amounts import percent
from opencode_tui.report.papers.html_templates import html_template

_HERE = Path(__file__).parent


def team_html(report: TeamReport, calendar: Calendar) -> str:
    days = words.days_in(report) if len(words.days_in(report)) <= words.MOST_DAY_COLUMNS else ()
    page = _template().render(
        report=report,
        calendar=calendar,
        days=days,
        style=Markup("\n".join((_HERE / name).read_text(encoding="utf-8") for name in ("page.css", "team.css"))),
    )
    return f"{page}\n"


@cache
def _template() -> Template:
    return html_template(
        "team.html",
        words=words,
        percent=percent,
        weekday=weekday,
    )
