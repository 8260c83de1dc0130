"""Asks a running OpenCode 2 about the plugin's state: on this machine only, and only on request."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from opencode_tui.config.network_values import is_this_machine
from opencode_tui.guard.files import small_text
from opencode_tui.paths import expand

PLUGIN = "opencode-tui-guard"
_TIMEOUT_S = 3.0
_MOST = 4 << 20


class Server(Struct, frozen=True):
    url: str
    password: str = ""


def known_server(environ: Mapping[str, str], url: str = "") -> Server | None:
    """The server at an address, else the one that OpenCode 2 runs for its clients; None if there is none."""
    if url:
        return Server(url, environ.get("OPENCODE_PASSWORD") or environ.get("OPENCODE_SERVER_PASSWORD") or "")
    base = environ.get("XDG_STATE_HOME")
    try:
        home = Path(base) if base else expand("~/.local/state")
        noted = json.loads(small_text(home / "opencode" / "service.json"))
        return Server(str(noted["url"]), str(noted.get("password", "")))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def ask_server(server: Server) -> str:
    """What the server says of our plugin in a few words, or why it cannot be asked."""
    try:
        address = urlsplit(server.url)
        host, port = address.hostname or "", address.port or 80
    except ValueError:
        return "that is no address of a server"
    if address.scheme != "http" or not is_this_machine(host):  # its password must not leave this machine
        return f"{host or 'that'} is not this machine, so it is not asked"
    from http.client import HTTPConnection, HTTPException

    connection = HTTPConnection(host, port, timeout=_TIMEOUT_S)
    try:
        login = b64encode(f"opencode:{server.password}".encode()).decode()
        connection.request("GET", "/api/plugin", headers={"authorization": f"Basic {login}"})
        answer = connection.getresponse()
        body = answer.read(_MOST)
        if answer.status == 401:
            return "it wants a password: put it into OPENCODE_PASSWORD"
        return _said(json.loads(body)["data"]) if answer.status == 200 else f"it answers with status {answer.status}"
    except (OSError, HTTPException) as error:
        return f"it does not answer ({type(error).__name__})"
    except (ValueError, KeyError, TypeError, RecursionError):
        return "it does not answer as OpenCode 2 does"
    finally:
        connection.close()


def _said(plugins: object) -> str:
    for plugin in plugins if isinstance(plugins, list) else []:
        if isinstance(plugin, dict) and plugin.get("id") == PLUGIN:
            state = plugin.get("state")
            status = str(state.get("status", "unknown") if isinstance(state, dict) else "unknown")
            return f"the plugin is {''.join(letter for letter in status[:40] if letter.isalnum())}"
    return "it has not loaded the plugin"
