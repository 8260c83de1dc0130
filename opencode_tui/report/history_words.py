"""The sentences of the History screen.

Functions that return a tuple give their text from the longest variant to the shortest; `fitting` picks one.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from opencode_tui.analysis.pace import band
from opencode_tui.clock import Calendar, iso_week, month_day, month_name, short_day
from opencode_tui.money import format_usd, plural, share, tokens_text
from opencode_tui.records.day import Band
from opencode_tui.records.history import HistoryView, HourUse, PeriodBefore, PeriodUnit, PeriodUse, RunningPeriod
from opencode_tui.report.words import amount_text, band_glyph, clock_time, meter

Measure = Literal["spend", "tokens"]
_OVER_TARGET = "!"
"""The mark of a week over its target."""
_VERDICTS: dict[Band, str] = {"calm": "", "warning": ": ▲ past the target", "cutoff": ": ■ over the target"}
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def amount_of(use: PeriodUse | HourUse, measure: Measure) -> int:
    """Nano-dollars or tokens."""
    return use.spend_nano if measure == "spend" else use.tokens


def measure_text(amount: int, measure: Measure, lower_bound: bool = False) -> str:
    """Such as `$1.12` or `2.4M`, with `≥` before a lower bound."""
    if measure == "spend":
        return amount_text(amount, lower_bound)
    return f"{'≥' if lower_bound else ''}{tokens_text(amount)}"


def period_amount(use: PeriodUse, measure: Measure) -> str:
    """A period's spend or tokens; a dash for one without calls."""
    return measure_text(amount_of(use, measure), measure, use.lower_bound) if use.calls or use.lower_bound else "–"


def band_of_period(use: PeriodUse, unit: PeriodUnit, history: HistoryView) -> Band:
    """Where a day stands by the budget's warning and cutoff; a week past its target is a warning; a month is calm."""
    if unit == "day":
        return band(use.spend_nano, history.warning_nano, history.cutoff_nano)
    return "warning" if unit == "week" and use.spend_nano > history.target_nano else "calm"


def period_mark(use: PeriodUse, unit: PeriodUnit, history: HistoryView) -> str:
    """`▲` for a day past the warning, `■` for one past the cutoff, `!` for a week over its target."""
    found = band_of_period(use, unit, history)
    if found == "calm":
        return ""
    return _OVER_TARGET if unit == "week" else band_glyph(found)


def period_names(unit: PeriodUnit, first: date, last: date) -> tuple[str, ...]:
    """Such as `Tue 12 May 2026`, `2026-W19 · 4 May – 10 May` and `May 2026`."""
    if unit == "day":
        return f"{short_day(first)} {first.year}", short_day(first)
    if unit == "week":
        return f"{iso_week(first)} · {month_day(first)} – {month_day(last)}", iso_week(first)
    return (f"{month_name(first)} {first.year}",)


def day_lines_legend(history: HistoryView) -> tuple[str, ...]:
    """What the band and the line of the bars of days mean, from the longest variant to the shortest."""
    warning, cutoff = format_usd(history.warning_nano), format_usd(history.cutoff_nano)
    return (
        f"··· ▲ warning from {warning}  ╌╌╌ ■ cutoff from {cutoff}",
        f"▲ warning {warning} ■ cutoff {cutoff}",
        f"▲ warn {warning} ■ cut {cutoff}",
        f"▲ {warning} ■ {cutoff}",
    )


def period_facts(use: PeriodUse, unit: PeriodUnit, history: HistoryView, measure: Measure = "spend") -> tuple[str, ...]:
    """What a period cost and where it stands by its lines; the shortest variants have the measure that is shown."""
    if use.last < history.first:
        return ("before the ledger begins",)
    amount = amount_text(use.spend_nano, use.lower_bound)
    if not use.calls:
        return (f"{amount} · nothing known", amount) if use.lower_bound else ("no calls",)
    standing = _standing(use, unit, history)
    tokens, calls = f"{tokens_text(use.tokens)} tokens", plural(use.calls, "call")
    both = (f"{amount}{standing} · {tokens} · {calls}", f"{amount}{standing} · {tokens}")
    return (*both, f"{amount} · {tokens}", tokens) if measure == "tokens" else (*both, f"{amount}{standing}", amount)


def _standing(use: PeriodUse, unit: PeriodUnit, history: HistoryView) -> str:
    found = band_of_period(use, unit, history)
    if unit == "week":
        target = format_usd(history.target_nano)
        return f" {_OVER_TARGET} over the target {target}" if found == "warning" else f" of the target {target}"
    return {"calm": "", "warning": " ▲ past the warning", "cutoff": " ■ past the cutoff"}[found]


def hour_names(hour: int) -> tuple[str, ...]:
    """Of one of the 168 hours of the week, such as `Tuesday 14–15 h`."""
    day, start = divmod(hour, 24)
    return f"{_WEEKDAYS[day]} {start:02}–{start + 1:02} h", f"{_WEEKDAYS[day][:3]} {start:02} h"


