"""OpenTelemetry's own exporters over HTTP or gRPC, with one sentence for what goes wrong."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

from opentelemetry.sdk.metrics.export import MetricExportResult
from opentelemetry.sdk.trace.export import SpanExportResult

from opencode_tui.report.export.request import ExportError

SIGNALS = ("traces", "metrics")
_HTTP, _GRPC = "http/protobuf", "grpc"
_ENDPOINTS = {_HTTP: "http://localhost:4318", _GRPC: "http://localhost:4317"}
_UNKNOWN = "the address in OTEL_EXPORTER_OTLP_ENDPOINT"
_DONE = (SpanExportResult.SUCCESS, MetricExportResult.SUCCESS)


class Client:
    """Sends batches of one signal."""

    def __init__(self, exporter: Any, endpoint: str) -> None:
        self._exporter, self._endpoint = exporter, endpoint

    def send(self, batch: object) -> None:
        """Raises ExportError unless the collector takes the batch."""
        with _Listening() as heard:
            done = self._exporter.export(batch) in _DONE
        if not done:
            raise ExportError(f"the collector at {self._endpoint} took no calls ({heard.reason})")

    def close(self) -> None:
        self._exporter.shutdown()


def make_client(signal: str, environ: Mapping[str, str]) -> Client:
    """The exporter of one of SIGNALS as OpenTelemetry's variables want it. Raises ExportError."""
    exporter, endpoint = _exporters(_protocol(signal, environ))[signal], endpoint_of(signal, environ)
    if _protocol(signal, environ) == _HTTP and not endpoint.startswith(("http://", "https://")):
        name = f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT"
        name = name if environ.get(name) else "OTEL_EXPORTER_OTLP_ENDPOINT"
        raise ExportError(f"{name} is no address; write one such as {_ENDPOINTS[_HTTP]}")
    try:
        with _Listening():
            return Client(exporter(), endpoint)
    except Exception as error:
        raise ExportError(f"OpenTelemetry's exporter does not start ({error}); see to the OTEL_ variables") from None


def _exporters(protocol: str) -> Mapping[str, type[Any]]:
    if protocol == _HTTP:
        from opentelemetry.exporter.otlp.proto.http import metric_exporter, trace_exporter

        return {"traces": trace_exporter.OTLPSpanExporter, "metrics": metric_exporter.OTLPMetricExporter}
    if protocol != _GRPC:
        name = "OTEL_EXPORTER_OTLP_PROTOCOL"
        raise ExportError(f"{name} is {protocol[:40]!r}; write {_HTTP} or {_GRPC}, or leave it out for {_HTTP}")
    try:
        from opentelemetry.exporter.otlp.proto.grpc import metric_exporter as metrics
        from opentelemetry.exporter.otlp.proto.grpc import trace_exporter as traces
    except ImportError:
        library = "opentelemetry-exporter-otlp-proto-grpc"
        raise ExportError(f"OTLP over gRPC needs {library}; install it with: pip install {library}") from None
    return {"traces": traces.OTLPSpanExporter, "metrics": metrics.OTLPMetricExporter}


def _protocol(signal: str, environ: Mapping[str, str]) -> str:
    return _variable("PROTOCOL", signal, environ) or _HTTP


def endpoint_of(signal: str, environ: Mapping[str, str]) -> str:
    """The collector's address without what can be secret: user, password, path and query."""
    try:
        parts = urlsplit(_variable("ENDPOINT", signal, environ) or _ENDPOINTS.get(_protocol(signal, environ), ""))
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return _UNKNOWN
    return f"{parts.scheme}://{parts.hostname}{port}" if parts.hostname else _UNKNOWN


def _variable(name: str, signal: str, environ: Mapping[str, str]) -> str:
    own = environ.get(f"OTEL_EXPORTER_OTLP_{signal.upper()}_{name}", "")
    return (own or environ.get(f"OTEL_EXPORTER_OTLP_{name}", "")).strip()


class _Listening(logging.Handler):
    """Keeps what OpenTelemetry logs from the terminal, and remembers why a batch was not taken."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.reason = "no connection"
        self._logger = logging.getLogger("opentelemetry")

    def __enter__(self) -> _Listening:
        self._before = self._logger.propagate
        self._logger.propagate = False
        self._logger.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._logger.removeHandler(self)
        self._logger.propagate = self._before

    def emit(self, record: logging.LogRecord) -> None:
        """Takes the status or its words from the arguments; the texts of errors would hold the whole address."""
        values = record.args if isinstance(record.args, tuple) else ()
        names = [value.name for value in values if isinstance(value, Enum)]  # of gRPC
        words = [value for value in values if isinstance(value, int | str) and value not in (*SIGNALS, "spans")]
        for value in (*names, *words)[:1]:
            self.reason = f"it answered {value}"
