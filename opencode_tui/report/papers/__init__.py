"""A report as a paper: Markdown, HTML, JSON or CSV, each with the proof that `report --verify` reads."""

from __future__ import annotations

from opencode_tui.clock import Calendar
from opencode_tui.records.cost_report import CostReport

SUFFIXES = {".md": "md", ".markdown": "md", ".html": "html", ".htm": "html", ".json": "json", ".csv": "csv"}
"""The format that a file's name asks for."""

LONGEST_NAME = 120
"""The most characters of a title or a key on a page."""


def paper_of(report: CostReport, format: str, calendar: Calendar) -> str:
    """The report in one of `md`, `html`, `json` and `csv`, ending with a line feed. Equal reports give equal texts."""
    if format == "json":
        from opencode_tui.report.papers.json_paper import json_paper

        return json_paper(report, calendar)
    if format == "csv":
        from opencode_tui.report.papers.csv_paper import csv_paper

        return csv_paper(report, calendar)
    if format == "html":
        from opencode_tui.report.papers.html_paper import html_paper

        return html_paper(report, calendar)
    from opencode_tui.report.papers.markdown import markdown_paper

    return markdown_paper(report, calendar)
