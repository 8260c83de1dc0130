"""guard.json beside the ledger: the limits that the plugin enforces. Written atomically, readable by its owner only."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import sleep
from typing import Any

from msgspec import Struct, field, to_builtins
from msgspec.structs import replace

from opencode_tui.clock import DAY_MS, Clock, Span, calendar_for, monotonic_s, now_ms
from opencode_tui.config.settings import Settings
from opencode_tui.guard.files import PRIVATE, exposure, put_in_place, read_small
from opencode_tui.guard.held import held_limits
from opencode_tui.guard.price_rows import own_price_rows
from opencode_tui.paths import CONFIG_VARIABLE, VARIABLE_PREFIX, WEBHOOK_VARIABLE, expand

STATE_VERSION = 1
DAYS_AHEAD = 62
"""How many days guard.json lists in advance: the guard works this long without another of our programs running."""
LONGEST_LIFT_MS = 7 * DAY_MS
LONGEST_RAISE_MS = 2 * DAY_MS
"""A day plus a margin for changes of the clock."""
_LIMITS = ("timezone", "days", "warning_nano", "cutoff_nano", "projects", "agents", "prices", "held")
_INSTALL = "run `opencode-tui guard install`"
_PATIENCE_S, _PAUSE_S = 2.0, 0.02
"""Seconds to wait for another process that is changing the state, and between two attempts."""


class StateError(Exception):
    """guard.json cannot be used. The message is one sentence."""


class Raised(Struct, frozen=True):
    """A cutoff that was raised for a day, in nano-dollars."""

    cutoff_nano: int
    until_ms: int


class GuardState(Struct, frozen=True):
    ledger: str
    """The ledger's file, which the plugin reads."""
    timezone: str = ""
    warning_nano: int = 0
    cutoff_nano: int = 0
    projects: Mapping[str, int] = field(default_factory=dict)
    """Nano-dollars per day by project path."""
    agents: Mapping[str, int] = field(default_factory=dict)
    """Nano-dollars per day by agent."""
    lifted_until_ms: int = 0
    """All calls pass until this moment."""
    raised: Raised | None = None
    sync: tuple[str, ...] = ()
    """The command line of our `sync`, which the plugin runs after a call."""
    directory: str = ""
    """The working directory of `sync`."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """The environment variables of `sync` that are our settings."""
    config: str = ""
    """The config.toml that the limits are from; empty in the state of an older version."""
    days: tuple[int, ...] = ()
    """The starts of consecutive days from yesterday on, in Unix milliseconds."""
    prices: Mapping[str, Any] = field(default_factory=lambda: {"prefer": "recorded", "custom": {}, "list": {}})
    """The plugin's prices: `prefer`, `custom` and `changes` by model key, `list` by directory, provider and model.

    A price is rows of (above which context, input, output, cache read, cache write) in nano-dollars per million tokens.
    `changes` has, of own prices that hold from a day on or at some hours, what each becomes when: (Unix milliseconds,
    price or None) for as long as `days` has days.
    """
    plugin: str = ""
    """The plugin's file; empty in the state of an older version."""
    held: Mapping[str, Any] = field(default_factory=dict)
    """Rates, loops, subagents and budgets; see guard/held.py. Empty in the state of an older version."""
    lifts: Mapping[str, int] = field(default_factory=dict)
    """Until when `rate`, `loop`, `subagent`, `budget` or `budget NAME` let calls pass, in Unix milliseconds."""

    def cutoff_at(self, now_ms: int) -> int:
        """The day's cutoff in force, in nano-dollars."""
        return max(self.raised_at(now_ms), self.cutoff_nano)

    def raised_at(self, now_ms: int) -> int:
        """The raised cutoff at a moment, in nano-dollars; 0 without one."""
        raised = self.raised
        return raised.cutoff_nano if raised and 0 < raised.until_ms - now_ms <= LONGEST_RAISE_MS else 0

    def is_lifted(self, now_ms: int) -> bool:
        """Whether a lift is active. One that ends later than any lift can (the clock was ahead) is not."""
        return 0 < self.lifted_until_ms - now_ms <= LONGEST_LIFT_MS

    def lifts_at(self, now_ms: int) -> Mapping[str, int]:
        """The ends of the lifts of single limits that are active."""
        return {what: until for what, until in self.lifts.items() if 0 < until - now_ms <= LONGEST_LIFT_MS}


def with_raised_cutoff(settings: Settings, ledger: Path, now_ms: int) -> Settings:
    """The settings with the cutoff that was raised for today, if one was.

    A guard that is not installed, or whose state cannot be used, raises nothing.
    """
    file = state_file(ledger)
    try:
        raised = read_state(file).raised_at(now_ms) if file.exists() else 0
    except StateError:
        raised = 0
    if raised <= settings.budget.cutoff_nano:
        return settings
    return replace(settings, budget=replace(settings.budget, cutoff_nano=raised))


def state_file(ledger: Path) -> Path:
    """The path of a ledger's guard.json."""
    return ledger.absolute().with_name("guard.json")


def trouble_file(state: Path) -> Path:
    """The file in which the plugin notes its troubles."""
    return state.with_name("guard-trouble.json")


def warned_file(state: Path) -> Path:
    """The file in which the plugin notes that it has shown the day's warning."""
    return state.with_name("guard-warned.json")


def seen_file(state: Path, generation: int) -> Path:
    """The file in which the plugin notes that an OpenCode of a generation (1 or 2) has loaded it."""
    return state.with_name(f"guard-seen-{generation}.json")


