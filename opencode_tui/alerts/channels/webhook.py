"""POSTs the alert as JSON that Slack and those like it understand. The address is a secret: it is told to nobody."""

from __future__ import annotations

import html
import logging
import os
import time
from collections.abc import Callable, Mapping
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
        body, trouble = slack_body(alert), ""
        for pause_s in (0.0, *BACKOFF_S):
            if pause_s:
                self._wait(pause_s)
            answer, again = self._post(body)
            if not trouble and answer.isdecimal() and not again and answer < "3":
                return f"answered {answer}"
            if answer.isdecimal() and answer.startswith("2"):
                return f"answered {answer} after it had failed ({trouble})"
            trouble = f"it answered {answer}" if answer.isdecimal() else answer
            if not again:
                raise ChannelError(trouble)
        raise ChannelError(f"{trouble}, {1 + len(BACKOFF_S)} times")

    def _post(self, body: Mapping[str, Any]) -> tuple[str, bool]:
        """The status, or in words what failed; and whether another try may go better."""
        import httpx

        # These would log the address.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)
        address = self._address()
        try:
            with httpx.stream("POST", address, json=body, timeout=self._timeout_s) as response:
                status = response.status_code
                return str(status), status >= 500 or status in _LATER
        except httpx.TimeoutException:
            return f"no answer within {self._timeout_s:g} s", True
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError, ValueError):
            return "the address is not one of http or https", False
        except httpx.ConnectError:
            return "no connection", True
        except httpx.HTTPError as error:
            # By its kind alone: its message and its request have the address.
            return f"the connection failed ({type(error).__name__})", True


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
            raise ChannelError(f"{paths.tilde(file)} cannot be read ({reason}); see channels.webhook_url_file") from None
    if not address:
        raise ChannelError(f"there is no address; set {paths.WEBHOOK_VARIABLE} or channels.webhook_url_file")
    return address


def make(settings: Settings, environ: Mapping[str, str] = os.environ) -> Webhook:
    return Webhook(lambda: address_of(settings.channels.webhook_url_file, environ))
