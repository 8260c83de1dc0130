"""A scripted model on loopback that keeps its own bill, in OpenAI's form and in Anthropic's.

Words in a prompt choose what the model does; plan.py has those that call tools. Anything else is answered with text.

  FAIL        HTTP 400                FLAKY   HTTP 503, and an answer when asked again
  CUT         a stream that breaks off, and an answer when asked again
  SLOW        text that streams until somebody hangs up, or until `release`
  LINGER      as SLOW, but only when the session is compacted
  TARDY       as SLOW, but only when a title for it is asked for
  BADCOMPACT  compactions of the session are not what was asked for
  REDESIGN    so much written that a round costs about $0.20
  BIG         a prompt of more than 200,000 tokens
  GENERATE    for `generate` of 2.x, so that the bill can tell its requests
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.e2e import asked
from tests.e2e.answer import Answer, Json
from tests.e2e.anthropic import AnthropicAnswer
from tests.e2e.asked import Asked
from tests.e2e.bill import Request
from tests.e2e.plan import plan

LONG_ANSWER = 11_700
"""Tokens that each answer to REDESIGN has more than others."""
BIG_PROMPT = 250_000
SUMMARY = """## Objective
- go on

## Requirements
- none

## Work State
### Completed
- all

## Next Move
1. go on
"""


class ScriptedModel:
    """The model's server, for a `with`. `answered` is its bill, in the order of the answers."""

    def __init__(self) -> None:
        self.answered: list[Request] = []
        self.sessions: set[str] = set()
        """Every session that has asked anything."""
        self.prompts: list[str] = []
        """What was said last in each request of a session's own."""
        self.asked = 0
        """All requests that have arrived."""
        self.running = 0
        """Those of them that are being answered."""
        self.refused = 0
        """Answered with HTTP 400."""
        self.failed = 0
        """Answered with HTTP 503, or broken off by us."""
        self.hung_up = 0
        self.streaming = threading.Event()
        """Set when a slow answer has begun to stream."""
        self.release = threading.Event()
        """Set it to let slow answers come to its end."""
        self._failed_once: set[str] = set()
        self._random = random.Random(7)
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"model": self}))
        self._server.daemon_threads = True

    def __enter__(self) -> ScriptedModel:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    @property
    def recorded(self) -> list[Request]:
        """The answered requests that OpenCode makes a message of: neither titles nor `generate`."""
        return [request for request in self.answered if request.kind in ("step", "compaction")]

    def arrive(self, ask: Asked) -> int:
        """Give the request its number."""
        with self._lock:
            self.asked += 1
            self.running += 1
            self.sessions.add(ask.session)
            if ask.kind == "step":
                self.prompts.append(ask.prompt)
            return self.asked

    def leave(self) -> None:
        with self._lock:
            self.running -= 1

    def draw_up(self, ask: Asked) -> Request:
        """What an answer will cost, with an output of its own size so that no two cost the same."""
        size = len(ask.text) // 4 + 3000 + (BIG_PROMPT if "BIG" in ask.prompt else 0)
        cached = size * 6 // 10 if ask.tool_answers else 0
        with self._lock:
            output, reasoning = self._random.randint(150, 900), self._random.randint(1, 120)
        if "REDESIGN" in ask.prompt and ask.offered:
            output += LONG_ANSWER
        request = Request(ask.model, ask.kind, ask.session, size - cached, output, reasoning, cached)
        if ask.anthropic:  # it says nothing of reasoning, but what went into the cache
            return Request(ask.model, ask.kind, ask.session, size - cached, output, 0, cached, 400 + reasoning)
        return request

    def bill(self, request: Request) -> None:
        with self._lock:
            self.answered.append(request)

    def fails_first(self, ask: Asked) -> bool:
        """Whether this is the first time that the prompt is asked."""
        with self._lock:
            first = (ask.session + ask.prompt) not in self._failed_once
            self._failed_once.add(ask.session + ask.prompt)
            self.failed += first
            return first

    def count_refusal(self) -> None:
        with self._lock:
            self.refused += 1

    def count_hang_up(self) -> None:
        with self._lock:
            self.hung_up += 1


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    model: ScriptedModel

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        body: Json = json.loads(self.rfile.read(int(self.headers["content-length"])))
        ask = asked.read(self.path, self.headers, body)
        number = self.model.arrive(ask)
        try:
            self._answer(ask, number)
        except (BrokenPipeError, ConnectionResetError):
            self.model.count_hang_up()
        finally:
            self.model.leave()
        self.close_connection = True

    def _answer(self, ask: Asked, number: int) -> None:
        working = bool(ask.offered) and ask.kind in ("step", "generate")
        if working and "FAIL" in ask.prompt:
            self.model.count_refusal()
            self._refuse(400, "invalid_request")
            return
        if working and "FLAKY" in ask.prompt and self.model.fails_first(ask):
            self._refuse(503, "server_error")
            return
        request = self.model.draw_up(ask)
        answer = AnthropicAnswer(request, number) if ask.anthropic else Answer(request, number)
        self._begin_stream()
        self._stream(answer.begin())
        if working and "CUT" in ask.prompt and self.model.fails_first(ask):
            self._stream(answer.saying("half of the ans"))
            return
        used = len(ask.tool_answers)
        calls = plan(ask.prompt, ask.offered, ask.tool_answers) if working else []
        if _is_slow(ask, working):
            self._stream(answer.slowly(self.model.streaming, self.model.release))
        if used < len(calls):
            self._stream(answer.calling(*calls[used]))
        else:
            self._stream(answer.saying(_words(ask, number)))
        self.model.bill(request)
        self._stream(answer.end(used < len(calls)))
        if not ask.anthropic:
            self.wfile.write(b"data: [DONE]\n\n")

    def _refuse(self, status: int, kind: str) -> None:
        data = json.dumps({"error": {"message": "refused by the script", "type": kind}}).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.send_header("retry-after-ms", "100")
        self.end_headers()
        self.wfile.write(data)

    def _begin_stream(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()

    def _stream(self, chunks: Iterator[Json]) -> None:
        for chunk in chunks:
            event = f"event: {chunk['type']}\n" if "type" in chunk else ""
            self.wfile.write(f"{event}data: {json.dumps(chunk)}\n\n".encode())
            self.wfile.flush()


def _is_slow(ask: Asked, working: bool) -> bool:
    if ask.kind == "title":
        return "TARDY" in ask.prompt
    return "LINGER" in ask.text if ask.kind == "compaction" else working and "SLOW" in ask.prompt


def _words(ask: Asked, number: int) -> str:
    if ask.kind == "title":
        return f"Title number {number}"
    if ask.kind == "compaction":
        return "I would rather not." if "BADCOMPACT" in ask.text else SUMMARY
    return f"done with {ask.prompt[:40]}"
