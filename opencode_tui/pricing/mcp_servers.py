"""The MCP servers in OpenCode's configuration, and whether their tools are offered to the models.

A server stands under `mcp` by its name, and one file can switch off by `"enabled": false` what another one describes.
Its tools are called `<name>_<tool>`; `tools` and `permission` can take them away by a pattern such as `name*`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from msgspec import Struct, field

from opencode_tui.pricing.models_dev import json_table_of

_DESCRIPTION = ("type", "command", "url")
_OTHER_CHARACTERS = re.compile(r"[^A-Za-z0-9_-]")


class Servers(Struct, frozen=True):
    """What one file says about MCP servers."""

    described: frozenset[str] = frozenset()
    enabled: Mapping[str, bool] = field(default_factory=dict)
    """By name, of those of which it says so."""
    denied: tuple[str, ...] = ()
    """Patterns of the tools that it takes away."""

    def says_something_of(self, name: str) -> bool:
        return name in self.described or name in self.enabled


NO_SERVERS = Servers()


def servers_in(data: Mapping[str, object]) -> Servers:
    """What a parsed configuration says; what is no server is passed over."""
    entries = {name: json_table_of(entry) for name, entry in json_table_of(data.get("mcp")).items()}
    switches = {name: entry.get("enabled") for name, entry in entries.items()}
    tools, permissions = json_table_of(data.get("tools")), json_table_of(data.get("permission"))
    off = [name for name, is_on in tools.items() if is_on is False]
    denied = [name for name, action in permissions.items() if action == "deny"]
    return Servers(
        frozenset(name for name, entry in entries.items() if any(key in entry for key in _DESCRIPTION)),
        {name: switch for name, switch in switches.items() if isinstance(switch, bool)},
        (*off, *denied),
    )


def tool_prefix(server: str) -> str:
    """How the names of a server's tools begin in OpenCode."""
    return f"{_OTHER_CHARACTERS.sub('_', server)}_"


def offered(files: Iterable[tuple[Servers, int | None]]) -> dict[str, int]:
    """The servers that are certain to be offered, each with the latest of the times of the files that name it.

    The files come in OpenCode's order, a later one wins. A server that a file without a time names is left out.
    """
    said = list(files)
    denied = [pattern for servers, _ in said for pattern in servers.denied]
    found: dict[str, int] = {}
    for name in sorted({name for servers, _ in said for name in servers.described}):
        switches = [servers.enabled[name] for servers, _ in said if name in servers.enabled]
        times = [at_ms for servers, at_ms in said if servers.says_something_of(name)]
        known = [at_ms for at_ms in times if at_ms is not None]
        if (not switches or switches[-1]) and len(known) == len(times) and not _is_denied(name, denied):
            found[name] = max(known)
    return found


def _is_denied(name: str, patterns: Iterable[str]) -> bool:
    """Whether a pattern takes some of its tools away: then it is not certain what is left."""
    prefix = tool_prefix(name)
    return any(
        pattern.startswith(prefix) or any(fnmatchcase(each, pattern) for each in (name, prefix, f"{prefix}tool"))
        for pattern in patterns
    )
