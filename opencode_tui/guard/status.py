"""The guard's status, for `guard status` and the dashboard."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from opencode_tui.clock import DAY_MS, MINUTE_MS, Calendar, Span, calendar_for
from opencode_tui.config.settings import Settings
from opencode_tui.config.team_budgets import team_budgets, unknown_tags
from opencode_tui.config.team_rows import known_rows
from opencode_tui.guard.files import small_text
from opencode_tui.guard.install import MARK, installed_state, plugin_file, plugin_text
from opencode_tui.guard.state import GuardState, StateError, read_state, state_file
from opencode_tui.guard.troubles import (
    GuardTrouble,
    PluginLoad,
    calls_passed,
    changed_ms,
    plugin_loads,
    troubles_of,
    turned_off,
)
from opencode_tui.guard.turned_off import turned_off_by
from opencode_tui.ledger import queries
from opencode_tui.paths import NoHomeError, tilde
from opencode_tui.records.day import Condition, Guard
from opencode_tui.records.facts import PastLine

NOT_HELD = (
    "`opencode --pure` and `OPENCODE_PURE=1`, which load no plugin, and an OpenCode that is started with another"
    " XDG_CONFIG_HOME, which looks for it elsewhere",
    "OpenCode 1.18: prompts by the HTTP call /api/session/ID/prompt, which run no hook; OpenCode records each as $0, so"
    " they do not count either",
    "OpenCode 2: the HTTP call /api/experimental/generate, which runs no hook either and is recorded nowhere",
)
"""Calls that no plugin can refuse. `generate` in a session and `opencode agent create` are refused but not counted."""
_INSTALL = "`opencode-tui guard install`"
_GRACE_MS = MINUTE_MS
"""Calls within this time after the cutoff was reached are tolerated."""
_CALLS_A_DAY = 500
"""The number of a day's latest calls whose projects are checked."""
_LATELY_MS = 10 * MINUTE_MS
"""Calls past the cutoff count as a trouble for this long."""


class GuardStatus(Struct, frozen=True):
    guarded: bool
    """Whether OpenCode's next call past the cutoff is refused. False while the guard is lifted."""
    condition: Condition
    detail: str
    """One sentence: the state and, if something is wrong, what to do."""
    plugin: Path
    """The plugin's path, installed or not."""
    state_file: Path
    warning_nano: int
    cutoff_nano: int
    """The cutoff in force, raised or not."""
    raised: bool = False
    lifted_until_ms: int | None = None
    troubles: tuple[GuardTrouble, ...] = ()
    """What is wrong with it, troubles that let calls pass first."""
    seen: tuple[PluginLoad, ...] = ()
    """The last start of each OpenCode generation that has loaded it."""
    outdated: bool = False
    """The plugin is of another version of opencode-tui."""
    projects: Mapping[str, int] = field(default_factory=dict)
    agents: Mapping[str, int] = field(default_factory=dict)
    held: Mapping[str, Any] = field(default_factory=dict)
    """Rates, loops, subagents and budgets, as in GuardState."""
    lifts: Mapping[str, int] = field(default_factory=dict)
    """The ends of the lifts of single limits that are active, in Unix milliseconds."""

    @property
    def record(self) -> Guard:
        """The part that a snapshot holds."""
        trouble = self.detail if self.condition == "trouble" else self.trouble
        lifts = tuple(sorted({what.partition(" ")[0] for what in self.lifts}))
        return Guard(self.condition, self.cutoff_nano, self.raised, self.lifted_until_ms, trouble, self._limits, lifts)

    @property
    def _limits(self) -> tuple[str, ...]:
        """What is held beside the cutoff and has a lift of its own."""
        named = {"rate": "rates", "loop": "identical_calls", "subagent": "subagent_nano", "budget": "budgets"}
        return tuple(what for what, field in named.items() if self.held.get(field))

    @property
    def trouble(self) -> str:
        """All troubles in one line."""
        return "; ".join(trouble.sentence for trouble in self.troubles)


def guard_status(
    settings: Settings,
    ledger: Path,
    environ: Mapping[str, str],
    now_ms: int,
    connection: sqlite3.Connection | None = None,
    *,
    days_back: int = 0,
) -> GuardStatus:
    """The current status of a ledger's guard. Reads a few small files.

    With the ledger's connection it also looks for calls past the cutoff, and checks the projects of the latest calls of
    today and `days_back` days before. Raises sqlite3.Error.
    """
    file = state_file(ledger)
    state, broken = _state(file)
    # where it was installed, even if this shell has another XDG_CONFIG_HOME
    plugin = Path(state.plugin) if state and state.plugin else plugin_file(environ)
    named = installed_state(plugin)
    here = named is not None and named.resolve() == file.resolve()
    if not here and not file.exists():
        return _without(settings, plugin, file, named)
    if not here and named is not None:
        return _without(settings, plugin, file, named)
    calendar, held = calendar_for(settings.timezone), state if here else None
    more = _ledger_troubles(connection, calendar, plugin, file, held, environ, now_ms, days_back)
    more = [*more, *_team_troubles(settings, file, now_ms)]
    troubles = troubles_of(plugin, file, broken, is_ours=here, more=more)
    lifted_until_ms = state.lifted_until_ms if state and state.is_lifted(now_ms) else None
    condition, detail = _condition(troubles, lifted_until_ms, calendar, now_ms)
    state = state or GuardState(
        str(ledger), warning_nano=settings.budget.warning_nano, cutoff_nano=settings.budget.cutoff_nano
    )
    return GuardStatus(
        guarded=condition == "guarded",
        condition=condition,
        detail=detail,
        plugin=plugin,
        state_file=file,
        warning_nano=state.warning_nano,
        cutoff_nano=state.cutoff_at(now_ms),
        raised=state.cutoff_at(now_ms) > state.cutoff_nano,
        lifted_until_ms=lifted_until_ms,
        troubles=troubles,
        seen=plugin_loads(file),
        outdated=_is_outdated(plugin, file),
        projects=state.projects,
        agents=state.agents,
        held=state.held,
        lifts=state.lifts_at(now_ms),
    )


