"""A call as a span of OpenTelemetry's GenAI conventions. Its ids are made from OpenCode's, and so always the same."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.status import Status, StatusCode

from opencode_tui.money import usd
from opencode_tui.records.exports import ExportedCall
from opencode_tui.report.export.otlp_names import OPERATION, all_input, all_output, common_attributes, unix_nano, within


def spans_of(
    calls: Sequence[ExportedCall], resource: Resource, scope: InstrumentationScope, *, titles: bool
) -> Sequence[ReadableSpan]:
    """A span for each call; the calls of one turn have one trace."""
    return [
        ReadableSpan(
            name=f"{OPERATION} {call.model}",
            context=SpanContext(
                _number(call.turn_id or call.session_id, 16),
                _number(call.id, 8),
                is_remote=False,
                trace_flags=TraceFlags(TraceFlags.SAMPLED),
            ),
            resource=resource,
            attributes=_attributes(call, titles),
            kind=SpanKind.CLIENT,
            status=Status(StatusCode.ERROR if call.error else StatusCode.UNSET),
            start_time=unix_nano(call.created_ms),
            end_time=unix_nano(call.ended_ms),
            instrumentation_scope=scope,
        )
        for call in calls
    ]


def _attributes(call: ExportedCall, titles: bool) -> dict[str, Any]:
    tokens = call.tokens
    attributes: dict[str, Any] = {
        **common_attributes(call),
        "gen_ai.conversation.id": call.session_id,
        "gen_ai.usage.input_tokens": all_input(call),
        "gen_ai.usage.output_tokens": all_output(call),
        "gen_ai.usage.cache_read.input_tokens": within(tokens.cache_read),
        "gen_ai.usage.cache_creation.input_tokens": within(tokens.cache_write),
        "gen_ai.usage.reasoning.output_tokens": within(tokens.reasoning),
        "opencode.call.id": call.id,
        "opencode.provider": call.provider,
        "opencode.cost.usage": usd(call.cost_nano),
        "opencode.cost.nano_usd": within(call.cost_nano),
        "opencode.cost.basis": call.basis,
    }
    if call.finish:
        attributes["gen_ai.response.finish_reasons"] = (call.finish,)
    if call.error:
        attributes["error.type"] = call.error
    if call.list_nano is not None:
        attributes["opencode.cost.list_usd"] = usd(call.list_nano)
    if call.parent_session_id:
        attributes["opencode.parent_session.id"] = call.parent_session_id
    if titles:
        attributes["opencode.session.title"] = call.title
    return attributes


def _number(id: str, size: int) -> int:
    """A number of so many bytes from an id; never 0, which would be no id."""
    return int.from_bytes(blake2b(id.encode("utf-8", "backslashreplace"), digest_size=size).digest()) or 1
