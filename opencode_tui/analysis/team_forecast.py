"""What a month will have cost, from the weekdays and the weekend days of the four weeks before."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from statistics import fmean, variance

from opencode_tui.analysis.periods import days_of_month
from opencode_tui.records.team import MonthForecast

LOOK_BACK_DAYS = 28
_LEAST_DAYS = 7
_SPREAD = 1.2816
"""Standard deviations on each side between which four of five values of a normal distribution are."""


def known_until(month_of: date, today: date) -> date:
    """The last day that the forecast of a month is made from.

    It is the same for each period of the month, so that the reports of one day give one forecast.
    """
    return min(days_of_month(month_of)[1], today - timedelta(days=1))


def month_forecast(
    spends: Mapping[date, int], month_of: date, known_to: date, since: date | None, so_far_nano: int = 0
) -> MonthForecast | None:
    """The month of `month_of`, forecast from its days up to `known_to` and the four weeks up to then.

    `spends` has a team's nano-dollars by day, `since` is its first day with a call, `so_far_nano` what was spent after
    `known_to`. None if fewer than seven days are known and the month is not over.
    """
    first, last = days_of_month(month_of)
    spent = sum(nano for day, nano in spends.items() if first <= day <= min(known_to, last))
    left = [day for number in range((last - first).days + 1) if (day := first + timedelta(number)) > known_to]
    if not left:
        return MonthForecast(first, last, spent, spent, spent, spent, 0)
    begin = max(since or known_to, known_to - timedelta(LOOK_BACK_DAYS - 1))
    known = [begin + timedelta(number) for number in range((known_to - begin).days + 1)]
    if len(known) < _LEAST_DAYS:
        return None
    mean, spread = 0.0, 0.0
    for is_weekend in (False, True):
        values = [spends.get(day, 0) for day in known if (day.weekday() > 4) is is_weekend]
        count = sum((day.weekday() > 4) is is_weekend for day in left)
        mean += count * (fmean(values) if values else 0.0)
        spread += _variance_of_sum(values, count)
    if known_to + timedelta(days=1) < first:
        so_far_nano = 0  # it was spent in the month before
    likely = spent + max(round(mean), so_far_nano)
    margin = round(_SPREAD * math.sqrt(spread))
    low = max(spent + so_far_nano, likely - margin)
    return MonthForecast(first, last, spent, low, likely, likely + margin, len(left))


def _variance_of_sum(values: Sequence[int], count: int) -> float:
    """That of the sum of so many further days, whose mean is known from these values only."""
    if len(values) < 2:
        return 0.0
    return variance(map(float, values)) * (count + count * count / len(values))
