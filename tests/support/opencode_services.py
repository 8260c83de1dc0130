"""OpenCode's services on loopback: Go's usage, Zen's models and the console, which answer as the real ones do."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from opencode_tui.config.settings import Network

SECRET, COOKIE = "sk-very-secret-4711", "Fe26.2**cookie-secret-0815"
USAGE, MODELS, AUTH, BILLING = "/go/usage", "/zen/models", "/auth", "/workspace/wrk_01ABC/billing"
PAGE = """<html><script>_$HY.r["billing.get"]=$R[27]=$R[28]={{customerID:"cus_1",paymentMethodLast4:"4242",
balance:{balance},reload:!0,reloadAmount:20,reloadTrigger:5,monthlyLimit:100,monthlyUsage:{usage},
timeMonthlyUsageUpdated:$R[30]=new Date("{updated}"),reloadError:null,subscription:null,
lite:$R[31]={{region:"eu"}}}};$R[32]={{mine:!0,monthlyUsage:$R[35]={{status:"ok",usagePercent:77}}}}</script></html>"""


def usage(rolling: Any = (0, 0), weekly: Any = (0, 0), monthly: Any = (0, 0)) -> bytes:
    """Go's answer: (percent, reset in Unix milliseconds) of each window."""
    windows = {"rolling": rolling, "weekly": weekly, "monthly": monthly}
    return json.dumps(
        {
            "usage": {
                name: {
                    "status": "rate-limited" if percent >= 100 else "ok",
                    "percent": percent,
                    "resetsAt": datetime.fromtimestamp(resets_ms / 1000, UTC).isoformat().replace("+00:00", "Z"),
                }
                for name, (percent, resets_ms) in windows.items()
            }
        }
    ).encode()


def models(*ids: str) -> bytes:
    return json.dumps({"object": "list", "data": [{"id": id, "owned_by": "opencode"} for id in ids]}).encode()


@dataclass
class Reply:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    chunks: tuple[float, int] = (0.0, 1)
    """(seconds before each part, number of parts) of the body."""


@dataclass
class OpenCodeServices:
    """Its replies by path, and what it was asked: (path, headers)."""

    url: str = ""
    replies: dict[str, Reply] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    checks_keys: bool = True

    def network(self, **changes: Any) -> Network:
        known = {"opencode_go_url": f"{self.url}/go", "zen_url": f"{self.url}/zen", "console_url": self.url}
        return Network(**{**known, **changes})

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    def reply(self, path: str, headers: dict[str, str]) -> Reply:
        self.asked.append((path, headers))
        is_console = path not in (USAGE, MODELS)
        proof = headers.get("cookie") == f"auth={COOKIE}" if is_console else SECRET in headers.get("authorization", "")
        if self.checks_keys and not proof:
            there = {"Location": "https://auth.opencode.example/authorize"}
            return Reply(302, headers=there) if is_console else Reply(401, b'{"error":{"message":"Invalid API key"}}')
        return self.replies.get(path, Reply(404, b"Not Found"))


@contextmanager
def opencode_services() -> Iterator[OpenCodeServices]:
    known = OpenCodeServices()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            reply = known.reply(self.path, {name.lower(): value for name, value in self.headers.items()})
            if reply.status == 0:  # hangs up
                self.close_connection = True
                return
            try:
                self.send_response(reply.status)
                for name, value in ({"Content-Length": str(len(reply.body))} | reply.headers).items():
                    self.send_header(name, value)
                self.end_headers()
                pause_s, count = reply.chunks
                size = -(-len(reply.body) // count) or 1
                for at in range(0, len(reply.body), size):
                    time.sleep(pause_s)
                    self.wfile.write(reply.body[at : at + size])
                    self.wfile.flush()
            except OSError:  # who asked has gone
                self.close_connection = True

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.daemon_threads = True
    known.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield known
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
