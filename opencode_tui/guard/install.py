"""Installs, inspects and removes the plugin's file in OpenCode's plugin directory, and never touches other files."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

from opencode_tui.guard.files import PUBLIC, put_in_place, small_text
from opencode_tui.guard.state import seen_file, trouble_file, warned_file
from opencode_tui.ledger.environments import environments_beside
from opencode_tui.paths import expand

NAME = "opencode-tui-guard.js"
MARK = "// opencode-tui guard:"
"""The first line of our plugin's file."""
_PARTS = (
    *("head", "words", "held_words", "days", "limits", "state", "prices", "sessions", "spending", "older", "sync"),
    *("scopes", "rates", "loops", "budgets", "held", "guard", "fetch", "entry"),
)
_PLACE, _BUILD = '"@STATE_FILE@"', "@BUILD@"
_NAMED = re.compile(r'^const STATE_FILE = (".*")$', re.MULTILINE)


class PluginError(Exception):
    """The plugin's file cannot be written or removed. The message is one sentence."""


def config_dir(environ: Mapping[str, str]) -> Path:
    """OpenCode's configuration directory, which follows XDG on macOS too.

    OPENCODE_CONFIG_DIR only adds a second one: OpenCode loads the plugins of both. Raises NoHomeError.
    """
    base = environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else expand("~/.config")) / "opencode"


def plugin_file(environ: Mapping[str, str]) -> Path:
    """The path of our plugin, installed or not."""
    return config_dir(environ) / "plugin" / NAME


def plugin_text(state: Path) -> str:
    """The plugin's source for a state file."""
    source, build = _source()
    return source.replace(_BUILD, build).replace(_PLACE, json.dumps(str(state)))


def build() -> str:
    """The fingerprint of this version's plugin, which a running plugin notes."""
    return _source()[1]


@cache
def _source() -> tuple[str, str]:
    """The plugin's parts joined into one file, and its fingerprint."""
    import hashlib

    folder = Path(__file__).with_name("plugin")
    source = "\n".join((folder / f"{part}.js").read_text(encoding="utf-8") for part in _PARTS)
    return source, hashlib.sha256(source.encode()).hexdigest()[:12]


def installed_state(plugin: Path) -> Path | None:
    """The state file that the installed plugin reads; None if our plugin is not installed."""
    text = small_text(plugin)
    named = _NAMED.search(text) if text.startswith(MARK) else None
    if named is None:
        return None
    try:
        return Path(json.loads(named[1]))
    except ValueError:
        return None


def install_plugin(plugin: Path, state: Path) -> None:
    """Install or update the plugin. Raises PluginError."""
    if os.path.lexists(plugin) and not small_text(plugin).startswith(MARK):
        raise PluginError(f"{plugin} is not a file of opencode-tui's; move it away")
    try:
        str(state).encode()
    except UnicodeEncodeError:  # OpenCode can only open UTF-8 paths
        raise PluginError("the ledger's path is not UTF-8; name another one with --ledger") from None
    try:
        plugin.parent.mkdir(parents=True, exist_ok=True)
        put_in_place(plugin, plugin_text(state), PUBLIC)
    except OSError as error:
        raise PluginError(f"{plugin} cannot be written ({error.strerror}); make its directory writable") from error


def remove_plugin(plugin: Path) -> bool:
    """Remove the plugin and its state. Returns False if our plugin is not installed. Raises PluginError."""
    state = installed_state(plugin)
    if state is None:
        return False
    try:
        plugin.unlink()
    except OSError as error:
        raise PluginError(f"{plugin} cannot be removed ({error.strerror}); delete it yourself") from error
    remove_state(state)
    return True


def remove_state(state: Path) -> None:
    """Remove a guard.json and the plugin's notes beside it."""
    for file in (
        state,
        trouble_file(state),
        warned_file(state),
        environments_beside(state),
        *(seen_file(state, each) for each in (1, 2)),
    ):
        with suppress(OSError):
            file.unlink()


def waits_for_npm(environ: Mapping[str, str]) -> bool:
    """Whether OpenCode will wait for npm to install @opencode-ai/plugin at its next start with a plugin.

    OpenCode checks for these names only, and once they exist it does not wait again.
    """
    directory = config_dir(environ)
    lock = small_text(directory / "package-lock.json", most=64 << 20)
    return not ((directory / "node_modules").is_dir() and '"@opencode-ai/plugin"' in lock)
