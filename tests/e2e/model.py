"""A scripted OpenAI-compatible model on loopback that keeps its own bill.

Words in a prompt choose what the model does; anything else is answered with text.

  SUBAGENT  two `task` calls, one after the other: to the explore agent and to the general one
  NEST      a `task` call to the general agent, which gives one to the explore agent
  EXPLORE   glob, grep, read          DIG   bash
  EDIT      read, edit, bash          FAIL  HTTP 400
  REDESIGN  as EDIT, with so much written that a round costs about $0.20
  SLOW      text that streams until somebody hangs up, or until `release`
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.e2e.answer import Answer, Json
from tests.e2e.bill import Request

LONG_ANSWER = 12_000
"""Tokens that each answer to REDESIGN has more than others."""
TITLE_PROMPT = "You are a title generator"


class ScriptedModel:
    """The model's server, for a `with`. `answered` is its bill, in the order of the answers."""

    def __init__(self) -> None:
        self.answered: list[Request] = []
        self.refused = 0
        self.hung_up = 0
        self.streaming = threading.Event()
        """Set when an answer to SLOW has begun to stream."""
        self.release = threading.Event()
        """Set it to let the answer to SLOW come to its end."""
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
        """The answered requests that OpenCode makes a message of: all but the titles."""
        return [request for request in self.answered if not request.title]

    def write_up(self, model: str, title: bool, prompt_tokens: int, cached: int, more: int = 0) -> Request:
        """Put one answer on the bill, with an output of its own size (and `more`), so that no two cost the same."""
        with self._lock:
            output, reasoning = self._random.randint(150, 900) + more, self._random.randint(1, 120)
            request = Request(model, title, prompt_tokens - cached, output, reasoning, cached)
            self.answered.append(request)
            return request

    def count_refusal(self) -> None:
        with self._lock:
            self.refused += 1

    def count_hang_up(self) -> None:
        with self._lock:
            self.hung_up += 1


def plan(prompt: str) -> list[tuple[str, Json]]:
    """The tools to call, in order, with their arguments."""
    if "SUBAGENT" in prompt:
        return [_task("explore", "EXPLORE the code"), _task("general", "DIG deep")]
    if "NEST" in prompt:
        return [_task("general", "BRANCH out")]
    if "BRANCH" in prompt:
        return [_task("explore", "EXPLORE the code")]
    if "EXPLORE" in prompt:
        return [
            ("glob", {"pattern": "**/*.py"}),
            ("grep", {"pattern": "def "}),
            ("read", {"filePath": "a.py"}),
        ]
    if "DIG" in prompt:
        return [("bash", {"command": "ls -la", "description": "list"})]
    if "EDIT" in prompt or "REDESIGN" in prompt:
        return [
            ("read", {"filePath": "a.py"}),
            ("edit", {"filePath": "a.py", "oldString": "x = 1", "newString": "x = 1  # one"}),
            ("bash", {"command": "cat a.py", "description": "show"}),
        ]
    return []


def _task(agent: str, prompt: str) -> tuple[str, Json]:
    return "task", {"description": f"{agent} the code", "prompt": prompt, "subagent_type": agent}


def _text(message: Json) -> str:
    content = message.get("content")
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content or [])


def _is_title(messages: list[Json]) -> bool:
    return any(m["role"] == "system" and TITLE_PROMPT in _text(m) for m in messages)


def _answered_tools(messages: list[Json]) -> int:
    """How many tools have answered since the user last spoke."""
    count = 0
    for message in reversed(messages):
        if message["role"] == "user":
            break
        count += message["role"] == "tool"
    return count


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    model: ScriptedModel

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        body: Json = json.loads(self.rfile.read(int(self.headers["content-length"])))
        messages: list[Json] = body["messages"]
        prompt = next((_text(m) for m in reversed(messages) if m["role"] == "user"), "")
        offered = {tool["function"]["name"] for tool in body.get("tools", [])}
        if "FAIL" in prompt and offered:
            self._refuse()
            return
        used = _answered_tools(messages)
        calls = [call for call in plan(prompt) if call[0] in offered]
        answer = Answer(body["model"])
        try:
            self._begin_stream()
            if "SLOW" in prompt and offered:
                self._stream(answer.slowly(self.model.streaming, self.model.release))
            elif used < len(calls):
                self._stream(answer.calling(*calls[used]))
            else:
                self._stream(answer.saying(f"done with {prompt[:40]}"))
            size = sum(len(_text(m)) for m in messages) // 4 + 3000
            cached = size * 6 // 10 if used else 0
            more = LONG_ANSWER if "REDESIGN" in prompt and offered else 0
            request = self.model.write_up(body["model"], _is_title(messages), size, cached, more)
            self._stream(answer.usage(request))
            self.wfile.write(b"data: [DONE]\n\n")
        except (BrokenPipeError, ConnectionResetError):
            self.model.count_hang_up()
        self.close_connection = True

    def _refuse(self) -> None:
        self.model.count_refusal()
        data = json.dumps({"error": {"message": "prompt refused", "type": "invalid_request"}}).encode()
        self.send_response(400)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _begin_stream(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()

    def _stream(self, chunks: Iterator[Json]) -> None:
        for chunk in chunks:
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
            self.wfile.flush()