def limits_of(settings: Settings, now_ms: int, before: GuardState | None = None) -> Mapping[str, Any]:
    """The fields of a GuardState that come from the settings; list prices are kept from `before`.

    Paths are resolved, as OpenCode's are, and the plugin resolves links again.
    """
    projects = {os.path.realpath(expand(path)): nano for path, nano in settings.guard.projects.items()}
    budget, agents, pricing = settings.budget, dict(settings.guard.agents), settings.pricing
    calendar = calendar_for(settings.timezone)
    yesterday = calendar.day(now_ms) - timedelta(days=1)
    starts = {calendar.start_of(yesterday + timedelta(days=each)) for each in range(DAYS_AHEAD + 2)}
    days = tuple(sorted(starts))
    listed = before.prices["list"] if before and pricing.prefer == "list" else {}
    prices = {"prefer": pricing.prefer, **own_price_rows(pricing, Span(days[0], days[-1])), "list": listed}
    limits = (
        settings.timezone,
        days,
        budget.warning_nano,
        budget.cutoff_nano,
        projects,
        agents,
        prices,
        held_limits(settings, calendar, days, before.held if before else {}),
    )
    return dict(zip(_LIMITS, limits, strict=True))


def read_state(file: Path) -> GuardState:
    """Read a guard's state. Raises StateError if it is missing or invalid."""
    try:
        fields = json.loads(read_small(file))
        if fields.pop("version") != STATE_VERSION:
            raise ValueError("another version of opencode-tui wrote it")
        raised = fields.pop("raised")
        lists = {name: tuple(fields[name]) for name in ("sync", "days") if name in fields}
        return _checked(GuardState(**fields | lists | {"raised": Raised(**raised) if raised else None}))
    except OSError as error:
        raise StateError(f"{file} cannot be read ({error.strerror}); {_INSTALL}") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        reason = error if type(error) is ValueError or isinstance(error, json.JSONDecodeError) else ""
        raise StateError(f"{file} is broken ({reason or 'it is not what this version writes'}); {_INSTALL}") from error


def _checked(state: GuardState) -> GuardState:
    """The state if the plugin can use it, else raises ValueError or a similar error."""
    amounts = [state.warning_nano, state.cutoff_nano, state.lifted_until_ms, *state.days]
    amounts += [*state.projects.values(), *state.agents.values(), *state.lifts.values()]
    amounts += [state.raised.cutoff_nano, state.raised.until_ms] if state.raised else []
    if not all(type(amount) is int for amount in amounts):
        raise ValueError("an amount is no number")
    if min(state.warning_nano, state.cutoff_nano, *state.projects.values(), *state.agents.values()) < 0:
        raise ValueError("an amount is below 0")
    if not isinstance(state.ledger, str) or not isinstance(state.timezone, str):
        raise ValueError("it names no ledger")
    if any(later <= earlier for earlier, later in zip(state.days, state.days[1:], strict=False)):
        raise ValueError("its days are no days")
    if not {"prefer", "custom", "list"} <= state.prices.keys():
        raise ValueError("it has no prices")
    if not isinstance(state.held, dict):
        raise ValueError("what it holds is no table")
    return state


def write_state(file: Path, state: GuardState) -> None:
    """Write the state atomically. Raises StateError."""
    try:
        put_in_place(file, json.dumps({"version": STATE_VERSION, **to_builtins(state)}, indent=1), PRIVATE)
    except OSError as error:
        raise StateError(f"{file} cannot be written ({error.strerror}); name another ledger with --ledger") from error


def change(file: Path, how: Callable[[GuardState], GuardState]) -> GuardState:
    """Read, change and write the state under a lock. Raises StateError."""
    with _alone(file.parent):
        if who := exposure(file):  # a file that others may have put there must not be trusted
            raise StateError(f"{file} can be changed by others ({who}); {_INSTALL}")
        old = read_state(file)
        new = how(old)
        if new != old:
            write_state(file, new)
    return new


def own_variables(environ: Mapping[str, str], timezone: str) -> dict[str, str]:
    """The environment variables that the settings depend on, without config.toml's path and the webhook's secret.

    TZ is included if the settings name no time zone.
    """
    apart = (CONFIG_VARIABLE, WEBHOOK_VARIABLE)
    ours = {name: text for name, text in environ.items() if name.startswith(VARIABLE_PREFIX) and name not in apart}
    return ours if timezone or "TZ" not in environ else ours | {"TZ": environ["TZ"]}


def refresh(
    settings: Settings, ledger: Path, config: Path, environ: Mapping[str, str], clock: Clock | None = None
) -> bool:
    """Update the limits of a ledger's guard from freshly read settings. Returns whether they changed.

    Only settings from the guard's own config.toml and variables count, so that differing shells do not move the cutoff
    to and fro. Lifts and raises are kept. Errors of the state are ignored, since `guard status` reports them.
    """
    file = state_file(ledger)
    if not file.exists():
        return False
    try:
        before = read_state(file)
        sources = (str(config), own_variables(environ, settings.timezone))
        if before.config and (before.config, before.environment) != sources:
            return False
        now = (clock or now_ms)()

        def fresh(state: GuardState) -> GuardState:
            return replace(state, **limits_of(settings, now, state))

        return before != fresh(before) and change(file, fresh) != before
    except (StateError, ValueError):
        return False


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    try:
        handle = os.open(directory, os.O_RDONLY)
    except OSError as error:
        raise StateError(f"{directory} cannot be read ({error.strerror}); run `opencode-tui guard install`") from error
    try:
        end_s = monotonic_s() + _PATIENCE_S
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if monotonic_s() > end_s:
                    raise StateError(f"another process holds {directory}; try again once that has ended") from None
                sleep(_PAUSE_S)
        yield
    finally:
        os.close(handle)
