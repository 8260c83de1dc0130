"""The report as one HTML file without network and scripts: readable on a phone, printable, in light and dark."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Template
from markupsafe import Markup

from opencode_tui.clock import Calendar
from opencode_tui.money import plural
from opencode_tui.paths import last_part
from opencode_tui.records.cost_report import CostReport
from opencode_tui.records.privacy.harmless import shown_id
from opencode_tui.report import cost_report_words as words
from opencode_tui.report.cost_report_notes import beside_lines, method
from opencode_tui.report.insight_words import saving_text
from opencode_tui.report.papers.charts import colour_of, day_chart, stacked
from opencode_tui.report.papers.html_templates import html_template
from opencode_tui.report.papers.proofs import proof_json, proof_text
from opencode_tui.report.shipped_words import shipped_lines

_HERE = Path(__file__).parent
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
    return html_template(
        "page.html",
        words=words,
        beside_lines=beside_lines,
        shipped_lines=shipped_lines,
        method=method,
        plural=plural,
        colour_of=colour_of,
        last_part=last_part,
        shown_id=shown_id,
        saving_text=saving_text,
    )
