"""A chat's webhook on loopback, for tests of what is posted to one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "T0KEN-of-the-webhook"


@dataclass
class Chat:
    """A server that answers with the statuses it is given, then with 200; `hold` keeps it from answering."""

    statuses: list[int] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/services/{SECRET}"


@contextmanager
def answering() -> Iterator[Chat]:
    """A chat that answers until the end of the block."""
    said = Chat()
    said.hold.set()

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path.endswith(SECRET)
            assert self.headers["content-type"] == "application/json"
            said.bodies.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            said.hold.wait(30)
            self.send_response(said.statuses.pop(0) if said.statuses else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    said.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield said
    said.hold.set()
    server.shutdown()
    server.server_close()
    thread.join()
