"""POSTs the alert as JSON that Slack and those like it understand. The address is a secret: nothing shows it.

All of it, with every further try, has so many seconds, however slowly a server's bytes come. Of its answer the status
is read and nothing else, and no redirect is followed: the alert goes to the address that was set or nowhere.
"""

from __future__ import annotations

import html
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from msgspec import Struct

from opencode_tui import paths
from opencode_tui.alerts.channels.channel import ChannelError
from opencode_tui.alerts.channels.message import alert_fields, title
from opencode_tui.clock import monotonic_s
from opencode_tui.config.settings import Settings
from opencode_tui.records.alerts import Alert

TIMEOUT_S = 10.0
BACKOFF_S = (1.0, 3.0)
"""Seconds before the second and the third try."""
_BOTH_WAYS = 2  # socket.SHUT_RDWR
_LATER = frozenset({408, 425, 429})


class Webhook:
    def __init__(
        self,
        address: Callable[[], str],
        *,
        timeout_s: float = TIMEOUT_S,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """`address` gives the address when it is needed, so that no object keeps it."""
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
        # Raised here and not where it happened: the library's errors hold the address.
        raise ChannelError(f"{answer.words}, {tries} times" if tries > 1 else answer.words)

    def _post(self, body: Mapping[str, Any], end_s: float) -> _Answer:
        """One try, at most until the moment: then the connection is cut, and not waited for."""
        exchange = _Exchange(self._address(), body, self._timeout_s)
        thread = Thread(target=exchange.run, name="post an alert", daemon=True)
        thread.start()
        thread.join(max(end_s - monotonic_s(), 0.0))
        answer = exchange.answer  # before it is cut, which makes it fail
        exchange.cut()
        return answer or _Answer(f"no answer within {self._timeout_s:g} s")


class _Exchange:
    """A POST on a thread of its own. Looking up a name and reading an answer byte by byte know no deadline."""

    def __init__(self, address: str, body: Mapping[str, Any], timeout_s: float) -> None:
        self._request: tuple[str, Mapping[str, Any]] | None = (address, body)
        self._timeout_s = timeout_s
        self._lock = Lock()
        self._sockets: list[Any] = []
        self._is_cut = False
        self.answer: _Answer | None = None

    def run(self) -> None:
        import httpx

        for name in ("httpx", "httpcore"):  # they would log the address
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
        """End the exchange where it still runs; an answer that comes later is none."""
        with self._lock:
            self._is_cut = True
            for each in self._sockets:
                with suppress(OSError):
                    each.shutdown(_BOTH_WAYS)
            self._sockets.clear()

    def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        """httpcore's own way to see a connection being made, which has the socket."""
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
    """Another try may go better."""


def slack_body(alert: Alert) -> dict[str, Any]:
    """`text` for a chat, with what Slack would take for a link or a call to everybody escaped; then the fields."""
    fields = alert_fields(alert)
    text = html.escape(fields["text"], quote=False)
    return fields | {"text": f"{title(alert)}: {text}"}


def address_of(file: Path | None, environ: Mapping[str, str]) -> str:
    """The webhook's address from its file, else from the environment. Raises ChannelError, which does not hold it."""
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
    return Webhook(lambda: address_of(settings.channels.webhook_url_file, environ))
