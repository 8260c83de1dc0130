"""Takes calls out of a seat's sums that count for another seat."""

from __future__ import annotations

from collections import defaultdict

from msgspec.structs import replace

from opencode_tui.team.postgres.asking import AskedDays, SeatSums
from opencode_tui.team.postgres.reading_sums import DayRow, DaySpan, PartRow, SharedSession
from opencode_tui.team.postgres.sharing import SharedRow


def counted_once(sums: SeatSums, asked: AskedDays) -> SeatSums:
    """The sums with each call in those of one seat. Days and parts of which nothing is left are left out."""
    if not sums.shared:
        return sums
    spent = dict(sums.spent_nano)
    for row in sums.shared:
        spent[row.day] = spent.get(row.day, 0) - row.spend_nano
    return replace(sums, days=_days(sums), parts=_parts(sums, asked), sessions=_sessions(sums, asked), spent_nano=spent)


def _days(sums: SeatSums) -> list[DayRow]:
    less: dict[object, list[SharedRow]] = defaultdict(list)
    for row in sums.shared:
        less[row.seat, row.day].append(row)
    days = []
    for day in sums.days:
        rows = less.get((day.seat, day.day), ())
        spend, calls = sum(row.spend_nano for row in rows), sum(row.calls for row in rows)
        if day.calls > calls:
            left = (day.spend_nano - spend, day.calls - calls)
            # The digest is of all calls that the ledger has.
            days.append(replace(day, spend_nano=left[0], calls=left[1], digest="") if rows else day)
    return days


def _parts(sums: SeatSums, asked: AskedDays) -> list[PartRow]:
    less: dict[object, list[SharedRow]] = defaultdict(list)
    for row in sums.shared:
        less[row.seat, row.provider, row.model, row.project].append(row)
    compared = (asked.days[0], asked.compared_last)
    parts = []
    for part in sums.parts:
        if rows := less.get((part.seat, part.provider, part.model, part.project)):
            left = replace(
                part,
                spend_nano=part.spend_nano - _spent(rows, asked.days),
                calls=part.calls - sum(row.calls for row in rows if _is_in(row, asked.days)),
                before_nano=part.before_nano - _spent(rows, asked.before),
                compared_nano=part.compared_nano - _spent(rows, compared),
            )
            if left.calls or left.before_nano:
                parts.append(left)
        else:
            parts.append(part)
    return parts


def _sessions(sums: SeatSums, asked: AskedDays) -> list[SharedSession]:
    less: dict[object, list[SharedRow]] = defaultdict(list)
    for row in sums.shared:
        if _is_in(row, asked.days):
            less[row.seat, row.session_id].append(row)
    sessions = []
    for each in sums.sessions:
        rows = less.get((each.seat, each.id), ())
        spend, calls = sum(row.spend_nano for row in rows), sum(row.calls for row in rows)
        if each.calls > calls:
            sessions.append(replace(each, spend_nano=each.spend_nano - spend, calls=each.calls - calls))
    return sessions


def _spent(rows: list[SharedRow], days: DaySpan) -> int:
    return sum(row.spend_nano for row in rows if _is_in(row, days))


def _is_in(row: SharedRow, days: DaySpan) -> bool:
    return days[0] <= row.day <= days[1]
