"""The columns of a team's seats: what each cost, on which day, and whether its data is whole."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Never

from rich.text import Text

from opencode_tui.analysis.session_list import Sort
from opencode_tui.clock import weekday
from opencode_tui.money import format_usd
from opencode_tui.records.day import Band
from opencode_tui.records.team import Seat, TeamReport
from opencode_tui.report.team_words import (
    MOST_DAY_COLUMNS,
    day_band,
    days_in,
    is_before_ledger,
    short_state,
    spent_by_seat,
    spent_on_day,
)
from opencode_tui.report.words import amount_text, band_glyph
from opencode_tui.ui.tables.columns import Cell, Column
from opencode_tui.ui.theme import STYLES

TeamColumn = Column[Seat, TeamReport, Never]
_ROOM_FOR_DAYS = 100
"""The least width of a table with a column for each day; a narrower one has a mark for each."""
_NO_DAY = "·"
_WARNING: Band = "warning"
_CUTOFF: Band = "cutoff"
BY_SEAT_SPEND: Sort[Seat] = Sort("spend", lambda seat: seat.spend_nano)


def team_columns(report: TeamReport) -> tuple[TeamColumn, ...]:
    """The columns for the days of a report."""
    days = days_in(report)
    width = 9 if any(seat.unread_days for seat in report.seats) else 8
    of_days = tuple(_day_column(day, width) for day in days) if len(days) <= MOST_DAY_COLUMNS else ()
    return (
        TeamColumn("seat", "Seat", _name, 8, grow=True, max_width=32, sort=Sort("seat", _by_name, descending=False)),
        *of_days,
        TeamColumn(
            "marks",
            "".join(weekday(day)[0] for day in days) if of_days else "Over",
            _marks if of_days else _over,
            len(days) if of_days else 7,
            max_table=_ROOM_FOR_DAYS - 1 if of_days else 1000,
        ),
        TeamColumn("spend", "Spend", _spend, 8, "right", sort=BY_SEAT_SPEND),
        TeamColumn("before", "Before", _before, 9, "right", drop_at=3, sort=Sort("before", lambda s: s.before_nano)),
        TeamColumn("calls", "Calls", _calls, 7, "right", drop_at=4, sort=_by("calls")),
        TeamColumn("data", "Data", _state, 12, drop_at=2, sort=Sort("data", lambda seat: seat.late_ms)),
    )


def _by(name: str) -> Sort[Seat]:
    return Sort(name, lambda seat: int(getattr(seat, name)))


def _by_name(seat: Seat) -> str:
    return seat.name.casefold()


def _day_column(day: date, width: int) -> TeamColumn:
    spends: Callable[[Seat], int] = lambda seat: next((e.spend_nano for e in seat.days if e.day == day), 0)  # noqa: E731
    return TeamColumn(
        day.isoformat(),
        f"{weekday(day)} {day.day}",
        lambda seat, report: _day(seat, day, report),
        width,
        "right",
        min_table=_ROOM_FOR_DAYS,
        sort=Sort(weekday(day), spends),
    )


def _name(seat: Seat, report: TeamReport) -> Cell:
    return f"! {seat.name}" if short_state(seat) else seat.name


def _day(seat: Seat, day: date, report: TeamReport) -> Cell:
    found = next((each for each in seat.days if each.day == day), None)
    text = spent_on_day(report, seat, day, lambda nano: format_usd(nano, cents=True))
    if not text:
        return Text(_NO_DAY, style=STYLES["note"])
    return Text(text, style=_style(report, found.spend_nano) if found else "")


def _marks(seat: Seat, report: TeamReport) -> Text:
    """The glyph of each day's band, `·` for a day without calls, in the colour of the gravest."""
    by_day = {each.day: each.spend_nano for each in seat.days}
    bands = [day_band(report, by_day[day]) if day in by_day else None for day in days_in(report)]
    marks = "".join(band_glyph(band) if band else _NO_DAY for band in bands)
    return Text(marks, style=next((STYLES[band] for band in (_CUTOFF, _WARNING) if band in bands), ""))


def _over(seat: Seat, report: TeamReport) -> Text:
    """How many days of a long period crossed which line."""
    cut, warned = len(seat.over_cutoff), len(seat.over_warning) - len(seat.over_cutoff)
    parts = [f"{many}{band_glyph(band)}" for many, band in ((cut, _CUTOFF), (warned, _WARNING)) if many]
    return Text(" ".join(parts), style=STYLES[_CUTOFF if cut else _WARNING] if parts else "")


def _style(report: TeamReport, spend_nano: int) -> str:
    band = day_band(report, spend_nano)
    return "" if band == "calm" else STYLES[band]


def _spend(seat: Seat, _: TeamReport) -> Cell:
    return Text("not read", style=STYLES["note"]) if seat.is_missing else spent_by_seat(seat)


def _calls(seat: Seat, _: TeamReport) -> Cell:
    return "" if seat.is_missing else f"{seat.calls:,}"


def _before(seat: Seat, report: TeamReport) -> Cell:
    if seat.is_missing or is_before_ledger(seat, report):
        return Text(_NO_DAY, style=STYLES["note"])
    return amount_text(seat.before_nano)


def _state(seat: Seat, _: TeamReport) -> Cell:
    return Text(short_state(seat), style=STYLES["warning"])
