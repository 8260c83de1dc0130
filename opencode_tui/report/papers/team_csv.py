"""A team's report as CSV: one table in which `section` says what a row is about."""

from __future__ import annotations

from collections.abc import Iterator

from opencode_tui.clock import Calendar
from opencode_tui.records.privacy.harmless import one_line
from opencode_tui.records.team import Seat, SeatDay, TeamReport
from opencode_tui.report.papers.amounts import decimal_usd
from opencode_tui.report.papers.csv_paper import rows_text
from opencode_tui.report.team_words import day_band, is_before_ledger, trouble_line

TEAM_COLUMNS = (
    *("section", "seat", "key", "spend_usd", "other_usd", "calls", "band", "text", "calls_sha256"),
    "lower_bound",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def team_csv(report: TeamReport, calendar: Calendar) -> str:
    return rows_text([TEAM_COLUMNS, *_rows(report, calendar)])


def _rows(report: TeamReport, calendar: Calendar) -> Iterator[list[str]]:
    yield _row("period", key=report.period, text=f"{report.first} to {report.last}")
    least = report.lower_bound
    yield _row("total", nano=report.total_nano, calls=report.calls, bound=least)
    if report.budget_nano is not None:
        yield _row("budget", other=report.budget_nano)
    yield _row("before", key=report.before, other=report.before_nano, bound=least)
    if report.month is not None:
        month = report.month
        for key, nano in (("low", month.low_nano), ("likely", month.likely_nano), ("high", month.high_nano)):
            yield _row("month", key=key, other=nano, text=f"{month.first} to {month.last}", bound=least)
    for change in report.changes:
        yield _row("change", change.seat, change.model, other=change.nano, text=change.project)
    for seat in report.seats:
        yield from _of_seat(seat, report, calendar)
    for section, parts in (("model", report.models), ("project", report.projects)):
        for part in parts:
            sums = part.spend_nano, part.before_nano, part.calls
            yield _row(section, "", part.key, *sums, bound=least)


def _of_seat(seat: Seat, report: TeamReport, calendar: Calendar) -> Iterator[list[str]]:
    said = trouble_line(seat, calendar)
    if seat.is_missing:
        yield _row("seat", seat.name, text=said)
        return
    before = None if is_before_ledger(seat, report) else seat.before_nano
    sums, least = (seat.spend_nano, before, seat.calls), seat.lower_bound
    yield _row("seat", seat.name, "", *sums, text=said, sha256=seat.digest, bound=least)
    without_calls = {day: SeatDay(day, 0, 0) for day in seat.unread_days}
    for _, day in sorted((without_calls | {each.day: each for each in seat.days}).items()):
        mark, least = day_band(report, day.spend_nano), day.day in seat.unread_days
        yield _row("day", seat.name, day.day.isoformat(), day.spend_nano, calls=day.calls, band=mark, bound=least)
    if seat.cause:
        yield _row("cause", seat.name, text=seat.cause)
    for section, parts in (("seat model", seat.models), ("seat project", seat.projects)):
        for part in parts:
            yield _row(section, seat.name, part.key, part.spend_nano, part.before_nano, part.calls)
    for session in seat.sessions:
        text = session.title or session.project
        yield _row("seat session", seat.name, session.id, session.spend_nano, calls=session.calls, text=text)


def _row(
    section: str,
    seat: str = "",
    key: str = "",
    nano: int | None = None,
    other: int | None = None,
    calls: int | None = None,
    band: str = "",
    text: str = "",
    sha256: str = "",
    bound: bool | None = None,
) -> list[str]:
    amounts = ("" if each is None else decimal_usd(each) for each in (nano, other))
    about = (section, _safe(seat), _safe(key))
    least = "" if bound is None else str(bound).lower()
    return [*about, *amounts, "" if calls is None else str(calls), band, _safe(text), sha256, least]


def _safe(text: str) -> str:
    """On one line, and no formula of a spreadsheet."""
    line = one_line(text)
    return f"'{line}" if line.startswith(_FORMULA) else line
