"""OTLP: sends each completed call once, as a span and in metrics, by OpenTelemetry's own exporters.

Where to, how and with which headers is said by OpenTelemetry's variables (`OTEL_EXPORTER_OTLP_ENDPOINT` and the others,
`OTEL_RESOURCE_ATTRIBUTES`). `OTEL_TRACES_EXPORTER=none` and `OTEL_METRICS_EXPORTER=none` leave one signal out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version

from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from opencode_tui.ledger import sent_calls
from opencode_tui.money import plural
from opencode_tui.records.exports import ExportedCall
from opencode_tui.report.export.otlp_client import SIGNALS, Client, endpoint_of, make_client
from opencode_tui.report.export.otlp_metrics import metrics_of
from opencode_tui.report.export.otlp_spans import spans_of
from opencode_tui.report.export.request import ExportError, SendRequest

_CALLS_AT_ONCE = 512


def send_calls(request: SendRequest) -> str:
    """Send what was never sent, and say what was done in one sentence. Raises ExportError."""
    wanted = [s for s in SIGNALS if request.environ.get(f"OTEL_{s.upper()}_EXPORTER", "").strip().lower() != "none"]
    if not wanted:
        raise ExportError("both OTEL_TRACES_EXPORTER and OTEL_METRICS_EXPORTER are none; leave one of them out")
    encode = _encoders(request)
    clients = {signal: make_client(signal, request.environ) for signal in wanted}
    _keep_lease(request)
    try:
        sent = {signal: _send(request, signal, clients[signal], encode[signal]) for signal in wanted}
    finally:
        with request.ledger.writing() as connection:
            sent_calls.end_lease(connection)
        for client in clients.values():
            client.close()
    return _summary(request, sent)


def _encoders(request: SendRequest) -> Mapping[str, Callable[[Sequence[ExportedCall]], object]]:
    detected = OTELResourceDetector().detect().attributes
    resource = Resource.create({"service.name": "opencode", **detected})
    scope = InstrumentationScope("opencode_tui", _version())
    is_latest = "gen_ai_latest_experimental" in request.environ.get("OTEL_SEMCONV_STABILITY_OPT_IN", "")
    return {
        "traces": lambda calls: spans_of(calls, resource, scope, titles=request.titles),
        "metrics": lambda calls: metrics_of(calls, resource, scope, with_older=not is_latest),
    }


def _send(request: SendRequest, signal: str, client: Client, encode: Callable[[Sequence[ExportedCall]], object]) -> int:
    """Send the unsent calls of one signal in batches, each noted before the next; returns how many."""
    after, sent = (request.since_ms, ""), 0
    while calls := sent_calls.unsent_calls(request.ledger.connection, signal, after, _CALLS_AT_ONCE):
        try:
            client.send(encode(calls))
        except ExportError as error:
            raise ExportError(f"{error}; {_so_far(signal, sent)}") from None
        with request.ledger.writing() as connection:
            sent_calls.note_sent(connection, signal, calls)
        _keep_lease(request)
        sent += len(calls)
        after = (calls[-1].created_ms, calls[-1].id)
    return sent


def _keep_lease(request: SendRequest) -> None:
    with request.ledger.writing() as connection:
        if not sent_calls.take_lease(connection, request.clock()):
            raise ExportError("another process is sending the calls; try again once that has ended")


def _so_far(signal: str, sent: int) -> str:
    done = f"{plural(sent, 'call')} went out in {signal}" if sent else f"no call went out in {signal}"
    return f"{done}, and the next run sends the rest"


def _summary(request: SendRequest, sent: Mapping[str, int]) -> str:
    waiting = sent_calls.waiting_calls(request.ledger.connection, request.since_ms)
    parts = [
        f"{plural(count, 'call')} in {signal} to {endpoint_of(signal, request.environ)}"
        for signal, count in sent.items()
    ]
    later = f"; {plural(waiting, 'call')} will follow on completion" if waiting else ""
    return f"sent {' and '.join(parts)}{later}"


def _version() -> str:
    try:
        return version("opencode-tui")
    except PackageNotFoundError:
        return ""
