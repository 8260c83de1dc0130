"""OTLP: a collector on loopback gets each call once, under the names of the conventions, and no title unasked."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any

import pytest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from opencode_tui.cli import EXIT_TROUBLE
from opencode_tui.clock import now_ms
from opencode_tui.ledger.sent_calls import SENDER_LEASE_MS
from opencode_tui.money import nano_from_usd
from tests.stores import V1
from tests.support.collector import Collector, attributes, collecting
from tests.support.shell import Shell, assert_one_sentence, at

DELTA = AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA
USAGE = "gen_ai.client.inference.usage"


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    for name in list(os.environ):
        if name.startswith("OTEL_") or name.casefold().endswith("_proxy"):
            monkeypatch.delenv(name)
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        yield collector


def send(shell: Shell, *options: str) -> str:
    return shell.said("export", "--format", "otlp", *options)


def spans(collector: Collector) -> list[dict[str, Any]]:
    return [attributes(span.attributes) for span in collector.spans]


def total(collector: Collector, name: str, **only: str) -> float:
    points = collector.points(name)
    return float(sum(p.as_int + p.as_double for found, p in points if only.items() <= found.items()))


def test_each_completed_call_is_a_span_that_says_what_it_cost(shell: Shell, whole: V1, collector: Collector) -> None:
    told = shell.json("usage", "--period", "all")
    said = send(shell)
    sent = told["calls"] - 1  # one is running
    assert said == (
        f"sent {sent} calls in traces to {collector.url} and {sent} calls in metrics to {collector.url};"
        " 1 call will follow on completion\n"
    )
    found = spans(collector)
    assert sorted(each["opencode.call.id"] for each in found) == sorted(whole.truth.bills)
    assert sum(each["opencode.cost.nano_usd"] for each in found) == whole.truth.total_nano
    assert len({span.span_id for span in collector.spans}) == len(found)
    assert not [value for each in found for value in each.values() if "Fix header" in str(value)]
    (span,) = (each for each in collector.spans if each.name == "chat gpt-5")
    start = at("11:01") * 1_000_000
    assert (span.kind, span.start_time_unix_nano) == (Span.SpanKind.SPAN_KIND_CLIENT, start)
    assert (span.end_time_unix_nano, len(span.trace_id)) == (start + 1_500_000_000, 16)
    assert {key: value for key, value in attributes(span.attributes).items() if key.startswith("gen_ai.")} == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-5",
        "gen_ai.response.model": "gpt-5",
        "gen_ai.agent.name": "plan",
        "gen_ai.conversation.id": list(whole.sessions)[1],
        "gen_ai.usage.input_tokens": 96_000,
        "gen_ai.usage.output_tokens": 7_000,
        "gen_ai.usage.cache_read.input_tokens": 80_000,
        "gen_ai.usage.cache_creation.input_tokens": 0,
        "gen_ai.usage.reasoning.output_tokens": 0,
        "gen_ai.response.finish_reasons": ["stop"],
    }
    (failed,) = (each for each in collector.spans if each.status.code == Status.StatusCode.STATUS_CODE_ERROR)
    assert attributes(failed.attributes)["error.type"] == "MessageAbortedError"


def test_metrics_add_up_to_usage(shell: Shell, whole: V1, collector: Collector) -> None:
    told = shell.json("usage", "--period", "all")
    send(shell)
    tokens = told["tokens"]
    context = tokens["input"] + tokens["cache_read"] + tokens["cache_write"]
    output = tokens["output"] + tokens["reasoning"]
    assert nano_from_usd(total(collector, "opencode.cost.usage")) == whole.truth.total_nano
    assert total(collector, "opencode.cost.usage", **{"gen_ai.request.model": "gpt-5"}) == 0.2
    assert total(collector, f"{USAGE}.input_tokens") == context
    assert total(collector, f"{USAGE}.output_tokens") == output
    assert total(collector, f"{USAGE}.cache_read.input_tokens") == tokens["cache_read"]
    assert total(collector, f"{USAGE}.cache_write.input_tokens") == tokens["cache_write"]
    assert total(collector, f"{USAGE}.reasoning.output_tokens") == tokens["reasoning"]
    assert total(collector, "opencode.token.usage", type="cacheRead") == tokens["cache_read"]
    assert {p.aggregation_temporality for m in collector.metrics for p in (m.sum, m.histogram) if p.data_points} == {
        DELTA
    }
    older = collector.points("gen_ai.client.token.usage")
    assert sum(point.sum for found, point in older if found["gen_ai.token.type"] == "input") == context
    durations = collector.points("gen_ai.client.operation.duration")
    assert sum(point.count for _, point in durations) == len(whole.truth.bills)
    assert all(sum(p.bucket_counts) == p.count and len(p.bucket_counts) == 15 for _, p in durations)
    points = str([collector.points(metric.name) for metric in collector.metrics])
    assert not [session for session in (*whole.sessions, "Fix header") if session in points]


def test_each_call_is_sent_once_and_a_running_one_when_it_is_done(
    shell: Shell, whole: V1, collector: Collector
) -> None:
    send(shell)
    assert send(shell).startswith("sent 0 calls in traces")
    running = next(m.id for m in whole.messages.values() if m.completed is None and m.role == "assistant")
    whole.finish(running, cost="0.07")
    whole.fork(next(iter(whole.sessions)))
    assert send(shell).startswith("sent 1 call in traces")
    assert set(Counter(each["opencode.call.id"] for each in spans(collector)).values()) == {1}
    assert sum(each["opencode.cost.nano_usd"] for each in spans(collector)) == whole.truth.total_nano
    assert Decimal(str(round(total(collector, "opencode.cost.usage"), 9))) * 10**9 == whole.truth.total_nano


def test_the_variables_of_opentelemetry_are_honoured(
    shell: Shell, whole: V1, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=secret")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=home")
    monkeypatch.setenv("OTEL_SEMCONV_STABILITY_OPT_IN", "http,gen_ai_latest_experimental")
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    send(shell, "--since", "2026-05-13")
    assert collector.spans == []
    assert {(each["api-key"], each["content-encoding"]) for each in collector.headers} == {("secret", "gzip")}
    (resource,) = collector.resources
    assert (resource["service.name"], resource["deployment.environment.name"]) == ("opencode", "home")
    assert "gen_ai.client.token.usage" not in {metric.name for metric in collector.metrics}
    spent = whole.truth.between(at("00:00"), 10**15)
    assert nano_from_usd(round(total(collector, "opencode.cost.usage"), 9)) == spent
    monkeypatch.setenv("OTEL_SERVICE_NAME", "mine")
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "otlp")
    send(shell, "--titles")
    assert {each["service.name"] for each in collector.resources[1:]} == {"mine"}
    assert "Fix header" in {each["opencode.session.title"] for each in spans(collector)}


def test_what_the_collector_refuses_is_sent_the_next_time(
    shell: Shell, whole: V1, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opencode_tui.report.export.otlp._CALLS_AT_ONCE", 4)
    collector.status["/v1/metrics"] = 401
    code, out, err = shell.run("export", "--format", "otlp")
    assert (code, out) == (EXIT_TROUBLE, "")
    assert_one_sentence(err, f"the collector at {collector.url} took no calls (it answered 401)", "the next run")
    assert (len(collector.spans), collector.metrics) == (len(whole.truth.bills), [])
    collector.status.clear()
    assert send(shell).startswith("sent 0 calls in traces")
    assert len(collector.spans) == len(whole.truth.bills)
    assert nano_from_usd(round(total(collector, "opencode.cost.usage"), 9)) == whole.truth.total_nano


def test_nobody_there_is_one_sentence(shell: Shell, whole: V1, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://me:secret@127.0.0.1:1/path?token=secret")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.1")
    code, _, err = shell.run("export", "--format", "otlp")
    assert code == EXIT_TROUBLE
    assert_one_sentence(err, "the collector at http://127.0.0.1:1 took no calls (no connection)")
    assert "secret" not in err


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "nonsense", ["OTEL_EXPORTER_OTLP_ENDPOINT is no address"]),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "localhost:4318", ["OTLP_METRICS_ENDPOINT is no address"]),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", ["'http/json'", "write http/protobuf or grpc"]),
        ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "grpc", ["pip install opentelemetry-exporter-otlp-proto-grpc"]),
    ],
)
def test_an_address_or_a_protocol_that_is_none_is_said(
    name: str, value: str, words: list[str], shell: Shell, store: V1, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.grpc", None)
    code, _, err = shell.run("export", "--format", "otlp")
    assert code == EXIT_TROUBLE
    assert_one_sentence(err, *words)


def test_two_senders_do_not_send_at_once(shell: Shell, whole: V1, collector: Collector) -> None:
    shell.said("sync")
    with closing(sqlite3.connect(shell.ledger)) as connection, connection:
        connection.execute("INSERT INTO sender VALUES (1, 'elsewhere|1@2', ?)", (now_ms() + SENDER_LEASE_MS // 2,))
    code, _, err = shell.run("export", "--format", "otlp")
    assert (code, collector.messages) == (EXIT_TROUBLE, [])
    assert_one_sentence(err, "another process is sending the calls")
    with closing(sqlite3.connect(shell.ledger)) as connection, connection:
        connection.execute("UPDATE sender SET lease_until_ms = ?", (now_ms() - 1,))
    assert f"sent {len(whole.truth.bills)} calls in traces" in send(shell)
    with closing(sqlite3.connect(shell.ledger)) as connection:
        assert connection.execute("SELECT count(*) FROM sender").fetchone() == (0,)
