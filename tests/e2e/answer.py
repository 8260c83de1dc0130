"""The chunks of one streamed answer, in the form of OpenAI's chat completions. See anthropic.py for the other form."""

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
    def __init__(self, request: Request, number: int) -> None:
        self._request = request
        self._id = f"chatcmpl-{number}"

    def begin(self) -> Iterator[Json]:
        yield self._chunk({"role": "assistant", "content": ""})

    def saying(self, text: str) -> Iterator[Json]:
        yield self._chunk({"content": text})

    def calling(self, tool: str, arguments: Json) -> Iterator[Json]:
        function = {"name": tool, "arguments": json.dumps(arguments)}
        call = {"index": 0, "id": f"call_{self._id}", "type": "function", "function": function}
        yield self._chunk({"content": f"calling {tool}"})
        yield self._chunk({"tool_calls": [call]})

    def slowly(self, streaming: threading.Event, release: threading.Event) -> Iterator[Json]:
        """Sets `streaming` once it has begun, and goes on until `release` is set."""
        for _ in range(int(SLOW_STREAM_S / SLOW_CHUNK_S)):
            yield self._chunk({"content": "and "})
            streaming.set()
            if release.wait(SLOW_CHUNK_S):
                break

    def end(self, called_a_tool: bool) -> Iterator[Json]:
        """The end, with what it cost."""
        yield self._chunk({}, "tool_calls" if called_a_tool else "stop")
        request = self._request
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
        return {**head, "model": self._request.model, "choices": [choice]}
