"""The address that metrics are served on: one of this machine's own, which nobody else can reach."""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec import Struct

from opencode_tui.config.network_values import is_this_machine


class ListenAddress(Struct, frozen=True):
    host: str
    port: int
    """0 for any that is free."""

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_listen(text: str) -> ListenAddress:
    """Parse `127.0.0.1:9400`, `[::1]:9400` or `localhost:9400`. Raises ValueError with a sentence."""
    wrong = f"{text[:60]!r} is not an address to listen on; write one such as 127.0.0.1:9400"
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(wrong) from None
    if not host or port is None or parts.netloc != text or "@" in text:
        raise ValueError(wrong)
    if not is_this_machine(host):
        raise ValueError(f"{text[:60]!r} could be reached from outside; write an address such as 127.0.0.1:{port}")
    return ListenAddress("127.0.0.1" if host == "localhost" else host, port)


def is_own_host(header: str | None) -> bool:
    """Whether a request's Host header names this machine, and not a name that somebody else has led here."""
    try:
        return is_this_machine(urlsplit(f"//{header or ''}").hostname or "")
    except ValueError:
        return False
