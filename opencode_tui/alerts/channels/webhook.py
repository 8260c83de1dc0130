"""POSTs the alert as JSON for Slack and compatible services. The address is a secret and never shown.

One deadline covers all attempts, however slowly a server answers. Only the status of the answer is read, and redirects
are not followed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from msgspec import Struct

from opencode_tui import paths
from opencode_tui.alerts.channels.channel import ChannelError, ChannelType
from opencode_tui.alerts.channels.message import alert_fields, title
from opencode_tui.clock import monotonic_s
from opencode_tui.config.alert_values import url_file
from opencode_tui.config.options import ValueOption
from opencode_tui.config.settings import Settings
from opencode_tui.records.alerts import Alert

WEBHOOK_TIMEOUT_S = 10.0
BACKOFF_S = (1.0, 3.0)
"""Seconds before the second and the third attempt."""
_BOTH_WAYS = 2  # socket.SHUT_RDWR
_LATER = frozenset({408, 425, 429})


class Webhook:
    def __init__(
        self,
        address: Callable[[], str],
        *,
        timeout_s: float = WEBHOOK_TIMEOUT_S,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """`address` returns the address when it is needed, so that no object stores it."""
        self._address, self._timeout_s, self._wait = address, timeout_s, wait

    def send(self, alert: Alert) -> str:
        body, end_s = slack_body(alert), monotonic_s() + self._timeout_s
        answer, tries = self._post(body, end_s), 1
        for pause_s in BACKOFF_S:
            if not answer.again or monotonic_s() + pause_s >= end_s:
                break
            self._wait(pause_s)
            failure, answer, tries = answer, self._post(body, end_s), tries + 1
            if answer.ok:
                return f"{answer.words}, after {failure.words}"
        if answer.ok:
            return answer.words
        # Raised here without the library's error as its context, since that holds the address.
        raise ChannelError(f"{answer.words}, {tries} times" if tries > 1 else answer.words)

    def _post(self, body: Mapping[str, Any], end_s: float) -> _Answer:
        """One attempt; at the deadline the connection is cut without waiting."""
        exchange = _Exchange(self._address(), body, self._timeout_s)
        thread = Thread(target=exchange.run, name="post an alert", daemon=True)
        thread.start()
        thread.join(max(end_s - monotonic_s(), 0.0))
        answer = exchange.answer  # before it is cut, since cutting it makes it fail
        exchange.cut()
        return answer or _Answer(f"no answer within {self._timeout_s:g} s")


class _Exchange:
    """A POST on its own thread, since name lookup and slow answers have no deadline of their own."""

    def __init__(self, address: str, body: Mapping[str, Any], timeout_s: float) -> None:
        self._request: tuple[str, Mapping[str, Any]] | None = (address, body)
        self._timeout_s = timeout_s
        self._lock = Lock()
        self._sockets: list[Any] = []
        self._is_cut = False
        self.answer: _Answer | None = None

    def run(self) -> None:
        import logging

        import httpx

        for name in ("httpx", "httpcore"):  # these loggers would log the address
            logging.getLogger(name).setLevel(logging.WARNING)
        assert self._request is not None
        (address, body), self._request = self._request, None
        seen = {"trace": self._trace}
        try:
            with (
                httpx.Client(timeout=self._timeout_s) as client,
                client.stream("POST", address, json=body, extensions=seen) as response,
            ):
                status = response.status_code
            self.answer = _Answer(f"answered {status}", ok=200 <= status < 300, again=status >= 500 or status in _LATER)
        except httpx.TimeoutException:
            pass
        except httpx.ConnectError:
            self.answer = _Answer("no connection", again=True)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, ValueError):
            self.answer = _Answer("the address is not one of http or https")
        except httpx.HTTPError as error:
            self.answer = _Answer(f"the connection failed ({type(error).__name__})", again=True)
        except Exception as error:
            self.answer = _Answer(f"failed ({type(error).__name__})")

    def cut(self) -> None:
        """End the exchange if it is still running; a later answer is ignored."""
        with self._lock:
            self._is_cut = True
            for each in self._sockets:
                with suppress(OSError):
                    each.shutdown(_BOTH_WAYS)
            self._sockets.clear()

    def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        """httpcore's trace hook, which gives access to the socket."""
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            made = info["return_value"].get_extra_info("socket")
            with self._lock:
                if self._is_cut:
                    made.close()
                    raise TimeoutError
                self._sockets.append(made)


class _Answer(Struct, frozen=True):
    words: str
    ok: bool = False
    again: bool = False
    """Whether another attempt may succeed."""


def slack_body(alert: Alert) -> dict[str, Any]:
    """`text` with Slack's special characters escaped, plus the alert's fields."""
    import html

    fields = alert_fields(alert)
    text = html.escape(fields["text"], quote=False)
    return fields | {"text": f"{title(alert)}: {text}"}


def address_of(file: Path | None, environ: Mapping[str, str]) -> str:
    """The webhook's address from its file, else from the environment. Raises ChannelError without the address."""
    if file is None:
        address = environ.get(paths.WEBHOOK_VARIABLE, "").strip()
    else:
        try:
            address = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not text"
            raise ChannelError(
                f"{paths.tilde(file)} cannot be read ({reason}); see channels.webhook_url_file"
            ) from None
    if not address:
        raise ChannelError(f"there is no address; set {paths.WEBHOOK_VARIABLE} or channels.webhook_url_file")
    return address


def make(settings: Settings, environ: Mapping[str, str]) -> Webhook:
    return Webhook(lambda: address_of(URL_FILE.of(settings.channels), environ))


def _lacks(settings: Settings, environ: Mapping[str, str]) -> str:
    try:
        address_of(URL_FILE.of(settings.channels), environ)
    except ChannelError as error:
        return str(error)
    return ""


URL_FILE = ValueOption("webhook_url_file", None, url_file)
"""The file that holds the address; None uses OPENCODE_TUI_WEBHOOK_URL."""
CHANNEL = ChannelType("webhook", make, options=(URL_FILE,), lacks=_lacks, rank=20)
