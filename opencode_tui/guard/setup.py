"""Installs the guard: the plugin, and the state that it reads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from opencode_tui.config.settings import Settings
from opencode_tui.guard import install
from opencode_tui.guard.files import exposure
from opencode_tui.guard.state import (
    GuardState,
    StateError,
    limits_of,
    own_variables,
    read_state,
    state_file,
    trouble_file,
    write_state,
)
from opencode_tui.records.outcomes import GuardInstalled


class SyncProgram(Struct, frozen=True):
    """How the plugin runs our `sync`, and the settings that hold there."""

    command: tuple[str, ...]
    directory: str
    """Its working directory."""
    config: Path
    """The config.toml, which need not exist."""


def install_guard(
    settings: Settings, ledger: Path, program: SyncProgram, environ: Mapping[str, str], now_ms: int
) -> GuardInstalled:
    """Install or update the guard. A lift and a raise are kept. Raises StateError and PluginError."""
    plugin, file = install.plugin_file(environ), state_file(ledger)
    before = install.installed_state(plugin)
    state = replace(
        _kept(file, ledger),
        ledger=str(ledger),
        sync=program.command,
        directory=program.directory,
        environment=own_variables(environ, settings.timezone),
        config=str(program.config),
        plugin=str(plugin),
    )
    state = replace(state, **limits_of(settings, now_ms, state))
    is_first = not file.exists()
    write_state(file, state)
    try:
        install.install_plugin(plugin, file)
    except install.PluginError:
        if is_first:
            install.remove_state(file)
        raise
    trouble_file(file).unlink(missing_ok=True)  # of the guard as it was before
    if before is not None and before.resolve() != file.resolve():
        install.remove_state(before)
    return GuardInstalled(plugin, state.cutoff_at(now_ms), install.waits_for_npm(environ))


def _kept(file: Path, ledger: Path) -> GuardState:
    """The existing state with its lift and raise, else a new one."""
    try:
        return GuardState(str(ledger)) if exposure(file) else read_state(file)
    except StateError:
        return GuardState(str(ledger))
