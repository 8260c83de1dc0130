"""How the guard is doing, for `guard status` and the dashboard."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from opencode_tui.clock import Calendar, calendar_for
from opencode_tui.guard.install import MARK, installed_state, plugin_file, plugin_text
from opencode_tui.guard.state import GuardState, StateError, read_state, state_file, trouble_file
from opencode_tui.paths import tilde
from opencode_tui.settings import Settings

Condition = Literal["guarded", "lifted", "trouble", "absent", "elsewhere", "opencode 2"]

_INSTALL = "`opencode-tui guard install`"
_STORES_OF_2 = "SELECT 1 FROM store WHERE key LIKE '%#session_message' LIMIT 1"


@dataclass(frozen=True, slots=True)
class GuardStatus:
    guarded: bool
    """OpenCode's next call is refused once a line is crossed. False while the guard is lifted."""
    condition: Condition
    words: str
    """The condition in two or three words."""
    detail: str
    """One sentence: what is the case and, where it is not well, what to do."""
    plugin: Path
    """Where the plugin stands, or would."""
    state_file: Path
    warning_nano: int
    cutoff_nano: int
    """The day's cutoff in force: a raised one while it holds."""
    raised: bool = False
    lifted_until_ms: int | None = None
    trouble: str = ""
    """What the plugin could not do when it was last asked."""
    outdated: bool = False
    """The plugin is of another version of opencode-tui than this."""
    projects: Mapping[str, int] = field(default_factory=dict)
    agents: Mapping[str, int] = field(default_factory=dict)


def guard_status(settings: Settings, ledger: Path, environ: Mapping[str, str], now_ms: int) -> GuardStatus:
    """The guard of a ledger now. Reads four small files and asks the ledger one question."""
    plugin, file = plugin_file(environ), state_file(ledger)
    budget, caps = settings.budget, settings.guard

    def without(condition: Condition, words: str, detail: str) -> GuardStatus:
        limits = (budget.warning_nano, budget.cutoff_nano)
        return GuardStatus(
            False, condition, words, detail, plugin, file, *limits, projects=caps.projects, agents=caps.agents
        )

    named = installed_state(plugin)
    if named is None:
        taken = plugin.exists()
        detail = f"{tilde(plugin)} is not a file of opencode-tui's; move it away, then run {_INSTALL}"
        return without("absent", "not guarded", detail if taken else f"{_INSTALL} puts a guard into OpenCode")
    if named.resolve() != file.resolve():
        detail = f"the guard in OpenCode holds another ledger's limits, by {tilde(named)}; {_INSTALL} turns it to this"
        return without("elsewhere", "not guarded", detail)
    try:
        state = read_state(file)
    except StateError as error:
        return without("trouble", "not guarded", str(error))
    return _of_state(state, plugin, file, now_ms, calendar_for(settings.timezone))


def _of_state(state: GuardState, plugin: Path, file: Path, now_ms: int, calendar: Calendar) -> GuardStatus:
    held, trouble, noted_ms = _trouble(trouble_file(file))
    lifted = now_ms < state.lifted_until_ms
    if uses_opencode_2(Path(state.ledger)):
        condition: Condition = "opencode 2"
        words, detail = "not guarded", "OpenCode 2 does not load plugins of OpenCode 1: what it spends is not held"
    elif trouble and not held:
        since = calendar.moment(noted_ms, now_ms)
        condition, words, detail = "trouble", "not guarded", f"{trouble} (at {since}); {_INSTALL} may put it right"
    elif lifted:
        until = calendar.moment(state.lifted_until_ms, now_ms)
        condition, words = "lifted", f"lifted until {until}"
        detail = f"the guard is lifted until {until}; `opencode-tui guard lift --off` ends that"
    else:
        condition, words, detail = "guarded", "guarded", "OpenCode's next call past the cutoff is refused"
    return GuardStatus(
        guarded=condition == "guarded",
        condition=condition,
        words=words,
        detail=detail,
        plugin=plugin,
        state_file=file,
        warning_nano=state.warning_nano,
        cutoff_nano=state.cutoff_at(now_ms),
        raised=state.cutoff_at(now_ms) > state.cutoff_nano,
        lifted_until_ms=state.lifted_until_ms if lifted else None,
        trouble=trouble,
        outdated=_is_outdated(plugin, file),
        projects=state.projects,
        agents=state.agents,
    )


def uses_opencode_2(ledger: Path) -> bool:
    """Whether the ledger was told calls by a store of OpenCode 2."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(ledger))}?mode=ro", uri=True)) as connection:
            return connection.execute(_STORES_OF_2).fetchone() is not None
    except sqlite3.Error:
        return False


def _is_outdated(plugin: Path, file: Path) -> bool:
    try:
        text = plugin.read_text(encoding="utf-8")
    except OSError:
        return False
    return text.startswith(MARK) and text != plugin_text(file)


def _trouble(file: Path) -> tuple[bool, str, int]:
    """Whether calls are held all the same, what the plugin noted, and when; nothing where all is well."""
    try:
        note = json.loads(file.read_text(encoding="utf-8"))
        reason = "".join(letter for letter in str(note["reason"]) if letter.isprintable())
        return bool(note["held"]), reason, int(note["at_ms"])
    except (OSError, ValueError, KeyError, TypeError):
        return True, "", 0
