"""The team's page in a real browser, on a phone."""

from __future__ import annotations

from pathlib import Path

from opencode_tui.analysis.report_periods import parse_week
from opencode_tui.report.papers.team_papers import team_paper
from tests.e2e.chromium import Browser
from tests.support.seats import UTC_DAYS, put_calls, team_of, week_of_calls

PHONE = 400


def test_a_seat_keeps_its_name_readable_and_the_page_its_width(browser: Browser, tmp_path: Path) -> None:
    names = ("anna", "benedikta")
    calls = {name: week_of_calls(name, 123_456_789_000, days=7) for name in names}
    files = {name: put_calls(tmp_path / f"{name}.db", calls[name], machine=name) for name in names}
    page = tmp_path / "team.html"
    report = team_of(tmp_path, **files).report(parse_week("2026-W20"))
    page.write_text(team_paper(report, "html", UTC_DAYS), encoding="utf-8")
    browser.open(page, PHONE)
    assert browser.value("document.documentElement.scrollWidth") <= PHONE
    for table in ("seats", "checks"):
        cells = f"[...document.querySelectorAll('.{table} tbody td:first-child')]"
        lines = f"{cells}.map(e => {{ const r = document.createRange(); r.selectNodeContents(e);"
        assert browser.value(f"{lines} return r.getClientRects().length; }})") == [1, 1], "each name on one line"
