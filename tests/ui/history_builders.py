"""Histories for the screen: `history(days=40)` up to the day of `tests/ui/builders.py`."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from opencode_tui.records.answers import Answer
from opencode_tui.records.history import HistoryView, HourUse, PeriodBefore, PeriodUse, RunningPeriod, WeekHours
from opencode_tui.records.requests import AlertsRequest, HistoryRequest, HoursRequest, Request
from tests.support.records import replace
from tests.ui.alert_builders import fired
from tests.ui.builders import DAY, NOW, at, nano, session_list

AMOUNTS = ("$0.62", "$1.71", "$0.40", "$0", "$2.36", "$1.12", "$0.83")
"""A week of calm, high, free and very high days."""
WEEK = RunningPeriod(
    unit="week",
    first=date(2026, 5, 11),
    last=date(2026, 5, 17),
    spend_nano=nano("$3.18"),
    target_nano=nano("$7"),
    pace_nano=nano("$1.22"),
    projected_nano=nano("$8.56"),
    before=PeriodBefore(
        first=date(2026, 5, 4),
        last=date(2026, 5, 10),
        point_ms=at("14:23") - 7 * 86_400_000,
        spend_nano=nano("$2.91"),
        whole_nano=nano("$6.80"),
        kept_from=date(2026, 5, 4),
    ),
)
MONTH = replace(
    WEEK,
    unit="month",
    first=date(2026, 5, 1),
    last=date(2026, 5, 31),
    spend_nano=nano("$12.40"),
    target_nano=None,
    projected_nano=nano("$29.60"),
    before=None,
)


def use(day: date, spend: str = "$0.62", **changes: Any) -> PeriodUse:
    return replace(PeriodUse(day, day, nano(spend), 410_000, 12), **changes)


def history(*days: PeriodUse, back: int = 60, **changes: Any) -> HistoryView:
    """These days, or a day for each of the last `back` up to today, without calls on each fourth of the week."""
    spent = [AMOUNTS[(DAY - timedelta(days=n)).weekday()] for n in range(back)]
    made = tuple(
        use(DAY - timedelta(days=n), spent[n], tokens=(n * 7919 % 97 + 1) * 10_000)
        for n in reversed(range(back))
        if spent[n] != "$0"
    )
    view = HistoryView(
        request=HistoryRequest(),
        taken_ms=NOW,
        today=DAY,
        days=days or made,
        running=(WEEK, MONTH),
        warning_nano=nano("$1.50"),
        cutoff_nano=nano("$2"),
        target_nano=nano("$7"),
    )
    return replace(view, **changes)


def hours(year: int = 2026) -> WeekHours:
    """More in the afternoons of the working days; nothing at night."""
    found = [HourUse()] * 168
    for hour in range(168):
        day, start = divmod(hour, 24)
        if day < 5 and 8 <= start < 20:
            amount = nano("$0.10") * (1 + hour * 7 % 11)
            found[hour] = HourUse(amount, amount // 10_000, 3)
    return WeekHours(HoursRequest(year), NOW, tuple(found))


def answer(request: Request) -> Answer:
    if isinstance(request, HistoryRequest):
        return history()
    if isinstance(request, HoursRequest):
        return hours(request.year)
    return fired() if isinstance(request, AlertsRequest) else session_list()
