"""The sentences of a team's report, for the screen and for every paper."""

from __future__ import annotations

from datetime import date, timedelta

from opencode_tui.analysis.pace import band
from opencode_tui.clock import Calendar, month_day, month_name, short_day
from opencode_tui.money import format_usd, plural
from opencode_tui.records.day import Band
from opencode_tui.records.model_key import short_name
from opencode_tui.records.privacy.harmless import one_line
from opencode_tui.records.team import Seat, SeatDay, TeamChange, TeamReport
from opencode_tui.report.cost_report_words import Money, period_label
from opencode_tui.report.papers.amounts import percent
from opencode_tui.report.words import band_glyph

MOST_DAY_COLUMNS = 7
"""A table of seats has a column for each day of a period of up to so many."""


def team_title(report: TeamReport) -> str:
    """Such as `What the team's seats cost in week 2026-W20`."""
    return f"What the team's seats cost in {period_label(report.period)}"


def team_days(report: TeamReport) -> str:
    """Such as `Mon 11 May to Sun 17 May 2026, 8 seats`."""
    span = f"{short_day(report.first)} to {short_day(report.last)} {report.last.year}"
    return f"{span if report.first != report.last else span.partition(' to ')[2]}, {plural(len(report.seats), 'seat')}"


def days_in(report: TeamReport) -> tuple[date, ...]:
    return tuple(report.first + timedelta(number) for number in range((report.last - report.first).days + 1))


def against_budget(report: TeamReport, money: Money = format_usd) -> str:
    """Such as `62% of the budget $20.00, $7.60 left`."""
    budget, left = report.budget_nano, (report.budget_nano or 0) - report.total_nano
    if budget is None:
        return "the team has no budget (team.week_budget_usd sets one)"
    rest = f"{money(-left)} over" if left < 0 else f"{money(left)} left"
    least = "at least " if report.lower_bound else ""
    return f"{least}{percent(report.total_nano, budget) or '0%'} of the budget {money(budget)}, {rest}"


def budget_band(report: TeamReport) -> Band:
    return "cutoff" if report.budget_nano is not None and report.total_nano > report.budget_nano else "calm"


