"""The events of one streamed answer, in the form of Anthropic's messages. See answer.py for the other form."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

from tests.e2e.answer import SLOW_CHUNK_S, SLOW_STREAM_S, Json
from tests.e2e.bill import Request


class AnthropicAnswer:
    def __init__(self, request: Request, number: int) -> None:
        self._request, self._number = request, number
        self._blocks = 0

    def begin(self) -> Iterator[Json]:
        request = self._request
        usage = {
            "input_tokens": request.input,
            "cache_read_input_tokens": request.cache_read,
            "cache_creation_input_tokens": request.cache_write,
            "output_tokens": 1,
        }
        head = {"id": f"msg_{self._number}", "type": "message", "role": "assistant", "model": request.model}
        stop = {"stop_reason": None, "stop_sequence": None}
        yield {"type": "message_start", "message": {**head, "content": [], **stop, "usage": usage}}

    def saying(self, text: str) -> Iterator[Json]:
        yield self._open({"type": "text", "text": ""})
        yield self._delta({"type": "text_delta", "text": text})
        yield self._close()

    def calling(self, tool: str, arguments: Json) -> Iterator[Json]:
        yield from self.saying(f"calling {tool}")
        yield self._open({"type": "tool_use", "id": f"toolu_{self._number}", "name": tool, "input": {}})
        yield self._delta({"type": "input_json_delta", "partial_json": json.dumps(arguments)})
        yield self._close()

    def slowly(self, streaming: threading.Event, release: threading.Event) -> Iterator[Json]:
        """Sets `streaming` once it has begun, and goes on until `release` is set."""
        yield self._open({"type": "text", "text": ""})
        for _ in range(int(SLOW_STREAM_S / SLOW_CHUNK_S)):
            yield self._delta({"type": "text_delta", "text": "and "})
            streaming.set()
            if release.wait(SLOW_CHUNK_S):
                break
        yield self._close()

    def end(self, called_a_tool: bool) -> Iterator[Json]:
        """The end, with what it cost."""
        stop = {"stop_reason": "tool_use" if called_a_tool else "end_turn", "stop_sequence": None}
        yield {"type": "message_delta", "delta": stop, "usage": {"output_tokens": self._request.output}}
        yield {"type": "message_stop"}

    def _open(self, block: Json) -> Json:
        return {"type": "content_block_start", "index": self._blocks, "content_block": block}

    def _delta(self, delta: Json) -> Json:
        return {"type": "content_block_delta", "index": self._blocks, "delta": delta}

    def _close(self) -> Json:
        self._blocks += 1
        return {"type": "content_block_stop", "index": self._blocks - 1}
