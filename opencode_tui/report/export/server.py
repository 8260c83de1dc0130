"""Serves OpenMetrics over HTTP on this machine: each request reads the ledger again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET, AF_INET6, SO_REUSEADDR, SOL_SOCKET
from threading import Lock, Thread

from opencode_tui.report.export.address import ListenAddress, is_own_host
from opencode_tui.report.export.openmetrics import CONTENT_TYPE
from opencode_tui.report.export.request import ExportError

_PLAIN = "text/plain; charset=utf-8"
_CLIENT_S = 10
"""Seconds for a client to send its request, and to take a part of the answer."""


@contextmanager
def serving(address: ListenAddress, read: Callable[[], str]) -> Iterator[ListenAddress]:
    """Serve what `read` returns at /metrics while the block runs; yields the address with its real port.

    `read` is called by one thread at a time; its ExportError is answered with 503. Raises ExportError if the address
    cannot be used.
    """
    try:
        server = _Server(address, read)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ExportError(f"cannot listen on {address} ({reason}); choose another port") from None
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="metrics", daemon=True)
    thread.start()
    try:
        yield ListenAddress(address.host, server.server_port)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: ListenAddress, read: Callable[[], str]) -> None:
        self.address_family = AF_INET6 if ":" in address.host else AF_INET
        self._read, self._one_at_a_time = read, Lock()
        super().__init__((address.host, address.port), _Handler)

    def server_bind(self) -> None:
        """Unlike HTTPServer's, looks up no name, which can take seconds."""
        self.socket.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def exposition(self) -> str:
        with self._one_at_a_time:
            return self._read()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no trouble of ours."""


class _Handler(BaseHTTPRequestHandler):
    timeout = _CLIENT_S
    server: _Server

    def do_GET(self) -> None:
        if not is_own_host(self.headers.get("Host")):
            self._answer(403, _PLAIN, "ask for this machine by its address, such as 127.0.0.1\n")
        elif self.path.partition("?")[0] != "/metrics":
            self._answer(404, _PLAIN, "the metrics are at /metrics\n")
        else:
            self._answer_metrics()

    do_HEAD = do_GET

    def _answer_metrics(self) -> None:
        try:
            text = self.server.exposition()
        except ExportError as error:
            self._answer(503, _PLAIN, f"{error}\n")
        else:
            self._answer(200, CONTENT_TYPE, text)

    def _answer(self, status: int, type: str, text: str) -> None:
        body = text.encode("utf-8", "backslashreplace")
        self.send_response(status)
        self.send_header("Content-Type", type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def version_string(self) -> str:
        return "opencode-tui"

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing is logged: a scrape comes every few seconds."""
