"""What all commands do first: settings, ledger, and reading the stores so that no answer is stale."""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

from opencode_tui import paths
from opencode_tui.cli import EXIT_TROUBLE
from opencode_tui.config import SettingsError, load_settings
from opencode_tui.guard.state import refresh
from opencode_tui.ledger.ledger import Ledger, LedgerError
from opencode_tui.settings import Settings
from opencode_tui.sync import Sync


class Trouble(Exception):
    """The command cannot go on. The message is one sentence: what, where, what to do."""

    def __init__(self, sentence: str, exit_code: int = EXIT_TROUBLE) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


def settings_for(arguments: argparse.Namespace) -> Settings:
    """The settings with this command line's flags on top; a guard is held to them from now on. Raises Trouble."""
    flags = {}
    if (data_dir := getattr(arguments, "data_dir", None)) is not None:
        flags["data_dirs"] = json.dumps([str(_existing_directory(data_dir))])
    if (ledger := getattr(arguments, "ledger", None)) is not None:
        flags["ledger"] = ledger
    file = getattr(arguments, "config", None)
    try:
        settings = load_settings(flags, os.environ, Path(file) if file else None)
    except SettingsError as error:
        raise Trouble(str(error)) from None
    # Here, where they are fresh and whole: what a command or a long day makes of them is not what was set.
    refresh(settings, settings.ledger or paths.ledger_file(), config_of(arguments), os.environ)
    return settings


def config_of(arguments: argparse.Namespace) -> Path:
    """The settings' file of this command line, whether it is there or not."""
    file = getattr(arguments, "config", None)
    return (paths.expand(file) if file else paths.config_file(os.environ)).absolute()


def _existing_directory(text: str) -> Path:
    try:
        place = paths.expand(text)
    except ValueError as error:
        raise Trouble(f"--data-dir: {error}") from None
    if not text or not place.is_dir():
        raise Trouble(
            f"--data-dir {text or '(empty)'}: there is no such directory; name the one that"
            " `opencode debug paths` calls data"
        )
    return place


def open_ledger(settings: Settings) -> Ledger:
    """The ledger that the settings name. Raises Trouble."""
    try:
        return Ledger(settings.ledger or paths.ledger_file())
    except LedgerError as error:
        raise Trouble(str(error)) from None


def synced(
    settings: Settings, ledger: Ledger, report: Callable[[Sync], None] = lambda _: None, *, prices: bool = False
) -> Sync:
    """The sync after it has read all that is new. What is wrong with a store is said on standard error, and so is
    what cannot be read of the prices of new calls; with `prices` of those that count today, new calls or not.

    Its files are closed; asked for more (what OpenCode still has, say) it opens them again.
    Raises Trouble when the ledger cannot be written.
    """
    sync = Sync(ledger, settings, os.environ)
    try:
        sync.poll(lambda: report(sync))
    except sqlite3.Error as error:
        raise Trouble(f"the ledger {ledger.path} cannot be written ({error}); nothing in it was lost") from error
    finally:
        sync.close()
    for notice in sync.notices:
        print(f"opencode-tui: {notice}", file=sys.stderr)
    for state in sync.states:
        if state.state != "live":
            print(f"opencode-tui: {state.detail}", file=sys.stderr)
    for problem in sync.look_at_prices() if prices else sync.book.problems:
        print(f"opencode-tui: {problem}", file=sys.stderr)
    if not sync.states:
        places = ", ".join(str(place) for place in sync.data_dirs)
        print(f"opencode-tui: no OpenCode store in {places}; --data-dir names another place", file=sys.stderr)
    return sync
