"""Validators of the settings of the network.

Each raises ValueError with the second half of a sentence: what is wrong, and what to write.
"""

from __future__ import annotations

from pathlib import Path

from opencode_tui.config.values import file_path, text_setting


def base_url(value: object) -> str:
    """The address of a service, without a slash at its end: https, or http on this machine.

    A key or a cookie goes to it, so it must not pass a network in the clear.
    """
    from urllib.parse import urlsplit

    text = text_setting(value)
    wrong = "is no address to send a key to; write https://…, or http:// on this machine, without a name or password"
    try:
        parts = urlsplit(text)
        port_is_right = parts.port is None or parts.port > 0
    except ValueError:
        raise ValueError(f"this {wrong}") from None
    host = parts.hostname or ""
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(host))
    if not (safe and host and port_is_right and "@" not in parts.netloc and not parts.query and not parts.fragment):
        raise ValueError(f"{'this' if text else 'an empty text'} {wrong}")
    return text.rstrip("/")


def is_this_machine(host: str) -> bool:
    """Whether a host is this machine by its name or address alone."""
    from ipaddress import ip_address

    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def cookie_file(value: object) -> Path | None:
    """The path of the file that holds the console's cookie; rejects the cookie itself."""
    if isinstance(value, str) and (len(value) > 1000 or value.startswith(("auth=", "Fe26."))):
        raise ValueError("this is a cookie, a secret; put it into a file of its own, and write that file's path here")
    return file_path(value)
