"""POSTs the alert as JSON that Slack and those like it understand. The address is a secret: it is told to nobody."""

from __future__ import annotations

import html
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opencode_tui import paths
from opencode_tui.alert_records import Alert
from opencode_tui.alerts.channels.channel import ChannelError
from opencode_tui.alerts.channels.message import alert_fields, title
from opencode_tui.settings import Settings

TIMEOUT_S = 10.0
BACKOFF_S = (1.0, 3.0)
"""Seconds before the second and the third try."""
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

    def tell(self, alert: Alert) -> str:
        body = slack_body(alert)
        answer = self._post(body)
        for pause_s in BACKOFF_S:
            if not answer.again:
                break
            self._wait(pause_s)
            failure, answer = answer, self._post(body)
            if answer.ok:
                return f"{answer.words}, after {failure.words}"
        if answer.ok:
            return answer.words
        # Raised here and not where it happened: the library's errors hold the address.
        raise ChannelError(f"{answer.words}, {1 + len(BACKOFF_S)} times" if answer.again else answer.words)

    def _post(self, body: Mapping[str, Any]) -> _Answer:
        import httpx

        for name in ("httpx", "httpcore"):  # they would log the address
            logging.getLogger(name).setLevel(logging.WARNING)
        address = self._address()
        try:
            with httpx.stream("POST", address, json=body, timeout=self._timeout_s) as response:
                status = response.status_code
            return _Answer(f"answered {status}", ok=200 <= status < 300, again=status >= 500 or status in _LATER)
        except httpx.TimeoutException:
            return _Answer(f"no answer within {self._timeout_s:g} s", again=True)
        except httpx.ConnectError:
            return _Answer("no connection", again=True)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, ValueError):
            return _Answer("the address is not one of http or https")
        except httpx.HTTPError as error:
            return _Answer(f"the connection failed ({type(error).__name__})", again=True)


@dataclass(frozen=True, slots=True)
class _Answer:
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
