"""Calls as metrics of OpenTelemetry's GenAI conventions: what they add, at the time when they were made.

All sums and histograms are deltas, one point for an hour, since what was sent before is not known here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from opencode_tui.clock import HOUR_MS
from opencode_tui.money import usd
from opencode_tui.records.exports import ExportedCall
from opencode_tui.report.export.otlp_names import all_input, all_output, common_attributes, unix_nano, within

_DELTA = AggregationTemporality.DELTA
_TOKEN_BOUNDS = tuple(4.0**power for power in range(14))
_SECOND_BOUNDS = tuple(0.01 * 2**power for power in range(14))
_USAGE = "gen_ai.client.inference.usage"
_COUNTERS: Mapping[str, Callable[[ExportedCall], int]] = {
    f"{_USAGE}.input_tokens": all_input,
    f"{_USAGE}.output_tokens": all_output,
    f"{_USAGE}.cache_read.input_tokens": lambda call: call.tokens.cache_read,
    f"{_USAGE}.cache_write.input_tokens": lambda call: call.tokens.cache_write,
    f"{_USAGE}.reasoning.output_tokens": lambda call: call.tokens.reasoning,
}
_KINDS: Mapping[str, Callable[[ExportedCall], int]] = {
    "input": lambda call: call.tokens.input,
    "output": lambda call: call.tokens.output,
    "reasoning": lambda call: call.tokens.reasoning,
    "cacheRead": lambda call: call.tokens.cache_read,
    "cacheCreation": lambda call: call.tokens.cache_write,
}
_Attributes = tuple[tuple[str, str], ...]
_Values = Mapping[tuple[_Attributes, int], Sequence[tuple[ExportedCall, int]]]


def metrics_of(
    calls: Sequence[ExportedCall], resource: Resource, scope: InstrumentationScope, *, with_older: bool
) -> MetricsData:
    """What the calls add to all metrics. `with_older` adds the histogram of tokens from before the counters."""
    metrics = [
        *(_token_counter(name, calls, count) for name, count in _COUNTERS.items()),
        _histogram("gen_ai.client.operation.duration", "s", "Duration of a call.", _SECOND_BOUNDS, _durations(calls)),
        *((_histogram(*_OLDER, _TOKEN_BOUNDS, _directions(calls)),) if with_older else ()),
        _sum("opencode.cost.usage", "USD", "What was spent.", _costs(calls), usd),
        _sum("opencode.token.usage", "{token}", "Tokens by kind.", _kinds(calls), within),
    ]
    scoped = ScopeMetrics(scope, [metric for metric in metrics if metric.data.data_points], "")
    return MetricsData([ResourceMetrics(resource, [scoped], "")])


_OLDER = ("gen_ai.client.token.usage", "{token}", "Input and output tokens of a call.")


def _token_counter(name: str, calls: Sequence[ExportedCall], count: Callable[[ExportedCall], int]) -> Metric:
    rows = ((call, {"gen_ai.token.modality": "unknown"}, count(call)) for call in calls)
    return _sum(name, "{token}", "Tokens.", _by_hour(rows), within)


def _durations(calls: Iterable[ExportedCall]) -> _Values:
    ended = ((c, {"error.type": c.error} if c.error else {}, c.ended_ms - c.created_ms) for c in calls)
    return _by_hour(ended)


def _directions(calls: Iterable[ExportedCall]) -> _Values:
    both = (("input", all_input), ("output", all_output))
    return _by_hour((call, {"gen_ai.token.type": type}, count(call)) for call in calls for type, count in both)


def _costs(calls: Iterable[ExportedCall]) -> _Values:
    return _by_hour((call, {}, call.cost_nano) for call in calls)


def _kinds(calls: Iterable[ExportedCall]) -> _Values:
    rows = ((call, {"type": kind}, count(call)) for call in calls for kind, count in _KINDS.items())
    return _by_hour(row for row in rows if row[2])


def _by_hour(rows: Iterable[tuple[ExportedCall, Mapping[str, str], int]]) -> _Values:
    """The calls with a value, by their attributes and the hour in which they were made."""
    found: dict[tuple[_Attributes, int], list[tuple[ExportedCall, int]]] = defaultdict(list)
    for call, more, value in rows:
        found[tuple((common_attributes(call) | dict(more)).items()), call.created_ms // HOUR_MS].append((call, value))
    return found


def _times(calls: Sequence[tuple[ExportedCall, int]]) -> tuple[int, int]:
    """The nanoseconds of the first call and of the end of the last; a delta must not begin when it ends."""
    start = unix_nano(min(call.created_ms for call, _ in calls))
    return start, max(start + 1, unix_nano(max(call.created_ms for call, _ in calls)))


def _sum(name: str, unit: str, about: str, values: _Values, form: Callable[[int], int | float]) -> Metric:
    points = [
        NumberDataPoint(dict(attributes), *_times(calls), form(sum(value for _, value in calls)))
        for (attributes, _), calls in values.items()
    ]
    return Metric(name, about, unit, Sum(points, _DELTA, is_monotonic=True))


def _histogram(name: str, unit: str, about: str, bounds: Sequence[float], values: _Values) -> Metric:
    scale = 1000 if unit == "s" else 1
    points = []
    for (attributes, _), calls in values.items():
        found = [value / scale if unit == "s" else value for _, value in calls]
        counts = [0] * (len(bounds) + 1)
        for value in found:
            counts[bisect_left(bounds, value)] += 1
        edges = (min(found), max(found))
        points.append(
            HistogramDataPoint(dict(attributes), *_times(calls), len(found), sum(found), counts, bounds, *edges)
        )
    return Metric(name, about, unit, Histogram(points, _DELTA))
