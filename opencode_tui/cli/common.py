"""Shared by all commands: load the settings, open the ledger, and sync it with the stores."""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from opencode_tui import paths
from opencode_tui.cli import EXIT_USAGE, Trouble, without_controls
from opencode_tui.clock import Calendar, calendar_for, monotonic_s, now_ms
from opencode_tui.config import SettingsError, load_settings
from opencode_tui.config.settings import Settings
from opencode_tui.guard.state import refresh, with_raised_cutoff
from opencode_tui.ledger.bounds import all_read
from opencode_tui.ledger.busy import is_busy
from opencode_tui.ledger.ledger import Ledger, LedgerError
from opencode_tui.readings.context import Context, UnknownSession, context_of
from opencode_tui.records.stores import StoreState
from opencode_tui.sync import Sync

if TYPE_CHECKING:
    from opencode_tui.accounts.service import Service
    from opencode_tui.accounts.sign_ins import SignInSource

__all__ = ["Trouble"]

WAIT_S = 2.0
"""Seconds that a command waits in total for a locked ledger."""
NOTIFIER_S = 20.0
"""Seconds that the notifier's threads wait for it, since an unrecorded delivery would be repeated."""


def say_trouble(sentence: str) -> None:
    """Print a trouble that does not keep the command from going on."""
    print(f"opencode-tui: {sentence}", file=sys.stderr)


def settings_for(arguments: argparse.Namespace) -> Settings:
    """Load the settings with this command line's flags, and update the guard's limits. Raises Trouble."""
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
    # Only here, since commands change their copy of the settings later.
    refresh(settings, ledger_path(settings), config_of(arguments), os.environ)
    return settings


def config_of(arguments: argparse.Namespace) -> Path:
    """The path of this command line's config.toml, which need not exist."""
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


def open_ledger(settings: Settings, busy_s: float | None = None) -> Ledger:
    """Open the settings' ledger. Raises Trouble."""
    path = ledger_path(settings)
    try:
        return Ledger(path, WAIT_S if busy_s is None else busy_s)
    except LedgerError as error:
        raise Trouble(fault_of(path, error)) from None
    except Exception as error:
        raise Trouble(fault_of(path, error)) from error


def usable_ledger(settings: Settings) -> Path:
    """The path of the settings' ledger, which is opened and closed once. Raises Trouble if it cannot be used.

    For commands whose own threads open it later: an unusable ledger is reported before they start.
    """
    with using_ledger(settings) as ledger:
        return ledger.path


def ledger_path(settings: Settings) -> Path:
    """The path of the settings' ledger, which need not exist. Raises Trouble."""
    try:
        return settings.ledger or paths.ledger_file()
    except ValueError as error:
        raise Trouble(str(error)) from None


@contextmanager
def using_ledger(settings: Settings, busy_s: float | None = None) -> Iterator[Ledger]:
    """A context manager that opens and closes the settings' ledger.

    Turns errors of the ledger in the block into Trouble; a damaged page can raise any of them.
    """
    ledger = open_ledger(settings, busy_s)
    try:
        yield ledger
    except (Trouble, OSError):  # an OSError is about the output
        raise
    except Exception as error:
        raise Trouble(fault_of(ledger.path, error)) from error
    finally:
        ledger.close()


def fault_of(path: Path, error: BaseException) -> str:
    """One sentence about an error of the ledger."""
    if is_busy(error) or (isinstance(error, LedgerError) and is_busy(error.__cause__)):
        return f"the ledger {path} is locked by another process; try again once that has ended"
    if isinstance(error, LedgerError):
        return str(error)
    reason = str(error) if isinstance(error, sqlite3.Error) else f"{type(error).__name__}: {error}"
    return (
        f"the ledger {path} cannot be used ({without_controls(reason)}); if it is damaged, restore a backup, or move it"
        " away: what OpenCode still has is read again"
    )


class Opened(Struct, frozen=True):
    """The settings, the ledger and the sync of a command, after the stores were read."""

    settings: Settings
    ledger: Ledger
    sync: Sync
    states: tuple[StoreState, ...]

    @property
    def whole(self) -> bool:
        """Whether every store was read completely; else sums are lower bounds."""
        return all_read(self.states)

    @property
    def calendar(self) -> Calendar:
        return calendar_for(self.settings.timezone)

    @property
    def sign_ins(self) -> SignInSource:
        """Where OpenCode's sign-ins are looked up."""
        from opencode_tui.accounts.sign_ins import SignInSource

        return SignInSource(self.sync.environ, self.sync.data_dirs)

    def in_force(self, at_ms: int) -> Settings:
        """The settings with the cutoff that was raised for today, if one was."""
        return with_raised_cutoff(self.settings, self.ledger.path, at_ms)

    @contextmanager
    def reading(self, at_ms: int) -> Iterator[Context]:
        """The context of readings at a moment in Unix milliseconds."""
        with self.ledger.reading() as connection:
            yield context_of(self.sync, connection, at_ms, self.in_force(at_ms), self.states)


