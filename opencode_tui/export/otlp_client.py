"""OpenTelemetry's own exporters over HTTP, with one sentence for what goes wrong."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics.export import MetricExportResult
from opentelemetry.sdk.trace.export import SpanExportResult

from opencode_tui.export.request import ExportError

_DEFAULT = "http://localhost:4318"
_PROTOCOL = "http/protobuf"
_EXPORTERS: Mapping[str, type[Any]] = {"traces": OTLPSpanExporter, "metrics": OTLPMetricExporter}
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
    """The exporter of `traces` or `metrics` as OpenTelemetry's variables want it. Raises ExportError."""
    protocol = _variable("PROTOCOL", signal, environ) or _PROTOCOL
    if protocol != _PROTOCOL:
        raise ExportError(
            f"OTEL_EXPORTER_OTLP_PROTOCOL is {protocol[:40]!r}; only {_PROTOCOL} is supported, leave it out"
        )
    endpoint = endpoint_of(signal, environ)
    try:
        with _Listening():
            return Client(_EXPORTERS[signal](), endpoint)
    except Exception as error:
        raise ExportError(f"OpenTelemetry's exporter does not start ({error}); see to the OTEL_ variables") from None


def endpoint_of(signal: str, environ: Mapping[str, str]) -> str:
    """The collector's address without what can be secret: user, password, path and query."""
    try:
        parts = urlsplit(_variable("ENDPOINT", signal, environ) or _DEFAULT)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "the address in OTEL_EXPORTER_OTLP_ENDPOINT"
    return f"{parts.scheme}://{parts.hostname or ''}{port}"


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
        for value in record.args if isinstance(record.args, tuple) else ():
            if isinstance(value, int | str) and value not in _EXPORTERS and value != "spans":
                self.reason = f"it answered {value}"
                return
