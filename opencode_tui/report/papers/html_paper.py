"""The report as one HTML file without network and scripts: readable on a phone, printable, in light and dark."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from opencode_tui.clock import Calendar
from opencode_tui.money import plural
from opencode_tui.paths import last_part
from opencode_tui.privacy.harmless import one_line, shown_id
from opencode_tui.records.cost_report import CostReport
from opencode_tui.report import cost_report_words as words
from opencode_tui.report.call_words import exact_usd
from opencode_tui.report.cost_report_notes import beside_lines, method
from opencode_tui.report.insight_words import saving_text
from opencode_tui.report.papers import LONGEST_NAME
from opencode_tui.report.papers.amounts import decimal_usd
from opencode_tui.report.papers.charts import colour_of, day_chart, stacked
from opencode_tui.report.papers.proofs import proof_json, proof_text
from opencode_tui.report.shipped_words import shipped_lines
from opencode_tui.report.words import amount_text

_HERE = Path(__file__).parent
_LONGEST = 600
_PROOF = "<!-- opencode-tui report -->"


def html_paper(report: CostReport, calendar: Calendar) -> str:
    """The paper; the proof is a comment at its end."""
    page = _template().render(
        report=report,
        calendar=calendar,
        chart=day_chart(report),
        segments=stacked(report.rankings[0]),
        style=Markup((_HERE / "page.css").read_text(encoding="utf-8")),
        proof=Markup(_PROOF),
    )
    span = calendar.span(report.first, report.last)
    before, _, after = page.partition(_PROOF)
    proof = proof_text(proof_json(report, span.start_ms, span.end_ms, before + after))
    return f"{before}<!-- opencode-tui report: {proof} -->{after}\n"


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
        beside_lines=beside_lines,
        shipped_lines=shipped_lines,
        method=method,
        amount=amount_text,
        decimal=decimal_usd,
        exact=exact_usd,
        plural=plural,
        colour_of=colour_of,
        last_part=last_part,
        shown_id=shown_id,
        saving_text=saving_text,
        cut=partial(one_line, limit=LONGEST_NAME),
    )
    return environment.get_template("page.html")


def _shown(text: str) -> str:
    """Foreign text on one line of some length; our own is not changed by it."""
    return one_line(text, _LONGEST)
