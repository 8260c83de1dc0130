"""OpenMetrics: what was spent as counters for Prometheus, and where today stands. No session is a label."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from opencode_tui.records.calls import Tokens
from opencode_tui.records.exports import SpendCounters, SpendGroup
from opencode_tui.report.export.values import plain_text, usd_decimal

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


def openmetrics_text(counters: SpendCounters) -> str:
    """The whole exposition, which ends with `# EOF`."""
    return "\n".join([*_lines(counters), "# EOF", ""])


def _lines(counters: SpendCounters) -> Iterator[str]:
    groups = [(_labels(group), group) for group in _merged(counters.groups)]
    yield from _counter("opencode_cost_usd", "What was spent.", "usd")
    yield from (_sample("opencode_cost_usd_total", labels, usd_decimal(group.cost_nano)) for labels, group in groups)
    yield from _counter("opencode_list_usd", "List price of what OpenCode recorded as $0.", "usd")
    yield from (_sample("opencode_list_usd_total", labels, usd_decimal(group.list_nano)) for labels, group in groups)
    yield from _counter(
        "opencode_tokens", "Tokens by kind: output is without reasoning, input without cache.", "tokens"
    )
    for labels, group in groups:
        for kind, count in _tokens(group):
            yield _sample("opencode_tokens_total", labels | {"kind": kind}, str(count))
    yield from _counter("opencode_calls", "Model calls that were paid or free, without the copies of forks.", "calls")
    yield from (_sample("opencode_calls_total", labels, str(group.calls)) for labels, group in groups)
    yield from _counter("opencode_copied_calls", "Calls that forks copied.", "calls")
    yield _sample("opencode_copied_calls_total", {}, str(counters.copied_calls))
    for name, about, value in _gauges(counters):
        yield from _gauge(name, about, "usd")
        yield _sample(name, {}, usd_decimal(value))
    yield from _gauge("opencode_lower_bound", "1 while a row or a store cannot be read, and sums may lack something.")
    yield _sample("opencode_lower_bound", {}, str(int(counters.lower_bound)))


def _gauges(counters: SpendCounters) -> Iterable[tuple[str, str, int]]:
    return (
        ("opencode_today_usd", "What was spent today, in the time zone of the settings.", counters.today_nano),
        ("opencode_warning_usd", "The warning of a day.", counters.warning_nano),
        ("opencode_cutoff_usd", "The cutoff of a day.", counters.cutoff_nano),
    )


def _counter(name: str, about: str, unit: str) -> tuple[str, ...]:
    return _metadata(name, "counter", about, unit)


def _gauge(name: str, about: str, unit: str = "") -> tuple[str, ...]:
    return _metadata(name, "gauge", about, unit)


def _metadata(name: str, type: str, about: str, unit: str) -> tuple[str, ...]:
    units = (f"# UNIT {name} {unit}",) if unit else ()
    return (f"# TYPE {name} {type}", *units, f"# HELP {name} {about.translate(_ESCAPES)}")


def _merged(groups: Iterable[SpendGroup]) -> Iterable[SpendGroup]:
    """The groups with labels in plain text: those that only differed in control characters are one."""
    found: dict[tuple[str, str, str, str], SpendGroup] = {}
    for group in groups:
        provider, model, agent, project = map(plain_text, (group.provider, group.model, group.agent, group.project))
        keys = provider, model, agent, project
        before = found.get(keys) or SpendGroup(*keys, 0, 0, 0, Tokens())
        found[keys] = SpendGroup(
            *keys,
            before.calls + group.calls,
            before.cost_nano + group.cost_nano,
            before.list_nano + group.list_nano,
            before.tokens + group.tokens,
        )
    return found.values()


def _labels(group: SpendGroup) -> dict[str, str]:
    return {"provider": group.provider, "model": group.model, "agent": group.agent, "project": group.project}


def _tokens(group: SpendGroup) -> Iterable[tuple[str, int]]:
    tokens = group.tokens
    return (
        ("input", tokens.input),
        ("output", tokens.output),
        ("reasoning", tokens.reasoning),
        ("cache_read", tokens.cache_read),
        ("cache_write", tokens.cache_write),
    )


def _sample(name: str, labels: Mapping[str, str], value: str) -> str:
    pairs = ",".join(f'{key}="{text.translate(_ESCAPES)}"' for key, text in labels.items())
    return f"{name}{{{pairs}}} {value}" if pairs else f"{name} {value}"