@contextmanager
def opened(
    arguments: argparse.Namespace,
    wait_s: float | None = None,
    *,
    prices: bool = False,
    change: Callable[[Settings], Settings] = lambda settings: settings,
    say: Callable[[str], None] = say_trouble,
) -> Iterator[Opened]:
    """A context manager with the settings, the ledger and the finished sync.

    `change` adjusts the settings after the guard got its limits; `say` gets each trouble of the stores. Turns errors of
    the ledger in the block into Trouble, and UnknownSession into Trouble with exit code 2.
    """
    settings = change(settings_for(arguments))
    with using_ledger(settings, wait_s) as ledger:
        at = look(settings, ledger, wait_s, prices=prices, say=say)
        try:
            yield at
        except UnknownSession as error:
            raise Trouble(f"{error}; `opencode-tui sessions` lists those there are", EXIT_USAGE) from None
        finally:
            at.sync.close()


def look(
    settings: Settings,
    ledger: Ledger,
    wait_s: float | None = None,
    *,
    prices: bool = False,
    say: Callable[[str], None] = say_trouble,
) -> Opened:
    """Sync like `synced`, but use the ledger as it is if that takes too long.

    Waits at most `wait_s` seconds for a locked ledger, or for the next progress of another process's import.
    """
    sync, patience = new_sync(settings, ledger), _Patience(WAIT_S if wait_s is None else wait_s)
    detail = ""
    try:
        sync.poll(lambda: patience.see(sync))
    except _Enough:
        pass
    except sqlite3.Error as error:
        if not is_busy(error):
            raise Trouble(fault_of(ledger.path, error)) from error
        detail = f"the ledger {ledger.path} is locked by another process: what it has is shown, what is new is not"
    finally:
        sync.close()
    states = sync.states
    if detail:
        states = tuple(replace(state, state="locked", detail=detail) for state in states)
    _complain(sync, states, prices=prices, say=say)
    return Opened(settings, ledger, sync, states)


def ask_now(at: Opened, *services: Service) -> None:
    """Ask these of OpenCode's services, if they are turned on and due; a locked ledger leaves it at the last answers.

    What goes wrong there is part of what the ledger then knows of the service.
    """
    from opencode_tui.accounts.asking import ask_services

    try:
        ask_services(at.ledger, at.settings, at.sign_ins, now_ms, services)
    except sqlite3.Error as error:
        if not is_busy(error):
            raise


class _Enough(Exception):
    """Ends the wait for another process's import."""


class _Patience:
    """Raises _Enough when an import makes no progress for `wait_s` seconds."""

    def __init__(self, wait_s: float) -> None:
        self._wait_s, self._imported, self._since_s = wait_s, -1, monotonic_s()

    def see(self, sync: Sync) -> None:
        imported = sum(state.imported for state in sync.states)
        if imported != self._imported:
            self._imported, self._since_s = imported, monotonic_s()
        elif monotonic_s() - self._since_s > self._wait_s:
            raise _Enough


def synced(
    settings: Settings, ledger: Ledger, report: Callable[[Sync], None] = lambda _: None, *, prices: bool = False
) -> Sync:
    """Read everything new and return the closed sync.

    Prints troubles of stores and of new calls' prices on standard error; with `prices`, those of all of today's prices.
    The sync reopens its files if it is asked for more. Raises Trouble if the ledger cannot be written.
    """
    sync = new_sync(settings, ledger)
    try:
        sync.poll(lambda: report(sync))
    except sqlite3.Error as error:
        raise Trouble(fault_of(ledger.path, error)) from error
    finally:
        sync.close()
    if settings.pricing.prefer == "list":
        from opencode_tui.guard.prices import refresh_list_prices

        with suppress(sqlite3.Error):
            refresh_list_prices(ledger.path, ledger.connection, sync.book, now_ms())
    _complain(sync, sync.states, prices=prices)
    return sync


def new_sync(settings: Settings, ledger: Ledger) -> Sync:
    """A sync that has read nothing yet. Raises Trouble."""
    try:
        return Sync(ledger, settings, os.environ)
    except ValueError as error:
        raise Trouble(f"{error}; name OpenCode's data directory with --data-dir") from None


def no_store(data_dirs: Sequence[Path]) -> str:
    """One sentence that these directories hold no store."""
    places = ", ".join(map(str, data_dirs))
    return f"no OpenCode store in {places}; --data-dir names another place"


def _complain(
    sync: Sync, states: tuple[StoreState, ...], *, prices: bool, say: Callable[[str], None] = say_trouble
) -> None:
    """Say each trouble of the stores and their prices once."""
    complaints = [*sync.notices, *(state.detail for state in states if state.state != "live")]
    complaints += sync.look_at_prices() if prices else sync.book.problems
    if not states:
        complaints.append(no_store(sync.data_dirs))
    for sentence in dict.fromkeys(complaints):
        say(sentence)