def _ledger_troubles(
    connection: sqlite3.Connection | None,
    calendar: Calendar,
    plugin: Path,
    file: Path,
    state: GuardState | None,
    environ: Mapping[str, str],
    now_ms: int,
    days_back: int,
) -> list[GuardTrouble]:
    """Calls past the cutoff, by the ledger, and what turns plugins off where the latest calls were made.

    `state` is that of the installed guard; without it calls past the cutoff are expected.
    """
    found: list[GuardTrouble] = []
    made_in: list[str] = []
    if connection is not None:
        today = calendar.span(calendar.day(now_ms))
        lately = Span(today.start_ms - days_back * DAY_MS, today.end_ms)
        made_in = queries.latest_directories(connection, lately, _CALLS_A_DAY * (1 + days_back))
        past = _passed(connection, today, plugin, file, state, now_ms) if state else None
        found += [calls_passed(past, calendar.moment(past.last_ms, now_ms))] if past else []
    return [*found, *map(turned_off, turned_off_by(environ, made_in))]


def _team_troubles(settings: Settings, state: Path, now_ms: int) -> Iterator[GuardTrouble]:
    """What keeps the team's budgets from being read: those of a file once it is no longer being copied."""
    rows = known_rows(settings)
    if rows.trouble:
        remedy = "the budgets that were known before are held until it is mended"
        yield GuardTrouble("team database", rows.trouble, True, rows.fetched_ms or changed_ms(state), remedy=remedy)
    file = settings.team.budgets_file
    for sentence in unknown_tags(settings):
        since_ms = (changed_ms(file) if file else None) or rows.fetched_ms or changed_ms(state)
        if now_ms - since_ms >= _GRACE_MS:
            yield GuardTrouble("team tag", sentence, True, since_ms, remedy="the other budgets are held")
    if file is None or not (trouble := team_budgets(file).trouble):
        return
    since_ms = changed_ms(file) or changed_ms(state)
    if now_ms - since_ms >= _GRACE_MS:
        remedy = "the team's budgets that were known before are held until it is mended"
        yield GuardTrouble("team file", trouble, True, since_ms, remedy=remedy)


def _condition(
    troubles: tuple[GuardTrouble, ...], lifted_until_ms: int | None, calendar: Calendar, now_ms: int
) -> tuple[Condition, str]:
    """The condition of an installed guard, and a sentence about it."""
    worst = next((trouble for trouble in troubles if not trouble.held), None)
    if worst:
        since = f" (at {calendar.moment(worst.at_ms, now_ms)})" if worst.noted else ""
        return "trouble", f"{worst.sentence}{since}; {worst.remedy}"
    if lifted_until_ms is not None:
        until = calendar.moment(lifted_until_ms, now_ms)
        return "lifted", f"the guard is lifted until {until}; `opencode-tui guard lift --off` ends that"
    return "guarded", "OpenCode's next call past the cutoff is refused"


def guard_record(
    settings: Settings, ledger: Path, environ: Mapping[str, str], now_ms: int, connection: sqlite3.Connection
) -> Guard | None:
    """The guard for readers beyond its own commands; None without a home directory, where no plugin is known.

    Raises sqlite3.Error.
    """
    try:
        return guard_status(settings, ledger, environ, now_ms, connection).record
    except NoHomeError:
        return None


def _passed(
    connection: sqlite3.Connection, today: Span, plugin: Path, file: Path, state: GuardState, now_ms: int
) -> PastLine | None:
    """Today's calls past the cutoff, if any were made recently.

    Calls before the last change of the plugin or its limits, or during a lift, do not count.
    """
    if state.is_lifted(now_ms):
        return None
    lifted_ms = state.lifted_until_ms if state.lifted_until_ms <= now_ms else 0
    since_ms, cutoff_nano = max(changed_ms(plugin), changed_ms(file), lifted_ms), state.cutoff_at(now_ms)
    if queries.latest_ms(connection, today) <= max(since_ms + _GRACE_MS, now_ms - _LATELY_MS):
        return None
    if queries.spend(connection, today) < cutoff_nano:
        return None
    past = queries.past_line(connection, today, cutoff_nano, since_ms, _GRACE_MS)
    return past if past and now_ms - past.last_ms <= _LATELY_MS else None


def _without(settings: Settings, plugin: Path, file: Path, named: Path | None) -> GuardStatus:
    """The status if this ledger's guard is not installed."""
    if named is not None:
        condition: Condition = "elsewhere"
        detail = f"the guard in OpenCode holds another ledger's limits, by {tilde(named)}; {_INSTALL} turns it to this"
    elif plugin.exists():
        condition = "absent"
        detail = f"{tilde(plugin)} is not a file of opencode-tui's; move it away, then run {_INSTALL}"
    else:
        condition, detail = "absent", f"{_INSTALL} puts a guard into OpenCode"
    budget, caps = settings.budget, settings.guard
    limits = (budget.warning_nano, budget.cutoff_nano)
    return GuardStatus(False, condition, detail, plugin, file, *limits, projects=caps.projects, agents=caps.agents)


def _state(file: Path) -> tuple[GuardState | None, str]:
    try:
        return read_state(file), ""
    except StateError as error:
        return None, str(error)


def _is_outdated(plugin: Path, file: Path) -> bool:
    text = small_text(plugin)
    return text.startswith(MARK) and text != plugin_text(file)