def hour_facts(
    use: HourUse, spend_nano: int, tokens: int, lower_bound: bool, measure: Measure = "spend"
) -> tuple[str, ...]:
    """What one hour of the week cost, and its share of the year's spend; of its tokens if these are shown.

    The share is of the tokens too if nothing was spent.
    """
    if not use.calls:
        return ("no calls",)
    by_spend = measure == "spend" and spend_nano
    part = share(use.spend_nano, spend_nano) if by_spend else share(use.tokens, tokens)
    amount = amount_text(use.spend_nano, lower_bound)
    counted = f"{tokens_text(use.tokens)} tokens"
    calls = plural(use.calls, "call")
    if measure == "tokens":
        of_year = f"{counted} · {part:.1%}"
        return f"{of_year} of the year · {amount} · {calls}", f"{of_year} · {amount} · {calls}", of_year, counted
    return (
        f"{amount} · {part:.1%} of the year · {counted} · {calls}",
        f"{amount} · {part:.1%} · {counted} · {calls}",
        f"{amount} · {part:.1%} · {counted}",
        f"{amount} · {part:.1%}",
    )


def since_line(history: HistoryView, importing: bool) -> tuple[str, ...]:
    """Since when the ledger has calls, on how many days, and what they cost."""
    since, today = history.since, history.today
    if since is None:
        return ("nothing in the ledger yet: it is being read" if importing else "nothing in the ledger yet",)
    spent = amount_text(sum(day.spend_nano for day in history.days), history.lower_bound)
    used, whole = sum(day.calls > 0 for day in history.days if day.first <= today), (today - since).days + 1
    later = sum(day.calls for day in history.days if day.first > today)
    more = ", older days are being read" if importing else ""
    ahead = f" · {plural(later, 'call')} dated after today" if later else ""
    if since >= today:
        begins = "the ledger begins today"
        return (
            f"{begins}, with no day before it{more}{ahead} · {spent}",
            f"{begins}{more}{ahead} · {spent}",
            f"since today{more} · {spent}",
            f"since today · {spent}",
        )
    begin = f"{month_day(since)} {since.year}"
    days = f"calls on {used:,} of {whole:,} days"
    return (
        f"the ledger begins on {short_day(since)} {since.year}{more} · {days}{ahead} · {spent} in all",
        f"since {begin}{more} · {days}{ahead} · {spent}",
        f"since {begin}{more} · {days} · {spent}",
        f"since {begin}{more} · {spent}",
        f"since {begin} · {spent}",
        f"since {begin}",
    )


def running_name(running: RunningPeriod) -> str:
    """Such as `W19` or `May`."""
    return unit_label(running.unit, running.first)


def unit_label(unit: PeriodUnit, day: date) -> str:
    """Such as `12`, `W19` or `May`."""
    if unit == "day":
        return str(day.day)
    return iso_week(day)[5:] if unit == "week" else month_name(day)


def running_lines(running: RunningPeriod) -> tuple[str, ...]:
    """What the running week or month costs so far, and where that leads at the pace of its days so far."""
    spent = amount_text(running.spend_nano, running.lower_bound)
    target, end = running.target_nano, month_day(running.last)
    so_far = f"{spent} of {format_usd(target)}" if target is not None else f"{spent}"
    bar = f" {meter(running.spend_nano, target, 8)}" if target is not None else ""
    if running.pace_nano is None or running.projected_nano is None:
        late = "no projection in the first 24 hours"
        return (f"{so_far}{bar} · {late}", f"{so_far} · {late}", f"{so_far} · too early", so_far)
    pace = f"{amount_text(running.pace_nano, running.lower_bound)} a day"
    ahead = amount_text(running.projected_nano, running.lower_bound)
    found = band_ahead(running)
    mark = f" {band_glyph(found)}" if found != "calm" else ""
    verdict = _VERDICTS[found] if target is not None else ""
    return (
        f"{so_far}{bar} · {pace} · {ahead} by {end} at that pace{verdict}",
        f"{so_far}{bar} · {pace} → {ahead} by {end}{mark}",
        f"{so_far} · {pace} → {ahead}{mark}",
        f"{so_far} → {ahead}{mark}",
        f"{spent} → {ahead}{mark}",
        spent,
    )


def band_ahead(running: RunningPeriod) -> Band:
    """A week past its target is a cutoff, one on the way there a warning."""
    target, ahead = running.target_nano, running.projected_nano
    if target is None:
        return "calm"
    if running.spend_nano > target:
        return "cutoff"
    return "warning" if ahead is not None and ahead > target else "calm"


def before_lines(running: RunningPeriod, calendar: Calendar) -> tuple[str, ...]:
    """Where the week or month before stood at the same point, and what it cost in all."""
    before = running.before
    if before is None:
        return (f"nothing of the {running.unit} before in the ledger", f"no {running.unit} before")
    name = unit_label(running.unit, before.first)
    spent = amount_text(before.spend_nano, before.lower_bound)
    whole = amount_text(before.whole_nano, before.lower_bound)
    if before.kept_from > before.first:
        begin = month_day(before.kept_from)
        return (f"{name} had {whole} from {begin} on, when the ledger begins", f"{name} had {whole} from {begin} on")
    change = _change(running, before)
    point = f"{short_day(calendar.day(before.point_ms - 1))} {clock_time(before.point_ms, calendar)}"
    return (
        f"{name} had {spent} at the same point, {point}{change} · {whole} in all",
        f"{name} had {spent} by {point}{change} · {whole} in all",
        f"{name} had {spent} by then{change} · {whole} in all",
        f"{name} by then {spent}{change} · {whole}",
        f"{name} by then {spent}{change}",
    )


def _change(running: RunningPeriod, before: PeriodBefore) -> str:
    if not before.spend_nano:
        return ""
    percent = round((running.spend_nano - before.spend_nano) * 100 / before.spend_nano)
    if abs(percent) > 999:
        return f" (now {running.spend_nano // before.spend_nano:,}×)" if percent > 0 else ""
    return f" (now {percent:+}%)" if percent else " (now the same)"
