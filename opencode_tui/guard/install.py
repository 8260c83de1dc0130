"""The plugin's file in OpenCode's plugin directory: written, looked at, and taken away; never somebody else's."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from opencode_tui.guard.state import trouble_file, warned_file
from opencode_tui.paths import expand

NAME = "opencode-tui-guard.js"
MARK = "// opencode-tui guard:"
"""What our plugin's file begins with."""
_PLACE = '"@STATE_FILE@"'
_NAMED = re.compile(r'^const STATE_FILE = (".*")$', re.MULTILINE)


class PluginError(Exception):
    """The plugin's file cannot be written or removed. The message is one sentence: what, where, what to do."""


def config_dir(environ: Mapping[str, str]) -> Path:
    """OpenCode's configuration directory, which follows XDG on macOS too.

    OPENCODE_CONFIG_DIR only adds another one: OpenCode loads the plugins of both. Raises ValueError where there
    is no home.
    """
    base = environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else expand("~/.config")) / "opencode"


def plugin_file(environ: Mapping[str, str]) -> Path:
    """Where our plugin stands, or would."""
    return config_dir(environ) / "plugin" / NAME


def plugin_text(state: Path) -> str:
    """The plugin that takes its limits from a state file."""
    source = Path(__file__).with_name("plugin.js").read_text(encoding="utf-8")
    return source.replace(_PLACE, json.dumps(str(state)))


def installed_state(plugin: Path) -> Path | None:
    """The state file that the installed plugin reads; None where no plugin of ours stands."""
    text = _text(plugin)
    named = _NAMED.search(text) if text.startswith(MARK) else None
    return Path(json.loads(named[1])) if named else None


def install_plugin(plugin: Path, state: Path) -> None:
    """Write the plugin, or bring it up to date. Raises PluginError."""
    if os.path.lexists(plugin) and not _text(plugin).startswith(MARK):
        raise PluginError(f"{plugin} is not a file of opencode-tui's; move it away")
    fresh = plugin.with_name(f"{plugin.name}.{os.getpid()}")  # no .js at its end: OpenCode does not load it
    try:
        plugin.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(plugin_text(state), encoding="utf-8")
        fresh.replace(plugin)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink()
        raise PluginError(f"{plugin} cannot be written ({error.strerror}); make its directory writable") from error


def remove_plugin(plugin: Path) -> bool:
    """Take the plugin away, with the state that it reads; False where none of ours stands. Raises PluginError."""
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
    """Take away a guard.json and the plugin's notes beside it."""
    for file in (state, trouble_file(state), warned_file(state)):
        with suppress(OSError):
            file.unlink()


def waits_for_npm(environ: Mapping[str, str]) -> bool:
    """Whether OpenCode, where it has a plugin, will wait at its start until npm has given it @opencode-ai/plugin.

    It looks for these names only. Once they are there it never asks again.
    """
    directory = config_dir(environ)
    lock = _text(directory / "package-lock.json")
    return not ((directory / "node_modules").is_dir() and '"@opencode-ai/plugin"' in lock)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
