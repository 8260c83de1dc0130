"""A collector of OpenTelemetry on loopback, which reads what it is sent with the official protobuf messages."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span

MESSAGES: dict[str, type[Any]] = {"/v1/traces": ExportTraceServiceRequest, "/v1/metrics": ExportMetricsServiceRequest}


class Collector:
    """What came, in the order in which it came, and how the next requests are answered."""

    def __init__(self) -> None:
        self.url = ""
        self.status: dict[str, int] = {}
        """What a path answers instead of 200."""
        self.headers: list[dict[str, str]] = []
        self.messages: list[Any] = []

    def take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        status = self.status.get(path, 200)
        if status == 200:
            self.headers.append(headers)
            self.messages.append(
                MESSAGES[path].FromString(gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body)
            )
        return status

    @property
    def resources(self) -> list[dict[str, Any]]:
        return [attributes(each.resource.attributes) for each in self._resources()]

    @property
    def spans(self) -> list[Span]:
        scopes = [scope for each in self._resources() for scope in getattr(each, "scope_spans", ())]
        return [span for scope in scopes for span in scope.spans]

    @property
    def metrics(self) -> list[Metric]:
        scopes = [scope for each in self._resources() for scope in getattr(each, "scope_metrics", ())]
        return [metric for scope in scopes for metric in scope.metrics]

    def points(self, name: str) -> list[tuple[dict[str, Any], Any]]:
        """The attributes and the data of each point of a metric."""
        found = [metric for metric in self.metrics if metric.name == name]
        data = [metric.sum if metric.HasField("sum") else metric.histogram for metric in found]
        return [(attributes(point.attributes), point) for each in data for point in each.data_points]

    def _resources(self) -> list[Any]:
        names = ("resource_spans", "resource_metrics")
        return [each for message in self.messages for name in names for each in getattr(message, name, ())]


def attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: _value(pair) for pair in pairs}


def _value(pair: KeyValue) -> Any:
    name = pair.value.WhichOneof("value")
    value = getattr(pair.value, name or "string_value")
    return [each.string_value for each in value.values] if name == "array_value" else value


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(collector.take(self.path, headers, body))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.daemon_threads = True
    collector.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
