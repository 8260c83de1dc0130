"""A team's report as one HTML file without network and scripts, in the looks of a seat's own report."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from opencode_tui.clock import Calendar, weekday
from opencode_tui.privacy.harmless import one_line
from opencode_tui.records.team import TeamReport
from opencode_tui.report import team_words as words
from opencode_tui.report.call_words import exact_usd
from opencode_tui.report.papers import LONGEST_NAME
from opencode_tui.report.papers.amounts import decimal_usd, percent
from opencode_tui.report.words import amount_text

_HERE = Path(__file__).parent
_LONGEST = 600


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
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        loader=FileSystemLoader(_HERE),
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: value if isinstance(value, Markup) or not isinstance(value, str) else _shown(value),
    )
    environment.globals.update(
        words=words,
        amount=amount_text,
        decimal=decimal_usd,
        exact=exact_usd,
        percent=percent,
        weekday=weekday,
        cut=partial(one_line, limit=LONGEST_NAME),
    )
    return environment.get_template("team.html")


def _shown(text: str) -> str:
    """Foreign text on one line of some length; our own is not changed by it."""
    return one_line(text, _LONGEST)
