"""Learns how much of a quota a dollar of each model takes, from the percents that its service has reported.

Of each reading is known which share of the cap is used, and what the ledger had by model at that moment. The factors
are those that fit best (least squares), with two things taken into account:

- a percentage is rounded down, so that it is only known to within a hundredth of the cap;
- a window may hold calls that the ledger has not (another machine, a lost title). Each sitting has such a rest of its
  own, which is nothing as a rule; what its readings tell of each other counts for more than where it began.

Before any reading each factor is taken to be 1, give or take 2. What the readings do not tell apart stays that
uncertain.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from opencode_tui.clock import HOUR_MS
from opencode_tui.records.quotas import WHOLE, ModelWeight, QuotaReading

_PRIOR_FACTOR, _PRIOR_ERROR = 1.0, 2.0
_ROUNDING_ERROR = 0.01 / math.sqrt(12)
"""Standard error of a share that is rounded to hundredths."""
_REST_ERROR = 0.05
"""How large the share that the ledger knows nothing of is, as a rule."""
_OF_20 = 1.96
"""Standard errors on each side that hold 19 of 20 cases."""
_SURE = 0.5
"""A factor is stated if it is known to within this, or to within this share of it."""
_LEAST_SHARE = 0.01
"""A model that took less of every window than this share says nothing that rounding does not hide."""
_MOST_OF_CAP = 100
"""No model is used for more than so many caps before its percentage is 100."""
_NEAR_MS = 600_000
_PAUSE_MS = HOUR_MS
"""Readings with a longer pause between them are of two sittings: another machine may have been used meanwhile."""

_Row = tuple[list[float], float]


def learned_weights(readings: Sequence[QuotaReading], caps: Mapping[str, int]) -> tuple[ModelWeight, ...]:
    """The factors of the models that the readings tell something of, by name. `caps` are those of the windows."""
    usable = [each for each in readings if each.percent < WHOLE and _is_usable(each.sums, caps.get(each.window, 0))]
    models = sorted({model for each in usable for model, nano in each.sums.items() if _counts(nano, caps[each.window])})
    if not models:
        return ()
    rows = [row for sitting in _sittings(usable) for row in _rows(sitting, models, caps)]
    factors, errors = _fitted(rows, len(models))
    found = []
    for at, model in enumerate(models):
        low, high = max(0.0, factors[at] - _OF_20 * errors[at]), factors[at] + _OF_20 * errors[at]
        seen = sum(1 for each in usable if _counts(each.sums.get(model, 0), caps[each.window]))
        if (high - low) / 2 <= max(_SURE, _SURE * factors[at]):
            found.append(ModelWeight(model, max(0.0, factors[at]), low, high, seen))
    return tuple(found)


def _is_usable(sums: Mapping[str, int], cap: int) -> bool:
    """Whether something was used, and nothing absurd, as a broken row may hold."""
    return 0 < max(sums.values(), default=0) <= cap * _MOST_OF_CAP


def _counts(nano: int, cap: int) -> bool:
    return nano >= cap * _LEAST_SHARE


def _sittings(readings: Sequence[QuotaReading]) -> list[list[QuotaReading]]:
    """The readings of one window, which have one reset, without a long pause between them."""
    groups: list[list[QuotaReading]] = []
    for each in sorted(readings, key=lambda each: (each.window, each.at_ms)):
        last = groups[-1][-1] if groups else each
        is_same = last.window == each.window and abs(last.resets_ms - each.resets_ms) < _NEAR_MS
        if groups and is_same and each.at_ms - last.at_ms <= _PAUSE_MS:
            groups[-1].append(each)
        else:
            groups.append([each])
    return groups


def _rows(group: Sequence[QuotaReading], models: Sequence[str], caps: Mapping[str, int]) -> list[_Row]:
    """The readings of one sitting as (shares of the cap by model, share used), in units of the rounding's error.

    Part of their mean is taken off, as the rest that all of them have in common is not known.
    """
    used = [((each.percent + 0.5) / WHOLE) / _ROUNDING_ERROR for each in group]
    shares = [[each.sums.get(model, 0) / caps[each.window] / _ROUNDING_ERROR for model in models] for each in group]
    count = len(group)
    off = 1 - 1 / math.sqrt(1 + count * (_REST_ERROR / _ROUNDING_ERROR) ** 2)
    mean_used = sum(used) / count
    mean_shares = [sum(column) / count for column in zip(*shares, strict=True)]
    return [
        ([share - off * mean for share, mean in zip(row, mean_shares, strict=True)], each - off * mean_used)
        for row, each in zip(shares, used, strict=True)
    ]


def _fitted(rows: Sequence[_Row], count: int) -> tuple[list[float], list[float]]:
    """The factors and their standard errors: larger if they fit worse than the rounding explains."""
    certainty = 1 / _PRIOR_ERROR**2
    matrix = [[certainty if at == other else 0.0 for other in range(count)] for at in range(count)]
    wanted = [certainty * _PRIOR_FACTOR] * count
    for shares, used in rows:
        for at in range(count):
            wanted[at] += shares[at] * used
            for other in range(count):
                matrix[at][other] += shares[at] * shares[other]
    inverse = _inverse(matrix)
    factors = [sum(a * b for a, b in zip(line, wanted, strict=True)) for line in inverse]
    misfit = sum((used - sum(a * b for a, b in zip(shares, factors, strict=True))) ** 2 for shares, used in rows)
    worse = max(1.0, misfit / max(1, len(rows) - count))
    return factors, [math.sqrt(inverse[at][at] * worse) for at in range(count)]


def _inverse(matrix: Sequence[Sequence[float]]) -> list[list[float]]:
    """The inverse of a symmetric matrix whose diagonal is positive (Gauss and Jordan)."""
    size = len(matrix)
    both = [[*row, *(1.0 if at == other else 0.0 for other in range(size))] for at, row in enumerate(matrix)]
    for at in range(size):
        best = max(range(at, size), key=lambda row: abs(both[row][at]))
        both[at], both[best] = both[best], both[at]
        both[at] = [each / both[at][at] for each in both[at]]
        for row in range(size):
            if row != at and both[row][at]:
                both[row] = [each - both[row][at] * lead for each, lead in zip(both[row], both[at], strict=True)]
    return [row[size:] for row in both]
