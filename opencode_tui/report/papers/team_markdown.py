"""A team's report as Markdown, with exact amounts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opencode_tui.clock import Calendar, weekday
from opencode_tui.money import plural
from opencode_tui.records.team import Seat, SeatPart, TeamReport
from opencode_tui.report import team_words as words
from opencode_tui.report.call_words import exact_usd
from opencode_tui.report.papers import LONGEST_NAME
from opencode_tui.report.papers.amounts import percent
from opencode_tui.report.papers.markdown import literal

_TOP = 8


def team_markdown(report: TeamReport, calendar: Calendar) -> str:
    return "\n".join(_lines(report, calendar)) + "\n"


def _lines(report: TeamReport, calendar: Calendar) -> Iterator[str]:
    yield from (f"# {literal(words.team_title(report))}", "", f"{literal(words.team_days(report))}.", "")
    yield f"**{words.spent_by_team(report, exact_usd)}**: {literal(words.against_budget(report, exact_usd))};"
    yield f"{literal(words.against_period_before(report, exact_usd))}; {words.average_text(report, calendar)}."
    yield from ("", f"{literal(words.forecast_text(report, exact_usd))}.")
    if report.changes:
        yield from ("", "## What changed", "", f"{words.changes_head(report)}:", "")
        yield from (f"- {literal(words.change_text(each, exact_usd))}" for each in report.changes)
    yield from ("", "## Seats", "")
    yield from _seats(report)
    if lines := words.seat_lines_text(report):
        yield from ("", f"{lines}.")
    if over := words.over_lines(report):
        yield from ("", "## Who ran over", "")
        yield from (f"- **{_name(seat)}** {literal(words.over_line(seat))}" for seat in over)
    for title, parts in (("model", report.models), ("project", report.projects)):
        yield from ("", f"## By {title}", "")
        yield from _parts(title, parts, report.total_nano)
    if shared := [seat for seat in report.seats if seat.sessions]:
        yield from ("", "## Costliest sessions of seats that share them", "")
        yield from (line for seat in shared for line in _sessions(seat))
    if troubled := words.in_trouble(report):
        yield from ("", "## What is wrong with the data", "")
        yield from (f"- **{_name(seat)}** {literal(words.trouble_line(seat, calendar))}" for seat in troubled)
    yield from ("", "## Method and checksums", "")
    yield from (f"{number}. {line}" for number, line in enumerate(words.team_method(report), 1))
    yield ""
    yield from _table(
        ("seat", "SHA-256 of its calls", "last call and last sync"),
        [
            (_name(seat), f"`{seat.digest}`" if seat.digest else "not known", words.freshness_text(seat, calendar))
            for seat in report.seats
        ],
    )


def _seats(report: TeamReport) -> Iterator[str]:
    days = words.days_in(report) if len(words.days_in(report)) <= words.MOST_DAY_COLUMNS else ()
    heads = ("seat", *(f"{weekday(day)} {day.day}" for day in days), "spend", "calls", "before")
    rows = []
    for seat in report.seats:
        cells = [words.spent_on_day(report, seat, day, exact_usd) or "·" for day in days]
        rows.append((_name(seat), *cells, *_sums(seat, report)))
    least = "≥" if report.lower_bound else ""
    of_days = (f"{'≥' if report.is_lower_bound_on(day) else ''}{exact_usd(report.day_nano(day))}" for day in days)
    sums = (exact_usd(report.total_nano), f"{report.calls:,}", exact_usd(report.before_nano))
    yield from _table(heads, [*rows, ("total", *of_days, *(f"{least}{text}" for text in sums))])


def _sums(seat: Seat, report: TeamReport) -> tuple[str, str, str]:
    """The spend, the calls and the spend of the period before."""
    if seat.is_missing:
        return "not read", "", ""
    before = "before the ledger" if words.is_before_ledger(seat, report) else exact_usd(seat.before_nano)
    return words.spent_by_seat(seat, exact_usd), f"{seat.calls:,}", before


def _parts(title: str, parts: Sequence[SeatPart], whole: int) -> Iterator[str]:
    named = [(literal(each.key, LONGEST_NAME), each.spend_nano, each.calls) for each in parts[:_TOP]]
    if rest := parts[_TOP:]:
        spend = sum(each.spend_nano for each in rest)
        calls = sum(each.calls for each in rest)
        named.append((plural(len(rest), "other"), spend, calls))
    rows = [(name, exact_usd(nano), percent(nano, whole), f"{calls:,}") for name, nano, calls in named]
    yield from _table((title, "spend", "share", "calls"), rows)


def _sessions(seat: Seat) -> Iterator[str]:
    for each in seat.sessions:
        name = literal(each.title, LONGEST_NAME) or f"`{each.id.replace('`', '')}`"
        yield f"- {_name(seat)}: {exact_usd(each.spend_nano)} {name} in {literal(each.project, LONGEST_NAME)}"


def _name(seat: Seat) -> str:
    return literal(seat.name, LONGEST_NAME)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if not rows:
        yield "None."
        return
    yield f"| {' | '.join(heads)} |"
    yield f"| --- |{' ---: |' * (len(heads) - 1)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
