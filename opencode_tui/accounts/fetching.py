"""A GET with a secret in its header, limited in time and size.

No redirect is followed, so that the secret goes nowhere else. What went wrong is said in words of ours: an error of the
library may hold the request, and with it the secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import Thread

from msgspec import Struct

from opencode_tui.accounts.secret import Secret
from opencode_tui.clock import monotonic_s

ASK_TIMEOUT_S = 8.0
"""Seconds until the whole answer has to be there."""
_MOST_BYTES = 4 << 20
_LONGEST_PAUSE_S = 3600


class Fetched(Struct, frozen=True):
    """The answer of a service, or why there is none."""

    status: int = 0
    """The HTTP status; 0 if there was no answer."""
    body: bytes = b""
    location: str = ""
    """Where a redirect leads."""
    pause_s: int = 0
    """For how many seconds the service asks to be left alone."""
    failure: str = ""
    """Why there is no usable answer, in a few words; empty if there is one."""


def fetch(url: str, headers: Mapping[str, Secret], prefix: str = "") -> Fetched:
    """GET an address in ASK_TIMEOUT_S at most; `prefix` stands before each secret, such as `Bearer `. Never raises."""
    if not all(secret.is_sendable for secret in headers.values()):
        return Fetched(failure="the key has characters that no key has")
    exchange = _Exchange(url, headers, prefix)
    # On its own thread, since name lookup and a slow answer have no deadline of their own.
    thread = Thread(target=exchange.run, name="ask OpenCode's service", daemon=True)
    thread.start()
    thread.join(ASK_TIMEOUT_S)
    return exchange.fetched or Fetched(failure=f"no answer within {ASK_TIMEOUT_S:g} s")


class _Exchange:
    def __init__(self, url: str, headers: Mapping[str, Secret], prefix: str) -> None:
        self._url, self._headers, self._prefix = url, headers, prefix
        self._end_s = monotonic_s() + ASK_TIMEOUT_S
        self.fetched: Fetched | None = None

    def run(self) -> None:
        import logging

        import httpx

        for name in ("httpx", "httpcore"):  # these loggers would log the request
            logging.getLogger(name).setLevel(logging.WARNING)
        plain = {"User-Agent": "opencode-tui", "Accept-Encoding": "identity"}
        is_encrypted = not self._url.startswith("http://")  # else no certificates are loaded, which takes a while
        try:
            with (
                httpx.Client(timeout=ASK_TIMEOUT_S, follow_redirects=False, verify=is_encrypted) as client,
                client.stream(
                    "GET",
                    self._url,
                    headers=plain | {name: self._prefix + each.reveal() for name, each in self._headers.items()},
                ) as response,
            ):
                parts, size, failure = [], 0, ""
                for part in response.iter_bytes():
                    size += len(part)
                    if size > _MOST_BYTES or monotonic_s() > self._end_s:
                        failure = "its answer is too large" if size > _MOST_BYTES else "it answers too slowly"
                        break
                    parts.append(part)
                self.fetched = Fetched(
                    response.status_code,
                    b"" if failure else b"".join(parts),
                    response.headers.get("location", "")[:2000],
                    _pause_s(response.headers.get("retry-after", "")),
                    failure,
                )
        except httpx.TimeoutException:
            self.fetched = Fetched(failure="no answer in time")
        except httpx.ConnectError:
            self.fetched = Fetched(failure="no connection")
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, ValueError):
            self.fetched = Fetched(failure="its address is not one of http or https")
        except Exception as error:
            self.fetched = Fetched(failure=f"the connection failed ({type(error).__name__})")


def _pause_s(text: str) -> int:
    """The seconds of `Retry-After`; 0 if it has none."""
    return min(int(text), _LONGEST_PAUSE_S) if text.isascii() and text.isdigit() and len(text) < 10 else 0
