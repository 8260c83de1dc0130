"""The chunks of one streamed answer, in the form of OpenAI's chat completions."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

from tests.e2e.bill import Request

Json = dict[str, Any]

SLOW_STREAM_S = 60.0  # a client that never hangs up must not hold a test for ever
SLOW_CHUNK_S = 0.05


class Answer:
    def __init__(self, model: str) -> None:
        self._model = model
        self._id = f"chatcmpl-{time.time_ns()}"

    def saying(self, text: str) -> Iterator[Json]:
        yield self._chunk({"role": "assistant", "content": text})
        yield self._chunk({}, "stop")

    def calling(self, tool: str, arguments: Json) -> Iterator[Json]:
        function = {"name": tool, "arguments": json.dumps(arguments)}
        call = {"index": 0, "id": self._id, "type": "function", "function": function}
        yield self._chunk({"role": "assistant", "content": f"calling {tool}"})
        yield self._chunk({"tool_calls": [call]})
        yield self._chunk({}, "tool_calls")

    def slowly(self, streaming: threading.Event, release: threading.Event) -> Iterator[Json]:
        """Sets `streaming` once it has begun, and goes on until `release` is set."""
        for _ in range(int(SLOW_STREAM_S / SLOW_CHUNK_S)):
            yield self._chunk({"role": "assistant", "content": "and "})
            streaming.set()
            if release.wait(SLOW_CHUNK_S):
                break
        yield self._chunk({}, "stop")

    def usage(self, request: Request) -> Iterator[Json]:
        prompt, completion = request.input + request.cache_read, request.output + request.reasoning
        usage = {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "prompt_tokens_details": {"cached_tokens": request.cache_read},
            "completion_tokens_details": {"reasoning_tokens": request.reasoning},
        }
        yield {**self._chunk({}), "choices": [], "usage": usage}

    def _chunk(self, delta: Json, finish: str | None = None) -> Json:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        head = {"id": self._id, "object": "chat.completion.chunk", "created": int(time.time())}
        return {**head, "model": self._model, "choices": [choice]}
