"""The guard's troubles, and which OpenCodes have loaded it, from the plugin's notes and from its files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from opencode_tui.guard.files import exposure, small_text
from opencode_tui.guard.state import seen_file, trouble_file
from opencode_tui.money import plural
from opencode_tui.paths import tilde
from opencode_tui.records.facts import PastLine

_MENDS = "`opencode-tui guard install` puts it right"
_MOST = 20
_MAY_MEND = "`opencode-tui guard install` may put it right"


class GuardTrouble(Struct, frozen=True):
    cause: str
    """A short key: the plugin's own for what it noted, else such as `plugin`, `state` or `exposed`."""
    sentence: str
    held: bool
    """Whether the limits are still enforced."""
    at_ms: int
    """When it was noted, else when the files last changed, in Unix milliseconds; identifies the incident."""
    noted: bool = False
    """Whether the plugin noted it."""
    remedy: str = _MENDS


class PluginLoad(Struct, frozen=True):
    """The last start of an OpenCode of one generation that has loaded the plugin."""

    generation: int
    version: str
    at_ms: int
    current: bool
    """Whether it loaded this version's plugin."""


def troubles_of(
    plugin: Path, state: Path, broken: str, *, is_ours: bool, more: Iterable[GuardTrouble] = ()
) -> tuple[GuardTrouble, ...]:
    """Everything that is wrong with an installed guard, troubles that let calls pass first.

    `broken` is the error of its state, if any; `is_ours` says whether its plugin is installed; `more` is added.
    """
    found = [*_seen_from_here(plugin, state, broken, is_ours), *more]
    causes = {trouble.cause for trouble in found}
    found += [noted for noted in _noted(trouble_file(state)) if noted.cause not in causes]
    return tuple(sorted(found, key=lambda trouble: trouble.held))


def plugin_loads(state: Path) -> tuple[PluginLoad, ...]:
    """The last start of each OpenCode generation that has loaded the plugin."""
    from opencode_tui.guard.install import build  # not for `status`, which imports this module for the alerts' settings

    found = []
    for generation in (1, 2):
        note = _note(seen_file(state, generation))
        version, at_ms = note.get("version"), note.get("at_ms")
        if isinstance(version, str) and type(at_ms) is int:
            found.append(PluginLoad(generation, _printable(version)[:40], at_ms, note.get("build") == build()))
    return tuple(found)


def _seen_from_here(plugin: Path, state: Path, broken: str, is_ours: bool) -> Iterator[GuardTrouble]:
    at_ms = max(changed_ms(plugin), changed_ms(state))
    if not is_ours:
        gone = not plugin.exists()
        what = "is gone" if gone else "is not a file of opencode-tui's"
        remedy = _MENDS if gone else f"move it away, then {_MENDS}"
        yield GuardTrouble("plugin", f"the plugin {tilde(plugin)} {what}", False, at_ms, remedy=remedy)
    elif who := exposure(plugin):
        yield GuardTrouble("exposed plugin", f"others can change the plugin {tilde(plugin)} ({who})", True, at_ms)
    if broken:
        sentence, _, _ = broken.rpartition("; ")
        yield GuardTrouble("state", sentence, False, at_ms, remedy="run `opencode-tui guard install`")
    elif who := exposure(state):
        yield GuardTrouble(
            "exposed", f"others can change {tilde(state)} ({who}), so OpenCode keeps no ledger from it", True, at_ms
        )


def calls_passed(past: PastLine, when: str) -> GuardTrouble:
    """The trouble that calls were made past the cutoff, the last of them at `when`."""
    sentence = f"{plural(past.calls, 'call')} past the cutoff {'was' if past.calls == 1 else 'were'} not held"
    remedy = (
        "start again each OpenCode that has run since before the guard, and see what `guard status` says is not held"
    )
    return GuardTrouble("passed", f"{sentence}, the last at {when}", False, past.first_ms, remedy=remedy)


def turned_off(file: Path) -> GuardTrouble:
    """The trouble that a file of OpenCode's configuration turns the guard off; each file has its own cause."""
    name = _printable(tilde(file))
    remedy = 'take "-opencode-tui-guard" or "-*" out of its `plugins`, or put "opencode-tui-guard" behind it'
    return GuardTrouble(
        f"off {name}", f"{name} turns the plugin off in OpenCode 2", False, changed_ms(file), remedy=remedy
    )


def _noted(file: Path) -> Iterator[GuardTrouble]:
    """The troubles that the plugin noted at its last call."""
    note = _note(file)
    # an older plugin that is still loaded notes only one trouble, without a name
    notes = note.get("troubles", [{"cause": "plugin's note", **note}])
    for each in notes[:_MOST] if isinstance(notes, list) else []:
        if not isinstance(each, dict):
            continue
        cause, reason, held, at_ms = (each.get(name) for name in ("cause", "reason", "held", "at_ms"))
        if isinstance(cause, str) and isinstance(reason, str) and isinstance(held, bool) and type(at_ms) is int:
            yield GuardTrouble(_printable(cause)[:60], _printable(reason)[:1000], held, at_ms, True, _MAY_MEND)


def _note(file: Path) -> dict[str, Any]:
    try:
        note = json.loads(small_text(file))
    except (ValueError, RecursionError):
        return {}
    return note if isinstance(note, dict) else {}


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())


def changed_ms(file: Path) -> int:
    """A file's modification time in Unix milliseconds; 0 if there is none."""
    try:
        return file.stat().st_mtime_ns // 1_000_000
    except OSError:
        return 0