def budget_percent(report: TeamReport) -> int:
    """How much of the budget's meter is filled."""
    return min(report.total_nano * 100 // report.budget_nano, 100) if report.budget_nano else 0


def spent_by_team(report: TeamReport, money: Money = format_usd) -> str:
    """The total, with `≥` where it may lack something."""
    return _at_least(report, money)(report.total_nano)


def _at_least(report: TeamReport, money: Money) -> Money:
    return (lambda nano: f"≥{money(nano)}") if report.lower_bound else money


def spent_by_seat(seat: Seat, money: Money = format_usd) -> str:
    """Its spend, with `≥` where that may lack something."""
    return f"{'≥' if seat.lower_bound else ''}{money(seat.spend_nano)}"


def spent_on_day(report: TeamReport, seat: Seat, day: date, money: Money = format_usd) -> str:
    """Such as `▲ ≥$1.20`; empty for a day without calls, unless something of it may not have been read."""
    found = next((each for each in seat.days if each.day == day), None)
    is_least = day in seat.unread_days
    if found is None and not is_least:
        return ""
    nano = 0 if found is None else found.spend_nano
    return f"{day_mark(report, found)} {'≥' if is_least else ''}{money(nano)}".strip()


def seats_text(report: TeamReport) -> str:
    """Such as `8 seats, 1 not read`."""
    missing = len(report.seats) - len(report.read_seats)
    return f"{plural(len(report.read_seats), 'seat')}{f', {missing} not read' if missing else ''}"


def average_text(report: TeamReport, calendar: Calendar, money: Money = format_usd) -> str:
    """Such as `$0.31 a seat a day on average`, of the seats that were read and the days that are over."""
    last = min(report.last, calendar.day(report.taken_ms) - timedelta(days=1))
    days = ((last - report.first).days + 1) * len(report.read_seats)
    if days <= 0:
        return "no average yet, as no day is over"
    return f"{money(sum(seat.spend_until(last) for seat in report.seats) // days)} a seat a day on average"


def against_period_before(report: TeamReport, money: Money = format_usd, *, is_brief: bool = False) -> str:
    """Such as `$3.10 (34%) more than in week 2026-W19`, of the seats whose change is known."""
    label, seats = before_text(report), report.compared_seats
    if not seats:
        return _not_compared(report, money)
    spent, before = sum(seat.spend_until(report.compared_last) for seat in seats), sum(s.before_nano for s in seats)
    change, left_out = spent - before, len(report.seats) - len(seats)
    share = percent(abs(change), before)
    much = f"{money(abs(change))}{f' ({share})' if share else ''} {'more' if change > 0 else 'less'} than"
    rest = f", without {plural(left_out, 'seat')}" if left_out else ""
    rest += " whose spend then is not known" if left_out and not is_brief else ""
    return f"{'' if is_brief else _compared_days(report)}{much if change else 'as much as'} in {label}{rest}"


def _compared_days(report: TeamReport) -> str:
    return "" if report.compared_last is None else f"up to {short_day(report.compared_last)} "


def _not_compared(report: TeamReport, money: Money) -> str:
    label, begins = period_label(report.before), [seat.since for seat in report.seats if seat.since]
    if begins and all(is_before_ledger(seat, report) for seat in report.read_seats):
        return f"{label} is before the ledgers, which begin on {_full_day(min(begins))}"
    spent = _at_least(report, money)(report.before_nano)
    if not report.has_compared_days:
        return f"no day is over yet to hold against {label}, which was {spent} in all"
    if begins:
        return f"{label} was {spent} from {_full_day(min(begins))} on, where the ledgers begin"
    return f"nothing is known of {label}"


def _full_day(day: date) -> str:
    return f"{short_day(day)} {day.year}"


def is_before_ledger(seat: Seat, report: TeamReport) -> bool:
    """Whether the period before was over when the seat's ledger began, so that it is no $0.00."""
    last = report.before_last or report.first - timedelta(days=1)
    return seat.since is not None and seat.since > last


def before_text(report: TeamReport) -> str:
    """Such as `week 2026-W19`, or `week 2026-W19 up to Wed 6 May` where this one is not over."""
    until = f" up to {short_day(report.before_last)}" if report.before_last else ""
    return f"{period_label(report.before)}{until}"


def change_text(change: TeamChange, money: Money = format_usd) -> str:
    """Such as `anna +$2.10, most of it claude-opus-4-5 in shop`."""
    on = short_name(change.model)
    if change.project:
        on = f"{on} in {change.project}" if on else change.project
    sign = "+" if change.nano > 0 else "-"
    return f"{change.seat} {sign}{money(abs(change.nano))}{f', most of it {on}' if on else ''}"


def changes_head(report: TeamReport) -> str:
    """How much of all changes the named ones are, such as `2 of 8 seats account for 84% of what changed`."""
    many = f"{len(report.changes)} of {plural(len(report.compared_seats), 'seat')}"
    verb, much = "accounts" if len(report.changes) == 1 else "account", f"{report.changes_share:.0%}"
    return f"{many} {verb} for {much} of what changed, ups and downs counted alike"


def forecast_text(report: TeamReport, money: Money = format_usd) -> str:
    """Such as `May 2026: $80.10 likely, between $70 and $90 in four of five cases; $40.05 until 17 May`."""
    month, money = report.month, _at_least(report, money)
    if month is None:
        return f"{month_name(report.last)}: too few days are known for a forecast"
    name = f"{month_name(month.first)} {month.first.year}"
    if not month.days_left:
        return f"{name}: {money(month.spent_nano)} in all"
    spent = f"{money(month.spent_nano)} until {month_day(month.last - timedelta(month.days_left))}"
    between = f"between {money(month.low_nano)} and {money(month.high_nano)} in four of five cases"
    return f"{name}: {money(month.likely_nano)} likely, {between}; {spent}"


def day_band(report: TeamReport, spend_nano: int) -> Band:
    if report.warning_nano is None or report.cutoff_nano is None:
        return "calm"
    return band(spend_nano, report.warning_nano, report.cutoff_nano)


def day_mark(report: TeamReport, day: SeatDay | None) -> str:
    """The glyph of the line that a seat's day crossed; empty for a calm one."""
    found: Band = "calm" if day is None else day_band(report, day.spend_nano)
    return "" if found == "calm" else band_glyph(found)


def seat_lines_text(report: TeamReport, money: Money = format_usd) -> str:
    """What the marks mean."""
    if report.warning_nano is None or report.cutoff_nano is None:
        return ""
    warning, cutoff = money(report.warning_nano), money(report.cutoff_nano)
    return f"{band_glyph('warning')} warning from {warning}, {band_glyph('cutoff')} cutoff from {cutoff} a seat's day"


def over_text(seat: Seat) -> str:
    """Such as `past the cutoff on Wed 13 May, past the warning on Thu 14 May`; empty if it was not over."""
    parts = []
    warned = tuple(day for day in seat.over_warning if day not in seat.over_cutoff)
    for days, line in ((seat.over_cutoff, "cutoff"), (warned, "warning")):
        if days:
            parts.append(f"past the {line} on {', '.join(map(short_day, days))}")
    return ", ".join(parts)


def over_line(seat: Seat) -> str:
    """Who ran over and on what: the days, the model, the project and the cause."""
    named = [short_name(part.key) for part in seat.models[:1]] + [part.key for part in seat.projects[:1]]
    said = f"{over_text(seat)}, most on {' in '.join(named)}"
    return f"{said}: {seat.cause}" if seat.cause else said


def late_text(seat: Seat) -> str:
    """Such as `late by 3 days`; empty if it is not."""
    return f"late by {plural(seat.late_days, 'day')}" if seat.late_ms else ""


def freshness_text(seat: Seat, calendar: Calendar) -> str:
    """Such as `last call Fri 15 May 10:00, last sync Fri 15 May 18:30`."""
    parts = []
    for what, ms in (("call", seat.last_call_ms), ("sync", seat.last_sync_ms)):
        if ms is not None:
            at = calendar.local(ms)
            parts.append(f"last {what} {short_day(at)} {at:%H:%M}")
    return ", ".join(parts) or "nothing of it was read"


def trouble_line(seat: Seat, calendar: Calendar) -> str:
    """What is wrong with a seat's data; empty if nothing is."""
    late = f"{late_text(seat)} ({freshness_text(seat, calendar)})" if seat.late_ms else ""
    return "; ".join(part for part in (late, seat.trouble) if part)


def in_trouble(report: TeamReport) -> tuple[Seat, ...]:
    return tuple(seat for seat in report.seats if seat.trouble or seat.late_ms)


def over_lines(report: TeamReport) -> tuple[Seat, ...]:
    """The seats with a day past the warning or the cutoff."""
    return tuple(seat for seat in report.seats if seat.over_warning or seat.over_cutoff)


def team_method(report: TeamReport) -> tuple[str, ...]:
    """How the report came about, and how to verify it."""
    period = f"--week {report.period}" if "-W" in report.period else f"--from {report.first} --to {report.last}"
    if len(report.period) == len("2026-05"):
        period = f"--month {report.period}"
    return (
        "Each call counts once, by the machine that made it and by its id, in the seat whose ledger goes furthest.",
        "The seats add up to the total, and the days of a seat to its spend, to the nano-dollar.",
        f"A seat's checksum is the SHA-256 of its calls: on the seat, `opencode-tui report {period}` gives the same one"
        " if its days are those of the same time zone.",
        "The forecast is made on the day of the report, whichever week it is about: it takes the weekdays and the"
        " weekend days of the four weeks before as they were.",
        "The average and the comparison leave out today and the seats that were not read; the comparison leaves out"
        " ledgers that began after the first day of the period before, too.",
    )


def short_state(seat: Seat) -> str:
    """What is wrong with a seat's data in at most 12 cells; empty if nothing is."""
    if seat.is_missing:
        return "not read"
    return f"late {seat.late_days} d" if seat.late_ms else "see below" if seat.trouble else ""


def team_lines(report: TeamReport, calendar: Calendar) -> tuple[tuple[str, ...], ...]:
    """The lines above the seats, each from its longest variant to its shortest."""
    spent = spent_by_team(report)
    period, budget, before = period_label(report.period), against_budget(report), against_period_before(report)
    brief = against_period_before(report, is_brief=True)
    share = percent(report.total_nano, report.budget_nano or 0)
    short = f"{share} of {format_usd(report.budget_nano)}" if report.budget_nano else ""
    first = (
        " · ".join((period, spent, budget, before, average_text(report, calendar))),
        " · ".join((period, spent, budget, before)),
        " · ".join((period, spent, budget, brief)),
        " · ".join((period, spent, budget)),
        " · ".join(part for part in (report.period, spent, short) if part),
        spent,
    )
    month = report.month
    if month is None or not month.days_left:
        second: tuple[str, ...] = (forecast_text(report), "")
    else:
        least = "≥" if report.lower_bound else ""
        likely = f"{month_name(month.first)} {least}{format_usd(month.likely_nano, cents=True)} likely"
        between = f"{least}{format_usd(month.low_nano, cents=True)} to {least}{format_usd(month.high_nano, cents=True)}"
        second = (forecast_text(report), f"{likely}, {between}", likely, "")
    third = tuple(" · ".join(change_text(each) for each in report.changes[:many]) for many in (3, 2, 1))
    return (first, second, (*third, "")) if report.changes else (first, second)


def team_status(report: TeamReport) -> tuple[str, ...]:
    """Such as `8 seats · 1 late · 2 with trouble · ▲ warning from $0.80, ■ cutoff from $1.50 a seat's day`."""
    late = sum(1 for seat in report.seats if seat.late_ms)
    wrong = sum(1 for seat in report.seats if seat.trouble)
    pieces = [plural(len(report.seats), "seat")]
    pieces += [f"{late} late"] if late else []
    pieces += [f"{wrong} with trouble"] if wrong else []
    counts = " · ".join(pieces)
    return (f"{counts} · {seat_lines_text(report)}", counts, pieces[0])


def no_seats() -> tuple[str, str]:
    """(what is the case, what to do) where there is no seat."""
    return "The team has no seats.", "opencode-tui team add NAME PATH adds one."


def seat_rows(seat: Seat, report: TeamReport, calendar: Calendar) -> tuple[tuple[str, str], ...]:
    """(label, text) about one seat."""
    late = f"{late_text(seat)}, " if seat.late_ms else ""
    rows = [
        ("seat", f"{seat.name}: {_spent_and_change(seat, report)}"),
        ("over", over_text(seat) or ("" if seat.is_missing else "no day past the warning")),
        ("cause", seat.cause),
        ("models", _named(tuple((short_name(part.key), part.spend_nano) for part in seat.models[:3]))),
        ("projects", _named(tuple((part.key, part.spend_nano) for part in seat.projects[:3]))),
        ("sessions", _named(tuple((each.title or each.id, each.spend_nano) for each in seat.sessions[:3]))),
        ("data", late + freshness_text(seat, calendar)),
        ("trouble", seat.trouble),
    ]
    return tuple((what, text) for what, text in rows if text)


def _spent_and_change(seat: Seat, report: TeamReport) -> str:
    """Such as `$0.62, +$0.10 against week 2026-W19`."""
    if seat.is_missing:
        return "not read"
    spent, change, label = spent_by_seat(seat), report.change_of(seat), period_label(report.before)
    if change is not None:
        return f"{spent}, {_compared_days(report)}{_signed(change)} against {before_text(report)}"
    if is_before_ledger(seat, report) and seat.since is not None:
        return f"{spent}; {label} is before the ledger, which begins on {_full_day(seat.since)}"
    if report.has_compared_days and seat.since is not None:
        begins = f"from {_full_day(seat.since)} on, where the ledger begins"
        return f"{spent}; {label} was {format_usd(seat.before_nano)} {begins}"
    return f"{spent}; {label} was {format_usd(seat.before_nano)} in all"


def _signed(nano: int) -> str:
    return f"{'+' if nano > 0 else ''}{format_usd(nano)}"


def _named(parts: tuple[tuple[str, int], ...]) -> str:
    return ", ".join(f"{one_line(name, 60)} {format_usd(nano)}" for name, nano in parts)
