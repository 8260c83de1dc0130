"""guard.json, beside the ledger: what the plugin holds calls to. It is always whole, and private to its owner."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from opencode_tui.paths import CONFIG_VARIABLE, VARIABLE_PREFIX, WEBHOOK_VARIABLE, expand
from opencode_tui.settings import Settings

VERSION = 1
_LIMITS = ("timezone", "warning_nano", "cutoff_nano", "projects", "agents")


class StateError(Exception):
    """guard.json cannot be used. The message is one sentence: what, where, what to do."""


@dataclass(frozen=True, slots=True)
class Raised:
    """A cutoff that a person has raised for a day, in nano-dollars."""

    cutoff_nano: int
    until_ms: int


@dataclass(frozen=True, slots=True)
class GuardState:
    ledger: str
    """The ledger's file, which the plugin reads."""
    timezone: str = ""
    warning_nano: int = 0
    cutoff_nano: int = 0
    projects: Mapping[str, int] = field(default_factory=dict)
    """Nano-dollars a day by the project's path."""
    agents: Mapping[str, int] = field(default_factory=dict)
    """Nano-dollars a day by the agent's name."""
    lifted_until_ms: int = 0
    """Until this moment nothing is refused."""
    raised: Raised | None = None
    sync: tuple[str, ...] = ()
    """The command line of our `sync`, which the plugin starts after a call."""
    directory: str = ""
    """Where it is started."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """The variables of our settings that it is started with."""
    config: str = ""
    """The settings' file that the limits come from; empty in a state of before this was kept."""

    def cutoff_at(self, now_ms: int) -> int:
        """The day's cutoff in force, in nano-dollars."""
        raised = self.raised
        return max(raised.cutoff_nano, self.cutoff_nano) if raised and now_ms < raised.until_ms else self.cutoff_nano


def state_file(ledger: Path) -> Path:
    """guard.json of a ledger."""
    return ledger.absolute().with_name("guard.json")


def trouble_file(state: Path) -> Path:
    """Where the plugin notes what is wrong."""
    return state.with_name("guard-trouble.json")


def warned_file(state: Path) -> Path:
    """Where the plugin notes that it has shown the day's warning."""
    return state.with_name("guard-warned.json")


def limits_of(settings: Settings) -> Mapping[str, Any]:
    """The fields of a GuardState that come from the settings. Paths are whole, without links, as OpenCode's are."""
    projects = {os.path.realpath(expand(path)): nano for path, nano in settings.guard.projects.items()}
    budget, agents = settings.budget, dict(settings.guard.agents)
    limits = (settings.timezone, budget.warning_nano, budget.cutoff_nano, projects, agents)
    return dict(zip(_LIMITS, limits, strict=True))


def read_state(file: Path) -> GuardState:
    """The state of a guard. Raises StateError where there is none, or none that can be read."""
    try:
        fields = json.loads(file.read_text(encoding="utf-8"))
        if fields.pop("version") != VERSION:
            raise ValueError("another version of opencode-tui wrote it")
        raised = fields.pop("raised")
        state = GuardState(**fields | {"raised": Raised(**raised) if raised else None, "sync": tuple(fields["sync"])})
        amounts = [state.warning_nano, state.cutoff_nano, state.lifted_until_ms]
        amounts += [*state.projects.values(), *state.agents.values()]
        amounts += [state.raised.cutoff_nano, state.raised.until_ms] if state.raised else []
        if not all(type(amount) is int for amount in amounts):
            raise ValueError("an amount is no number")
        if not isinstance(state.ledger, str) or not isinstance(state.timezone, str):
            raise ValueError("it names no ledger")
        return state
    except OSError as error:
        raise StateError(f"{file} cannot be read ({error.strerror}); run `opencode-tui guard install`") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        reason = error if isinstance(error, ValueError) else "it is not what this version writes"
        raise StateError(f"{file} is broken ({reason}); run `opencode-tui guard install`") from error


def write_state(file: Path, state: GuardState) -> None:
    """Put the state in place, whole or not at all. Raises StateError."""
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as text:
            json.dump({"version": VERSION, **asdict(state)}, text, indent=1)
        fresh.replace(file)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink()
        raise StateError(f"{file} cannot be written ({error.strerror}); name another ledger with --ledger") from error


def change(file: Path, how: Callable[[GuardState], GuardState]) -> GuardState:
    """Read, change and write the state, one process at a time. Raises StateError."""
    with _alone(file.parent):
        old = read_state(file)
        new = how(old)
        if new != old:
            write_state(file, new)
    return new


def own_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of our settings; where config.toml is and the webhook's secret are not among them."""
    apart = (CONFIG_VARIABLE, WEBHOOK_VARIABLE)
    return {name: text for name, text in environ.items() if name.startswith(VARIABLE_PREFIX) and name not in apart}


def refresh(settings: Settings, ledger: Path, config: Path, environ: Mapping[str, str]) -> bool:
    """Bring the limits of a ledger's guard to settings that were read just now; True if they changed.

    Only settings from the guard's own sources count: another config.toml, or a variable that one shell has and cron
    has not, must not move the cutoff to and fro. Without a guard it costs one look for its file. What a person has
    lifted or raised stays. A state that cannot be read or written is left to `guard status`.
    """
    file = state_file(ledger)
    if not file.exists():
        return False
    try:
        before = read_state(file)
        if before.config and (before.config, before.environment) != (str(config), own_variables(environ)):
            return False
        limits = limits_of(settings)
        return before != replace(before, **limits) and change(file, lambda state: replace(state, **limits)) != before
    except StateError:
        return False


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    try:
        handle = os.open(directory, os.O_RDONLY)
    except OSError as error:
        raise StateError(f"{directory} cannot be read ({error.strerror}); run `opencode-tui guard install`") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
